"""`alerts:` of qsync.yml and `qsync alerts`: who is told, when, and that no run suffers from it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from qsync.exit_codes import ExitCode
from tests.cli.kit import Shell, flat, sql
from tests.support.receivers import Receiver, web_hook

SECRET = "s3cr3t-canary"
RULES = """
alerts:
  - name: ops
    url_env: QSYNC_ALERT_OPS
    rejects_above: 50%
    stale_after: 26h
    severity: critical
"""


@pytest.fixture
def hook(monkeypatch: pytest.MonkeyPatch) -> Iterator[Receiver]:
    monkeypatch.setenv("QSYNC_TARGET", "prod")
    with web_hook() as receiver:
        url = f"json://ops:{SECRET}@127.0.0.1:{receiver.port}/{SECRET}"
        monkeypatch.setenv("QSYNC_ALERT_OPS", url)
        yield receiver


def with_rules(folder: Path, rules: str = RULES) -> Path:
    path = folder / "qsync.yml"
    path.write_text(path.read_text() + rules)
    return folder


def test_a_test_message_goes_out_by_each_rule_and_tells_which_went_through(
    applied: Path, shell: Shell, hook: Receiver
) -> None:
    with_rules(applied, RULES + "  - {name: mail, url_env: QSYNC_ALERT_MAIL}\n")
    said = shell("alerts", "test")
    assert said.code is ExitCode.FAILED
    assert [line.split(maxsplit=2) for line in said.out.splitlines()] == [
        ["ops", "sent"],
        ["mail", "failed", "the variable is not set"],
    ]
    assert hook.titles == ["[test] qsync northwind_saas: alerts reach you"]
    assert shell("alerts", "test", "ops").code is ExitCode.OK
    assert SECRET not in said.out + said.err
    nobody = shell("alerts", "test", "nobody")
    assert nobody.code is ExitCode.FAILED
    assert "the rules are: ops, mail" in flat(nobody.err)


def test_without_rules_it_says_so(applied: Path, shell: Shell) -> None:
    said = shell("alerts", "check")
    assert (said.code, "no alert rules" in flat(said.err)) == (ExitCode.FAILED, True)


def test_a_stale_sync_is_told_once_by_check_and_again_when_it_was_synced(
    applied: Path, shell: Shell, hook: Receiver
) -> None:
    with_rules(applied)
    assert shell("alerts", "check").code is ExitCode.OK
    assert hook.got == []
    moved = (
        "update qsync.qsync_runs set started_at = started_at {0} interval 30 hour, "
        "finished_at = finished_at {0} interval 30 hour where sync = 'companies'"
    )
    sql(applied, moved.format("-"))

    said = shell("alerts", "check", "--json").document
    assert hook.titles == ["[critical] qsync northwind_saas: companies is stale"]
    assert [item["delivered"] for item in said["messages"]] == [True]
    assert [(item["sync"], item["trouble"]) for item in said["open"]] == [("companies", "stale")]
    assert shell("alerts", "check").code is ExitCode.OK
    assert len(hook.got) == 1

    sql(applied, moved.format("+"))
    shell("alerts", "check")
    assert hook.titles[1:] == ["[recovered] qsync northwind_saas: companies was synced again"]
    assert sql(applied, "select count(*) from qsync.qsync_alerts") == [(0,)]


def test_a_message_that_did_not_go_through_is_sent_again_by_the_next_check(
    applied: Path, shell: Shell, hook: Receiver
) -> None:
    with_rules(applied, RULES.replace("rejects_above: 50%", "rejects_above: 0.01%"))
    hook.status = 500
    said = shell("alerts", "check")
    assert said.code is ExitCode.FAILED
    assert "alert rule ops did not go through: it was not taken" in said.err
    assert SECRET not in said.out + said.err
    hook.status = 200
    assert shell("alerts", "check").code is ExitCode.OK
    (first, second) = hook.titles
    assert first == second
    assert "leads has too many rejects" in first
    assert "@" not in json.dumps(hook.got)


def test_a_warehouse_that_cannot_be_asked_is_told_once_and_when_it_is_back(
    applied: Path, shell: Shell, hook: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_rules(applied)
    monkeypatch.setenv("QSYNC_TARGET", "nowhere")
    for _ in range(2):
        assert shell("alerts", "check").code is ExitCode.FAILED
    assert hook.titles == ["[critical] qsync northwind_saas: qsync cannot ask the warehouse"]
    kept = applied / "target" / "qsync" / "alerts.json"
    assert kept.stat().st_mode & 0o777 == 0o600
    monkeypatch.setenv("QSYNC_TARGET", "prod")
    shell("alerts", "check")
    assert hook.titles[1:] == [
        "[recovered] qsync northwind_saas: qsync can ask the warehouse again"
    ]
    assert not kept.exists()


def test_an_apply_that_fails_before_it_has_a_key_is_told_once_and_remembered_in_the_warehouse(
    applied: Path, shell: Shell, hook: Receiver
) -> None:
    with_rules(applied)
    for _ in range(2):
        said = shell("apply", "--auto-approve")
        assert said.code is ExitCode.FAILED
    (got,) = hook.got
    assert got["title"] == "[critical] qsync northwind_saas: the run failed"
    assert "QUALIFIED_API_KEY" in got["message"]
    assert sql(applied, "select rule, sync, trouble from qsync.qsync_alerts") == [
        ("ops", "", "failed")
    ]
    assert not (applied / "target" / "qsync" / "alerts.json").exists()
