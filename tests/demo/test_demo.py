"""`make demo`: plays to its end, checks itself, and leaves nothing running."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

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
    import socket

    host, _, port = url.removeprefix("http://").partition(":")
    with socket.socket() as probe:
        return probe.connect_ex((host, int(port))) == 0


def test_the_demo_plays_two_days_and_finds_in_qualified_what_the_records_say(
    tmp_path: Path,
) -> None:
    process = _start(tmp_path / "demo")
    said, _ = process.communicate(timeout=300)
    assert process.returncode == 0, said
    assert "Checked: Qualified holds" in said
    assert "Only what changed is planned" in said
    url = said.partition("A local Qualified listens on ")[2].partition(".\n")[0]
    assert not _listens(url)


def test_a_demo_that_is_ended_midway_stops_its_emulator(tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    process = _start(folder)
    ready = folder / "emulator.url"
    end = time.monotonic() + 60
    while not (ready.exists() and ready.read_text().strip()):
        assert time.monotonic() < end
        time.sleep(0.05)
    url = ready.read_text().strip()
    assert _listens(url)
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert not _listens(url)
