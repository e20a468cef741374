"""The benchmark's setting: a dbt project with many leads, an emulator, and both contenders."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import duckdb

from benchmarks.report import Measured

HERE = Path(__file__).resolve().parent
KEY = "qualified-emulator-key"

MODEL = """\
{{{{ config(materialized='table') }}}}
select
    'person' || i || '@company' || (i % 20000) || '.example' as email,
    'First' || (i % 500) as first_name,
    'Last' || (i % 700) as last_name,
    'Title ' || (i % 90) as job_title,
    '+1 312 555 ' || lpad((i % 10000)::varchar, 4, '0') as phone,
    'Country ' || (i % 60) as country,
    'warehouse' as source,
    (i % 1000)::decimal(10, 2) / 8 as product_score,
    (i % 250)::integer as seats_used,
    i % 3 = 0 as is_customer,
    timestamp '2026-11-01' + interval (i % 100000) second as last_seen_at,
    'Notes on this person, of some length: ' || md5(i::varchar) as notes,
from range({rows}) as numbers(i)
"""

FIELDS = (
    *("first_name", "last_name", "job_title", "phone", "country", "source", "product_score"),
    *("seats_used", "is_customer", "last_seen_at", "notes"),
)

SYNCS = """\
version: 1
syncs:
  - name: leads
    model: ref('dim_leads')
    object: lead
    match: {{email: email}}
    fields: {{{fields}}}
"""

PROJECT = """\
version: 1
qualified:
  apply_targets: [prod]
  limits: {share: 1.0, in_flight: 5, per_15m: 1000000, per_hour: 1000000, per_day: 10000000}
"""

PROFILE = """\
bench: {target: prod, outputs: {prod: {type: duckdb, path: bench.duckdb, schema: prod}}}
"""


class Setting:
    """Made once per benchmark; `renew` starts over with a new account and no state."""

    def __init__(self, folder: Path, rows: int, job_seconds: float) -> None:
        self._folder = folder
        self._project = folder / "project"
        self._rows = rows
        self._job_seconds = job_seconds
        self._emulator: subprocess.Popen[bytes] | None = None
        self._base_url = ""

    def __enter__(self) -> Self:
        files = {
            "dbt_project.yml": "name: bench\nversion: '1.0.0'\nprofile: bench\n",
            "profiles.yml": PROFILE,
            ".dbtignore": "*.qsync.yml\n*.qsync.yaml\n",
            "qsync.yml": PROJECT,
            "models/dim_leads.sql": MODEL.format(rows=self._rows),
            "models/leads.qsync.yml": SYNCS.format(
                fields=", ".join(f"{name}: {name}" for name in FIELDS)
            ),
            "seeds/.keep": "",
        }
        for name, text in files.items():
            path = self._project / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        shutil.copy(
            HERE.parent / "example_project" / "qualified_fields.yml",
            self._project / "qualified_fields.yml",
        )
        self._python("-m", "dbt.cli.main", "--quiet", "build", env=self._environment())
        shutil.copy(self._project / "bench.duckdb", self._folder / "built.duckdb")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stop()

    def renew(self) -> None:
        """The warehouse as built, and an account nobody has written to."""
        self._stop()
        shutil.copy(self._folder / "built.duckdb", self._project / "bench.duckdb")
        ready = self._folder / "url"
        ready.unlink(missing_ok=True)
        limits = [part for name in ("--per-15m", "--per-hour", "--per-day") for part in (name, "0")]
        command = [sys.executable, "-m", "qsync", "emulator", "--port", "0"]
        command += ["--job-seconds", str(self._job_seconds), "--ready-file", str(ready), *limits]
        self._emulator = subprocess.Popen(
            command,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        while not (ready.exists() and ready.read_text().strip()):
            if self._emulator.poll() is not None:
                raise RuntimeError("the emulator did not start")
            time.sleep(0.05)
        self._base_url = ready.read_text().strip()

    def change_one_in_a_hundred(self) -> None:
        """Another title for every hundredth person."""
        with duckdb.connect(str(self._project / "bench.duckdb")) as database:
            database.execute(
                "UPDATE prod.dim_leads SET job_title = 'Promoted' WHERE hash(email) % 100 = 0"
            )

    def run(self, contender: str, phase: str) -> Measured:
        """One contender's whole process."""
        before = self._stats()
        out = self._folder / "seconds"
        out.unlink(missing_ok=True)
        if contender == "qsync":
            words = [str(HERE / "timed.py"), str(out), "apply", "--auto-approve", "--quiet"]
        else:
            words = [str(HERE / "plain.py"), str(out), str(self._project / "bench.duckdb")]
            words.append(self._base_url)
        started = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, *words],
            cwd=self._project,
            env=self._environment(),
            stdout=subprocess.DEVNULL,
        )
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started
        # wait4 has taken the status: tell Popen, which would wait for it again.
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise RuntimeError(f"{contender} ended with {process.returncode}")
        after = self._stats()
        if after["leads"] != self._rows:
            raise RuntimeError(f"{contender} left {after['leads']} leads, not {self._rows}")
        return Measured(
            contender=contender,
            phase=phase,
            seconds=seconds,
            net_seconds=float(out.read_text()),
            requests=after["requests"]["total"] - before["requests"]["total"],
            megabytes=usage.ru_maxrss / 1024,
            sent=after["items"]["submitted"] - before["items"]["submitted"],
        )

    def _stats(self) -> dict[str, Any]:
        with urllib.request.urlopen(f"{self._base_url}/_emulator/stats") as answer:
            stats: dict[str, Any] = json.load(answer)
        return stats

    def _environment(self) -> dict[str, str]:
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("QSYNC_", "DBT_", "QUALIFIED_"))
        }
        environment |= {
            "DBT_PROFILES_DIR": str(self._project),
            "QUALIFIED_API_KEY": KEY,
            "QSYNC_BASE_URL": self._base_url,
            "DO_NOT_TRACK": "1",
        }
        return environment

    def _python(self, *words: str, env: dict[str, str]) -> None:
        subprocess.run(
            [sys.executable, *words],
            cwd=self._project,
            env=env,
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    def _stop(self) -> None:
        if self._emulator is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._emulator.pid, signal.SIGTERM)
            self._emulator.wait()
            self._emulator = None
