"""YAML as plain data with the place of every key and value, read safely.

Built on parser *events* (`qsync.yaml_events`; YAML 1.2: `no` is text), not on a loader: the events
carry line and column, cost a third of a round-trip load, and let everything dangerous be refused
before a tree exists. Refused are tags, anchors, aliases, merge keys, directives, more than one
document, files over `MAX_BYTES` and nesting over `MAX_DEPTH`. A key that stands twice is reported,
and its first value kept. Keys are text as written (`1:` is the key "1").

`read_yaml` never raises for what a file holds: every problem is a `Problem` with a stable code.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from qsync.diagnostics import Diagnostic, Position, Severity
from qsync.yaml_events import events, quick_events
from qsync.yaml_scalars import resolve

MAX_BYTES = 1_048_576
"""The largest file that is read."""

MAX_DEPTH = 20
"""The deepest nesting; the deepest legal sync file has 7 levels."""

MAX_PROBLEMS = 50
"""More problems than this in one file are not collected: the file is something else."""

DataPath = tuple[str | int, ...]
"""The way to a value: keys of mappings and indexes of lists from the top."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with a file as YAML.

    Attributes:
        code: `QS100` to `QS107`, see docs/diagnostics.md.
        message: What is wrong.
        hint: What to do.
        line: From 1.
        column: From 1, in characters.
        path: For a key that stands twice (`QS105`), the way to it; otherwise empty.
        first: For a key that stands twice, line and column of the first.
    """

    code: str
    message: str
    hint: str = ""
    line: int = 1
    column: int = 1
    path: DataPath = ()
    first: tuple[int, int] | None = None

    def diagnostic(self, path: str) -> Diagnostic:
        """The problem as an error in the file `path` (relative to the project)."""
        position = Position(path, self.line, self.column)
        return Diagnostic(self.code, Severity.ERROR, position, self.message, self.hint)


@dataclass(slots=True)
class Node:
    """Where a value stands, and its children.

    `children` maps a key (or index) to the child; `keys` maps a key to its own line and column.
    Lines and columns count from 1.
    """

    line: int
    column: int
    children: dict[str | int, Node] = field(default_factory=dict)
    keys: dict[str, tuple[int, int]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class YamlDocument:
    """What a file says, and where.

    Attributes:
        path: How the file is named in positions, relative to the project.
        data: Plain dicts, lists, text, numbers, booleans and None. None for a file without content.
        root: The tree of places.
        problems: What is wrong but did not keep the file from being read (keys that stand twice).
        text: The file's text.
    """

    path: str
    data: Any
    root: Node
    problems: tuple[Problem, ...] = ()
    text: str = ""

    def position_of(self, path: DataPath, *, key: bool = False) -> Position:
        """Where the value at `path` stands, or its key.

        A step that does not exist stops the walk: the nearest thing above is named. A value that
        was left out (`name:`) stands where its key does.
        """
        node, place = self.root, (self.root.line, self.root.column)
        for index, step in enumerate(path):
            child = node.children.get(step)
            if child is None:
                break
            last = index == len(path) - 1
            wants_key = (last and key) or child.line == 0
            key_place = node.keys.get(step) if isinstance(step, str) else None
            place = key_place if wants_key and key_place else (child.line, child.column)
            node = child
        return Position(self.path, *place)


def read_yaml(
    path: Path, name: str | None = None, *, lenient: bool = False
) -> tuple[YamlDocument | None, list[Problem]]:
    """Read a file.

    Args:
        path: The file.
        name: How positions name it; the path's own text otherwise.
        lenient: For files that belong to another tool (`dbt_project.yml`): anchors, tags and keys
            that stand twice are its own affair. Aliases then share one object, so walk little.

    Returns:
        The document, or None when the file could not be read, and all problems found.
    """
    try:
        size = path.stat().st_size
        if size > MAX_BYTES:
            return None, [_too_large(size)]
        raw = path.read_bytes()
    except OSError as error:
        reason = error.strerror or type(error).__name__
        return None, [Problem("QS100", f"the file cannot be read: {reason}", "check its rights")]
    return parse_yaml(raw, name if name is not None else str(path), lenient=lenient)


def parse_yaml(
    raw: bytes, name: str, *, lenient: bool = False
) -> tuple[YamlDocument | None, list[Problem]]:
    """Read the bytes of a file; arguments and result as for `read_yaml`."""
    if len(raw) > MAX_BYTES:
        return None, [_too_large(len(raw))]
    text = _decode(raw)
    if isinstance(text, Problem):
        return None, [text]
    builder = _built_quickly(text, lenient)
    if builder is not None:
        return builder.document(name, text)
    from ruamel.yaml.error import MarkedYAMLError, YAMLError

    builder = _Builder(lenient=lenient)
    try:
        builder.consume(events(text))
    except _RefusedError as refused:
        builder.problems.append(refused.problem)
        return None, builder.problems
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
        what = " ".join(str(error.problem or error.context or "not YAML").split())
        builder.problems.append(_broken(what, text, line, column))
        return None, builder.problems
    except (YAMLError, ValueError, IndexError, AssertionError, TypeError, AttributeError) as error:
        # Control characters, and the places where the scanner itself stumbles over odd input.
        line, column = _place_of(text, getattr(error, "position", 0))
        builder.problems.append(_broken("a character YAML does not allow", text, line, column))
        return None, builder.problems
    return builder.document(name, text)


def _built_quickly(text: str, lenient: bool) -> _Builder | None:
    """What libyaml makes of a text; None where ruamel.yaml has to look and say what is wrong."""
    found = quick_events(text)
    if found is None:
        return None
    from yaml import YAMLError

    builder = _Builder(lenient=lenient)
    try:
        builder.consume(found)
    except (YAMLError, _RefusedError, ValueError):
        return None
    return builder


def _too_large(size: int) -> Problem:
    return Problem(
        "QS104",
        f"the file has {size:,} bytes, more than {MAX_BYTES:,}",
        "split it into several files",
    )


def _decode(raw: bytes) -> str | Problem:
    """The text without its byte order mark, or what is wrong with its encoding."""
    hint = "save the file as UTF-8"
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return Problem("QS102", "the file is UTF-16, not UTF-8", hint)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line, column = _place_of(raw[: error.start].decode("utf-8", "replace"), error.start)
        return Problem("QS102", "the file is not UTF-8", hint, line, column)


def _place_of(text: str, offset: int) -> tuple[int, int]:
    before = text[:offset] if isinstance(offset, int) else ""
    line = before.count("\n") + 1
    return line, len(before) - (before.rfind("\n") + 1) + 1


def _broken(what: str, text: str, line: int, column: int) -> Problem:
    lines = text.splitlines()
    for number, source in enumerate(lines, start=1):
        if source.startswith("<<<<<<< "):
            hint = (
                "choose between the two sides and remove the lines `<<<<<<<`, `=======`, `>>>>>>>`"
            )
            return Problem("QS101", "a merge conflict is not resolved", hint, number)
    source = lines[line - 1] if 0 < line <= len(lines) else ""
    hint = "check indentation, colons and quotes around this place"
    if source[:column].lstrip(" ").startswith("\t") or "\\t" in what:
        what, hint = "a tab where YAML wants spaces", "indent with spaces"
    return Problem("QS101", f"not valid YAML: {what}", hint, line, column)


class _RefusedError(Exception):
    """Stops the walk over the events."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.message)
        self.problem = problem


class _Open:
    """A mapping or list whose end has not come yet."""

    __slots__ = ("duplicate", "items", "key", "node", "pending")

    def __init__(self, items: dict[str, Any] | list[Any], node: Node) -> None:
        self.items = items
        self.node = node
        self.key: str | None = None  # a mapping's key whose value comes next
        self.pending = False
        self.duplicate = False


class _Builder:
    """Makes data and places of parser events."""

    def __init__(self, *, lenient: bool) -> None:
        self.lenient = lenient
        self.data: Any = None
        self.root = Node(1, 1)
        self.problems: list[Problem] = []
        self._stack: list[_Open] = []
        self._anchors: dict[str, tuple[Any, Node]] = {}
        self._documents = 0

    def document(self, name: str, text: str) -> tuple[YamlDocument, list[Problem]]:
        """What was built, and the problems that did not keep it from being built."""
        problems = [] if self.lenient else self.problems
        return YamlDocument(name, self.data, self.root, tuple(problems), text), list(problems)

    def consume(self, stream: Iterator[Any]) -> None:
        """Walk all events of a stream."""
        for event in stream:
            kind = type(event).__name__
            if kind == "ScalarEvent":
                self._scalar(event)
            elif kind in ("MappingStartEvent", "SequenceStartEvent"):
                self._start({} if kind == "MappingStartEvent" else [], event)
            elif kind in ("MappingEndEvent", "SequenceEndEvent"):
                self._stack.pop()
            elif kind == "AliasEvent":
                self._alias(event)
            elif kind == "DocumentStartEvent":
                self._document(event)

    def _document(self, event: Any) -> None:
        self._documents += 1
        if self._documents > 1:
            raise _refused("QS107", event, "a second document in one file", "keep one per file")
        if (event.tags or event.version) and not self.lenient:
            raise _refused("QS103", event, "YAML directives are not read", "remove the % line")

    def _check(self, event: Any) -> None:
        if self.lenient:
            return
        if event.anchor is not None:
            hint = "write the values out; qsync.yml's defaults cover what syncs share"
            raise _refused("QS103", event, f"anchor `&{event.anchor}` is not read", hint)
        if event.tag is not None:
            hint = "remove the tag and quote the text if need be"
            raise _refused("QS103", event, "YAML tags (`!…`) are not read", hint)

    def _alias(self, event: Any) -> None:
        if not self.lenient:
            hint = "write the values out; qsync.yml's defaults cover what syncs share"
            raise _refused("QS103", event, f"alias `*{event.anchor}` is not read", hint)
        data, node = self._anchors.get(event.anchor, (None, _node(event)))
        if self._expects_key():
            self._take_key(str(data) if isinstance(data, str) else "", event)
        else:
            self._put(data, node)

    def _scalar(self, event: Any) -> None:
        self._check(event)
        plain = bool(event.implicit[0])
        if self._expects_key():
            if event.value == "<<" and plain and not self.lenient:
                hint = "write the values out; qsync.yml's defaults cover what syncs share"
                raise _refused("QS103", event, "merge keys (`<<`) are not read", hint)
            self._take_key(event.value, event)
            return
        node = _node(event)
        if plain and event.value == "" and self._in_mapping():
            node.line = node.column = 0  # left out: it stands where its key does
        value = resolve(event.value) if plain else event.value
        self._remember(event, value, node)
        self._put(value, node)

    def _start(self, items: dict[str, Any] | list[Any], event: Any) -> None:
        self._check(event)
        if self._expects_key():
            raise _refused("QS101", event, "a key must be text", "write `key: value`")
        if len(self._stack) >= (5 * MAX_DEPTH if self.lenient else MAX_DEPTH):
            raise _refused("QS104", event, f"nested deeper than {MAX_DEPTH} levels", "flatten it")
        node = _node(event)
        self._remember(event, items, node)
        self._put(items, node)
        self._stack.append(_Open(items, node))

    def _remember(self, event: Any, value: Any, node: Node) -> None:
        if event.anchor is not None:
            self._anchors[event.anchor] = (value, node)

    def _in_mapping(self) -> bool:
        return bool(self._stack) and isinstance(self._stack[-1].items, dict)

    def _expects_key(self) -> bool:
        return self._in_mapping() and not self._stack[-1].pending

    def _take_key(self, key: str, event: Any) -> None:
        top = self._stack[-1]
        place = (event.start_mark.line + 1, event.start_mark.column + 1)
        top.key, top.pending, top.duplicate = key, True, key in top.node.keys
        if not top.duplicate:
            top.node.keys[key] = place
        elif not self.lenient:
            self._duplicate(top, key, place)

    def _duplicate(self, top: _Open, key: str, place: tuple[int, int]) -> None:
        first = top.node.keys[key]
        message = f"`{key}` stands twice, first in line {first[0]}"
        hint = "keep one of the two"
        self.problems.append(Problem("QS105", message, hint, *place, (*self._path(), key), first))
        if len(self.problems) > MAX_PROBLEMS:
            raise _RefusedError(Problem("QS101", "too many problems, the rest is not read", ""))

    def _path(self) -> DataPath:
        """The way to the innermost open mapping or list."""
        steps: list[str | int] = []
        for level in self._stack[:-1]:
            items = level.items
            steps.append(len(items) - 1 if isinstance(items, list) else level.key or "")
        return tuple(steps)

    def _put(self, value: Any, node: Node) -> None:
        if not self._stack:
            self.data, self.root = value, node
            return
        top = self._stack[-1]
        if isinstance(top.items, list):
            top.node.children[len(top.items)] = node
            top.items.append(value)
            return
        key = top.key if top.key is not None else ""
        top.pending = False
        if not top.duplicate:  # the first one counts
            top.items[key] = value
            top.node.children[key] = node


def _node(event: Any) -> Node:
    return Node(event.start_mark.line + 1, event.start_mark.column + 1)


def _refused(code: str, event: Any, message: str, hint: str) -> _RefusedError:
    mark = event.start_mark
    return _RefusedError(Problem(code, message, hint, mark.line + 1, mark.column + 1))
