"""qsync beside its peers: the same rows, the same account, one contender after the other.

    python -m benchmarks.peers [--rows 100000] [--repeats 1] [--only qsync dlt] [--write FILE]

`make bench-peers` makes the peers' own environment first. How each is set up says README.md.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

from benchmarks.charts import keep
from benchmarks.peers.accounts import Crash, Phase
from benchmarks.peers.page import charts, section
from benchmarks.peers.stage import CONTENDERS, PHASES, PeerSetting
from benchmarks.report import with_section


def measure(setting: PeerSetting, contender: str) -> tuple[list[Phase], Crash]:
    """All phases of one contender, on a fresh account."""
    setting.fresh(contender)
    found = []
    for phase in PHASES:
        changed = 0
        if phase == "first load":
            changed = setting.rows
        elif phase == "1% changed":
            changed = setting.change(1, title="Promoted")
        found.append(setting.phase(contender, phase, changed))
        print(found[-1], file=sys.stderr, flush=True)
    crash = setting.crash(contender)
    print(crash, file=sys.stderr, flush=True)
    return found, crash


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="qsync beside dlt, drt and a plain script.")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=1)
    parser.add_argument("--job-seconds", type=float, default=0.15)
    parser.add_argument("--only", nargs="+", choices=CONTENDERS, default=list(CONTENDERS))
    parser.add_argument("--peers", type=Path, default=Path("build/peers"), help="their environment")
    parser.add_argument("--write", type=Path, help="put the section into this page; keep numbers")
    options = parser.parse_args()
    phases: list[Phase] = []
    crashes: list[Crash] = []
    with (
        tempfile.TemporaryDirectory(prefix="qsync-peers-") as folder,
        PeerSetting(Path(folder), options.rows, options.job_seconds, options.peers) as setting,
    ):
        for repeat in range(options.repeats):
            order = options.only if repeat % 2 == 0 else options.only[::-1]
            for contender in order:
                found, crash = measure(setting, contender)
                phases += found
                crashes.append(crash)
    text = section(
        phases,
        crashes,
        rows=options.rows,
        repeats=options.repeats,
        job_seconds=options.job_seconds,
        cores=os.cpu_count() or 1,
    )
    print(text)
    if options.write is not None:
        page = options.write.read_text(encoding="utf-8")
        options.write.write_text(with_section(page, "peers", text), encoding="utf-8")
        kept = {
            "phases": [asdict(one) for one in phases],
            "crashes": [asdict(one) for one in crashes],
        }
        keep("peers", kept, charts(phases, options.rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
