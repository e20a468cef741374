"""The path of a row, step by step: from the staged table to the bytes of a request, and back.

    python -m benchmarks.row_path [--rows 100000] [--write docs/benchmarks.md]

Rows of 12 columns are staged in a real DuckDB and a real PostgreSQL, then every step is run by
itself over all of them, one page of 5,000 after the other, as a run does it. What is measured is
processor time of this process. DuckDB works inside it, with one thread; PostgreSQL has a process of
its own, which reads while this one writes, and is measured beside it.
"""

from __future__ import annotations

import argparse
import json
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.charts import Chart, keep
from benchmarks.report import with_section
from benchmarks.simulation import finished_job
from benchmarks.warehouse_project import WarehouseProject, opened
from qsync.cli.heap import heap_at_rest
from qsync.execution.accounts import ChunkAccount
from qsync.execution.items import ChunkItems, ItemWriter, bulk_body
from qsync.execution.journal import body_digest
from qsync.execution.reading import PAGE_CHUNKS
from qsync.execution.redact import Redactor
from qsync.execution.results import settle
from qsync.planning.plan import CHUNK_ROWS
from qsync.qualified.answers import read_job
from qsync.qualified.wire import Reply
from qsync.warehouse.connection import Row
from qsync.warehouse.sql import Expression
from qsync.warehouse.staging import chunk_select, staged_rows
from tests.support.warehouses import PostgresServer

NAMES = {"duckdb": "DuckDB", "postgres": "PostgreSQL"}
OUT = Path("row_path.json")

STEPS = {
    "select": "the warehouse's rows, as its driver hands them over",
    "rows": "rows of qsync: number, key, values, what is left out",
    "items": "conversion, checks and JSON of each item",
    "body": "the request's body",
    "digest": "the keyed digest of it, for the journal",
    "answer": "reading the job's answer",
    "account": "the result of each row, by its own request id, and the chunk's outcomes",
}
TO_BYTES = ("select", "rows", "items", "body")


class Clock:
    """Adds up processor seconds by step."""

    def __init__(self) -> None:
        self.seconds = dict.fromkeys(STEPS, 0.0)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        """One step of one page or chunk."""
        began = time.process_time()
        yield
        self.seconds[name] += time.process_time() - began


def walk(
    first: int, last: int, select: Callable[[int, int], list[Row]], stream: Any, clock: Clock
) -> None:
    """All rows of one page, there and back."""
    with clock.step("select"):
        found = select(first, last)
    with clock.step("rows"):
        rows = staged_rows(stream, found)
    writer, redactor = ItemWriter(stream, "r1"), Redactor(stream)
    for at in range(0, len(rows), CHUNK_ROWS):
        with clock.step("items"):
            chunk: ChunkItems = writer.write(rows[at : at + CHUNK_ROWS])
        items = chunk.items
        with clock.step("body"):
            body = bulk_body(items)
        with clock.step("digest"):
            body_digest(b"secret", body)
        reply = Reply(200, {}, finished_job("job", [item.request_id.encode() for item in items]))
        with clock.step("answer"):
            job = read_job(reply, "job")
        with clock.step("account"):
            account = ChunkAccount(rows[at].number, rows[at + len(items) - 1].number)
            assert settle(items, job.results, account, redactor) == 0
            outcomes = account.outcomes()
        ended = sum(outcome.succeeded + len(outcome.rejects) for outcome in outcomes)
        assert ended == len(items)


def measure(repeats: int) -> dict[str, Any]:
    """Stage everything and walk it, `repeats` times."""
    with opened() as at:
        warehouse, request = at.warehouse, at.request
        stage, _ = warehouse.stage("r1", request.state.stream_id, request)
        table = warehouse.layout.table(stage.table)

        def select(first: int, last: int) -> list[Row]:
            statement: Expression = chunk_select(request.stream, table, first, last)
            return warehouse.connection.rows(statement)

        page = PAGE_CHUNKS * CHUNK_ROWS
        runs, elapsed = [], []
        with heap_at_rest():  # as `qsync apply` does
            for _ in range(repeats):
                clock, began = Clock(), time.perf_counter()
                for first in range(1, stage.rows + 1, page):
                    walk(first, min(first + page - 1, stage.rows), select, request.stream, clock)
                runs.append(clock.seconds)
                elapsed.append(time.perf_counter() - began)
        warehouse.drop_stage(stage)
    medians = {name: statistics.median(run[name] for run in runs) for name in STEPS}
    return {"rows": stage.rows, "seconds": medians, "elapsed": statistics.median(elapsed)}


def rate(item: dict[str, Any], steps: tuple[str, ...]) -> float:
    """Rows in a second of one core."""
    return float(item["rows"] / sum(item["seconds"][name] for name in steps))


_SECTION = """\
## The path of a row

`make bench-row` stages {rows:,} rows of 12 columns and takes them from the staged table to the
bytes of requests and back, page by page, with one step of the path measured at a time, in processor
time of one core. Conversion and checks are in *items*.

- From the warehouse's cursor to the body's bytes: {to_bytes}.
- With the digest, the answer and the accounts as well: {in_all}.

| step | | {heads} |
|---|---|{rules}|
{table}

![Microseconds of each step](pictures/bench-row-path.svg)

The shares are of all steps. {bound} PostgreSQL's
own process selects the rows on another core; DuckDB's work is in *select*.
"""


def section(found: list[dict[str, Any]]) -> str:
    """The part of the page."""

    def each(steps: tuple[str, ...]) -> str:
        said = (f"{rate(item, steps):,.0f} on {NAMES[item['engine']]}" for item in found)
        return f"**{' and '.join(said)}** rows in a second"

    lines = []
    for step, words in STEPS.items():
        cells = []
        for item in found:
            micros = 1e6 * item["seconds"][step] / item["rows"]
            share = item["seconds"][step] / sum(item["seconds"].values())
            cells.append(f"{micros:.1f} µs ({share:.0%})")
        lines.append(f"| {step} | {words} | {' | '.join(cells)} |")
    dearest = [max(STEPS, key=lambda step: item["seconds"][step]) for item in found]
    bounds = (
        f"on {NAMES[item['engine']]} *{step}*" for item, step in zip(found, dearest, strict=True)
    )
    return _SECTION.format(
        rows=found[0]["rows"],
        to_bytes=each(TO_BYTES),
        in_all=each(tuple(STEPS)),
        heads=" | ".join(NAMES[item["engine"]] for item in found),
        rules="|".join("---:" for _ in found),
        table="\n".join(lines),
        bound=f"What bounds the path is the step with the largest share: {', '.join(bounds)}.",
    )


def chart(found: list[dict[str, Any]]) -> Chart:
    """Each step's cost on each engine."""
    rows = [
        (step, 1e6 * item["seconds"][step] / item["rows"], NAMES[item["engine"]])
        for step in STEPS
        for item in found
    ]
    return Chart(
        "bench-row-path.svg",
        "The path of a row of 12 columns, step by step",
        "microseconds of one core for a row; less is better",
        rows,
    )


def main() -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="The path of a row, step by step.")
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--write", type=Path, help="put the section into this page as well")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        OUT.write_text(json.dumps(measure(options.repeats)))
        return 0
    # As Ctrl-C does, so that servers are stopped.
    signal.signal(signal.SIGTERM, signal.default_int_handler)

    found = []
    server = PostgresServer()
    server.start()
    try:
        with tempfile.TemporaryDirectory(prefix="qsync-bench-") as folder:
            for engine in NAMES:
                port = server.port if engine == "postgres" else None
                name = server.new_database() if port else ""
                path = Path(folder) / engine
                with WarehouseProject(path, options.rows, port, name) as project:
                    words = ("--one", "--repeats", str(options.repeats))
                    project.python("-m", "benchmarks.row_path", *words)
                    found.append(json.loads((path / OUT).read_text()) | {"engine": engine})
    finally:
        server.stop()
    text = section(found)
    print(text)
    if options.write is not None:
        page = options.write.read_text(encoding="utf-8")
        options.write.write_text(with_section(page, "row", text), encoding="utf-8")
        keep("row", found, [chart(found)])
    return 0


if __name__ == "__main__":
    sys.exit(main())
