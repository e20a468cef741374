"""YAML as parser events: libyaml's where it and ruamel.yaml read the same, ruamel's elsewhere.

libyaml takes a tenth of the time and reads YAML 1.1, ruamel.yaml reads 1.2 and says better what is
wrong. Their *events* differ only in rare characters and in what one of the two refuses; what words
like `no` mean is decided later (`qsync.yaml_scalars`). So a text of ordinary characters is given to
libyaml first, and whatever it does not take is read again by ruamel.yaml, which has the last word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

_ODD = re.compile(r"[^\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd]")
"""Tabs, carriage returns, what only YAML 1.1 breaks lines at, and what lies beyond 16 bits."""

_RARE = re.compile(
    r"""
    (?:^|[\ \[{,])(?:\?|[&*!%@`]|<<)         # keys after `?`, anchors, tags, merge keys, directives
    | ^(?:---|\.\.\.)                       # documents
    | (?:^|[:\ -])[|>][-+0-9]*\ *(?:\#.*)?(?:\n\ *)*(?:\#|\Z)  # a block that begins with #
    | [|>]\#
    | ^\ *-(?:\ *-)*\ *(?:\#.*)?$             # an item that was left out, or stands below
    """,
    re.VERBOSE | re.MULTILINE,
)
"""What the two are known, or likely, to tell apart; rare in the files qsync reads."""


def quick_events(text: str) -> Iterator[Any] | None:
    """libyaml's events, or None for a text that only ruamel.yaml should read.

    Raises, while it is walked, for whatever libyaml refuses: read it again with `events`.
    """
    if _ODD.search(text) or _RARE.search(text):
        return None
    import yaml  # only its events are used

    loader = getattr(yaml, "CSafeLoader", None)  # missing where PyYAML was built without libyaml
    return None if loader is None else yaml.parse(text, Loader=loader)


def events(text: str) -> Iterator[Any]:
    """ruamel.yaml's events (YAML 1.2)."""
    # ruamel costs 30 ms to import, and `qsync --help` reads no file.
    from ruamel.yaml import YAML

    found: Iterator[Any] = YAML(typ="safe", pure=True).parse(text)
    return found
