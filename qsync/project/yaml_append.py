"""One more entry under `syncs:` of a file that exists, by ruamel.yaml's round trip."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

from qsync.errors import UserError
from qsync.project.render import STANDARD, Layout
from qsync.yaml_nodes import YamlDocument, parse_yaml, read_yaml


def append_sync(path: Path, name: str, render: Callable[[Layout], str]) -> str:
    """The file's text with one more sync at the end of the list.

    Args:
        path: The file.
        name: How messages name it.
        render: Makes the entry's text for a layout.

    Raises:
        UserError: The file has problems of its own, or would not keep what it declares.
    """
    document, problems = read_yaml(path, name)
    if document is None or problems:
        first = problems[0].diagnostic(name)
        hint = first.hint or "put it right first"
        raise UserError(first.message, hint=hint, where=str(first.position))
    line_break = "\r\n" if "\r\n" in document.text else "\n"
    text = document.text.replace("\r\n", "\n")
    if document.data is None:
        if text and not text.endswith("\n"):
            text += "\n"
        result = f"{text}version: 1\nsyncs:\n{render(STANDARD)}"
    elif isinstance(document.data, dict) and "syncs" not in document.data and _is_block(document):
        result = f"{text.rstrip(chr(10))}\n\nsyncs:\n{render(STANDARD)}"
    else:
        head, tail = _split(document, text)
        result = _round_trip(document, head, render) + tail
    _check_kept(document, result, name)
    return result.replace("\n", line_break)


def _is_block(document: YamlDocument) -> bool:
    """Whether the file's keys stand at the beginning of lines, and not in braces."""
    return all(column == 1 for _, column in document.root.keys.values())


def _split(document: YamlDocument, text: str) -> tuple[str, str]:
    """The text up to the end of `syncs`, and what follows it, with the comments before that.

    What follows (`tests:`) is nobody's business here: a round trip would move its comment and
    write its nulls in another way.
    """
    keys = document.root.keys
    if not _is_block(document):
        return text, ""
    after = [line for line, _ in keys.values() if line > keys.get("syncs", (0, 0))[0]]
    if not after:
        return text, ""
    lines = text.splitlines(keepends=True)
    cut = min(after) - 1
    while cut > 0 and (not lines[cut - 1].strip() or lines[cut - 1].startswith("#")):
        cut -= 1
    return "".join(lines[:cut]), "".join(lines[cut:])


def _round_trip(document: YamlDocument, text: str, render: Callable[[Layout], str]) -> str:
    from ruamel.yaml import YAML

    layout = _layout(document)
    entry_text = f"syncs:\n{render(layout)}"
    yaml: Any = YAML(typ="rt", pure=True)
    yaml.preserve_quotes = True
    yaml.width = 10_000
    yaml.indent(mapping=layout.step, sequence=layout.body, offset=layout.dash)
    data = yaml.load(text)
    if not isinstance(data, dict) or not isinstance(data.get("syncs"), list | None):
        raise UserError("the file is no mapping with `syncs`", where=document.path)
    added = yaml.load(entry_text)["syncs"]
    if data.get("syncs"):
        data["syncs"].append(added[0])
    else:
        data["syncs"] = added
    stream = io.StringIO()
    yaml.dump(data, stream)
    return stream.getvalue()


def _layout(document: YamlDocument) -> Layout:
    """How the file is laid out, by its first sync and the first `fields:` in block style."""
    syncs = document.data.get("syncs") if isinstance(document.data, dict) else None
    if not isinstance(syncs, list) or not syncs or not isinstance(syncs[0], dict):
        return STANDARD
    place = document.position_of(("syncs", 0))
    line = document.text.splitlines()[place.line - 1][: place.column - 1]
    if line.strip() != "-":
        return STANDARD
    dash = len(line) - len(line.lstrip(" "))
    for index, sync in enumerate(syncs):
        fields = sync.get("fields") if isinstance(sync, dict) else None
        if isinstance(fields, dict) and fields:
            outer = document.position_of(("syncs", index, "fields"), key=True)
            inner = document.position_of(("syncs", index, "fields", next(iter(fields))), key=True)
            if inner.line > outer.line and 2 <= inner.column - outer.column <= 8:
                return Layout(dash, len(line), inner.column - outer.column)
    return Layout(dash, len(line), STANDARD.step)


def _check_kept(document: YamlDocument, result: str, name: str) -> None:
    """What the file declared before must be declared after, in the same order."""
    after, problems = parse_yaml(result.encode(), name)
    before = document.data if isinstance(document.data, dict) else {}
    kept = after.data if after is not None and isinstance(after.data, dict) else {}
    old, new = before.get("syncs") or [], kept.get("syncs") or []
    same_rest = all(kept.get(key) == value for key, value in before.items() if key != "syncs")
    if problems or not same_rest or new[:-1] != old or len(new) != len(old) + 1:
        hint = "write the sync into a file of its own: leave --into out, or name another"
        raise UserError("the sync cannot be added to this file safely", hint=hint, where=name)
