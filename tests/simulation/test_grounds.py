"""The warehouse in memory does what the SQL one does: the same days leave the same tables."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from qsync.emulator import Fault, JobFault
from tests.simulation.town import LABELS, Death, Town
from tests.support.warehouses import duckdb_connection

KEYS = [f"p{n}@x.example" for n in range(7)]

FAULTS = (
    Fault(kind="submit", nth=2, cut="after"),
    Fault(kind="submit", cut="after"),
    Fault(kind="submit", nth=1, status=422),
    Fault(kind="submit", every=2, job=JobFault(failing=(0,))),
    Fault(kind="submit", probability=0.5, job=JobFault(failing=(1,))),
    Fault(kind="submit", probability=0.3, cut="after"),
    Fault(kind="submit", nth=2, job=JobFault(missing=(0,), foreign=1)),
    Fault(kind="submit", nth=1, job=JobFault(late=20.0)),
    Fault(kind="submit", nth=1, job=JobFault(stops_after=1, ending="failed")),
    Fault(kind="submit", nth=3, status=401),
)

REJECTIONS = (
    JobFault(failing=(0, 1)),
    JobFault(failing=(0, 1), error="first_name is too long (81)"),
    JobFault(failing=(0, 1), error="first_name is too long (7)"),
    JobFault(failing=(1, 2), error="job_title is too long (7)"),
)


def _edit(town: Town, rng: random.Random) -> None:
    for key in KEYS:
        chance = rng.random()
        if chance < 0.2:
            town.model.pop(key, None)
        elif chance < 0.7:
            name, title = rng.choice([None, "Ann", "Bo"]), rng.choice([None, "CEO", "CTO"])
            town.model[key] = (name, title)
    # Somebody nobody can send, and somebody who is always there.
    town.model["nobody"] = ("Cy", None)
    town.model.setdefault(KEYS[0], ("Ann", "CEO"))


def _a_day(town: Town, rng: random.Random) -> None:
    _edit(town, rng)
    town.account.set_faults(rng.choices(FAULTS, k=rng.randint(0, 3)))
    death = Death(rng.choice(LABELS), rng.choice(["before", "after"]), rng.randint(1, 3))
    town.run(replace(death) if rng.random() < 0.5 else None)
    if rng.random() < 0.2:
        town.run(resume=town.last_run)


def _tables(town: Town) -> list[object]:
    records = [{**record, "details": None} for record in town.ground.records()]
    for record in records:
        # DuckDB answers moments, the record itself texts.
        for name in ("started_at", "finished_at"):
            record[name] = str(record[name])
    ground = town.ground
    return [ground.state(), ground.rejects(), ground.left(), ground.known_jobs() != set(), records]


@pytest.mark.parametrize("seed", range(8))
def test_the_same_days_leave_the_same_tables_in_memory_and_on_duckdb(
    tmp_path: Path, seed: int
) -> None:
    sql = Town(duckdb_connection(), tmp_path / "sql", seed=seed)
    memory = Town(None, tmp_path / "memory", seed=seed)
    for day in range(7):
        for town in (sql, memory):
            _a_day(town, random.Random(f"{seed} {day}"))
        assert _tables(memory) == _tables(sql)
    sql.close()


@pytest.mark.parametrize("seed", range(2))
def test_the_same_rejections_are_counted_alike_in_memory_and_on_duckdb(
    tmp_path: Path, seed: int
) -> None:
    sql = Town(duckdb_connection(), tmp_path / "sql", seed=seed)
    memory = Town(None, tmp_path / "memory", seed=seed)
    rng = random.Random(seed)
    for _ in range(7):
        job = rng.choice(REJECTIONS)
        for town in (sql, memory):
            town.model.update((key, ("Ann", "CEO")) for key in KEYS)
            town.account.set_faults([Fault(kind="submit", job=job)])
            town.run()
        assert _tables(memory) == _tables(sql)
    assert max(reject.attempts for reject in sql.ground.rejects()) == 2
    sql.close()
