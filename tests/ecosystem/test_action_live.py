"""The action with the real qsync, in the example: what a stand-in would not notice."""

from __future__ import annotations

import pytest

from qsync.emulator.server import EmulatorServer
from qsync.emulator.settings import DEFAULT_KEY, EmulatorSettings
from tests.ecosystem.conftest import Stage
from tests.support.github_actions import FORK, MERGED, OURS

HERE = {"DBT_PROFILES_DIR": ".", "DO_NOT_TRACK": "1"}


@pytest.mark.slow
def test_a_fork_is_validated_by_the_real_qsync(live: Stage) -> None:
    ran = live.runner.run(FORK, HERE, tests="true", exposures="true")
    assert ran.ok, ran.log
    assert "0 failed." in ran.log
    assert "Valid: 3 syncs." in ran.log
    assert "models/qsync_exposures.yml is up to date: 3 exposures." in ran.log
    path = live.runner.workspace / "models" / "marts" / "leads.qsync.yml"
    path.write_text(path.read_text().replace("owner: growth-eng", "owner: revops"))
    ran = live.runner.run(FORK, HERE, exposures="true")
    assert not ran.ok
    assert "changed  leads" in ran.log
    path.write_text(path.read_text().replace("first_name: first_name", "fist_name: first_name"))
    ran = live.runner.run(FORK, HERE)
    assert not ran.ok
    assert "::error file=models/marts/leads.qsync.yml" in ran.log
    assert "fist_name" in ran.log


@pytest.mark.slow
def test_a_pull_request_is_planned_by_the_real_qsync(live: Stage) -> None:
    ran = live.runner.run(OURS, HERE, target="prod", select="companies")
    assert ran.ok, ran.log
    assert ran.outputs["changes"] == "true"
    (comment,) = live.comments
    assert "companies" in comment["body"]
    assert len(comment["body"]) < 65_536
    live.runner.run(OURS, HERE, target="nowhere", select="companies")
    assert "There is no plan of this commit" in live.comments[-1]["body"]


@pytest.mark.slow
def test_the_real_qsync_applies_and_what_is_rejected_is_a_warning(live: Stage) -> None:
    with EmulatorServer(EmulatorSettings(job_base_seconds=0.02)) as server:
        here = {**HERE, "QSYNC_BASE_URL": server.base_url}
        ran = live.runner.run(MERGED, here, target="prod", select="leads", api_key=DEFAULT_KEY)
    assert ran.ok, ran.log
    assert ran.outputs["exit-code"] == "3"
    assert "::warning title=qsync::The run is over" in ran.log
    assert "\nApplied: " in ran.summary
    assert DEFAULT_KEY not in ran.log + ran.summary
