"""Numbered data files: the files of a project, and what the loader says about them.

A case is a text: `--- PATH` begins a file, `--- PATH absent` leaves a default one out and
`=== EXPECTED` begins the diagnostics, each `code severity place [sync] message` and an indented
hint.
`\\xNN` in a file is that byte, so that encodings can be written down.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

from qsync.diagnostics import Diagnostic

DATA = Path(__file__).parent / "data"

DEFAULTS = {
    "dbt_project.yml": "name: shop\nprofile: shop\n",
    "qsync.yml": "version: 1\nqualified: {apply_targets: [prod]}\n",
    ".dbtignore": "*.qsync.yml\n*.qsync.yaml\n",
    "models/ok.qsync.yml": (
        "version: 1\nsyncs:\n  - name: ok\n    model: a_model\n    object: lead\n"
        "    match: {email: email}\n    fields: {first_name: first_name}\n"
    ),
}


def write_case(case: Path, project_dir: Path) -> str:
    """Write the case's files into a folder; returns the expected text."""
    body, _, expected = case.read_text(encoding="utf-8").partition("=== EXPECTED\n")
    files = dict(DEFAULTS)
    for part in re.split(r"(?m)^--- ", body)[1:]:
        head, _, content = part.partition("\n")
        path, _, absent = head.partition(" ")
        if absent:
            files.pop(path, None)
        else:
            files[path] = content
    for path, content in files.items():
        target = project_dir / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(unescape(content))
    return expected


def unescape(text: str) -> bytes:
    """The bytes of a text in which `\\xNN` is one byte."""
    parts = re.split(r"(\\x[0-9a-f]{2})", text)
    return b"".join(
        bytes.fromhex(part[2:]) if part.startswith("\\x") else part.encode() for part in parts
    )


def render(diagnostics: Iterable[Diagnostic]) -> str:
    """Diagnostics as the data files have them."""
    lines: list[str] = []
    for item in diagnostics:
        sync = f" [{item.sync}]" if item.sync else ""
        lines.append(f"{item.code} {item.severity} {item.position}{sync} {item.message}\n")
        lines.append(f"    {item.hint}\n" if item.hint else "")
    return "".join(lines)
