"""Scalars of YAML: which plain ones are more than text, and how text is written to stay text.

Reading is the core schema of YAML 1.2, section 10.3.2.

`no`, `yes`, `on`, `0777` with a leading zero and dates stay what they are in 1.2: text and numbers.
"""

from __future__ import annotations

import re

_INTEGER = re.compile(r"[-+]?[0-9]+\Z")
_OTHER_BASE = re.compile(r"0o([0-7]+)\Z|0x([0-9a-fA-F]+)\Z")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?\Z")
_WORDS: dict[str, object] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), float("inf")),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), float("-inf")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), float("nan")),
}

_LONGEST_NUMBER = 400
"""Longer digits stay text: Python refuses to read integers of more than 4,300 digits."""


def resolve(text: str) -> object:
    """The value of a plain (unquoted) scalar: None, a bool, an int, a float or the text itself."""
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "+-.0123456789" or len(text) > _LONGEST_NUMBER:
        return text
    if _INTEGER.match(text):
        return int(text)
    if based := _OTHER_BASE.match(text):
        return int(based[1], 8) if based[1] else int(based[2], 16)
    if _FLOAT.match(text):
        return float(text)
    return text


_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_.+/()&-]*(?: [A-Za-z0-9_.+/()&-]+)*\Z", re.ASCII)
_WORDS_OF_YAML_1_1 = frozenset({"yes", "no", "on", "off", "y", "n"})


def quote(text: str) -> str:
    """A text as a YAML scalar on one line, plain where every YAML version reads it as text."""
    plain = _PLAIN.match(text) and resolve(text) == text
    if plain and text.lower() not in _WORDS_OF_YAML_1_1:
        return text
    return '"' + "".join(_escape(char) for char in text) + '"'


def _escape(char: str) -> str:
    if char in '"\\':
        return "\\" + char
    if char.isprintable():
        return char
    code = ord(char)
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
