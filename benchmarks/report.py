"""What was measured, as a page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

Median = Callable[[Sequence[float]], float]


@dataclass(frozen=True, slots=True)
class Measured:
    """One contender in one phase.

    Attributes:
        seconds: Of the whole process.
        net_seconds: Without start-up (qsync: since dbt has parsed; plain: after its imports).
        requests: HTTP requests the emulator counted.
        megabytes: Peak resident memory of the process, or of the largest it started.
        sent: Rows sent.
    """

    contender: str
    phase: str
    seconds: float
    net_seconds: float
    requests: int
    megabytes: float
    sent: int


_PAGE = """\
# Benchmarks

`make bench` measures qsync beside a plain script in one run: {rows:,} leads of 12 columns in
DuckDB, bulk jobs that take {job_seconds:g} s each, and an emulated Qualified on a socket of the
same machine ({cores} cores). The emulator's request limits are lifted, and so are qsync's.

The plain script (`benchmarks/plain.py`) is what a team writes first: read all rows, post 500, poll
every 0.2 s until the job is done, next. It keeps no state, so it sends everything every time.

| phase | | seconds | without start-up | rows sent | rows/s | requests | peak memory |
|---|---|---:|---:|---:|---:|---:|---:|
{table}

![Seconds of both in both phases](pictures/bench-plain-seconds.svg)

![Requests of both in both phases](pictures/bench-plain-requests.svg)

Seconds are medians of {repeats} runs, the fastest in brackets; the order alternated.
Ratios of the medians:

{ratios}

qsync needs the processor, the script mostly waits: measure on a machine that does nothing else. On
one whose two cores were busy with other work (load 4 to 6) the first load was only 4.3 to 5.1 times
faster; the number of requests stayed the same.

## How to read this

- *Seconds* are of the whole process. qsync starts dbt's parser to find the relations and to get a
  connection, which takes some seconds however few rows change; *without start-up* leaves that out
  and nothing else: planning, staging, committing and recording are in it.
- *Rows/s* are rows sent per second of the whole process. On the second day that says little: qsync
  sends 1 row in 100, and the rest of its time is start-up.
- *Peak memory* is resident memory. Neither side starts other processes; most of qsync's is dbt and
  DuckDB, which finds and stages the changes inside the process and takes what it likes. qsync's own
  part hardly grows: such a first load peaked at 316 MB for 100,000 leads and at 393 MB for 400,000
  with DuckDB held to `settings: {{memory_limit: 200MB, threads: 1}}` in dbt's profile (406 and
  743 MB without).
- The script's time is bound by one job after another: its rows/s follow from the jobs' duration.
  With longer jobs the ratio grows, with shorter ones it shrinks. qsync keeps up to 20 jobs open,
  and at most 5 requests in flight.
- The emulator runs on the same cores and takes its part of them: with a remote Qualified both
  would be somewhat faster.
- Not measured: real durations of Qualified's jobs, which nobody documents, and its real latency.

{sections}

## How to repeat it

    make bench        # beside the plain script, and the loads at the documented limits
    make bench-peers  # qsync, dlt, drt and the plain script, each on a fresh account
    make bench-scale  # the loads at the documented limits alone
    make bench-warehouse  # a million rows and ten in DuckDB and PostgreSQL
    make bench-row    # the path of a row
    make bench-start  # start-up in a project of 5,000 models and 300 syncs
    make bench-charts # the pictures, from the numbers in benchmarks/results

`python -m benchmarks.bench --help` and `python -m benchmarks.scale --help` list the options.
"""

SECTIONS = ("warehouse", "row", "start", "peers", "scale")
"""What other programs measure, in the order of the page. Each stands between two marks."""


def _marks(name: str) -> tuple[str, str]:
    return f"<!-- {name}: begin -->", f"<!-- {name}: end -->"


def section_of(page: str, name: str) -> str:
    """The section between its marks; empty if there is none."""
    begin, end = _marks(name)
    return page.partition(begin + "\n")[2].partition(end)[0]


def with_section(page: str, name: str, section: str) -> str:
    """The page with another section between its marks.

    Raises:
        ValueError: It has no such marks.
    """
    begin, end = _marks(name)
    before, _, rest = page.partition(begin)
    _, found, after = rest.partition(end)
    if not found:
        raise ValueError(f"the page has no place for this: {begin} … {end}")
    return f"{before}{begin}\n{section}{end}{after}"


def report(
    measured: Sequence[Measured],
    phases: Sequence[str],
    *,
    rows: int,
    repeats: int,
    job_seconds: float,
    cores: int,
    median: Median,
    old: str,
) -> str:
    """The page of a benchmark; what other programs measured is taken from the `old` one."""

    def values(contender: str, phase: str, value: Callable[[Measured], float]) -> list[float]:
        return [
            value(item) for item in measured if (item.contender, item.phase) == (contender, phase)
        ]

    def of(contender: str, phase: str, value: Callable[[Measured], float]) -> float:
        return median(values(contender, phase, value))

    def least_of(contender: str, phase: str, value: Callable[[Measured], float]) -> float:
        return min(values(contender, phase, value))

    lines, ratios = [], []
    for phase in phases:
        for contender in ("qsync", "plain"):
            seconds = of(contender, phase, lambda item: item.seconds)
            sent = of(contender, phase, lambda item: item.sent)

            def span(
                value: Callable[[Measured], float], contender: str = contender, phase: str = phase
            ) -> str:
                least = least_of(contender, phase, value)
                return f"{of(contender, phase, value):.1f} ({least:.1f})"

            lines.append(
                f"| {phase} | {contender} | {span(lambda item: item.seconds)} | "
                f"{span(lambda item: item.net_seconds)} | {sent:,.0f} | "
                f"{sent / seconds:,.0f} | "
                f"{of(contender, phase, lambda item: item.requests):,.0f} | "
                f"{of(contender, phase, lambda item: item.megabytes):,.0f} MB |"
            )

        def ratio(value: Callable[[Measured], float], phase: str = phase) -> str:
            return f"{of('plain', phase, value) / of('qsync', phase, value):.1f}"

        ratios.append(
            f"- {phase}: qsync is **{ratio(lambda item: item.seconds)}** times faster\n"
            f"  ({ratio(lambda item: item.net_seconds)} without start-up) and makes "
            f"**{ratio(lambda item: item.requests)}** times fewer requests."
        )
    return _PAGE.format(
        rows=rows,
        repeats=repeats,
        job_seconds=job_seconds,
        cores=cores,
        table="\n".join(lines),
        ratios="\n".join(ratios),
        sections="\n\n".join(
            f"{_marks(name)[0]}\n{section_of(old, name)}{_marks(name)[1]}" for name in SECTIONS
        ),
    )
