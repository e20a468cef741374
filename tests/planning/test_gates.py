"""What a gate says: only what is known to have passed has passed."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qsync.artifacts import DataTest, Manifest, NodeResult, RunResults
from qsync.planning.gate import Evidence, Gate, OwnTests, Verdict
from qsync.planning.gates import judge
from qsync.project.model import OnWarn, Requires, TestsGate
from tests.planning.kit import NODE

NOW = datetime(2026, 11, 3, 5, 0, tzinfo=UTC)
FILE = "models/_models.yml"
UNIQUE = DataTest("test.shop.unique_email", "unique_email", FILE)
FILLED = DataTest("test.shop.not_null_email", "not_null_email", FILE)
SINGULAR = DataTest("test.shop.no_robots", "no_robots", "tests/no_robots.sql")
TESTS = (FILLED, SINGULAR, UNIQUE)
MANIFEST = Manifest(
    "target/manifest.json",
    12,
    "1.11.16",
    "",
    "an-id",
    "shop",
    "duckdb",
    {NODE.unique_id: NODE},
    {NODE.unique_id: TESTS},
)
RELATION = str(NODE.relation_name)
BUILT = NodeResult("success", RELATION)
PASSED = {test.unique_id: NodeResult("pass", failures=0) for test in TESTS}
BUILD = RunResults(
    "an-id",
    "2026-11-03T04:30:00.123456Z",
    "build",
    "target/run_results.json",
    nodes={NODE.unique_id: BUILT, **PASSED},
)
ASKS, RUNS = Requires(TestsGate.PASSED), Requires(TestsGate.RUN)


def _with(test: DataTest, status: str, failures: int | None = None) -> RunResults:
    nodes = {**BUILD.nodes, test.unique_id: NodeResult(status, failures=failures)}
    return replace(BUILD, nodes=nodes)


def _without(unique_id: str) -> RunResults:
    return replace(
        BUILD, nodes={key: item for key, item in BUILD.nodes.items() if key != unique_id}
    )


def _gate(
    results: RunResults | None = BUILD,
    requires: Requires = ASKS,
    manifest: Manifest = MANIFEST,
    own: OwnTests | None = None,
) -> Gate:
    gate = judge(requires, NODE, RELATION, manifest, Evidence(NOW, results, own))
    assert gate is not None
    return gate


def test_a_sync_that_asks_for_nothing_has_no_gate() -> None:
    assert judge(Requires(), NODE, RELATION, MANIFEST, Evidence(NOW)) is None


def test_tests_that_all_passed_in_the_last_build_are_passed() -> None:
    gate = _gate()
    assert (gate.verdict, gate.closed, gate.outcomes) == (Verdict.PASSED, False, ())
    assert gate.message == "3 passed in `dbt build` of 2026-11-03 04:30 UTC"
    assert (gate.tests, gate.command, gate.results_at) == (3, "build", BUILD.generated_at)


def test_the_results_of_dbt_test_do_although_it_builds_no_model() -> None:
    tested = replace(_without(NODE.unique_id), which="test")
    assert _gate(tested).verdict is Verdict.PASSED


def test_a_failing_test_is_named_with_its_rows_and_its_file() -> None:
    gate = _gate(_with(SINGULAR, "fail", 1_204))
    assert (gate.verdict, gate.closed) == (Verdict.FAILED, True)
    assert gate.message == (
        "test 'no_robots' failed (1,204 rows, tests/no_robots.sql) in `dbt build` of "
        "2026-11-03 04:30 UTC"
    )
    assert gate.reason == (
        f"`requires: {{tests: passed}}`: {gate.message}; correct the rows or the test, then run "
        "`dbt build --select dim_leads` as the last dbt command before qsync, or write "
        "`requires: {tests: run}`"
    )
    assert [(item.name, item.status, item.rows) for item in gate.outcomes] == [
        ("no_robots", "fail", 1_204)
    ]


def test_of_several_that_did_not_pass_the_gravest_is_named_and_the_others_counted() -> None:
    nodes = {
        **BUILD.nodes,
        FILLED.unique_id: NodeResult("skipped"),
        SINGULAR.unique_id: NodeResult("warn", failures=1),
        UNIQUE.unique_id: NodeResult("error"),
    }
    gate = _gate(replace(BUILD, nodes=nodes), replace(ASKS, warned=OnWarn.BLOCK))
    assert gate.verdict is Verdict.FAILED
    assert gate.message.startswith("test 'unique_email' ended as 'error' (models/_models.yml) in")
    assert gate.message.endswith("and 2 more did not pass")
    assert [item.status for item in gate.outcomes] == ["error", "skipped", "warn"]


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("skipped", "was skipped"),
        ("reused", "ended as 'reused'"),
        ("success", "ended as 'success'"),
        ("", "has no result"),
    ],
)
def test_a_status_that_is_no_pass_is_not_known_to_be_one(status: str, words: str) -> None:
    gate = _gate(_with(UNIQUE, status))
    assert gate.verdict is Verdict.UNKNOWN
    assert gate.message.startswith(f"test 'unique_email' {words} (models/_models.yml)")


def test_a_test_without_a_result_did_not_run() -> None:
    gate = _gate(_without(FILLED.unique_id))
    assert gate.verdict is Verdict.UNKNOWN
    assert "test 'not_null_email' has no result" in gate.message


def test_after_dbt_run_no_test_has_a_result() -> None:
    ran = replace(BUILD, which="run", nodes={NODE.unique_id: BUILT})
    gate = _gate(ran)
    assert gate.verdict is Verdict.UNKNOWN
    assert "has no result (models/_models.yml) in `dbt run`" in gate.message
    assert "and 2 more did not pass" in gate.message
    assert "dbt build --select dim_leads" in gate.hint


@pytest.mark.parametrize(
    ("warned", "verdict", "words"),
    [
        (OnWarn.ALLOW, Verdict.PASSED, "2 passed and 1 warned, which is allowed, in `dbt build`"),
        (OnWarn.BLOCK, Verdict.FAILED, "test 'unique_email' warned (1 row, models/_models.yml)"),
    ],
)
def test_a_test_that_warned_passes_unless_the_sync_says_otherwise(
    warned: OnWarn, verdict: Verdict, words: str
) -> None:
    gate = _gate(_with(UNIQUE, "warn", 1), replace(ASKS, warned=warned))
    assert gate.verdict is verdict
    assert gate.message.startswith(words)
    assert [item.status for item in gate.outcomes] == ["warn"]


@pytest.mark.parametrize(
    ("results", "words"),
    [
        (None, "there are no run results of dbt"),
        (replace(BUILD, which="compile"), "the last dbt command was `compile`, whose results say"),
        (replace(BUILD, which="seed"), "the last dbt command was `seed`"),
        (replace(BUILD, which=None), "the last dbt command was an unknown one"),
        (replace(BUILD, empty=True), "dbt ran with --empty, not on all rows"),
        (replace(BUILD, sampled=True), "dbt ran with --sample, not on all rows"),
        (
            replace(BUILD, invocation_id="another"),
            "target/run_results.json and target/manifest.json are not of one dbt command",
        ),
        (replace(BUILD, invocation_id=None), "are not of one dbt command"),
        (replace(BUILD, generated_at=None), "does not say when it was written"),
        (replace(BUILD, generated_at="yesterday"), "does not say when it was written"),
        (
            replace(BUILD, generated_at="2026-11-02T04:59:00Z"),
            "dbt's results are of 2026-11-02 04:59 UTC, more than 24h ago",
        ),
        (
            replace(BUILD, generated_at="2026-11-03T06:00:00Z"),
            "is dated in the future (2026-11-03 06:00 UTC)",
        ),
        (
            replace(
                BUILD,
                nodes={**PASSED, NODE.unique_id: NodeResult("success", '"db"."dev"."dim_leads"')},
            ),
            "dbt built db.dev.dim_leads, and db.prod.dim_leads is read",
        ),
        (
            replace(BUILD, nodes=PASSED, deferred=True),
            "dbt ran with --defer and did not build dim_leads",
        ),
    ],
)
def test_results_that_say_nothing_of_these_rows_are_not_known_to_be_a_pass(
    results: RunResults | None, words: str
) -> None:
    gate = _gate(results)
    assert (gate.verdict, gate.outcomes) == (Verdict.UNKNOWN, ())
    assert words in gate.message
    assert "as the last dbt command before qsync" in gate.hint


@pytest.mark.parametrize(
    ("status", "verdict"), [("error", Verdict.FAILED), ("partial success", Verdict.UNKNOWN)]
)
def test_a_model_that_was_not_built_well_has_not_passed(status: str, verdict: Verdict) -> None:
    nodes = {**PASSED, NODE.unique_id: NodeResult(status, RELATION)}
    gate = _gate(replace(BUILD, nodes=nodes))
    assert gate.verdict is verdict
    assert gate.message.startswith(f"dim_leads itself ended as '{status}' in `dbt build`")


def test_an_age_is_asked_as_written_or_not_at_all() -> None:
    old = replace(BUILD, generated_at="2026-10-31T05:00:00.886375123Z")
    assert _gate(old, replace(ASKS, max_age=timedelta(days=3))).verdict is Verdict.PASSED
    assert _gate(old, replace(ASKS, max_age=None)).verdict is Verdict.PASSED
    younger = _gate(old, replace(ASKS, max_age=timedelta(minutes=90)))
    assert "more than 90m ago" in younger.message
    assert "more than 2d ago" in _gate(old, replace(ASKS, max_age=timedelta(hours=48))).message


@pytest.mark.parametrize("requires", [ASKS, RUNS])
def test_a_model_without_tests_cannot_pass(requires: Requires) -> None:
    gate = _gate(requires=requires, manifest=replace(MANIFEST, tests={}))
    assert gate.verdict is Verdict.UNKNOWN
    assert gate.message == "dim_leads has no data test, so none can pass"
    assert "`requires: {tests: none}`" in gate.hint


def test_a_plan_runs_no_test_and_says_that_apply_will() -> None:
    gate = _gate(None, RUNS)
    assert (gate.verdict, gate.closed) == (Verdict.TO_RUN, False)
    assert gate.message == "apply runs 3 tests first, and goes on if they pass"


OWN = replace(BUILD, invocation_id="own", which="test", nodes=PASSED)


def test_what_dbts_own_last_command_said_is_nothing_to_a_sync_whose_tests_are_run() -> None:
    gate = _gate(_with(UNIQUE, "fail"), RUNS, own=OwnTests(MANIFEST, OWN))
    assert gate.verdict is Verdict.PASSED
    assert gate.message == "3 passed in `dbt test` of 2026-11-03 04:30 UTC"


def test_a_test_that_fails_when_it_is_run_stops_the_sync() -> None:
    failing = replace(OWN, nodes={**PASSED, UNIQUE.unique_id: NodeResult("fail", failures=2)})
    gate = _gate(BUILD, RUNS, own=OwnTests(MANIFEST, failing))
    assert gate.verdict is Verdict.FAILED
    assert gate.message.startswith("test 'unique_email' failed (2 rows, models/_models.yml)")
    assert gate.hint == "`dbt test --select dim_leads` says more"


def test_a_test_that_is_newer_than_the_manifest_counts_when_it_is_run() -> None:
    newer = DataTest("test.shop.new", "new", FILE)
    manifest = replace(MANIFEST, tests={NODE.unique_id: (*TESTS, newer)})
    failing = replace(OWN, nodes={**PASSED, newer.unique_id: NodeResult("fail", failures=2)})
    gate = _gate(BUILD, RUNS, own=OwnTests(manifest, failing))
    assert (gate.verdict, gate.tests) == (Verdict.FAILED, 4)


@pytest.mark.parametrize(
    ("own", "words"),
    [
        (OwnTests(problem="Compilation Error in model x"), "could not run: Compilation Error"),
        (OwnTests(MANIFEST), "could not run: it left no results"),
        (OwnTests(None, OWN), "could not run: it left no results"),
        (OwnTests(replace(MANIFEST, tests={}), OWN), "finds no data test of dim_leads any more"),
        (OwnTests(MANIFEST, replace(OWN, empty=True)), "dbt ran with --empty"),
    ],
)
def test_tests_that_could_not_be_run_have_not_passed(own: OwnTests, words: str) -> None:
    gate = _gate(BUILD, RUNS, own=own)
    assert gate.verdict is Verdict.UNKNOWN
    assert words in gate.message


STATUSES = st.sampled_from(["pass", "warn", "fail", "error", "skipped", "reused", "success", ""])


@given(
    st.dictionaries(st.sampled_from([test.unique_id for test in TESTS]), STATUSES),
    st.sampled_from(OnWarn),
    st.sampled_from([ASKS, RUNS]),
)
def test_a_gate_opens_exactly_when_every_test_passed_or_warned_where_that_is_allowed(
    said: dict[str, str], warned: OnWarn, requires: Requires
) -> None:
    nodes = {key: NodeResult(status) for key, status in said.items()}
    results = replace(OWN, invocation_id="an-id", nodes=nodes)
    gate = _gate(results, replace(requires, warned=warned), own=OwnTests(MANIFEST, results))
    good = {"pass"} | ({"warn"} if warned is OnWarn.ALLOW else set())
    assert gate.closed is not (set(said) == set(PASSED) and set(said.values()) <= good)
    assert {item.status for item in gate.outcomes} == (
        {said.get(key, "") for key in PASSED} - {"pass"}
    )
