"""Gates on dbt: whether the tests of a sync's model have passed, as far as dbt's files tell. Pure.

The rule is that of dbt.md, "Gating on test results": what is not known to have passed has not. The
last command must be one that runs tests, on all rows, and the one that wrote the manifest; its
results must be young enough; the model, where it was built by it, must have been built well and be
the relation that is read; and every data test of the model must say exactly `pass` (`warn` by
policy). A test without a result did not run.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from qsync.artifacts import DataTest, Manifest, Node, RunResults
from qsync.planning.gate import Evidence, Gate, OwnTests, TestOutcome, Verdict
from qsync.project.model import OnWarn, Requires, TestsGate

RUNS_TESTS = ("build", "run", "test", "retry")
"""dbt's commands whose results are results. `compile` and `show` report success of tests too."""

SKEW = timedelta(minutes=5)
"""How far in the future results may be dated: clocks differ."""

_FAILED = frozenset({"fail", "error", "runtime error"})


def judge(
    requires: Requires, node: Node, relation: str, manifest: Manifest, evidence: Evidence
) -> Gate | None:
    """What the gate of a sync says; None when it asks for nothing.

    Args:
        requires: The sync's.
        node: Its model.
        relation: What is read, as dbt names it under qsync's target.
        manifest: dbt's `target/manifest.json`.
        evidence: Results, and the moment.
    """
    if requires.tests is TestsGate.NONE:
        return None
    tests = manifest.tests.get(node.unique_id, ())
    judged = _Judgement(requires, node, tests)
    if not tests:
        return judged.unknown(
            f"{node.name} has no data test, so none can pass",
            "give it one in dbt, or write `requires: {tests: none}` for this sync",
        )
    if requires.tests is TestsGate.PASSED:
        return judged.of_last_command(relation, manifest, evidence)
    if evidence.own is None:
        return judged.gate(
            Verdict.TO_RUN, f"apply runs {_tests(len(tests))} first, and goes on if they pass"
        )
    return judged.of_own_run(evidence.own)


@dataclass(frozen=True, slots=True)
class _Judgement:
    """One sync's gate in the making."""

    requires: Requires
    node: Node
    tests: Sequence[DataTest]
    results: RunResults | None = None

    def gate(
        self,
        verdict: Verdict,
        message: str,
        hint: str = "",
        outcomes: Sequence[TestOutcome] = (),
    ) -> Gate:
        results = self.results
        return Gate(
            self.requires.tests,
            verdict,
            message,
            hint,
            len(self.tests),
            tuple(outcomes),
            None if results is None else results.which,
            None if results is None else results.generated_at,
        )

    def unknown(self, message: str, hint: str, outcomes: Sequence[TestOutcome] = ()) -> Gate:
        return self.gate(Verdict.UNKNOWN, message, hint, outcomes)

    def of_last_command(self, relation: str, manifest: Manifest, evidence: Evidence) -> Gate:
        """Of dbt's own last command, whichever that was."""
        again = (
            f"run `dbt build --select {self.node.name}` as the last dbt command before qsync, or "
            "write `requires: {tests: run}`"
        )
        results = evidence.results
        if results is None:
            return self.unknown("there are no run results of dbt", again)
        judged = _Judgement(self.requires, self.node, self.tests, results)
        why = (
            _why_no_results(results)
            or _why_of_another_command(results, manifest)
            or _why_too_old(results, self.requires.max_age, evidence.now)
            or self._why_not_these_rows(results, relation)
        )
        return judged.unknown(why, again) if why else judged.of_tests(results, again)

    def of_own_run(self, own: OwnTests) -> Gate:
        """Of the tests qsync ran itself."""
        if own.problem or own.results is None or own.manifest is None:
            return self.unknown(
                f"`dbt test` could not run: {own.problem or 'it left no results'}",
                f"try `dbt test --select {self.node.name}`",
            )
        # As the project is now: a test may be newer than the manifest the plan stands on.
        tests = own.manifest.tests.get(self.node.unique_id, ())
        judged = _Judgement(self.requires, self.node, tests, own.results)
        if not tests:
            return judged.unknown(f"dbt finds no data test of {self.node.name} any more", "")
        why = _why_no_results(own.results)
        if why:
            return judged.unknown(why, "unset dbt's variables that make it so")
        return judged.of_tests(own.results, f"`dbt test --select {self.node.name}` says more")

    def of_tests(self, results: RunResults, again: str) -> Gate:
        """Of the tests' own results, once they can be believed."""
        command = f"`dbt {results.which}`{_moment(results)}"
        built = results.nodes.get(self.node.unique_id)
        if built is not None and built.status != "success":
            verdict = Verdict.FAILED if built.status in _FAILED else Verdict.UNKNOWN
            message = f"{self.node.name} itself ended as '{built.status}' in {command}"
            return self.gate(verdict, message, again)
        outcomes = [_outcome(test, results) for test in self.tests]
        failed = [item for item in outcomes if item.status in _FAILED]
        warned = [item for item in outcomes if item.status == "warn"]
        others = [item for item in outcomes if item.status not in {*_FAILED, "warn", "pass"}]
        told = [*failed, *others, *warned]
        blocked = warned if self.requires.warned is OnWarn.BLOCK else []
        bad = [*failed, *others, *blocked]
        if bad:
            verdict = Verdict.FAILED if failed or (blocked and not others) else Verdict.UNKNOWN
            more = f", and {len(bad) - 1:,} more did not pass" if len(bad) > 1 else ""
            mend = failed and self.requires.tests is TestsGate.PASSED
            cure = f"correct the rows or the test, then {again}" if mend else again
            return self.gate(verdict, f"{bad[0]} in {command}{more}", cure, told)
        passed = f"{len(self.tests) - len(warned):,} passed"
        if warned:
            passed += f" and {len(warned):,} warned, which is allowed,"
        return self.gate(Verdict.PASSED, f"{passed} in {command}", outcomes=told)

    def _why_not_these_rows(self, results: RunResults, relation: str) -> str:
        """Why the results are about other rows than those that would be sent; empty if not."""
        built = results.nodes.get(self.node.unique_id)
        if built is None:
            # `dbt test` builds nothing; its tests read what stands there, unless told otherwise.
            return (
                f"dbt ran with --defer and did not build {self.node.name}: its tests may have read "
                "another environment"
                if results.deferred
                else ""
            )
        if built.relation_name not in {None, relation}:
            return f"dbt built {_bare(str(built.relation_name))}, and {_bare(relation)} is read"
        return ""


def _why_no_results(results: RunResults) -> str:
    if results.which not in RUNS_TESTS:
        said = f"`{results.which}`" if results.which else "an unknown one"
        return f"the last dbt command was {said}, whose results say nothing of tests"
    if results.empty or results.sampled:
        return f"dbt ran with --{'empty' if results.empty else 'sample'}, not on all rows"
    return ""


def _why_of_another_command(results: RunResults, manifest: Manifest) -> str:
    known = results.invocation_id
    if known is not None and known == manifest.invocation_id:
        return ""
    return (
        f"{results.path} and {manifest.path} are not of one dbt command: another has run since, or "
        "only one of them was copied here"
    )


def _why_too_old(results: RunResults, max_age: timedelta | None, now: datetime) -> str:
    if max_age is None:
        return ""
    at = _parsed(results.generated_at)
    if at is None:
        return f"{results.path} does not say when it was written"
    if at > now + SKEW:
        return f"{results.path} is dated in the future ({_minute(at)})"
    if now - at > max_age:
        return f"dbt's results are of {_minute(at)}, more than {_age(max_age)} ago"
    return ""


def _outcome(test: DataTest, results: RunResults) -> TestOutcome:
    found = results.nodes.get(test.unique_id)
    if found is None:
        return TestOutcome(test.name, test.path, "")
    return TestOutcome(test.name, test.path, found.status, found.failures)


def _parsed(text: str | None) -> datetime | None:
    try:
        at = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _moment(results: RunResults) -> str:
    at = _parsed(results.generated_at)
    return "" if at is None else f" of {_minute(at)}"


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _age(length: timedelta) -> str:
    """As it is written: `24h`."""
    seconds = int(length.total_seconds())
    unit, size = next(
        (unit, size)
        for unit, size in (("d", 86_400), ("h", 3_600), ("m", 60))
        if unit == "m" or (seconds % size == 0 and seconds >= 2 * size)
    )
    return f"{seconds // size}{unit}"


def _tests(count: int) -> str:
    return f"{count:,} test" if count == 1 else f"{count:,} tests"


def _bare(relation: str) -> str:
    return relation.replace('"', "").replace("`", "")
