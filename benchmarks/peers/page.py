"""The comparison as a section of docs/benchmarks.md, and its charts."""

# ruff: noqa: E501 - rows of a table are lines

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence

from benchmarks.charts import Chart
from benchmarks.peers.accounts import Crash, Phase

NAMES = {
    "qsync": "qsync",
    "dlt": "dlt, custom destination",
    "drt_bulk": "drt, 500 in a request",
    "drt_single": "drt, one in a request",
    "plain": "plain script",
}

_SECTION = """\
## Beside the peers

`make bench-peers` runs qsync, dlt 1.31.0, drt 1.2.1 (both Apache 2.0) and the plain script one after
the other: {rows:,} leads of 12 columns in DuckDB, the same emulated Qualified on a socket ({cores}
cores, windows lifted, jobs of {job_seconds:g} s), a fresh account for each. Medians of {repeats}
run(s). How each was set up, and what it cannot say: `benchmarks/peers/README.md`.

| phase | | seconds | CPU seconds | requests | rows sent | needless | peak memory | wrong at the end |
|---|---|---:|---:|---:|---:|---:|---:|---:|
{phases}

![Seconds of every contender](pictures/bench-peers-seconds.svg)

**1% of the changed rows rejected, and the process killed (SIGKILL) halfway.** A fifth of the rows
changes; the second run is what its documentation says to do next.

| | changed | of these rejected | arrived | it says arrived | rejects it names | sent again or needlessly | seconds of the second run | commands |
|---|---:|---:|---:|---:|---:|---:|---:|---:|
{crashes}

- *Arrived* counts changed rows that the account holds as the warehouse does, when all jobs have
  ended. Where *it says arrived* is larger, rejected rows were counted as delivered; the script
  alone counts unchanged rows too, because it cannot tell them apart.
- dlt and drt find changes by `updated_at`, which is exact here: every row that changed has a new one
  and no other. A table that dbt builds anew with `current_timestamp` moves them all, and both would
  send everything; qsync and its state compare values.
- dlt has no word for a rejected row: those it names, our function wrote into a file.
- drt with 500 rows in a request does not wait for jobs, so its seconds end before the rows have
  arrived, and a 202 counts as success of all 500.
- qsync needs two commands more after a kill, or 15 minutes of patience: its lock is still there.

**Where a peer is better.** All of them start faster than qsync, which starts dbt, and need less
memory. dlt resumes a killed load at the batch without anybody's help, follows a changing schema
and has dozens of destinations; drt has dozens too, in YAML alone. The plain script is 60 lines
that everybody can read. Hosted tools and Multiwoven (AGPL; Rails and Temporal, so not run here)
have an interface in the browser.
"""


def section(
    phases: Sequence[Phase],
    crashes: Sequence[Crash],
    *,
    rows: int,
    repeats: int,
    job_seconds: float,
    cores: int,
) -> str:
    """The section's text."""
    lines = []
    for phase in dict.fromkeys(one.phase for one in phases):
        for contender in dict.fromkeys(one.contender for one in phases):
            mine = [one for one in phases if (one.phase, one.contender) == (phase, contender)]
            lines.append(
                f"| {phase} | {NAMES[contender]} | {_of(mine, lambda one: one.seconds):.1f} | "
                f"{_of(mine, lambda one: one.cpu_seconds):.1f} | "
                f"{_of(mine, lambda one: one.requests):,.0f} | "
                f"{_of(mine, lambda one: one.sent):,.0f} | "
                f"{_of(mine, lambda one: one.needless):,.0f} | "
                f"{_of(mine, lambda one: one.megabytes):,.0f} MB | "
                f"{max(one.wrong for one in mine):,} |"
            )
    ended = [
        f"| {NAMES[one.contender]} | {one.changed:,} | {one.rejected:,} | {one.arrived:,} | "
        f"{'nothing' if one.said is None else f'{one.said:,}'} | {one.named:,} | "
        f"{one.sent_again:,} | {one.seconds:.1f} | {one.commands} |"
        for one in {one.contender: one for one in crashes}.values()
    ]
    return _SECTION.format(
        rows=rows,
        repeats=repeats,
        job_seconds=job_seconds,
        cores=cores,
        phases="\n".join(lines),
        crashes="\n".join(ended),
    )


def charts(phases: Sequence[Phase], rows: int) -> list[Chart]:
    """Seconds of everybody in every phase."""
    return [
        Chart(
            "bench-peers-seconds.svg",
            f"{rows:,} leads, by qsync and its peers",
            "seconds of the whole process; less is better",
            [
                (
                    phase,
                    _of(
                        [one for one in phases if (one.phase, one.contender) == (phase, name)],
                        lambda one: one.seconds,
                    ),
                    NAMES[name],
                )
                for phase in dict.fromkeys(one.phase for one in phases)
                for name in dict.fromkeys(one.contender for one in phases)
            ],
        )
    ]


def _of(phases: Sequence[Phase], value: Callable[[Phase], float]) -> float:
    return statistics.median(value(one) for one in phases)
