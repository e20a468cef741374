"""From what a person gives the emulator (a field catalog, options) to its settings, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, cast

from qsync.emulator.fields import DEFAULT_FIELDS, FIELD_TYPES, EmulatedField, Entity
from qsync.emulator.plain import Rule, choice, integer, optional, read_mapping, sequence, text
from qsync.emulator.settings import DEFAULT_KEY, ApiKey, EmulatorSettings, Limits
from qsync.errors import UserError

CATALOG_VERSION = 1

JobOrder = Literal["fifo", "lifo", "random"]
NullSemantics = Literal["clear", "ignore", "reject"]


@dataclass(frozen=True, slots=True)
class EmulatorOptions:
    """The options of `qsync emulator` that change how the account behaves.

    Attributes:
        key: The API key it accepts.
        fields: The field definitions.
        job_seconds: Seconds a bulk job takes.
        latency: Seconds until a request is answered.
        in_flight: Requests in flight; None is no limit, here and in the three below.
        per_15m: Requests in 15 minutes.
        per_hour: Requests in an hour.
        per_day: Requests in a day.
        null_semantics: What sending null does.
        job_order: Which waiting job starts first.
        job_concurrency: Jobs that run at once; None is no bound.
    """

    key: str = DEFAULT_KEY
    fields: Mapping[Entity, tuple[EmulatedField, ...]] | None = None
    job_seconds: float = 1.0
    latency: float = 0.0
    in_flight: int | None = 10
    per_15m: int | None = 2_000
    per_hour: int | None = 7_000
    per_day: int | None = 120_000
    null_semantics: NullSemantics = "clear"
    job_order: JobOrder = "fifo"
    job_concurrency: int | None = None


def settings_from_options(options: EmulatorOptions) -> EmulatorSettings:
    """The settings for these options; everything else as `EmulatorSettings` has it."""
    return EmulatorSettings(
        keys={options.key: ApiKey()},
        fields=DEFAULT_FIELDS if options.fields is None else options.fields,
        limits=Limits(options.in_flight, options.per_15m, options.per_hour, options.per_day),
        latency=options.latency,
        job_base_seconds=options.job_seconds,
        job_order=options.job_order,
        job_concurrency=options.job_concurrency,
        null_semantics=options.null_semantics,
    )


def _as_is(value: object) -> object:
    return value


_FILE_RULES: dict[str, Rule] = {
    "version": integer(),
    "lead": optional(sequence(_as_is)),
    "company": optional(sequence(_as_is)),
}
_FIELD_RULES: dict[str, Rule] = {
    "name": text,
    "label": text,
    "type": choice(*sorted(FIELD_TYPES)),
    "options": sequence(_as_is),
}
_OPTION_RULES: dict[str, Rule] = {"value": text, "label": text}


def fields_from_mapping(data: object) -> Mapping[Entity, tuple[EmulatedField, ...]]:
    """The field definitions in a parsed `qualified_fields.yml`.

    Raises:
        UserError: It is not in that format; `where` names the place in the file.
    """
    read = read_mapping(data, _FILE_RULES, "the field catalog")
    if read.get("version") != CATALOG_VERSION:
        raise UserError(
            f"The field catalog must have version {CATALOG_VERSION}",
            hint="Write it anew with `qsync catalog pull`.",
            where="version",
        )
    return {entity: _fields_of(entity, read) for entity in DEFAULT_FIELDS}


def _fields_of(entity: Entity, read: Mapping[str, object]) -> tuple[EmulatedField, ...]:
    fields: dict[str, EmulatedField] = {}
    for number, data in enumerate(cast("tuple[object, ...]", read.get(entity) or ())):
        field = _field(data, f"{entity}[{number}]")
        if field.name in fields:
            raise UserError(f"{entity} has the field {field.name} twice", where=entity)
        fields[field.name] = field
    return tuple(fields.values())


def _field(data: object, where: str) -> EmulatedField:
    read = _complete(read_mapping(data, _FIELD_RULES, where), ("name", "type"), where)
    name = str(read["name"])
    return EmulatedField(
        name,
        str(read.get("label", name)),
        str(read["type"]),
        tuple(
            _option(option, f"{where}.options[{number}]")
            for number, option in enumerate(cast("tuple[object, ...]", read.get("options", ())))
        ),
    )


def _option(data: object, where: str) -> tuple[str, str]:
    read = _complete(read_mapping(data, _OPTION_RULES, where), ("value",), where)
    return str(read["value"]), str(read.get("label", read["value"]))


def _complete(read: dict[str, object], required: tuple[str, ...], where: str) -> dict[str, object]:
    missing = [name for name in required if name not in read]
    if missing:
        raise UserError(f"{where} lacks {' and '.join(missing)}", where=where)
    return read


def fields_to_mapping(
    fields: Mapping[Entity, tuple[EmulatedField, ...]],
) -> dict[str, object]:
    """Plain data for a `qualified_fields.yml`, the reverse of `fields_from_mapping`."""
    return {
        "version": CATALOG_VERSION,
        **{
            entity: [_plain(field) for field in fields.get(entity, ())] for entity in DEFAULT_FIELDS
        },
    }


def _plain(field: EmulatedField) -> dict[str, object]:
    plain: dict[str, object] = {"name": field.name, "label": field.label, "type": field.type}
    if field.options:
        plain["options"] = [{"value": value, "label": label} for value, label in field.options]
    return plain
