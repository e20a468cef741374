"""From Qualified's error texts to a reason that can be shown, grouped and kept in a ledger.

Error texts may quote what was sent. What is promised of a reason:

- No value and no match key of its own row is in it, whatever the letters' case, if it has at least
  three characters; unless it is part of a word kept on purpose: the name of a mapped field (also
  with blanks for underscores), the match key's name, `name`, `true or false`. (A value that itself
  holds the ellipsis cannot be told from what was cut out, and is not promised.)
- Nothing in quotes is in it but such a name, and nothing that looks like an address of mail or
  web, a telephone number or an identifier.

What cannot be known: a text that repeats *another* row's value, unquoted, in plain words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence

import orjson

from qsync.execution.ports import StagedRow
from qsync.planning.compiled import CompiledStream
from qsync.project.model import COMPANY_NAME

CUT = "…"
"""Stands for what was taken out."""

LONGEST_REASON = 160
"""Characters of a reason."""

NO_REASON = "rejected without a reason"
"""When Qualified gave none."""

_SHORTEST_VALUE = 3
_LONGEST_TEXT = 2_000
_PLAIN_WORDS = ("true or false",)
_PERSONAL = re.compile(
    r"""
      "(?:[^"\\]|\\.)*(?:"|$)              # quoted; a quote that never ends goes to the end
    | “[^”]*(?:”|$) | «[^»]*(?:»|$) | `[^`]*(?:`|$)
    | (?<!\w)['\u2018](?:[^'\u2019\\]|\\.|['\u2019](?=\w))*(?:['\u2019]|$)  # not as in "can't"
    | \S+@\S*[^\s.,:;!?)]                  # an address, whole or mangled
    | \w+://\S+
    | (?<![\w.])[\w-]+(?:\.[\w-]+)*\.[^\W\d_]{2,}(?![\w])   # a domain, a file, a path of names
    | \+?\d[\d\s().-]{4,}\d                # a telephone number, a long number, a date
    | (?<!\w)(?=[\w-]*\d)[\w-]{16,}       # an identifier
    """,
    re.VERBOSE,
)
_UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200b-\u200f\u202a-\u202e\s]+")


class Redactor:
    """Redacts the errors of one stream's rows."""

    def __init__(self, stream: CompiledStream) -> None:
        self._match_field = stream.object.match_field
        self._fields = {field.name: field.name for field in stream.fields}
        self._fields[self._match_field] = self._match_field
        if COMPANY_NAME in self._fields:
            self._fields["name"] = COMPANY_NAME
        spoken = {name.replace("_", " "): field for name, field in self._fields.items()}
        self._field_of = {name.lower(): field for name, field in (spoken | self._fields).items()}
        kept = sorted({*self._field_of, "name", *_PLAIN_WORDS}, key=len, reverse=True)
        self._kept = re.compile(
            r"(?<![\w-])['\"`]?(?:(?:data|fields)\.)*"
            rf"({'|'.join(map(re.escape, kept))})['\"`]?(?![\w-])",
            re.IGNORECASE,
        )

    def reason(self, errors: Sequence[str], row: StagedRow) -> tuple[str, str | None]:
        """What may be said of a rejection, and the field it is about if it names one.

        Several errors are put in order: in which one Qualified names them is not promised, and a
        record rests only when it is rejected for the same reason again.
        """
        secrets = _spellings(row)
        said = sorted({self._redacted(_in_one_line(error), secrets) for error in errors})
        field = next(filter(None, map(self._field, said)), None)
        # Once more: joining must not put together what a value is made of.
        reason = self._redacted("; ".join(filter(None, said)), secrets)
        if len(reason) > LONGEST_REASON:
            reason = reason[: LONGEST_REASON - 1] + CUT
        return reason or NO_REASON, field

    def _redacted(self, whole: str, secrets: Iterable[str]) -> str:
        text = whole[:_LONGEST_TEXT]
        spans = [match.span() for match in _PERSONAL.finditer(text)]
        # In the whole text, so that a value is found that the end of `text` cuts in two.
        spans.extend(span for span in _occurrences(whole, secrets) if span[0] < len(text))
        kept = [match.span() for match in self._kept.finditer(text)]
        return _cut_out(text, [span for span in spans if not _within(span, kept)])

    def _field(self, redacted: str) -> str | None:
        """The field a text begins with, else the first it names; the match key only for want."""
        named = [
            (match.start(), self._field_of[match[1].lower()])
            for match in self._kept.finditer(redacted)
            if match[1].lower() in self._field_of
        ]
        if named and named[0][0] == 0:
            return named[0][1]
        fields = [field for _, field in named]
        return next((f for f in fields if f != self._match_field), next(iter(fields), None))


def _spellings(row: StagedRow) -> list[str]:
    """The row's texts as an error may spell them, lower case."""
    texts: set[str] = set()
    for text in (row.key, *row.key.split("@"), *row.values):
        if text is None:
            continue
        if text[:1] == "[":
            texts.update(_entries(text))
        texts.add(text)
    spellings: set[str] = set()
    for text in texts:
        spellings.add(_lower(text))
        spellings.add(_lower(_in_one_line(text)))
        spellings.add(_lower(_json_text(text)))
    return [text for text in spellings if len(text) >= _SHORTEST_VALUE]


def _entries(text: str) -> list[str]:
    """The texts of a list's canonical text; none when it is only a text with a bracket."""
    try:
        entries = orjson.loads(text)
    except orjson.JSONDecodeError:
        return []
    return [entry for entry in entries if isinstance(entry, str)]


def _json_text(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _lower(text: str) -> str:
    """Lower case, with every character where it was: some grow when their case changes."""
    lowered = text.lower()
    if len(lowered) == len(text):
        return lowered
    return "".join(low if len(low := char.lower()) == 1 else char for char in text)


def _in_one_line(text: str) -> str:
    return _UNPRINTABLE.sub(" ", text).strip()


def _occurrences(text: str, secrets: Iterable[str]) -> Iterator[tuple[int, int]]:
    lowered = _lower(text)
    for secret in secrets:
        start = lowered.find(secret)
        while start >= 0:
            yield (start, start + len(secret))
            start = lowered.find(secret, start + 1)


def _within(span: tuple[int, int], kept: Iterable[tuple[int, int]]) -> bool:
    return any(start <= span[0] and span[1] <= end for start, end in kept)


def _cut_out(text: str, spans: Iterable[tuple[int, int]]) -> str:
    pieces: list[str] = []
    at = 0
    for start, end in sorted(spans):
        if start > at or not pieces:
            pieces.append(text[at:start])
        at = max(at, end)
    pieces.append(text[at:])
    return CUT.join(pieces)
