"""Applies that go wrong and well again, and what is heard of them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from qsync.exit_codes import ExitCode
from tests.apply.kit import Team
from tests.cli.test_alerts import SECRET, with_rules
from tests.support.receivers import Receiver, web_hook


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    with web_hook() as receiver:
        url = f"json://ops:{SECRET}@127.0.0.1:{receiver.port}/{SECRET}"
        monkeypatch.setenv("QSYNC_ALERT_OPS", url)
        yield receiver


def test_a_broken_guard_is_told_once_with_its_run_and_again_when_a_run_gets_through(
    team: Team, hook: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_rules(team.project, "\nalerts: [{name: ops, url_env: QSYNC_ALERT_OPS, rejects_above: 9%}]")
    monkeypatch.setenv("GITHUB_SERVER_URL", "https://github.com")
    monkeypatch.setenv("GITHUB_REPOSITORY", "northwind/dbt")
    monkeypatch.setenv("GITHUB_RUN_ID", "77")
    assert team.apply("--select", "companies").code is ExitCode.OK
    assert hook.got == []

    team.sql("UPDATE prod.dim_companies SET tier = 'growth'")
    for _ in range(2):
        assert team.apply("--select", "companies").code is ExitCode.FAILED
    (got,) = hook.got
    assert got["title"] == "[warning] qsync northwind_saas: companies was stopped by a guard"
    assert "guard max_changed" in got["message"]
    assert "https://github.com/northwind/dbt/actions/runs/77" in got["message"]

    team.edit(
        "companies.qsync.yml", "max_invalid: 5%", "max_invalid: 5%\n        max_changed: none"
    )
    said = team.apply("--select", "companies")
    assert said.code is ExitCode.OK
    assert hook.titles[1:] == [
        "[recovered] qsync northwind_saas: companies passes its guards again"
    ]
    assert "Alerted ops: companies passes its guards again." in said.err
    assert SECRET not in said.out + said.err


def test_a_receiver_that_refuses_changes_nothing_of_a_run(team: Team, hook: Receiver) -> None:
    with_rules(team.project, "\nalerts: [{name: ops, url_env: QSYNC_ALERT_OPS}]")
    hook.status = 500
    said = team.apply("--select", "product_usage")
    assert said.code is ExitCode.PARTIAL
    assert "Warning: alert rule ops did not go through: it was not taken." in said.err
    assert SECRET not in said.out + said.err
