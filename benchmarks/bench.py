"""qsync beside a plain script: 100,000 leads, jobs of 0.3 s, an emulator on a socket.

    python -m benchmarks.bench [--rows 100000] [--repeats 2] [--write docs/benchmarks.md]

Both read the same table and write to the same emulated Qualified, in one run and in alternating
order. Ratios are of the medians measured side by side; nothing here is an absolute claim.
"""

from __future__ import annotations

import argparse
import os
import signal
import statistics
import sys
import tempfile
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

from benchmarks.charts import Chart, keep
from benchmarks.report import Measured, report
from benchmarks.setting import Setting

PHASES = ("first load", "1% changed")


def measure(setting: Setting, repeats: int, say: Callable[[str], None]) -> list[Measured]:
    """Every contender in every phase, `repeats` times; the order alternates."""
    found = []
    for repeat in range(repeats):
        contenders = ["qsync", "plain"] if repeat % 2 == 0 else ["plain", "qsync"]
        for contender in contenders:
            setting.renew()
            for phase in PHASES:
                if phase == "1% changed":
                    setting.change_one_in_a_hundred()
                measured = setting.run(contender, phase)
                say(
                    f"{contender:6} {phase:11} {measured.seconds:7.1f} s "
                    f"({measured.net_seconds:.1f} s net), {measured.requests} requests, "
                    f"{measured.megabytes:.0f} MB"
                )
                found.append(measured)
    return found


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="qsync beside a plain script.")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--job-seconds", type=float, default=0.3)
    parser.add_argument("--write", type=Path, help="write the page to this file as well")
    options = parser.parse_args()

    # As Ctrl-C does, so that the emulator is stopped.
    signal.signal(signal.SIGTERM, signal.default_int_handler)

    def say(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    cores = os.cpu_count() or 1
    if os.getloadavg()[0] > cores / 2:
        # The script mostly waits and qsync mostly works: only qsync would be slower.
        say("The machine is busy with something else: these numbers are unfair to qsync.")
    with (
        tempfile.TemporaryDirectory(prefix="qsync-bench-") as folder,
        Setting(Path(folder), options.rows, options.job_seconds) as setting,
    ):
        measured = measure(setting, options.repeats, say)
    written = options.write
    old = written.read_text(encoding="utf-8") if written is not None and written.exists() else ""
    page = report(
        measured,
        PHASES,
        rows=options.rows,
        repeats=options.repeats,
        job_seconds=options.job_seconds,
        cores=cores,
        median=statistics.median,
        old=old,
    )
    print(page)
    if written is not None:
        written.write_text(page, encoding="utf-8")
        keep("plain", [asdict(item) for item in measured], charts(measured, options.rows))
    return 0


def charts(measured: list[Measured], rows: int) -> list[Chart]:
    """Seconds and requests of both, side by side."""
    names = {"qsync": "qsync", "plain": "plain script"}

    def of(value: Callable[[Measured], float]) -> list[tuple[str, float, str]]:
        return [
            (
                phase,
                statistics.median(
                    value(item)
                    for item in measured
                    if (item.contender, item.phase) == (contender, phase)
                ),
                name,
            )
            for phase in PHASES
            for contender, name in names.items()
        ]

    return [
        Chart(
            "bench-plain-seconds.svg",
            f"{rows:,} leads, by qsync and by a plain script",
            "seconds of the whole process; less is better",
            of(lambda item: item.seconds),
        ),
        Chart(
            "bench-plain-requests.svg",
            f"Requests for {rows:,} leads",
            "HTTP requests; less is better",
            of(lambda item: item.requests),
            digits=0,
        ),
    ]


if __name__ == "__main__":
    sys.exit(main())
