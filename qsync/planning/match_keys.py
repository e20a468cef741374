"""Match keys folded and judged in Python, as the warehouse does it in SQL (`warehouse.folding`).

For keys that come from outside the warehouse; a test holds the two against each other.
"""

from __future__ import annotations

import re

from qsync.project.model import ObjectType

_BLANKS = " \t\r\n"
_LABEL = "[a-z0-9](?:[a-z0-9-]*[a-z0-9])?"
_DOMAIN = re.compile(rf"(?:{_LABEL}\.)+[a-z](?:[a-z0-9-]*[a-z0-9])?")
_LOCAL = re.compile(r'[^@ ,;:<>()"]+')


def fold_key(raw: str, object_type: ObjectType) -> str | None:
    """The key by which state knows a record; None for nothing but blanks."""
    key = "".join(letter.lower() if letter.isascii() else letter for letter in raw).strip(_BLANKS)
    return (_bare_domain(key) if object_type is ObjectType.COMPANY else key) or None


def is_match_key(key: str, object_type: ObjectType) -> bool:
    """Whether a folded key is one that Qualified can take: an address, a domain."""
    if any(not " " <= letter <= "~" for letter in key):
        return False
    if object_type is ObjectType.COMPANY:
        return _DOMAIN.fullmatch(key) is not None
    local, _, domain = key.partition("@")
    return _LOCAL.fullmatch(local) is not None and _DOMAIN.fullmatch(domain) is not None


def _bare_domain(key: str) -> str:
    """Without scheme and path, port and dots behind, `www.` before."""
    key = re.sub(r"^[a-z][a-z0-9+.-]*://", "", key)
    key = re.split(r"[/?#]", key, maxsplit=1)[0]
    while (shorter := re.sub(r":[0-9]*\Z", "", key).rstrip(_BLANKS + ".")) != key:
        key = shorter
    while (shorter := key.lstrip(_BLANKS).removeprefix("www.")) != key:
        key = shorter
    return key
