"""A dbt project of many leads on DuckDB or PostgreSQL, with an emulated Qualified beside it."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks.setting import FIELDS, KEY, PROJECT, SYNCS
from qsync.planning.ports import DiffRequest
from qsync.warehouse import DbtSession, WritingWarehouse

ROOT = Path(__file__).resolve().parent.parent
DUCKDB_MEMORY = "4GB"

MODEL = """\
{{{{ config(materialized='table') }}}}
select
    'person' || i || '@company' || (i % 20000) || '.example' as email,
    'First' || (i % 500) as first_name,
    'Last' || (i % 700) as last_name,
    'Title ' || (i % 90) as job_title,
    '+1 312 555 ' || lpad(cast(i % 10000 as varchar), 4, '0') as phone,
    'Country ' || (i % 60) as country,
    'warehouse' as source,
    cast((i % 1000) / 8.0 as decimal(12, 4)) as product_score,
    cast(i % 250 as integer) as seats_used,
    i % 3 = 0 as is_customer,
    timestamp '2026-11-01' + (i % 100000) * interval '1 second' as last_seen_at,
    'Notes on this person, of some length: ' || md5(cast(i as varchar)) as notes
from {series} as numbers(i)
"""


@dataclass(frozen=True, slots=True)
class Opened:
    """The project as one process of qsync sees it."""

    session: DbtSession
    warehouse: WritingWarehouse
    request: DiffRequest


class WarehouseProject:
    """Made once per engine and size. `port` is that of a PostgreSQL; None is DuckDB in a file."""

    def __init__(self, folder: Path, rows: int, port: int | None, database: str = "") -> None:
        self.folder = folder
        self.rows = rows
        self.engine = "duckdb" if port is None else "postgres"
        self._port = port
        self._database = database
        self._emulator: subprocess.Popen[bytes] | None = None
        self.base_url = ""

    def __enter__(self) -> Self:
        output = (
            f"{{type: duckdb, path: bench.duckdb, schema: prod, threads: 1, "
            f"settings: {{memory_limit: {DUCKDB_MEMORY}}}}}"
            if self._port is None
            else f"{{type: postgres, host: 127.0.0.1, port: {self._port}, user: qsync, pass: x, "
            f"dbname: {self._database}, schema: prod, threads: 1}}"
        )
        last = self.rows - 1
        series = f"range({self.rows})" if self._port is None else f"generate_series(0, {last})"
        files = {
            "dbt_project.yml": "name: bench\nversion: '1.0.0'\nprofile: bench\n",
            "profiles.yml": f"bench: {{target: prod, outputs: {{prod: {output}}}}}\n",
            ".dbtignore": "*.qsync.yml\n*.qsync.yaml\n",
            "qsync.yml": PROJECT,
            "models/dim_leads.sql": MODEL.format(series=series),
            "models/leads.qsync.yml": SYNCS.format(
                fields=", ".join(f"{name}: {name}" for name in FIELDS)
            ),
            "seeds/.keep": "",
        }
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        shutil.copy(
            ROOT / "example_project" / "qualified_fields.yml", self.folder / "qualified_fields.yml"
        )
        self._start_emulator()
        self.python("-m", "dbt.cli.main", "--quiet", "build")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._emulator is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._emulator.pid, signal.SIGTERM)
            self._emulator.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def python(self, *words: str) -> tuple[float, float]:
        """Run a program in the project: seconds of the process, MB of memory at its peak."""
        started = time.perf_counter()
        process = subprocess.Popen(
            [sys.executable, *words],
            cwd=self.folder,
            env=self._environment(),
            stdout=subprocess.DEVNULL,
        )
        _, status, usage = os.wait4(process.pid, 0)
        # wait4 has taken the status: tell Popen, which would wait for it again.
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            raise RuntimeError(f"{words} ended with {process.returncode}")
        return time.perf_counter() - started, usage.ru_maxrss / 1024

    def _start_emulator(self) -> None:
        ready = self.folder / "url"
        limits = [part for name in ("--per-15m", "--per-hour", "--per-day") for part in (name, "0")]
        command = [sys.executable, "-m", "qsync", "emulator", "--port", "0", *limits]
        command += ["--job-seconds", "0.3", "--ready-file", str(ready)]
        self._emulator = subprocess.Popen(
            command,
            env=self._environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        while not (ready.exists() and ready.read_text().strip()):
            if self._emulator.poll() is not None:
                raise RuntimeError("the emulator did not start")
            time.sleep(0.05)
        self.base_url = ready.read_text().strip()

    def _environment(self) -> dict[str, str]:
        environment = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("QSYNC_", "DBT_", "QUALIFIED_"))
        }
        return environment | {
            "DBT_PROFILES_DIR": str(self.folder),
            "PYTHONPATH": str(ROOT),
            "QUALIFIED_API_KEY": KEY,
            "QSYNC_BASE_URL": self.base_url,
            "DO_NOT_TRACK": "1",
        }


@contextlib.contextmanager
def opened() -> Iterator[Opened]:
    """The project in this folder, opened as `qsync apply` opens it; its one stream compiled."""
    from qsync.cli.loading import load_valid
    from qsync.cli.options import CommonOptions
    from qsync.cli.wiring import dbt_session, plan_inputs, read_artifacts, writing_warehouse
    from qsync.execution.planner import compile_all
    from qsync.planning.fingerprint import stream_id

    folder = Path.cwd()
    common = CommonOptions(folder, folder, None, None, None, None, "text", quiet=True)
    loaded = load_valid(common)
    artifacts = read_artifacts(loaded)
    with dbt_session(common, loaded) as session:
        inputs = plan_inputs(loaded, artifacts, session, loaded.project.syncs)
        warehouse = writing_warehouse(loaded, session)
        warehouse.prepare()
        compiled, _ = compile_all(inputs, warehouse)
        (item, relation), *_ = compiled
        (stream,) = item.streams
        identity = stream_id(
            inputs.destination, inputs.project.name, stream.sync, stream.object.value
        )
        state = warehouse.stream_state(identity)
        yield Opened(session, warehouse, DiffRequest(stream, relation, state))
