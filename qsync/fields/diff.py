"""What differs between two field catalogs: the lock file and the live definitions, say."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from qsync.fields.model import Field, FieldCatalog

Aspect = Literal["type", "label", "options"]


@dataclass(frozen=True, slots=True)
class FieldAddress:
    """A field of an object: `lead` or `company`, and the API name."""

    object: str
    name: str


@dataclass(frozen=True, slots=True)
class FieldChange:
    """One aspect of a field that changed, told in two texts.

    For options, `before` holds those that went and `after` those that came, both as `value (label)`
    separated by commas; both are equal sets in another order when only the order changed.
    """

    field: FieldAddress
    aspect: Aspect
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class CatalogDiff:
    """From an old catalog to a new one; leads first, each sorted by name."""

    added: tuple[FieldAddress, ...] = ()
    removed: tuple[FieldAddress, ...] = ()
    changed: tuple[FieldChange, ...] = ()

    def __bool__(self) -> bool:
        """True when anything differs."""
        return bool(self.added or self.removed or self.changed)


def diff_catalogs(old: FieldCatalog, new: FieldCatalog) -> CatalogDiff:
    """What a reviewer of the lock file wants to know. Ids do not count: they differ by account."""
    added: list[FieldAddress] = []
    removed: list[FieldAddress] = []
    changed: list[FieldChange] = []
    for kind in ("lead", "company"):
        before, after = old.of(kind), new.of(kind)
        added += (FieldAddress(kind, name) for name in sorted(after.keys() - before.keys()))
        removed += (FieldAddress(kind, name) for name in sorted(before.keys() - after.keys()))
        for name in sorted(before.keys() & after.keys()):
            changed += _changes(FieldAddress(kind, name), before[name], after[name])
    return CatalogDiff(tuple(added), tuple(removed), tuple(changed))


def _changes(address: FieldAddress, old: Field, new: Field) -> Iterator[FieldChange]:
    if old.type != new.type:
        yield FieldChange(address, "type", old.type, new.type)
    if old.label != new.label:
        yield FieldChange(address, "label", old.label, new.label)
    if old.options != new.options:
        gone = [option for option in old.options if option not in new.options]
        come = [option for option in new.options if option not in old.options]
        if not gone and not come:
            gone, come = list(old.options), list(new.options)
        texts = [
            ", ".join(f"{item.value} ({item.label})" for item in side) for side in (gone, come)
        ]
        yield FieldChange(address, "options", *texts)
