"""What an account holds: field definitions, leads and companies."""

from __future__ import annotations

import random
import secrets
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from qsync.emulator.fields import EmulatedField, Entity
from qsync.emulator.validation import Write, email_key


@dataclass(frozen=True, slots=True)
class FieldRecord:
    """A field definition with the id and times of this store (API.md, "Fields")."""

    id: str
    definition: EmulatedField
    created_at: float
    updated_at: float


@dataclass(slots=True)
class Lead:
    """A lead; `values` holds only fields that are set (API.md, "Reading leads").

    `number` counts the leads that the store ever created.
    """

    id: str
    number: int
    email: str
    values: dict[str, object]
    created_at: float
    updated_at: float


@dataclass(slots=True)
class Company:
    """A company; it can be written and never read back (API.md, "Writing one record")."""

    id: str
    domain: str
    name: str | None
    values: dict[str, object]
    created_at: float
    updated_at: float


class Ids:
    """Makes opaque ids of 32 characters that no record has, in this store or any other.

    The first half is new for each store whatever the seed, so that what is remembered about one
    account (field ids, open jobs) is never found in another; the rest follows the generator.
    """

    def __init__(self, rng: random.Random) -> None:
        self._mark = secrets.token_hex(8)
        self._rng = rng

    def __call__(self) -> str:
        return f"{self._mark}{self._rng.getrandbits(64):016x}"


class Store:
    """Records by their natural keys, in the order of their creation."""

    def __init__(
        self, fields: Mapping[Entity, Iterable[EmulatedField]], rng: random.Random, now: float
    ) -> None:
        self.new_id = Ids(rng)
        self.leads: dict[str, Lead] = {}
        self.companies: dict[str, Company] = {}
        self.fields: dict[Entity, dict[str, FieldRecord]] = {"lead": {}, "company": {}}
        self._created = 0
        self._leads_by_id: dict[str, Lead] = {}
        self.define(fields, now)

    def define(self, fields: Mapping[Entity, Iterable[EmulatedField]], now: float) -> None:
        """Replace the field definitions; a field that keeps its name keeps its id."""
        for entity, known in self.fields.items():
            records: dict[str, FieldRecord] = {}
            for definition in fields.get(entity, ()):
                old = known.get(definition.name)
                if old is None:
                    records[definition.name] = FieldRecord(self.new_id(), definition, now, now)
                elif old.definition == definition:
                    records[definition.name] = old
                else:
                    records[definition.name] = FieldRecord(old.id, definition, old.created_at, now)
            self.fields[entity] = records

    def lead_by_id(self, lead_id: str) -> Lead | None:
        """The lead with this id."""
        return self._leads_by_id.get(lead_id)

    def lead_by_email(self, email: str) -> Lead | None:
        """The lead with this address: case-insensitive, trimmed."""
        return self.leads.get(email_key(email))

    def newest_leads(self) -> Iterator[Lead]:
        """Leads by creation, newest first."""
        return reversed(self.leads.values())

    def put_lead(self, write: Write, at: float) -> tuple[Lead, bool]:
        """Create or update a lead; only the given fields are written. True if it is new."""
        lead = self.leads.get(write.key)
        if lead is not None:
            _merge(lead.values, write.values)
            lead.updated_at = at
            return lead, False
        lead = Lead(self.new_id(), self._created, write.shown, {}, at, at)
        self._created += 1
        _merge(lead.values, write.values)
        self.leads[write.key] = lead
        self._leads_by_id[lead.id] = lead
        return lead, True

    def put_company(self, write: Write, at: float) -> tuple[Company, bool]:
        """Create or update a company; only what is given is written. True if it is new."""
        company = self.companies.get(write.key)
        created = company is None
        if company is None:
            company = Company(self.new_id(), write.shown, None, {}, at, at)
            self.companies[write.key] = company
        _merge(company.values, write.values)
        if write.sets_name:
            company.name = write.name
        company.updated_at = at
        return company, created

    def forget(self, emails: Iterable[str]) -> int:
        """Erase the leads with these addresses (API.md, "Deleting"); how many there were."""
        gone = [self.leads.pop(email_key(email), None) for email in emails]
        for lead in gone:
            if lead is not None:
                del self._leads_by_id[lead.id]
        return sum(lead is not None for lead in gone)


def _merge(values: dict[str, object], changes: dict[str, object]) -> None:
    for name, value in changes.items():
        if value is None:
            values.pop(name, None)
        else:
            values[name] = value
