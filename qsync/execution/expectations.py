"""What a sync test expects against what was observed: the differences, record by record. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from difflib import get_close_matches

from qsync.execution.sync_tests import FoundInvalid, Observed, SentItem
from qsync.planning.match_keys import fold_key
from qsync.project.model import ObjectType, OnRemoved, Sync
from qsync.project.sync_tests import Expectation, ExpectedInvalid, ExpectedItem


@dataclass(frozen=True, slots=True)
class FieldDifference:
    """One field of one item. A side that has no such field is False in `in_expected`, `in_sent`."""

    field: str
    in_expected: bool
    in_sent: bool
    expected: object = None
    sent: object = None


@dataclass(frozen=True, slots=True)
class ItemDifference:
    """One item that is not as expected.

    Attributes:
        object: Lead or company.
        key: The match key.
        expected: Whether it was expected.
        sent: Whether it is sent.
        fields: The fields that differ; all of its fields when it was not expected.
        why: For one that is not sent: why, a code with its field or a sentence.
    """

    object: ObjectType
    key: str
    expected: bool
    sent: bool
    fields: tuple[FieldDifference, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class InvalidDifference:
    """An invalid record that was expected and is none (`found` False), or the other way round.

    What is None or empty is not known or was not asked.
    """

    found: bool
    reason: str
    field: str | None = None
    object: ObjectType | None = None
    key: str | None = None
    rows: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class CountDifference:
    """A reason of which another number of records was expected."""

    reason: str
    expected: int
    found: int


Difference = ItemDifference | InvalidDifference | CountDifference


def differences(expect: Expectation, observed: Observed, sync: Sync) -> tuple[Difference, ...]:
    """Everything in which the two differ; empty when the test has passed."""
    return (
        *_items(expect.items, observed, sync),
        *(
            _counts(expect.invalid_counts, observed.invalid)
            if expect.invalid is None
            else _invalid(expect.invalid, observed.invalid)
        ),
    )


def same_value(expected: object, sent: object) -> bool:
    """Whether a value of YAML is the one in the JSON that is sent.

    Numbers are compared as numbers, `12.50` is 12.5; a number is no text, and `true` no number.
    """
    if isinstance(expected, bool) or isinstance(sent, bool):
        return expected is sent
    if isinstance(expected, int | float) and isinstance(sent, int | Decimal):
        if isinstance(expected, float):
            return expected == float(sent)
        return Decimal(expected) == Decimal(sent)
    return type(expected) is type(sent) and expected == sent


def _items(
    expected: Sequence[ExpectedItem], observed: Observed, sync: Sync
) -> Iterator[ItemDifference]:
    sent = {(item.object, item.key): item for item in observed.items}
    expected_keys = {(item.object, item.key) for item in expected}
    met: set[tuple[ObjectType, str]] = set()
    for item in expected:
        key = item.key
        folded = fold_key(key, item.object)
        if (item.object, key) not in sent and (item.object, folded) not in expected_keys:
            # Another spelling of a key that is sent: that is what differs, not the record.
            key = folded or key
        found = sent.get((item.object, key))
        if found is None:
            why = _why_not(item.object, key, observed, sync)
            yield ItemDifference(item.object, item.key, expected=True, sent=False, why=why)
            continue
        met.add((item.object, key))
        fields = (*_spelling(item, key), *_fields(item.values, found))
        if fields:
            yield ItemDifference(item.object, key, expected=True, sent=True, fields=fields)
    for place, found in sent.items():
        if place not in met:
            fields = tuple(_fields({}, found))
            yield ItemDifference(*place, expected=False, sent=True, fields=fields)


def _spelling(item: ExpectedItem, key: str) -> Iterator[FieldDifference]:
    if item.key != key:
        yield FieldDifference(
            item.object.match_field, in_expected=True, in_sent=True, expected=item.key, sent=key
        )


def _fields(wanted: Mapping[str, object], item: SentItem) -> Iterator[FieldDifference]:
    for name in (*wanted, *(name for name in item.values if name not in wanted)):
        difference = FieldDifference(
            name,
            in_expected=name in wanted,
            in_sent=name in item.values,
            expected=wanted.get(name),
            sent=item.values.get(name),
        )
        both = difference.in_expected and difference.in_sent
        if not both or not same_value(difference.expected, difference.sent):
            yield difference


def _why_not(object_type: ObjectType, key: str, observed: Observed, sync: Sync) -> str:
    """Why no such item is sent."""
    folded = fold_key(key, object_type)
    for found in observed.invalid:
        if found.object is object_type and found.key == folded:
            return f"invalid, {code_of(found.reason, found.field)}"
    given = observed.given.get(object_type, frozenset())
    if key in given:
        return "nothing that would be sent differs from what was sent before"
    if key in observed.sent_before.get(object_type, frozenset()):
        if sync.object is object_type and sync.config.on_removed is OnRemoved.CLEAR:
            return "it left the model, and the sync had written nothing to clear"
        return "it left the model, and `on_removed` is keep"
    # Addresses of one domain are alike: a wider net would catch strangers.
    near = get_close_matches(key, sorted(given), n=1, cutoff=0.8)
    return "no given row has this key" + (f"; did you mean {near[0]}?" if near else "")


def code_of(reason: str, field: str | None) -> str:
    """`code`, or `code:field`."""
    return reason if field is None else f"{reason}:{field}"


def _counts(
    expected: Mapping[str, int], found: Iterable[FoundInvalid]
) -> Iterator[CountDifference]:
    """A reason without a field stands for that reason of any field."""
    counted = Counter(code_of(item.reason, item.field) for item in found)
    for reason, number in expected.items():
        mine = [code for code in counted if code == reason or code.partition(":")[0] == reason]
        mine = [code for code in mine if code == reason or code not in expected]
        total = sum(counted.pop(code) for code in mine)
        if total != number:
            yield CountDifference(reason, number, total)
    for code, number in counted.items():
        yield CountDifference(code, 0, number)


def _invalid(
    expected: Iterable[ExpectedInvalid], found: Iterable[FoundInvalid]
) -> Iterator[InvalidDifference]:
    left = list(found)
    # Who says most is served first, so that one who says little takes nobody else's record.
    for item in sorted(expected, key=_said, reverse=True):
        match = next((record for record in left if _matches(item, record)), None)
        if match is not None:
            left.remove(match)
            continue
        rows = () if item.row is None else (item.row,)
        yield InvalidDifference(False, item.reason, item.field, item.object, item.key, rows)
    for record in left:
        yield InvalidDifference(
            True, record.reason, record.field, record.object, record.key, record.rows
        )


def _said(item: ExpectedInvalid) -> int:
    return sum(part is not None for part in (item.row, item.key, item.field))


def _matches(item: ExpectedInvalid, record: FoundInvalid) -> bool:
    if item.object is not None and item.key is not None:
        key = fold_key(item.key, item.object)
        if record.object is not item.object or record.key != key:
            return False
    return (
        item.reason == record.reason
        and item.field in (None, record.field)
        and (item.row is None or item.row in record.rows)
    )
