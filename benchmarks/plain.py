"""The script a team writes first: read all rows, post 500, poll until done, next.

    python benchmarks/plain.py SECONDS_FILE DATABASE BASE_URL

Like `timed.py` it writes down how long it took without start-up.
"""

from __future__ import annotations

import sys
import time
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import httpx

CHUNK = 500
POLL_SECONDS = 0.2


def plain(value: object) -> object:
    """What JSON has no type for."""
    if isinstance(value, Decimal):
        return float(value)
    return value.isoformat() if isinstance(value, datetime) else value


def main() -> None:
    """Send everything."""
    seconds_file, database, base_url = sys.argv[1:]
    started = time.perf_counter()
    with duckdb.connect(database, read_only=True) as connection:
        cursor = connection.execute(
            "SELECT COLUMNS(lambda name: name <> 'updated_at') FROM prod.dim_leads"
        )
        names = [column[0] for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    failed = 0
    headers = {"Authorization": "Bearer qualified-emulator-key"}
    with httpx.Client(base_url=base_url, headers=headers) as client:
        for first in range(0, len(rows), CHUNK):
            items = []
            for number, row in enumerate(rows[first : first + CHUNK], first):
                fields = {
                    name: plain(value)
                    for name, value in row.items()
                    if name != "email" and value is not None
                }
                data = {"email": row["email"], "fields": fields}
                items.append(
                    {"entity": "lead", "action": "POST", "data": data, "request_id": str(number)}
                )
            job = client.post("/v2/bulk", json={"items": items}).raise_for_status().json()["job"]
            while job["status"] not in {"completed", "failed"}:
                time.sleep(POLL_SECONDS)
                job = client.get(f"/v2/bulk/{job['id']}").raise_for_status().json()["job"]
            failed += job["failedRecords"]
    if failed:
        sys.exit(f"{failed} items failed")
    Path(seconds_file).write_text(str(time.perf_counter() - started))


if __name__ == "__main__":
    main()
