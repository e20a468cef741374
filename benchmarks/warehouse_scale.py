"""A million rows, and ten, in real warehouses, of which 1% have changed.

    python -m benchmarks.warehouse_scale [--rows 1000000 10000000] [--write docs/benchmarks.md]

It starts a PostgreSQL of its own on a free port, and makes a DuckDB file of its own. What has been
measured is kept in `build/bench-warehouse.json` at once: `--resume` goes on from there.
"""

from __future__ import annotations

import argparse
import json
import signal
import statistics
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.charts import Chart, keep
from benchmarks.report import with_section
from benchmarks.warehouse_project import DUCKDB_MEMORY, WarehouseProject
from tests.support.warehouses import PostgresServer

SETTINGS = (
    "-c shared_buffers=1GB -c work_mem=256MB -c maintenance_work_mem=512MB "
    "-c effective_cache_size=4GB -c max_wal_size=8GB -c random_page_cost=1.1"
)
NAMES = {"duckdb": "DuckDB", "postgres": "PostgreSQL"}
WORKER = "benchmarks.warehouse_worker"
LIMIT = 1.5
KEPT = Path("build/bench-warehouse.json")
"""What a run that was stopped has measured."""


def measure(
    project: WarehouseProject, repeats: int, postmaster: int | None, say: Callable[[str], None]
) -> dict[str, Any]:
    """All of one engine and size."""
    project.python("-m", WORKER, "state")
    say(f"{project.engine} {project.rows:,}: state is made")
    project.python(
        "-m", WORKER, "measure", str(repeats), *([str(postmaster)] if postmaster else [])
    )
    found: dict[str, Any] = json.loads((project.folder / "worker.json").read_text())
    _, plan = project.python("-m", "qsync", "plan", "--quiet")
    _, hand = project.python("-m", WORKER, "hand")
    found |= {"engine": project.engine, "rows": project.rows, "plan_mb": plan, "hand_mb": hand}
    for name, runs in found["steps"].items():
        told = ", ".join(f"{seconds:.1f}" for seconds, _ in runs)
        say(f"  {name}: {told} s")
    say(
        f"  commit of {found['staged']:,}: {found['commit'][0]:.2f} s; {plan:.0f} MB, {hand:.0f} MB"
    )
    return found


def first_load(project: WarehouseProject) -> dict[str, Any]:
    """Every row through the emulator, by the command line, into an account that is new."""
    seconds, megabytes = project.python("-m", "qsync", "apply", "--auto-approve", "--quiet")
    return {"rows": project.rows, "seconds": seconds, "megabytes": megabytes}


def ratio(item: dict[str, Any], step: str, hand: str, place: int = 0) -> float:
    """Median of the ratios of neighbours in time."""
    pairs = zip(item["steps"][step], item["steps"][hand], strict=True)
    return statistics.median(mine[place] / theirs[place] for mine, theirs in pairs)


_SECTION = """\
## Ten million rows in the warehouse

`make bench-warehouse` compares a model of 12 columns with its state, of which 1% have changed, in
real warehouses: a PostgreSQL of its own ({settings}; two cores; nothing is kept safe from a crash)
and a DuckDB file (`memory_limit: {memory}`). Beside qsync's statements stand those somebody writes
by hand for this one table (`benchmarks/hand_written.py`). The *bare diff* is a full outer join on
the key with md5 of the values' texts, and four counts. It is wrong as soon as two rows share a key,
or a session shows a time or a number in another way. The *correct diff* is what remains if both are
mended: keys folded and values made canonical as qsync does it, and rows that share a key told
apart. The goal of {limit} times is about the correct one. Neither checks keys and values, nor says
which fields change, or what is known of rejects and unsettled records. The stages are the same as
`CREATE TABLE AS` with `row_number()`.

| engine | rows | bare diff | correct diff | plan | plan / bare | plan / correct |
|---|---:|---:|---:|---:|---:|---:|
{plan_table}

| engine | rows | bare stage | correct stage | stage | stage / bare | stage / correct | \
state write-back |
|---|---:|---:|---:|---:|---:|---:|---:|
{table}

![Plan and stage beside the hand-written statements](pictures/bench-warehouse-ratios.svg)

Seconds are medians of {repeats} runs in turn (of ten million rows, one) in one process; a ratio is
the median of the ratios of neighbours, in brackets that of processor time (PostgreSQL's with all
its processes). The write-back puts all staged rows into state in one transaction.

| engine | rows | `qsync plan` | hand-written diff, in the same process | the difference |
|---|---:|---:|---:|---:|
{memory_table}

![Peak memory of qsync plan](pictures/bench-warehouse-memory.svg)

That is the peak of resident memory of the whole process, dbt included. On PostgreSQL it is qsync's
own; DuckDB works inside the process, so the hand-written diff, run by a process that has opened the
same project, stands beside it.

**A first load** of {load_rows:,} rows from PostgreSQL through an emulator on a socket, with limits
lifted, took {load_seconds:.0f} s and {load_mb:.0f} MB at its peak: staged rows are read 5,000 at a
time by their numbers, and none is held once its job is settled. One of {small_rows:,} rows took
{small_mb:.0f} MB.
"""


def section(found: list[dict[str, Any]], loads: list[dict[str, Any]], repeats: int) -> str:
    """The part of the page."""

    def seconds(item: dict[str, Any], step: str) -> str:
        return f"{statistics.median(run[0] for run in item['steps'][step]):.1f} s"

    def told(item: dict[str, Any], step: str, hand: str) -> str:
        return f"{ratio(item, step, hand):.2f} ({ratio(item, step, hand, 1):.2f})"

    def beside(item: dict[str, Any], step: str, bare: str, correct: str) -> str:
        return (
            f"| {NAMES[item['engine']]} | {item['rows']:,} | {seconds(item, bare)} | "
            f"{seconds(item, correct)} | {seconds(item, step)} | {told(item, step, bare)} | "
            f"{told(item, step, correct)} |"
        )

    plans = [beside(item, "plan", "bare diff", "correct diff") for item in found]
    table = [
        f"{beside(item, 'stage', 'hand stage', 'correct stage')} "
        f"{item['staged']:,} rows: {item['commit'][0]:.2f} s |"
        for item in found
    ]
    memory = [
        f"| {NAMES[item['engine']]} | {item['rows']:,} | {item['plan_mb']:.0f} MB | "
        f"{item['hand_mb']:.0f} MB | {item['plan_mb'] - item['hand_mb']:.0f} MB |"
        for item in found
    ]
    small, large = loads
    return _SECTION.format(
        settings=", ".join(f"`{word}`" for word in SETTINGS.split() if word != "-c"),
        memory=DUCKDB_MEMORY,
        limit=LIMIT,
        plan_table="\n".join(plans),
        table="\n".join(table),
        memory_table="\n".join(memory),
        repeats=repeats,
        load_rows=large["rows"],
        load_seconds=large["seconds"],
        load_mb=large["megabytes"],
        small_rows=small["rows"],
        small_mb=small["megabytes"],
    )


def charts(found: list[dict[str, Any]]) -> list[Chart]:
    """Ratios and memory."""

    def label(item: dict[str, Any]) -> str:
        return f"{NAMES[item['engine']]}, {item['rows']:,} rows"

    ratios = []
    for item in found:
        ratios += [
            (label(item), ratio(item, "plan", "bare diff"), "plan / bare diff"),
            (label(item), ratio(item, "plan", "correct diff"), "plan / correct diff"),
            (label(item), ratio(item, "stage", "hand stage"), "stage / bare stage"),
            (label(item), ratio(item, "stage", "correct stage"), "stage / correct stage"),
        ]
    return [
        Chart(
            "bench-warehouse-ratios.svg",
            "qsync's statements beside hand-written ones",
            "times as long; less is better",
            ratios,
            limit=(LIMIT, f"the goal: at most {LIMIT}"),
            digits=2,
        ),
        Chart(
            "bench-warehouse-memory.svg",
            "Peak memory of a plan",
            "MB of the whole process; less is better",
            [
                row
                for item in found
                for row in (
                    (label(item), item["plan_mb"], "qsync plan"),
                    (label(item), item["hand_mb"], "hand-written diff in the same process"),
                )
            ],
            digits=0,
        ),
    ]


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Ten million rows in real warehouses.")
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 10_000_000])
    parser.add_argument("--load", type=int, nargs=2, default=[100_000, 1_000_000])
    parser.add_argument("--engines", nargs="+", default=list(NAMES), choices=list(NAMES))
    parser.add_argument("--repeats", type=int, default=3, help="of each statement; once above 1M")
    parser.add_argument("--resume", action="store_true", help="keep what a stopped run measured")
    parser.add_argument("--write", type=Path, help="put the section into this page as well")
    options = parser.parse_args()

    # As Ctrl-C does, so that servers are stopped.
    signal.signal(signal.SIGTERM, signal.default_int_handler)

    def say(line: str) -> None:
        print(line, file=sys.stderr, flush=True)

    found: list[dict[str, Any]] = []
    if options.resume and KEPT.exists():
        found = json.loads(KEPT.read_text(encoding="utf-8"))
    done = {(item["engine"], item["rows"]) for item in found}
    server = PostgresServer()
    server.start(SETTINGS)
    try:
        with tempfile.TemporaryDirectory(prefix="qsync-bench-") as folder:

            def project(name: str, rows: int, engine: str) -> WarehouseProject:
                port = server.port if engine == "postgres" else None
                database = server.new_database() if port else ""
                return WarehouseProject(Path(folder) / name, rows, port, database)

            for rows in options.rows:
                for engine in options.engines:
                    if (engine, rows) in done:
                        continue
                    repeats = options.repeats if rows <= 1_000_000 else 1
                    with project(f"{engine}_{rows}", rows, engine) as made:
                        pid = server.pid if engine == "postgres" else None
                        found.append(measure(made, repeats, pid, say))
                    KEPT.parent.mkdir(exist_ok=True)
                    KEPT.write_text(json.dumps(found), encoding="utf-8")
                    server.drop_databases()
            loads = []
            for rows in options.load:
                with project(f"load_{rows}", rows, "postgres") as made:
                    loads.append(first_load(made))
                    say(f"first load: {loads[-1]}")
    finally:
        server.stop()
    text = section(found, loads, options.repeats)
    print(text)
    if options.write is not None:
        page = options.write.read_text(encoding="utf-8")
        options.write.write_text(with_section(page, "warehouse", text), encoding="utf-8")
        keep("warehouse", {"sizes": found, "loads": loads}, charts(found))
    return 0


if __name__ == "__main__":
    sys.exit(main())
