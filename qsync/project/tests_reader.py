"""From entries of `tests:` that the schema found no fault with to `SyncTest`s, or to diagnostics.

Read when all syncs are known: a test may stand in another file than its sync.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Any

from qsync.diagnostics import Diagnostic, Position, Severity
from qsync.project.model import COMPANY_NAME, ObjectType, Sync
from qsync.project.sync_tests import (
    Expectation,
    ExpectedInvalid,
    ExpectedItem,
    GivenRow,
    SyncTest,
)
from qsync.schema_check import load_schema
from qsync.yaml_nodes import DataPath, YamlDocument

_SECTIONS = {"leads": ObjectType.LEAD, "companies": ObjectType.COMPANY}


@dataclass(slots=True)
class TestEntries:
    """Entries of `tests:` of all files, in the order read."""

    __test__ = False  # no test class, whatever pytest thinks of the name

    entries: list[tuple[YamlDocument, int]] = field(default_factory=list)

    def add(self, document: YamlDocument, broken: Collection[object]) -> None:
        """Note a file's entries but those the schema refused."""
        tests = document.data.get("tests")
        count = len(tests) if isinstance(tests, list) else 0
        self.entries += [(document, index) for index in range(count) if index not in broken]


def read_tests(
    entries: TestEntries, syncs: Iterable[Sync], declared: Collection[str]
) -> tuple[list[SyncTest], list[Diagnostic]]:
    """The tests without a fault, and what is wrong with the others.

    Args:
        entries: What to read.
        syncs: Every sync that could be read.
        declared: Names of those too that could not: of their tests nothing is said.
    """
    known = {sync.name: sync for sync in syncs}
    tests: list[SyncTest] = []
    found: list[Diagnostic] = []
    names: dict[tuple[str, str], Position] = {}
    for document, index in entries.entries:
        reader = _Reader(document, index)
        test = reader.read(known, declared)
        if test is not None:
            reader.check_name(test, names)
        found += reader.diagnostics
        if test is not None and not reader.diagnostics:
            tests.append(test)
    return tests, found


class _Reader:
    """One test."""

    def __init__(self, document: YamlDocument, index: int) -> None:
        self._document = document
        self._path: DataPath = ("tests", index)
        self._data: Mapping[str, Any] = document.data["tests"][index]
        self.diagnostics: list[Diagnostic] = []

    def read(self, known: Mapping[str, Sync], declared: Collection[str]) -> SyncTest | None:
        data = self._data
        sync = known.get(data["sync"])
        if sync is None:
            if data["sync"] not in declared:
                hint = _meant(data["sync"], sorted(declared)) or "name one that is declared"
                self._error("QS502", ("sync",), f"no sync is named `{data['sync']}`", hint)
            return None
        if not data["given"]:
            self._error(
                "QS506",
                ("given",),
                "`given` holds no row",
                "an empty model stops its sync, so nothing could be expected: give at least one",
                key=True,
            )
        types = data.get("types", {})
        return SyncTest(
            name=data["name"],
            sync=data["sync"],
            given=self._rows("given"),
            before=self._rows("before"),
            types=types,
            type_positions={name: self._at("types", name) for name in types},
            expect=self._expectation(data["expect"], sync),
            position=self._at("name"),
            description=data.get("description", ""),
        )

    def check_name(self, test: SyncTest, names: dict[tuple[str, str], Position]) -> None:
        """An error when another test of the sync has the name."""
        taken = names.setdefault((test.sync, test.name), test.position)
        if taken != test.position:
            message = f"another test of `{test.sync}` has this name, at {taken}"
            self._error("QS501", ("name",), message, "rename one of them")

    def _at(self, *steps: str | int, key: bool = False) -> Position:
        return self._document.position_of((*self._path, *steps), key=key)

    def _error(
        self, code: str, steps: DataPath, message: str, hint: str, *, key: bool = False
    ) -> None:
        position = self._at(*steps, key=key)
        self.diagnostics.append(
            Diagnostic(code, Severity.ERROR, position, message, hint, self._data["sync"])
        )

    def _rows(self, section: str) -> tuple[GivenRow, ...]:
        return tuple(
            GivenRow(
                values=row,
                position=self._at(section, place),
                cells={name: self._at(section, place, name) for name in row},
                columns={name: self._at(section, place, name, key=True) for name in row},
            )
            for place, row in enumerate(self._data.get(section, ()))
        )

    def _expectation(self, data: Mapping[str, Any], sync: Sync) -> Expectation:
        items: list[ExpectedItem] = []
        for section, kind in _SECTIONS.items():
            if section not in data:
                continue
            if kind not in _mapped(sync):
                self._error("QS503", ("expect", section), *_wrong_object(sync, kind), key=True)
                continue
            items += self._items(section, kind, sync, data[section])
        invalid = data.get("invalid", ())
        if isinstance(invalid, Mapping):
            for reason in invalid:
                self._check_reason(reason)
            return Expectation(tuple(items), None, invalid)
        return Expectation(
            tuple(items),
            tuple(self._invalid(place, entry, sync) for place, entry in enumerate(invalid)),
        )

    def _items(
        self, section: str, kind: ObjectType, sync: Sync, entries: Iterable[Mapping[str, Any]]
    ) -> Iterable[ExpectedItem]:
        seen: dict[str, int] = {}
        for place, entry in enumerate(entries):
            steps = ("expect", section, place)
            key = entry[kind.match_field]
            if key in seen:
                message = f"this {kind.value} is expected twice, first as number {seen[key] + 1}"
                hint = "one record is sent once: put the fields together"
                self._error("QS505", (*steps, kind.match_field), message, hint)
            seen.setdefault(key, place)
            values = dict(entry.get("fields", {}))
            for name in values:
                self._check_field(name, sync, kind, (*steps, "fields", name))
            if COMPANY_NAME in entry:
                self._check_field(COMPANY_NAME, sync, kind, (*steps, COMPANY_NAME))
                values[COMPANY_NAME] = entry[COMPANY_NAME]
            yield ExpectedItem(kind, key, values, self._at(*steps))

    def _check_field(self, name: str, sync: Sync, kind: ObjectType, steps: DataPath) -> None:
        fields = _mapped(sync)[kind]
        # A lead may have a field of that name; a company's name is none of its `fields`.
        inside = kind is ObjectType.COMPANY and name == COMPANY_NAME and steps[-2] == "fields"
        if name in fields and not inside:
            return
        known = [field for field in fields if field != name]
        hint = _meant(name, known) or f"it maps: {', '.join(known)}"
        if inside and name in fields:
            hint = "`company_name` stands beside `fields`, as in a sync"
        for other, others in _mapped(sync).items():
            if other is not kind and name in others:
                hint = f"it maps a {other.value} field of that name: expect `{_plural(other)}`"
        message = f"the sync maps no {kind.value} field `{name}`"
        self._error("QS504", steps, message, hint, key=True)

    def _invalid(self, place: int, entry: Mapping[str, Any], sync: Sync) -> ExpectedInvalid:
        steps = ("expect", "invalid", place)
        named = [kind for kind in ObjectType if kind.match_field in entry]
        for kind in named:
            if kind not in _mapped(sync):
                where = (*steps, kind.match_field)
                self._error("QS503", where, *_wrong_object(sync, kind), key=True)
        if len(named) == 2:
            message = "an invalid record is a lead or a company, not both"
            self._error("QS507", steps, message, "write two entries, each with one key")
        row = entry.get("row")
        if row is not None and row > len(self._data["given"]):
            message = f"`given` has {len(self._data['given'])} rows, and none is number {row}"
            self._error("QS507", (*steps, "row"), message, "rows are counted from 1")
        name = entry.get("field")
        fields = {field for mapped in _mapped(sync).values() for field in mapped}
        if name is not None and name not in fields:
            message = f"the sync maps no field `{name}`"
            hint = _meant(name, sorted(fields)) or f"it maps: {', '.join(sorted(fields))}"
            self._error("QS504", (*steps, "field"), message, hint)
        about = named[0] if named else None
        return ExpectedInvalid(
            reason=entry["reason"],
            position=self._at(*steps),
            field=name,
            row=row,
            object=about,
            key=None if about is None else entry[about.match_field],
        )

    def _check_reason(self, reason: str) -> None:
        code = reason.partition(":")[0]
        known = reasons()
        if code not in known:
            hint = _meant(code, known) or f"reasons: {', '.join(known)}"
            message = f"`{code}` is no reason of an invalid record"
            self._error("QS507", ("expect", "invalid", reason), message, hint, key=True)


def reasons() -> list[str]:
    """The reasons a test may expect, as the schema lists them."""
    definitions = load_schema("sync")["definitions"]
    found: list[str] = definitions["invalid"]["properties"]["reason"]["enum"]
    return found


def _mapped(sync: Sync) -> Mapping[ObjectType, Collection[str]]:
    """The fields a sync writes, by object; a company's name is among them."""
    found = {sync.object: [mapping.field for mapping in sync.fields]}
    if sync.company is not None:
        found[ObjectType.COMPANY] = [mapping.field for mapping in sync.company.fields]
    return found


def _wrong_object(sync: Sync, kind: ObjectType) -> tuple[str, str]:
    if kind is ObjectType.COMPANY:
        hint = "it has no `company:` block: expect `leads`"
    else:
        hint = "its object is company: expect `companies`"
    return f"the sync `{sync.name}` writes no {_plural(kind)}", hint


def _plural(kind: ObjectType) -> str:
    """The section that expects records of an object."""
    return next(section for section, object_type in _SECTIONS.items() if object_type is kind)


def _meant(name: str, names: Iterable[str]) -> str:
    near = get_close_matches(name, list(names), n=1, cutoff=0.6)
    return f"did you mean `{near[0]}`?" if near else ""
