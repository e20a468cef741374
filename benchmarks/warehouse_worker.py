"""One process of the benchmark of scale, run in the project's folder.

    python -m benchmarks.warehouse_worker state            # everything as if it had been sent
    python -m benchmarks.warehouse_worker measure REPEATS [POSTMASTER]
    python -m benchmarks.warehouse_worker hand             # the hand-written diff, for its memory

What it finds it writes to `worker.json`.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sqlglot import exp

from benchmarks import hand_written
from benchmarks.hand_written import Raw
from benchmarks.warehouse_project import Opened, opened
from qsync.execution.ports import Commit, CommitContext, Outcome
from qsync.warehouse.source import source_query
from qsync.warehouse.sql import col, text

AT = "2026-11-03 05:00:00"
OUT = Path("worker.json")


class Cpu:
    """Seconds of processor: of this process, and of a PostgreSQL with all its children."""

    def __init__(self, postmaster: int | None) -> None:
        self._postmaster = postmaster
        self._tick = os.sysconf("SC_CLK_TCK")

    def seconds(self) -> float:
        """Until now."""
        if self._postmaster is None:
            return time.process_time()
        spent = 0
        for path in Path("/proc").glob("[0-9]*/stat"):
            try:
                words = path.read_text().rpartition(")")[2].split()
            except OSError:
                continue  # it ended meanwhile; its parent has its seconds
            if int(path.parent.name) == self._postmaster:
                spent += sum(map(int, words[11:15]))
            elif int(words[1]) == self._postmaster:
                spent += sum(map(int, words[11:13]))
        return time.process_time() + spent / self._tick


def raw(at: Opened, *statements: str) -> None:
    """Run statements as they are written."""
    at.session.connection.run(*(Raw(item) for item in statements))  # type: ignore[arg-type]


def rows(at: Opened, statement: str) -> list[tuple[Any, ...]]:
    """Run one and read it."""
    return at.session.connection.rows(Raw(statement))  # type: ignore[arg-type]


def make_state(at: Opened) -> None:
    """State as a first load leaves it, written in SQL at once; then 1% of the model changes."""
    warehouse, request = at.warehouse, at.request
    stream, dialect = request.stream, warehouse.connection.dialect
    owner = (warehouse.destination, "bench")
    state = warehouse.streams.ensure(stream, request.state.stream_id, request.state, owner, AT)
    assert state.table is not None
    index = f'qsync."{state.table[:55]}_key"'
    if dialect.indexes:
        raw(at, f"DROP INDEX {index}")
    values = [field.state_column for field in stream.fields]
    select = exp.select(col("k"), col("h"), text("synced"), text("r0"), text(AT)).select(
        *(col(name) for name in values)
    )
    query = select.from_("source")
    for name, cte in source_query(stream, request.relation, dialect, judged=False).ctes:
        query = query.with_(name, as_=cte)
    columns = ["key", "row_hash", "status", "run_id", "acked_at", *values]
    table = warehouse.layout.table(state.table)
    at.session.connection.run(
        exp.insert(query, table, columns=[exp.to_identifier(name, quoted=True) for name in columns])
    )
    if dialect.indexes:
        raw(at, f'CREATE INDEX "{state.table[:55]}_key" ON qsync."{state.table}" (key)')
    raw(at, *hand_written.make_state())
    pick = "hash(email) % 100 = 0" if dialect.name == "duckdb" else "abs(hashtext(email)) % 100 = 0"
    raw(at, f"UPDATE {hand_written.MODEL} SET job_title = 'Promoted' WHERE {pick}")
    if dialect.indexes:
        raw(at, "ANALYZE")
    else:
        raw(at, "CHECKPOINT")


def measure(at: Opened, repeats: int, cpu: Cpu) -> dict[str, Any]:
    """Every statement in turn, `repeats` times, and at last the commit of all that is staged."""
    warehouse, request = at.warehouse, at.request
    state = f'qsync."{request.state.table}"'
    identity = request.state.stream_id
    dialect = warehouse.connection.dialect
    staged: list[Any] = []
    number = iter(range(1_000))

    def stage() -> None:
        staged.append(warehouse.stage(f"r{next(number)}", identity, request)[0])

    def unstage() -> None:
        warehouse.drop_stage(staged.pop())

    steps: dict[str, tuple[Callable[[], object], Callable[[], object]]] = {
        "bare diff": (lambda: rows(at, hand_written.bare()), lambda: None),
        "plan": (lambda: warehouse.change_set(request), lambda: None),
        "correct diff": (
            lambda: rows(at, hand_written.correct(request, dialect, state)),
            lambda: None,
        ),
        "hand stage": (
            lambda: raw(at, hand_written.stage("prod.hand_stage")),
            lambda: raw(at, "DROP TABLE prod.hand_stage"),
        ),
        "stage": (stage, unstage),
        "correct stage": (
            lambda: raw(at, hand_written.correct_stage(request, dialect, state, "prod.hand_stage")),
            lambda: raw(at, "DROP TABLE prod.hand_stage"),
        ),
    }
    found: dict[str, list[tuple[float, float]]] = {name: [] for name in steps}
    for _ in range(repeats):
        for name, (step, after) in steps.items():
            began, spent = time.perf_counter(), cpu.seconds()
            step()
            found[name].append((time.perf_counter() - began, cpu.seconds() - spent))
            after()
    stage()
    (one,) = staged
    epoch = warehouse.acquire_lock("bench", "benchmark")
    assert isinstance(epoch, int)
    context = CommitContext("bench", epoch, AT)
    warehouse.begin(one, context)
    began, spent = time.perf_counter(), cpu.seconds()
    warehouse.commit(one, Commit((Outcome(1, one.rows),)), context)
    commit = (time.perf_counter() - began, cpu.seconds() - spent)
    after = warehouse.change_set(request)
    assert after.counts.changed == 0, "what was committed is unchanged"
    warehouse.drop_stage(one)
    warehouse.release_lock(epoch)
    return {"steps": found, "commit": commit, "staged": one.rows}


def main() -> None:
    """Do one thing."""
    what, *words = sys.argv[1:]
    with opened() as at:
        if what == "state":
            make_state(at)
        elif what == "hand":
            rows(at, hand_written.bare())
        else:
            cpu = Cpu(int(words[1]) if len(words) > 1 else None)
            OUT.write_text(json.dumps(measure(at, int(words[0]), cpu)))


if __name__ == "__main__":
    main()
