"""A million rows, and ten, at the documented limits: hours of waiting on a clock that jumps.

    python -m benchmarks.scale [--rows 1000000 10000000] [--write docs/benchmarks.md]

Every load runs in a process of its own, so that its memory can be measured. What is real in it and
what is made up says `simulation.py`. It fails when a limit is exceeded or a row is lost.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import product
from pathlib import Path

from benchmarks.charts import Chart, keep
from benchmarks.report import with_section
from benchmarks.simulation import LATENCY, REJECTED, SPREAD, Simulated, least_seconds, simulate
from qsync.execution.polling import OPEN_JOBS
from qsync.project.model import LimitSettings

SHARES = (1.0, 0.9)
JOB_SECONDS = (2.0, 20.0, 60.0)
COLUMNS = 12
OPEN = (20, 50, 100)
"""Jobs open at once, tried with the longest jobs."""


@dataclass(frozen=True, slots=True)
class Load:
    """What is simulated."""

    rows: int
    share: float
    job_seconds: float
    open_jobs: int = OPEN_JOBS
    columns: int = COLUMNS


@dataclass(frozen=True, slots=True)
class Measured:
    """How it went, and the peak of its process's memory."""

    load: Load
    simulated: Simulated
    megabytes: float


_SECTION = """\
## A million rows, and ten, at the documented limits

`make bench-scale` loads rows on a virtual clock: time jumps to the next moment at which something
happens, so that hours take minutes. Real are the engine (`deliver`), the client with its quota, its
tracker of polls and its retries, every request body and every answer in full. Made up are the rows
({columns} columns, made when they are read), the warehouse (it counts what is committed and checks
that every row comes once) and Qualified: it answers after {latency:g} s, takes a random time for
each job (lognormal around the seconds below, sigma {spread:g}), works on all open jobs at once,
rejects one row in {rejected:,}, and fails the benchmark when a request exceeds the share of
2,000 requests in 15 minutes, 7,000 in an hour or 120,000 in a day, or ten in flight.

| rows | share | job | jobs | requests | least | polls per job | time | least time | \
least time for these requests | peak memory |
|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|---:|
{table}

![Hours of the largest load beside the least its requests allow](pictures/bench-limits-hours.svg)

![Peak memory by number of rows](pictures/bench-limits-memory.svg)

- *Least* is what no client can beat: one submit and one poll for each 500 rows, sent as early as
  the windows let them, with jobs that take no time; in brackets, how many times that it was. Nobody
  knows how long a job takes, so some first polls come too early: {polls_low:.2f} to
  {polls_high:.2f} polls per job instead of 1.
- *Least time for these requests* is the same bound for the requests that were really made. Windows
  open in steps: with 2,000 requests per quarter of an hour, one request above 4,000 costs the third
  quarter. That is the whole difference between 15 and 30 minutes.
- *Peak memory* is that of the whole process, the made-up parts included.
  {memory}
  What grows with a load is small: the client knows when each request of the last day was made.
- Where the time is far above both bounds, open jobs are the bound: qsync has at most {open_jobs}
  at once, and a job is found done some time after it is done. How that number matters, with
  {small:,} rows and jobs of {longest:g} s, share 1:

| jobs open at once | requests | polls per job | time | \
least time for these requests | peak memory |
|---:|---:|---:|---:|---:|---:|
{open_table}

**Processor.** Engine, client and event loop together took {micros:.0f} µs of one core for a row of
{columns} columns: {rate:,.0f} rows in a second (median of the loads above; what is made up is left
out). Nearly a third of that is writing rows as JSON, nearly another reading the answers; keeping
account of each row and the digest of each body come next. The documented limits let
at most 486 rows in a second through over an hour, so the limits bound a load, not the processor.

Not simulated: the warehouse's own work, the network, the journal's writes to disk, and whether
Qualified works on many jobs of one team at once, which nobody documents.
"""


def run(load: Load) -> Measured:
    """Simulate in a process of its own."""
    words = [sys.executable, "-m", "benchmarks.scale", "--one", json.dumps(asdict(load))]
    process = subprocess.Popen(words, stdout=subprocess.PIPE)
    assert process.stdout is not None
    written = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    # wait4 has taken the status: tell Popen, which would wait for it again.
    process.returncode = os.waitstatus_to_exitcode(status)
    process.stdout.close()
    if process.returncode != 0:
        raise RuntimeError(f"{load} ended with {process.returncode}")
    return Measured(load, Simulated(**json.loads(written)), usage.ru_maxrss / 1024)


def section(measured: list[Measured], tried: list[Measured]) -> str:
    """The section of the page: all loads, and those with other numbers of open jobs."""
    polls = [item.simulated.polls_per_job for item in measured]
    micros = sorted(1e6 * item.simulated.engine_seconds / item.load.rows for item in measured)
    middle = micros[len(micros) // 2]
    return _SECTION.format(
        columns=COLUMNS,
        latency=LATENCY,
        spread=SPREAD,
        rejected=REJECTED,
        table="\n".join(_line(item) for item in measured),
        polls_low=min(polls),
        polls_high=max(polls),
        memory=_memory(measured),
        open_jobs=OPEN_JOBS,
        small=min(item.load.rows for item in measured),
        longest=max(JOB_SECONDS),
        open_table="\n".join(_open_line(item) for item in tried),
        micros=middle,
        rate=1e6 / middle,
    )


def _line(item: Measured) -> str:
    load, done = item.load, item.simulated
    least = 2 * done.submits
    limits = LimitSettings(share=load.share)
    soonest = least_seconds(least, limits)
    ratio = f" ({done.seconds / soonest:.2f})" if soonest else ""
    return (
        f"| {load.rows:,} | {load.share:g} | {load.job_seconds:g} s | {done.submits:,} | "
        f"{done.requests:,} ({done.requests / least:.2f}) | {least:,} | "
        f"{done.polls_per_job:.2f} | {_time(done.seconds)}{ratio} | {_time(soonest)} | "
        f"{_time(least_seconds(done.requests, limits))} | {item.megabytes:.0f} MB |"
    )


def _open_line(item: Measured) -> str:
    load, done = item.load, item.simulated
    least = least_seconds(done.requests, LimitSettings(share=load.share))
    return (
        f"| {load.open_jobs} | {done.requests:,} | {done.polls_per_job:.2f} | "
        f"{_time(done.seconds)} | {_time(least)} | {item.megabytes:.0f} MB |"
    )


def _memory(measured: list[Measured]) -> str:
    peaks = {
        rows: [item.megabytes for item in measured if item.load.rows == rows]
        for rows in sorted({item.load.rows for item in measured})
    }
    said = [f"{min(peak):.0f} to {max(peak):.0f} MB for {rows:,}" for rows, peak in peaks.items()]
    return f"It was {', '.join(said)} rows."


def _time(seconds: float) -> str:
    return f"{seconds / 60:.0f} min" if seconds < 7_200 else f"{seconds / 3600:.2f} h"


def main() -> int:
    """Simulate and print."""
    parser = argparse.ArgumentParser(description="Loads at the documented limits.")
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--parallel", type=int, default=os.cpu_count() or 1, help="loads at once")
    parser.add_argument("--write", type=Path, help="put the section into this page as well")
    parser.add_argument("--keep", type=Path, help="write what was measured to this file")
    parser.add_argument("--read", type=Path, help="measure nothing, take what was kept there")
    parser.add_argument("--one", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one is not None:
        print(json.dumps(asdict(simulate(**json.loads(options.one)))))
        return 0

    if options.read is not None:
        measured = _read(options.read)
    else:
        measured = measure(options.rows, options.parallel)
    if options.keep is not None:
        options.keep.write_text(json.dumps([asdict(item) for item in measured]))
    text = section(measured[: -len(OPEN)], measured[-len(OPEN) :])
    print(text)
    if options.write is not None:
        page = options.write.read_text(encoding="utf-8")
        options.write.write_text(with_section(page, "scale", text), encoding="utf-8")
        keep("scale", [asdict(item) for item in measured], charts(measured[: -len(OPEN)]))
    return 0


def charts(measured: list[Measured]) -> list[Chart]:
    """How long the largest load takes beside what its requests allow, and memory by rows."""
    rows = max(item.load.rows for item in measured)
    largest = [item for item in measured if item.load.rows == rows]
    hours = []
    for item in largest:
        load, done = item.load, item.simulated
        label = f"share {load.share:g}, jobs of {load.job_seconds:g} s"
        bound = least_seconds(done.requests, LimitSettings(share=load.share))
        hours += [
            (label, done.seconds / 3600, "qsync"),
            (label, bound / 3600, "least time for these requests"),
        ]
    peaks = {
        size: max(item.megabytes for item in measured if item.load.rows == size)
        for size in sorted({item.load.rows for item in measured})
    }
    return [
        Chart(
            "bench-limits-hours.svg",
            f"{rows:,} rows at the documented limits",
            "hours on a virtual clock; less is better",
            hours,
        ),
        Chart(
            "bench-limits-memory.svg",
            "Memory of a load at the documented limits",
            "MB at the peak of the whole process; less is better",
            [(f"{size:,} rows", peak, "qsync") for size, peak in peaks.items()],
            digits=0,
        ),
    ]


def measure(rows: list[int], parallel: int) -> list[Measured]:
    """All loads, and at last those with other numbers of open jobs."""

    def told(load: Load) -> Measured:
        item = run(load)
        print(_line(item), file=sys.stderr, flush=True)
        return item

    loads = [Load(*of) for of in product(rows, SHARES, JOB_SECONDS)]
    loads += [Load(min(rows), 1.0, max(JOB_SECONDS), number) for number in OPEN]
    with ThreadPoolExecutor(parallel) as pool:
        return list(pool.map(told, loads))


def _read(path: Path) -> list[Measured]:
    return [
        Measured(Load(**item["load"]), Simulated(**item["simulated"]), item["megabytes"])
        for item in json.loads(path.read_text())
    ]


if __name__ == "__main__":
    sys.exit(main())
