"""`alerts:` of qsync.yml: read, and what is wrong with it."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction
from pathlib import Path

import pytest

from qsync.project.alerts import AlertEvent, AlertRule, AlertSeverity
from qsync.project.loader import LoadResult, load_project

ADDRESS = "slack://canary/canary/canary"


def _load(folder: Path, alerts: str) -> LoadResult:
    (folder / "dbt_project.yml").write_text("name: shop\nversion: '1'\n")
    (folder / "qsync.yml").write_text(f"version: 1\nalerts:\n{alerts}")
    return load_project(folder)


def _rules(result: LoadResult) -> tuple[AlertRule, ...]:
    assert result.project is not None
    return result.project.settings.alerts


def test_a_rule_has_all_its_words_or_their_defaults(tmp_path: Path) -> None:
    result = _load(
        tmp_path,
        "  - {name: plain, url_env: QSYNC_ALERT_MAIL}\n"
        "  - name: full\n"
        "    url_env: QSYNC_ALERT_PAGER\n"
        "    on: [failed, stale, rejects]\n"
        "    rejects_above: 2.5%\n"
        "    stale_after: 26h\n"
        "    severity: critical\n"
        "    syncs: [lead*]\n"
        "    tags: [hourly]\n",
    )
    assert [item for item in result.diagnostics if item.code == "QS144"] == []
    plain, full = _rules(result)
    assert plain.on == frozenset(AlertEvent) - {AlertEvent.STALE}
    assert (plain.severity, plain.rejects_above) == (AlertSeverity.WARNING, Fraction(0))
    assert full.on == {AlertEvent.FAILED, AlertEvent.STALE, AlertEvent.REJECTS}
    assert (full.rejects_above, full.stale_after) == (Fraction(1, 40), timedelta(hours=26))
    assert (full.severity, full.syncs, full.tags) == (
        AlertSeverity.CRITICAL,
        ("lead*",),
        ("hourly",),
    )


@pytest.mark.parametrize(
    ("rule", "code", "said"),
    [
        ("{name: a, url_env: QSYNC_ALERT_A, on: [stale]}", "QS144", "nothing says after how long"),
        (
            "{name: a, url_env: QSYNC_ALERT_A, on: [failed], stale_after: 2h}",
            "QS144",
            "`on` has no `stale`",
        ),
        (
            "{name: a, url_env: QSYNC_ALERT_A, on: [failed], rejects_above: 2%}",
            "QS144",
            "`on` has no `rejects`",
        ),
        ("{name: a, url_env: AWS_SECRET_ACCESS_KEY}", "QS145", "names no variable that starts"),
        (f"{{name: a, url_env: '{ADDRESS}'}}", "QS145", "names no variable that starts"),
        ("{name: a, url_env: QSYNC_ALERT_A, severity: loud}", "QS113", "must be warning or"),
    ],
)
def test_a_rule_that_cannot_be_meant_is_told_at_its_line(
    tmp_path: Path, rule: str, code: str, said: str
) -> None:
    found = [item for item in _load(tmp_path, f"  - {rule}\n").diagnostics if item.code == code]
    assert [item.position.line for item in found] == [3]
    assert said in found[0].message
    assert "canary" not in found[0].message + str(found[0].hint)


def test_two_rules_of_one_name_are_told_with_both_places(tmp_path: Path) -> None:
    line = "  - {name: a, url_env: QSYNC_ALERT_A}\n"
    result = _load(tmp_path, line * 2)
    (found,) = [item for item in result.diagnostics if item.code == "QS144"]
    assert "qsync.yml:3" in found.message
    assert found.position.line == 4
    assert len(_rules(result)) == 1
