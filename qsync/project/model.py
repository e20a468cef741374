"""What a user declares, as frozen data: the project's settings and its syncs.

These types are what the loader makes of `qsync.yml` and `*.qsync.yml`; the words are those of the
files. Positions let every later room point back at the line that said so.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from fractions import Fraction
from typing import TYPE_CHECKING

from qsync.project.alerts import AlertRule
from qsync.project.diagnostics import Position

if TYPE_CHECKING:
    from qsync.project.sync_tests import SyncTest

COMPANY_NAME = "company_name"
"""The key under which a sync maps a company's name.

It is no field of `fields` in the API (API.md, "Writing one record": `name`), but has one writer
like any field, and its own column in state.
"""


class ObjectType(StrEnum):
    """Qualified's two writable objects."""

    LEAD = "lead"
    COMPANY = "company"

    @property
    def match_field(self) -> str:
        """Qualified's key of the object: email for a lead, domain for a company."""
        return "email" if self is ObjectType.LEAD else "domain"


class OnNull(StrEnum):
    """What a null in a mapped column means."""

    KEEP = "keep"
    """Omit the field: Qualified keeps what it has."""
    CLEAR = "clear"
    """Send null. Experimental: what Qualified does with null is undocumented."""
    FAIL = "fail"
    """The row is invalid."""


class OnRemoved(StrEnum):
    """What happens when a row has left the model."""

    KEEP = "keep"
    CLEAR = "clear"


class TestsGate(StrEnum):
    """Which dbt test results a sync asks for before it writes."""

    NONE = "none"
    PASSED = "passed"
    RUN = "run"

    __test__ = False  # not a test class, whatever pytest thinks of the name


class OnWarn(StrEnum):
    """What a test of severity `warn` that found rows means to a gate."""

    ALLOW = "allow"
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class Limit:
    """A guard's bound: a number of rows or a share of the rows in state.

    Exactly one of the two is set. `share` is 0.2 for `20%`.
    """

    rows: int | None = None
    share: Fraction | None = None

    def __str__(self) -> str:
        if self.share is not None:
            return f"{float(self.share * 100):g}%"
        return str(self.rows)

    def allows(self, count: int, base: int) -> bool:
        """True when `count` rows out of `base` stay within the bound."""
        if self.share is not None:
            return count <= self.share * base
        return self.rows is None or count <= self.rows


@dataclass(frozen=True, slots=True)
class Guards:
    """Bounds that stop a sync before it writes. None: no bound.

    Shares are of the rows in state and are not asked on a first load; additions have only a number.
    """

    max_changed: Limit | None = None
    max_removed: Limit | None = None
    max_cleared: Limit | None = None
    max_invalid: Limit | None = None
    max_added_rows: int | None = None
    max_rejected: Limit | None = None
    """Of the records a run sends: asked while it sends them."""


@dataclass(frozen=True, slots=True)
class Requires:
    """Gates on dbt, shown by plan and enforced by apply.

    Attributes:
        tests: Which test results are asked for.
        max_age: How old dbt's results may be where `tests` is `passed`; None for any age.
        warned: Whether a test that warned is as good as one that passed.
    """

    tests: TestsGate = TestsGate.NONE
    max_age: timedelta | None = timedelta(hours=24)
    warned: OnWarn = OnWarn.ALLOW


@dataclass(frozen=True, slots=True)
class SyncConfig:
    """A sync's policy, apart from its mapping, with the project's defaults already merged in."""

    owner: str | None = None
    tags: tuple[str, ...] = ()
    enabled: bool = True
    on_null: OnNull = OnNull.KEEP
    on_removed: OnRemoved = OnRemoved.KEEP
    allow_free_mail: bool = False
    guards: Guards = Guards()
    requires: Requires = Requires()


@dataclass(frozen=True, slots=True)
class ModelRef:
    """The dbt model, snapshot or seed a sync reads: `dim_leads`, `ref('pkg', 'dim_leads', v=2)`."""

    name: str
    package: str | None = None
    version: str | None = None

    def __str__(self) -> str:
        return self.name if self.version is None else f"{self.name}.v{self.version}"


@dataclass(frozen=True, slots=True)
class FieldMapping:
    """One line of `fields`: Qualified's field and where its value comes from.

    Exactly one of `column` and `constant` is set. `on_null` is resolved: the line's own, else the
    sync's, else the project's.

    Attributes:
        field: Qualified's API name, case-sensitive, or `company_name`.
        column: The model's column.
        constant: A value for every row (`{value: …}`).
        on_null: What a null in the column means.
        field_position: Where the field's name stands.
        column_position: Where the column's name (or the constant) stands.
    """

    field: str
    column: str | None
    constant: str | int | float | bool | None
    on_null: OnNull
    field_position: Position
    column_position: Position


@dataclass(frozen=True, slots=True)
class CompanyBlock:
    """The `company:` block of a lead sync: the lead's company, matched by domain."""

    match_column: str
    fields: tuple[FieldMapping, ...]
    position: Position
    match_position: Position


@dataclass(frozen=True, slots=True)
class Sync:
    """One declared sync.

    `fields` holds the mappings of the sync's own object in the order written; for a company sync
    the `company_name` line, when there is one, is among them under that name. The same holds for
    `company.fields`.
    """

    name: str
    model: ModelRef
    object: ObjectType
    match_column: str
    fields: tuple[FieldMapping, ...]
    company: CompanyBlock | None
    config: SyncConfig
    position: Position
    model_position: Position
    match_position: Position
    description: str = ""
    renamed_from: str | None = None

    @property
    def path(self) -> str:
        """The file that declares it, relative to the project directory."""
        return self.position.path


@dataclass(frozen=True, slots=True)
class LimitSettings:
    """The share of the team's quota qsync may spend, and limits that differ from the documented.

    Defaults are API.md, "Limits".
    """

    share: float = 0.9
    in_flight: int = 5
    per_15m: int = 2_000
    per_hour: int = 7_000
    per_day: int = 120_000


@dataclass(frozen=True, slots=True)
class QualifiedSettings:
    """Where Qualified is and who may write to it."""

    api_key_env: str = "QUALIFIED_API_KEY"
    base_url: str = "https://api.qualified.com"
    account: str | None = None
    apply_targets: tuple[str, ...] = ()
    limits: LimitSettings = LimitSettings()
    base_url_position: Position | None = None


_TOP_OF_SETTINGS = Position("qsync.yml")


@dataclass(frozen=True, slots=True)
class ProjectSettings:
    """`qsync.yml`, merged with its defaults."""

    qualified: QualifiedSettings = QualifiedSettings()
    state_schema: str = "qsync"
    keep_removed: str | None = None
    keep_history: str = "30d"
    ledger_seed: str = "seeds/qsync_runs.csv"
    alerts: tuple[AlertRule, ...] = ()
    log_runs: int = 20
    log_mb: int = 64
    position: Position = _TOP_OF_SETTINGS

    @property
    def removed_kept_for(self) -> timedelta | None:
        """How long what is left of people who left the model is kept; None for ever."""
        if self.keep_removed is None:
            return None
        return timedelta(days=int(self.keep_removed.removesuffix("d")))

    @property
    def history_kept_for(self) -> timedelta:
        """How long it is kept what was sent when; at most as long as what people leave behind."""
        history = timedelta(days=int(self.keep_history.removesuffix("d")))
        removed = self.removed_kept_for
        return history if removed is None else min(history, removed)


@dataclass(frozen=True, slots=True)
class Project:
    """Everything the user declared, read once.

    Attributes:
        name: The dbt project's name (from `dbt_project.yml`).
        settings: `qsync.yml`.
        syncs: In order of file and place.
        model_paths: dbt's `model-paths`, relative.
        target_path: dbt's `target-path`, relative, before any flag.
        tests: The sync tests, in order of file and place.
    """

    name: str
    settings: ProjectSettings
    syncs: tuple[Sync, ...]
    model_paths: tuple[str, ...] = ("models",)
    target_path: str = "target"
    sync_files: tuple[str, ...] = ()
    tests: tuple[SyncTest, ...] = ()

    def sync(self, name: str) -> Sync | None:
        """The sync of that name."""
        return next((sync for sync in self.syncs if sync.name == name), None)
