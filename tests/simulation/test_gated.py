"""A gate on dbt's tests in a run of the engine: it opens or not before anything is staged."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from qsync.artifacts import DataTest, Node, NodeResult, RunResults
from qsync.execution.apply import ApplyResult
from qsync.execution.ports import LockHolder
from qsync.ledger.record import RunStatus
from qsync.planning.gate import OwnTests
from qsync.project.model import Requires, TestsGate
from tests.simulation.grounds import MODEL, MemoryGround
from tests.simulation.town import Town
from tests.support.memory_warehouse import MemoryWarehouse

TEST = DataTest("test.shop.unique_email", "unique_email", "models/_models.yml")
ANN = "ann@x.example"


def _town(folder: Path, gate: TestsGate) -> Town:
    """A town whose one sync has this gate, and whose model has one person and one test."""
    town = Town(None, folder, model={ANN: ("Ann", "CEO")})
    (sync,) = town.inputs.syncs
    gated = replace(sync, config=replace(sync.config, requires=Requires(gate)))
    project = replace(town.inputs.project, syncs=(gated,))
    manifest = replace(town.inputs.manifest, tests={MODEL: (TEST,)})
    town.inputs = replace(town.inputs, project=project, manifest=manifest, syncs=(gated,))
    return town


def _said(town: Town, status: str, at: float = 0.0, which: str = "test") -> RunResults:
    moment = datetime.fromtimestamp(at, UTC).isoformat()
    invocation = town.inputs.manifest.invocation_id
    nodes = {TEST.unique_id: NodeResult(status)}
    return RunResults(invocation, moment, which, nodes=nodes)


def _dbt(town: Town, status: str, meanwhile: Callable[[], None] = lambda: None) -> None:
    """Have dbt say this of the test, and this happen while it runs."""

    def run(nodes: Sequence[Node]) -> OwnTests:
        assert [node.unique_id for node in nodes] == [MODEL]
        ground = town.ground
        assert isinstance(ground, MemoryGround)
        assert not ground.store.stages, "nothing is staged yet"
        meanwhile()
        return OwnTests(town.inputs.manifest, _said(town, status))

    town.run_tests = run


def _status(result: object) -> RunStatus:
    assert isinstance(result, ApplyResult)
    (record,) = result.records
    return record.status


def test_a_test_that_fails_stops_the_sync_until_it_passes(tmp_path: Path) -> None:
    town = _town(tmp_path, TestsGate.RUN)
    _dbt(town, "fail")
    result = town.run()
    assert _status(result) is RunStatus.STOPPED
    assert isinstance(result, ApplyResult)
    assert "test 'unique_email' failed" in result.records[0].details["error"]["message"]
    assert (town.posted, town.ground.state()) == ({}, [])
    _dbt(town, "pass")
    assert _status(town.run()) is RunStatus.SUCCEEDED
    assert [key for key, _ in town.posted.values()] == [ANN]


def test_a_run_that_has_nobody_to_run_the_tests_stops_the_sync(tmp_path: Path) -> None:
    town = _town(tmp_path, TestsGate.RUN)
    assert _status(town.run()) is RunStatus.STOPPED
    assert town.posted == {}


def test_a_run_that_lost_its_lock_while_the_tests_ran_stages_and_sends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    town = _town(tmp_path, TestsGate.RUN)
    staged: list[object] = []
    monkeypatch.setattr(MemoryWarehouse, "stage", lambda *given: staged.append(given))

    def another_takes_the_lock() -> None:
        town.clock.advance(2_000.0)
        taken = town.ground.warehouse().acquire_lock("other", "somebody else")
        assert not isinstance(taken, LockHolder)

    _dbt(town, "pass", another_takes_the_lock)
    error = town.run()
    assert "lock was lost" in str(error)
    assert (town.posted, staged) == ({}, [])


@pytest.mark.parametrize(
    ("hours", "status"), [(23.9, RunStatus.SUCCEEDED), (24.1, RunStatus.STOPPED)]
)
def test_the_age_of_results_is_by_the_runs_clock_when_it_plans(
    tmp_path: Path, hours: float, status: RunStatus
) -> None:
    town = _town(tmp_path, TestsGate.PASSED)
    results = _said(town, "pass", town.clock.time(), "build")
    town.inputs = replace(town.inputs, evidence=replace(town.inputs.evidence, results=results))
    town.clock.advance(hours * 3_600)
    assert _status(town.run()) is status
