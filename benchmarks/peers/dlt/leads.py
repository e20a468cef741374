"""Leads from DuckDB into Qualified with dlt: a resource with a cursor, a custom destination.

    python leads.py            # the folder holds .dlt/config.toml; DATABASE and BASE_URL are set

What it reads and how it sends follow dlt's pages on custom destinations ("Reverse ETL"), on cursor
based incremental loading and on performance. At its end it prints one line of JSON: the rows dlt
says it loaded, and the rows our own function saw rejected. dlt has no word for the latter: a batch
is loaded, or it raises and all of it is tried again.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import dlt
import duckdb
import httpx
from dlt.common.pipeline import LoadInfo

REJECTED = Path("rejected.txt")
"""Where our function writes whom Qualified rejected; one address a line."""

POLL_SECONDS = 0.1


def plain(value: object) -> object:
    """What JSON has no type for."""
    if isinstance(value, Decimal):
        return float(value)
    return value.isoformat() if isinstance(value, datetime) else value


@dlt.resource(name="leads", primary_key="email", write_disposition="append")
def leads(
    updated_at: dlt.sources.incremental[datetime] = dlt.sources.incremental(  # noqa: B008
        "updated_at",
        initial_value=datetime(2000, 1, 1),  # noqa: DTZ001 - as DuckDB's timestamps
    ),
) -> Iterator[list[dict[str, Any]]]:
    """Rows that are as new as the newest one seen, or newer; dlt drops those it has seen."""
    with duckdb.connect(os.environ["DATABASE"], read_only=True) as connection:
        cursor = connection.execute(
            "SELECT * FROM prod.dim_leads WHERE updated_at >= ?", [updated_at.last_value]
        )
        names = [column[0] for column in cursor.description]
        while rows := cursor.fetchmany(5_000):
            yield [dict(zip(names, row, strict=True)) for row in rows]


client = httpx.Client(
    base_url=os.environ["BASE_URL"],
    headers={"Authorization": f"Bearer {os.environ['QUALIFIED_API_KEY']}"},
    timeout=60,
)


@dlt.destination(batch_size=500, loader_parallelism_strategy="parallel", max_parallel_load_jobs=10)
def qualified(items: list[dict[str, Any]], table: dict[str, Any]) -> None:  # noqa: ARG001
    """One bulk job per batch, awaited; several batches at once. It may be called from threads."""
    sent = []
    for number, row in enumerate(items):
        fields = {
            name: plain(value)
            for name, value in row.items()
            if name not in {"email", "updated_at"} and value is not None
        }
        data = {"email": row["email"], "fields": fields}
        sent.append({"entity": "lead", "action": "POST", "data": data, "request_id": str(number)})
    job = client.post("/v2/bulk", json={"items": sent}).raise_for_status().json()["job"]
    while job["status"] not in {"completed", "failed"}:
        time.sleep(POLL_SECONDS)
        job = client.get(f"/v2/bulk/{job['id']}").raise_for_status().json()["job"]
    if job["status"] == "failed" and not job["result"]:
        raise RuntimeError(f"job {job['id']} failed")
    failed = [one["requestId"] for one in job["result"] if one["status"] != "completed"]
    if failed:
        # Raising would send the whole batch again, five times, and then give all of it up.
        with REJECTED.open("a") as file:
            file.writelines(f"{items[int(number)]['email']}\n" for number in failed)


def rows_of(path: Path) -> int:
    """Rows of a file of dlt's: a line is one row, or a list of them."""
    with path.open("rb") as file:
        return sum(len(rows) if isinstance(rows := json.loads(line), list) else 1 for line in file)


def loaded(info: LoadInfo) -> int:
    """Rows in the files of the packages that dlt says are loaded; it counts files, not rows."""
    return sum(
        rows_of(Path(job.file_path))
        for package in info.load_packages
        for job in package.jobs["completed_jobs"]
        if job.job_file_info.table_name == "leads"
    )


def main() -> None:
    """Finish what a killed run left behind, as dlt's documentation says, then load what is new."""
    pipeline = dlt.pipeline("leads", destination=qualified(), pipelines_dir=".dlt/pipelines")
    rows = 0
    if pipeline.has_pending_data:
        rows += loaded(pipeline.run())
    rows += loaded(pipeline.run(leads()))
    named = len(set(REJECTED.read_text().split())) if REJECTED.exists() else 0
    print(json.dumps({"loaded": rows, "named": named}))


if __name__ == "__main__":
    main()
