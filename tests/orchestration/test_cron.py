"""The script for cron: silent when all is well, and it ends as the apply did."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from tests.support.dbt_project import EXAMPLE

_STAND_IN = """#!/bin/sh
echo "$(basename "$0") $*" >> "{calls}"
echo "words of $(basename "$0") $1"
[ "$(basename "$0") $1" = "qsync apply" ] && [ "$QUALIFIED_API_KEY" != "from the file" ] && exit 99
case "$(basename "$0") $1" in "{fails}") exit {code};; esac
"""


def _run(folder: Path, fails: str = "nothing", code: int = 0) -> subprocess.CompletedProcess[str]:
    project, bin_ = folder / "northwind", folder / "bin"
    (project / "orchestration").mkdir(parents=True)
    bin_.mkdir()
    script = project / "orchestration" / "cron.sh"
    script.write_text((EXAMPLE / "orchestration" / "cron.sh").read_text())
    (project / ".env").write_text("QUALIFIED_API_KEY='from the file'\n")
    for name in ("qsync", "dbt"):
        stand_in = bin_ / name
        stand_in.write_text(_STAND_IN.format(calls=folder / "calls", fails=fails, code=code))
        stand_in.chmod(0o755)
    return subprocess.run(
        ["/bin/bash", str(script)],
        env={"PATH": "/usr/bin:/bin", "QSYNC_BIN": str(bin_)},
        capture_output=True,
        text=True,
        check=False,
    )


def _calls(folder: Path) -> list[str]:
    return (folder / "calls").read_text().splitlines()


def test_cron_hears_nothing_of_a_run_that_went_well(tmp_path: Path) -> None:
    done = _run(tmp_path)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert _calls(tmp_path) == [
        "qsync ledger pull --target prod",
        "dbt build --target prod",
        "qsync apply --target prod --auto-approve --lock-timeout 10m",
        "qsync ledger pull --target prod",
        "dbt build --target prod --select qsync_runs+",
    ]


@pytest.mark.parametrize(
    ("code", "words"),
    [(3, "Some records were rejected; the others were sent:"), (1, "qsync apply ended with 1:")],
)
def test_cron_hears_how_a_run_ended_and_the_ledger_is_loaded_all_the_same(
    tmp_path: Path, code: int, words: str
) -> None:
    done = _run(tmp_path, "qsync apply", code)
    assert (done.returncode, done.stderr) == (code, f"{words}\nwords of qsync apply\n")
    assert _calls(tmp_path)[-1] == "dbt build --target prod --select qsync_runs+"


def test_nothing_is_sent_when_dbt_was_not_built(tmp_path: Path) -> None:
    done = _run(tmp_path, "dbt build", 2)
    assert done.returncode == 1
    assert done.stderr.startswith("dbt was not built, so nothing was sent:\nwords of dbt build")
    assert not any("apply" in call for call in _calls(tmp_path))
