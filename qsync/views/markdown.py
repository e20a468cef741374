"""Pieces of Markdown for GitHub: text that cannot be anything but text, tables, a size limit.

Names come from whoever writes models and syncs. Nothing in them may end a table's cell, make HTML,
call a person (`@name`) or point to an issue.
"""

from __future__ import annotations

import html
import re
import string
from collections.abc import Iterable, Sequence

from qsync.views.layout import clean

NAME_LIMIT = 120
"""Characters of a name; what is longer is cut."""

_JOINER = "&#8288;"
"""WORD JOINER: seen by nobody, and what it stands behind begins nothing."""

_PUNCTUATION = frozenset(string.punctuation)
_ENTITIES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "$": "&#36;"}
_CALLS = re.compile(r"[@#]|:(?=\S)|(?i:\bwww(?=\.))")
"""Beginnings of mentions, issues, emoji and links."""


def code(text: str) -> str:
    """A name as code, in which nothing means anything."""
    name = _shortened(clean(text)) or " "
    if set(name) & set("`|\\") or name != name.strip():
        return f"<code>{_encoded(name)}</code>"
    return f"`{name}`"


def html_code(text: str) -> str:
    """A name as code where Markdown is not read: within a line of HTML."""
    return f"<code>{html.escape(_shortened(clean(text)))}</code>"


def prose(text: str) -> str:
    """A sentence; what stands between backticks becomes code."""
    pieces = clean(text).split("`")
    if len(pieces) % 2 == 0:
        # The last one is no beginning.
        pieces[-2:] = ["`".join(pieces[-2:])]
    plain = "".join(
        code(piece) if place % 2 and piece else _plain(piece) for place, piece in enumerate(pieces)
    )
    # A sentence is no heading, no list and no block of code.
    return re.sub(r"^(\d*)([-+=.)])", r"\1\\\2", plain.strip())


def table(header: Sequence[str], rows: Sequence[Sequence[str]], right: Sequence[int] = ()) -> str:
    """A table of cells that are Markdown already; `right` are columns of numbers."""
    rule = ["--:" if place in right else "---" for place, _ in enumerate(header)]
    return "\n".join(row(cells) for cells in (header, rule, *rows))


def row(cells: Sequence[str]) -> str:
    """One line of a table."""
    return f"| {' | '.join(cells)} |"


class Sheet:
    """A document of at most so many bytes: what does not fit is not taken.

    Args:
        limit: Bytes in UTF-8.

    Attributes:
        left: Bytes that still fit.
    """

    def __init__(self, limit: int) -> None:
        self.left = limit
        self._parts: list[str] = []

    def add(self, text: str, keep: int = 0) -> bool:
        """Put text at the end, if `keep` bytes remain; whether it fits."""
        size = len(text.encode())
        if size + keep > self.left:
            return False
        self.left -= size
        self._parts.append(text)
        return True

    def add_all(self, texts: Iterable[str], keep: int) -> int:
        """Put those at the end that fit and leave `keep` bytes; how many did not."""
        return sum(not self.add(text, keep) for text in texts)

    def text(self) -> str:
        """All that was taken."""
        return "".join(self._parts)


def _shortened(name: str) -> str:
    return name if len(name) <= NAME_LIMIT else name[: NAME_LIMIT - 1] + "…"


def _encoded(name: str) -> str:
    return "".join(f"&#{ord(sign)};" if sign in _PUNCTUATION else sign for sign in name)


def _plain(text: str) -> str:
    joined = _CALLS.sub(lambda found: found.group() + "\N{WORD JOINER}", text)
    escaped = re.sub(r"[\\`*_\[\]|~&<>$#]", lambda found: _escaped(found.group()), joined)
    return escaped.replace("\N{WORD JOINER}", _JOINER)


def _escaped(sign: str) -> str:
    return _ENTITIES.get(sign) or f"\\{sign}"
