"""`make demo`: plays to its end, checks itself, says what failed, and leaves nothing running."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

DEMO = Path(__file__).resolve().parents[2] / "scripts" / "demo.py"


def _start(folder: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, str(DEMO), str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        env=dict(os.environ),
    )


def _listens(url: str) -> bool:
    host, _, port = url.removeprefix("http://").partition(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


@pytest.mark.slow
def test_the_demo_plays_its_days_and_finds_in_qualified_what_the_records_say(
    tmp_path: Path,
) -> None:
    process = _start(tmp_path / "demo")
    said, _ = process.communicate(timeout=900)
    assert process.returncode == 0, said
    assert "Checked: what was sent is what the plans showed" in said
    assert "Only what changed is planned" in said
    assert "unknown that evening, as each command says" in " ".join(said.split())
    url = said.partition("A local Qualified listens on ")[2].partition(".\n")[0]
    assert not _listens(url)


@pytest.mark.skipif(not Path("/proc/self/cwd").exists(), reason="looks for processes in /proc")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_demo_that_is_ended_midway_leaves_no_process(
    tmp_path: Path, number: signal.Signals
) -> None:
    folder = tmp_path / "demo"
    process = _start(folder)
    end = time.monotonic() + 60
    while not any("dbt" in words for words in _running_in(folder / "example_project")):
        assert time.monotonic() < end
        time.sleep(0.05)
    url = (folder / "emulator.url").read_text().strip()
    assert _listens(url)
    process.send_signal(number)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert not _listens(url)
    assert _running_in(folder) == []


def _running_in(folder: Path) -> list[str]:
    """Command lines of processes that work in a folder or were started with its name."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            place = str((process / "cwd").readlink())
            words = (process / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue  # It has ended meanwhile, or is another user's.
        if str(folder) in place or str(folder) in words:
            found.append(words)
    return found


def test_a_step_that_fails_is_told_with_its_last_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(DEMO.parent))
    from demo_stage import DemoError, Stage

    (tmp_path / "project").mkdir()
    stage = Stage(tmp_path / "project", tmp_path / "demo.log")
    with pytest.raises(DemoError, match="ended with 4") as failure:
        stage.step("It cannot go well.", "python -c \"print('for this reason'); exit(4)\"")
    assert failure.value.tail == ("for this reason",)
    assert "for this reason" in stage.log.read_text()


def test_a_run_that_did_something_else_than_its_plan_showed_fails_the_demo(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.syspath_prepend(str(DEMO.parent))
    import demo_check
    from demo_stage import DemoError

    counts = ("added", "changed", "removed", "unchanged", "invalid")
    row = {"run_id": "1", "jobs": "1", **{f"rows_{name}": "0" for name in counts}}
    row["rows_added"] = "1200"
    plan = "Plan: 1,200 to add, 0 to change, 0 removed, 0 unchanged, 0 invalid. 1 job, 2 requests."
    demo_check._check_plans([plan], [row])
    row["rows_changed"] = "1"
    with pytest.raises(DemoError, match="The plan said"):
        demo_check._check_plans([plan], [row])
