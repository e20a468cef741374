"""The demo's end: was what the plans showed sent, and nothing else? And a table of it all."""

from __future__ import annotations

import csv
import json
import re
import urllib.request
from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import Any

import duckdb
from demo_stage import DemoError, Stage
from rich.table import Table

DATABASE = "northwind.duckdb"
Records = dict[str, dict[str, Any]]


def check_everything(stage: Stage, base_url: str, plans: Sequence[str]) -> None:
    """Compare plans, ledger, state and Qualified with each other, then sum up.

    Args:
        stage: What was played.
        base_url: The emulator's.
        plans: What `qsync plan` printed before each apply.

    Raises:
        DemoError: Something does not agree.
    """
    held = {
        "lead": {entry["email"]: entry["fields"] for entry in _get(base_url, "leads")["leads"]},
        "company": {
            entry["domain"]: entry["fields"] for entry in _get(base_url, "companies")["companies"]
        },
    }
    with duckdb.connect(str(stage.project / DATABASE), read_only=True) as database:
        compared = _compare(database, held)
        health = database.execute(
            "select sync, object, health from prod.qsync_health order by sync, object"
        ).fetchall()
    ledger = _ledger(stage)
    _check_plans(plans, ledger)
    _check_received(_get(base_url, "stats"), ledger)
    stage.day("What happened")
    stage.console.print(_table(ledger, {(row[0], row[1]): row[2] for row in health}))
    stage.say(
        f"Checked: what was sent is what the plans showed, and {_sum(ledger, 'rows_planned'):,} "
        f"items in {_sum(ledger, 'jobs'):,} jobs is what Qualified counted. It holds "
        f"{len(held['lead']):,} leads and {len(held['company']):,} companies, no others than "
        f"qsync's state says, with all {compared:,} values that were acknowledged."
    )


def where_to_look(stage: Stage, base_url: str) -> None:
    """What there is to see when the curtain falls."""
    stage.console.print()
    stage.say("Where to look:")
    for what, where in (
        ("the sync files", "models/marts/*.qsync.yml"),
        ("the ledger, as dbt loads it", "seeds/qsync_runs.csv"),
        ("the warehouse (schemas prod and qsync)", DATABASE),
        ("the report", "target/qsync/report.html"),
        ("every request of each run", "target/qsync/runs/"),
        ("everything that was printed", "../demo.log"),
    ):
        stage.say(f"  {what:40} {where}")
    stage.say(f"All of it in {stage.project}. There, with this environment's bin on the PATH, try:")
    # State belongs to a destination, so a plan has to name the one of this play.
    stage.say(f"  export DBT_PROFILES_DIR=. QSYNC_TARGET=prod QSYNC_BASE_URL={base_url}")
    stage.say("  qsync plan --verbose")
    stage.say("  qsync status")
    stage.say("  qsync inspect --rejected")


def _get(base_url: str, what: str) -> dict[str, Any]:
    with urllib.request.urlopen(f"{base_url}/_emulator/{what}") as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def _check_plans(plans: Sequence[str], ledger: list[dict[str, str]]) -> None:
    """Each run did what the plan before it had shown."""
    runs: dict[str, list[dict[str, str]]] = defaultdict(list)
    for row in ledger:
        runs[row["run_id"]].append(row)
    if len(runs) != len(plans):
        raise DemoError(f"The ledger has {len(runs)} runs, not {len(plans)}")
    names = ("rows_added", "rows_changed", "rows_removed", "rows_unchanged", "rows_invalid", "jobs")
    for plan, rows in zip(plans, runs.values(), strict=True):
        line = next((line for line in plan.splitlines() if line.startswith("Plan: ")), "")
        shown = [int(number.replace(",", "")) for number in re.findall(r"\d[\d,]*", line)]
        done = [_sum(rows, name) for name in names]
        if shown[: len(names)] != done:
            raise DemoError(f"The plan said {shown[: len(names)]}, the ledger says {done}", [line])


def _check_received(stats: dict[str, Any], ledger: list[dict[str, str]]) -> None:
    """Qualified has counted as many items and jobs as the ledger says."""
    counted = (stats["items"]["submitted"], stats["jobs"]["total"])
    said = (_sum(ledger, "rows_planned"), _sum(ledger, "jobs"))
    if counted != said:
        raise DemoError(f"Qualified counted {counted} items and jobs, the ledger says {said}")


def _sum(rows: Sequence[dict[str, str]], name: str) -> int:
    return sum(int(row[name]) for row in rows)


def _compare(database: duckdb.DuckDBPyConnection, held: dict[str, Records]) -> int:
    """Qualified has every acknowledged value, and no other records; how many values there are."""
    compared = 0
    strangers = {kind: set(records) for kind, records in held.items()}
    streams = database.execute(
        "select sync, object, state_table, columns from qsync.qsync_streams"
    ).fetchall()
    for sync, kind, table, columns in streams:
        names = json.loads(columns)
        listed = ", ".join(f'"{name}"' for name in names)
        rows = database.execute(f'select key, {listed} from qsync."{table}"').fetchall()
        strangers[kind] -= {row[0] for row in rows}
        for key, *values in rows:
            record = held[kind].get(key)
            if record is None:
                raise DemoError(f"Qualified lacks a {kind} that sync {sync} says it has")
            for name, value in zip(names, values, strict=True):
                field = name.removeprefix("v_")
                if field == "company_name":
                    continue
                if _plain(record.get(field)) != _plain(value):
                    raise DemoError(f"{field} of a {kind} of sync {sync} is not what was sent")
                compared += value is not None
    for kind, keys in strangers.items():
        if keys:
            raise DemoError(
                f"Qualified holds {len(keys)} {kind} records that state knows nothing of"
            )
    return compared


def _plain(value: object) -> object:
    """A value as Qualified and as state have it, made comparable."""
    if isinstance(value, str):
        try:
            return json.loads(value)
        except ValueError:
            return value
    return value


def _ledger(stage: Stage) -> list[dict[str, str]]:
    with (stage.project / "seeds" / "qsync_runs.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        ended = sum(
            int(row[f"rows_{name}"])
            for name in ("succeeded", "rejected", "unknown", "invalid_late", "unsent")
        )
        if int(row["rows_planned"]) != ended:
            raise DemoError(f"Rows of {row['sync']} are not all accounted for")
    if not rows:
        raise DemoError("The ledger is empty")
    return rows


def _table(ledger: list[dict[str, str]], health: dict[tuple[str, str], str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="bold")
    for name in ("sync", "object"):
        table.add_column(name)
    for name in ("day", "in model", "invalid", "sent", "rejected", "requests"):
        table.add_column(name, justify="right")
    table.add_column("health")
    days: Counter[tuple[str, str]] = Counter()
    for row in ledger:
        stream = (row["sync"], row["object"])
        days[stream] += 1
        table.add_row(
            *stream,
            str(days[stream]),
            *(
                f"{int(row[name]):,}"
                for name in (
                    "rows_in_model",
                    "rows_invalid",
                    "rows_planned",
                    "rows_rejected",
                    "requests",
                )
            ),
            health.get(stream, "") if days[stream] > 1 else "",
        )
    return table
