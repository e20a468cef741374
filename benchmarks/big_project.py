"""A dbt project as large companies have them: thousands of models, hundreds of syncs.

    python -m benchmarks.big_project FOLDER --models 5000 --syncs 300

dbt itself writes the manifest (`dbt parse`), so that it is one as qsync meets it; what only a run
adds, the compiled SQL and the status of each node, is put in as `dbt run` does. The relations the
syncs read are made by one connection to DuckDB, a few rows each: what is measured is everything
but the warehouse's own work.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import duckdb
import orjson

COLUMNS = 18
"""Documented columns of a model."""

FIELDS = 10
"""Mapped fields of a sync. No two syncs write one field, so the catalog has as many for each."""

ROWS = 3
"""Rows of a relation that a sync reads."""

PER_FOLDER = 50
"""Models that share a folder and a file of properties."""

PER_FILE = 5
"""Syncs in a file."""

_PROFILE = """\
big: {target: prod, outputs: {prod: {type: duckdb, path: big.duckdb, schema: prod}}}
"""

_PROJECT = """\
name: big
version: '1.0.0'
profile: big
flags: {send_anonymous_usage_stats: false}
models:
  big: {+materialized: table, +persist_docs: {relation: false, columns: false}}
"""

_SETTINGS = """\
version: 1
qualified: {apply_targets: [prod]}
"""

_REF = re.compile(r"\{\{ ref\('(\w+)'\) \}\}")


@dataclass(frozen=True, slots=True)
class Size:
    """How large the project is; the last models are those that syncs read."""

    models: int
    syncs: int


def name_of(model: int) -> str:
    """A model's name."""
    return f"model_{model:05}_of_the_warehouse"


def make(folder: Path, size: Size) -> Path:
    """Make the project with its manifest and its DuckDB file; the manifest's path."""
    folder = folder.resolve()  # dbt runs in it, and is told of it
    for path, text in _files(size):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    with duckdb.connect(str(folder / "big.duckdb")) as database:
        database.execute("CREATE SCHEMA prod")
        for model in range(size.models - size.syncs, size.models):
            database.execute(f'CREATE TABLE prod."{name_of(model)}" AS {_rows(model)}')
    subprocess.run(
        [sys.executable, "-m", "dbt.cli.main", "--quiet", "parse"],
        cwd=folder,
        env=dbt_environment(folder),
        check=True,
    )
    manifest = folder / "target" / "manifest.json"
    manifest.write_bytes(_as_after_a_run(manifest.read_bytes()))
    return manifest


def dbt_environment(folder: Path) -> dict[str, str]:
    """This process's environment, without what is meant for another project."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("QSYNC_", "DBT_", "QUALIFIED_"))
    }
    return kept | {"DBT_PROFILES_DIR": str(folder), "DO_NOT_TRACK": "1"}


def _files(size: Size) -> Iterator[tuple[str, str]]:
    yield "dbt_project.yml", _PROJECT
    yield "profiles.yml", _PROFILE
    yield "qsync.yml", _SETTINGS
    yield ".dbtignore", "*.qsync.yml\n*.qsync.yaml\n"
    yield "seeds/.keep", ""
    yield "qualified_fields.yml", _catalog(size)
    for model in range(size.models):
        yield f"{_folder(model)}/{name_of(model)}.sql", _sql(model)
    for first in range(0, size.models, PER_FOLDER):
        models = range(first, min(first + PER_FOLDER, size.models))
        yield f"{_folder(first)}/_models.yml", _properties(models)
    for first in range(0, size.syncs, PER_FILE):
        syncs = range(first, min(first + PER_FILE, size.syncs))
        place = _folder(size.models - size.syncs + first)
        yield f"{place}/team_{first // PER_FILE:03}.qsync.yml", _syncs(syncs, size)


def _folder(model: int) -> str:
    return f"models/area_{model // PER_FOLDER:03}"


def _parents(model: int) -> tuple[str, ...]:
    """Two models before this one, as a graph that narrows has them."""
    return () if model < 100 else (name_of(model // 2), name_of(model - 100 + model % 7))


def _sql(model: int) -> str:
    parents = _parents(model)
    sources = "".join(
        f"{'with' if not number else ','} source_{number} as (\n"
        f"    select * from {{{{ ref('{parent}') }}}}\n)\n"
        for number, parent in enumerate(parents)
    )
    columns = ",\n".join(
        f"    trim(coalesce(source_0.column_{column:02}, 'unknown'))::varchar as column_{column:02}"
        for column in range(COLUMNS)
    )
    if not parents:
        return f"select 'a@b.example' as email,\n{columns.replace('source_0.', 'raw.')}\nfrom raw\n"
    return (
        f"{sources}select\n    source_0.email,\n{columns}\nfrom source_0\n"
        f"left join source_1 on source_1.email = source_0.email\n"
        f"where source_0.column_00 is not null -- {model}\n"
    )


def _properties(models: range) -> str:
    lines = ["version: 2", "models:"]
    for model in models:
        lines += [
            f"  - name: {name_of(model)}",
            f"    description: {_about(model)}",
            "    columns:",
            "      - {name: email, description: The person's address, data_tests: [not_null]}",
        ]
        lines += [
            f"      - {{name: column_{column:02}, description: 'Measure {column} of the person, as "
            f"the area has agreed on it; null when it is not known'{_tests(column)}}}"
            for column in range(COLUMNS)
        ]
    return "\n".join(lines) + "\n"


def _about(model: int) -> str:
    return (
        f"What area {model // PER_FOLDER} knows of a person, one row for each; rebuilt every night "
        "from the sources of that area."
    )


def _tests(column: int) -> str:
    return ", data_tests: [unique]" if column == 0 else ""


def _field(sync: int, field: int) -> str:
    return f"field_{sync:04}_{field:02}"


def _catalog(size: Size) -> str:
    lines = ["version: 1", "lead:"]
    for sync in range(size.syncs):
        for field in range(FIELDS):
            name = _field(sync, field)
            lines.append(f"  - {{name: {name}, label: Field {field} of sync {sync}, type: string}}")
    return "\n".join([*lines, "company: []"]) + "\n"


def _syncs(syncs: range, size: Size) -> str:
    lines = ["version: 1", "syncs:"]
    for sync in syncs:
        model = size.models - size.syncs + sync
        lines += [
            f"  - name: sync_{sync:04}",
            f"    description: What team {sync // PER_FILE} wants sales to see of a person",
            f"    model: ref('{name_of(model)}')",
            "    object: lead",
            "    match: {email: email}",
            "    fields:",
        ]
        lines += [
            f"      {_field(sync, field)}: column_{field:02}"
            if field % 5
            else f"      {_field(sync, field)}: {{column: column_{field:02}, on_null: clear}}"
            for field in range(FIELDS)
        ]
        lines += ["    config:", f"      owner: team_{sync // PER_FILE}", "      tags: [hourly]"]
    return "\n".join(lines) + "\n"


def _rows(model: int) -> str:
    columns = ", ".join(
        f"'{column} of {model}, ' || i AS column_{column:02}" for column in range(COLUMNS)
    )
    return f"SELECT 'person' || i || '@example.com' AS email, {columns} FROM range({ROWS}) t(i)"


def _as_after_a_run(raw: bytes) -> bytes:
    """The manifest with the SQL that `dbt run` compiles; parsing alone leaves it out."""
    manifest = orjson.loads(raw)
    for node in manifest["nodes"].values():
        if node["resource_type"] not in ("model", "test"):
            continue
        code = _REF.sub(r'"big"."prod"."\1"', node["raw_code"])
        node["compiled"], node["compiled_code"] = True, code
        node["compiled_path"] = f"target/compiled/big/{node['original_file_path']}"
    written: bytes = orjson.dumps(manifest)
    return written


def main() -> None:
    """Make the project where the command line says."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("folder", type=Path)
    parser.add_argument("--models", type=int, default=5_000)
    parser.add_argument("--syncs", type=int, default=300)
    given = parser.parse_args()
    manifest = make(given.folder, Size(given.models, given.syncs))
    print(f"{manifest}: {manifest.stat().st_size / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
