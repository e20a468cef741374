"""What a gate on dbt's tests looks at and what it says, as data; `gates` has the rule."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from qsync.artifacts import Manifest, RunResults
from qsync.project.model import TestsGate

_WORDS = {"fail": "failed", "warn": "warned", "skipped": "was skipped", "": "has no result"}


class Verdict(StrEnum):
    """What a gate says. Only `passed` and `to_run` let a sync through."""

    PASSED = "passed"
    FAILED = "failed"
    UNKNOWN = "unknown"
    TO_RUN = "to_run"
    """Apply will run the tests; a plan does not."""


@dataclass(frozen=True, slots=True)
class TestOutcome:
    """A test that did not simply pass.

    Attributes:
        name: The test's name.
        path: The file that declares it; empty when unknown.
        status: dbt's word; empty when there is no result.
        rows: Rows it found, when dbt says so.
    """

    name: str
    path: str
    status: str
    rows: int | None = None

    __test__ = False  # not a test class, whatever pytest thinks of the name

    def __str__(self) -> str:
        """`test 'x' failed (12 rows, models/_models.yml)`."""
        said = _WORDS.get(self.status, f"ended as '{self.status}'")
        rows = "" if not self.rows else f"{self.rows:,} row{'s' if self.rows > 1 else ''}"
        about = ", ".join(part for part in (rows, self.path) if part)
        return f"test '{self.name}' {said}{f' ({about})' if about else ''}"


@dataclass(frozen=True, slots=True)
class Gate:
    """What a sync's gate says.

    Attributes:
        asked: What the sync requires: `passed` or `run`.
        verdict: What came of it.
        message: Why, in a sentence without a full stop.
        hint: What to do about it; empty when there is nothing to do.
        tests: Data tests of the model.
        outcomes: Those that did not simply pass, gravest first.
        command: The dbt command that the results are of; None when there are none.
        results_at: When it ended, as dbt wrote it.
    """

    asked: TestsGate
    verdict: Verdict
    message: str
    hint: str = ""
    tests: int = 0
    outcomes: tuple[TestOutcome, ...] = ()
    command: str | None = None
    results_at: str | None = None

    @property
    def closed(self) -> bool:
        """Whether it stops its sync."""
        return self.verdict in {Verdict.FAILED, Verdict.UNKNOWN}

    @property
    def reason(self) -> str:
        """Why the sync is stopped, and what to do."""
        asked = f"`requires: {{tests: {self.asked.value}}}`: {self.message}"
        return f"{asked}; {self.hint}" if self.hint else asked


@dataclass(frozen=True, slots=True)
class OwnTests:
    """What came of the tests that qsync ran itself.

    Attributes:
        manifest: Of that run; None when there is none.
        results: Of that run; None when there are none.
        problem: Why dbt could not run, in a few words; empty when it ran.
    """

    manifest: Manifest | None = None
    results: RunResults | None = None
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What gates look at.

    Attributes:
        now: The moment, UTC.
        results: dbt's `target/run_results.json`; None when there is none, or nobody asks.
        own: Of the tests qsync ran itself; None before it has.
    """

    now: datetime
    results: RunResults | None = None
    own: OwnTests | None = None


NO_EVIDENCE = Evidence(datetime.min.replace(tzinfo=UTC))
"""Where nobody has looked."""
