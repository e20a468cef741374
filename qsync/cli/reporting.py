"""What `qsync report` gathers, and the file it writes."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from qsync.artifacts import Node, read_catalog_columns, read_manifest, resolve
from qsync.cli.loading import Loaded
from qsync.cli.planfile import MAX_BYTES, read_plan_file
from qsync.cli.private import keep_private, private_folder
from qsync.cli.wiring import relative
from qsync.errors import UserError

if TYPE_CHECKING:
    from qsync.cli.options import CommonOptions
    from qsync.execution.ports import RejectSummary
    from qsync.ledger import RunRecord


@dataclass(frozen=True, slots=True)
class Ledger:
    """What was read of runs.

    Attributes:
        records: Of the project's runs.
        rejects: What stands rejected; None when only the seed was read.
        target: dbt's target; None when only the seed was read.
    """

    records: tuple[RunRecord, ...]
    rejects: tuple[RejectSummary, ...] | None = None
    target: str | None = None


def read_ledger(common: CommonOptions, loaded: Loaded, *, from_seed: bool) -> Ledger:
    """The runs as the warehouse knows them, or as the seed does.

    Raises:
        UserError: The warehouse cannot be asked, or the seed is not as qsync wrote it.
    """
    from qsync.ledger import read_seed, record_of, row_from_cells

    if from_seed:
        return Ledger(tuple(record_of(row) for row in read_seed(loaded.seed_path)))
    from qsync.cli.wiring import dbt_session, reading_warehouse

    with dbt_session(common, loaded) as session:
        warehouse = reading_warehouse(loaded, session)
        name = loaded.project.name
        return Ledger(
            tuple(record_of(row_from_cells(cells)) for cells in warehouse.ledger(name)),
            tuple(warehouse.reject_summaries(name)),
            session.target,
        )


def column_types(loaded: Loaded) -> Mapping[str, Mapping[str, str]]:
    """By sync, the types of its model's columns by lower-case name, as far as artifacts say them.

    Nothing depends on them: without a manifest, or for a model dbt does not know, there are none.
    """
    path = loaded.manifest_path
    if not path.is_file():
        return {}
    manifest, _ = read_manifest(path, relative(path, loaded.project_dir))
    if manifest is None:
        return {}
    cataloged = read_catalog_columns(loaded.target_path / "catalog.json")
    found = {}
    for sync in loaded.project.syncs:
        node = resolve(manifest, sync.model, loaded.project.name)
        if isinstance(node, Node):
            types = {**dict(node.column_types), **cataloged.get(node.unique_id, {})}
            found[sync.name] = {name.lower(): kind.lower() for name, kind in types.items() if kind}
    return found


def read_plan(path: Path) -> Mapping[str, Any]:
    """A plan's document, from a sealed plan or from what `qsync plan --json` wrote.

    Raises:
        UserError: It cannot be read, or is neither.
    """
    from qsync.schema_check import strict_validator

    try:
        with path.open("rb") as file:
            text = file.read(MAX_BYTES + 1)
        document = orjson.loads(text)
    except (OSError, orjson.JSONDecodeError):
        document = None
    if isinstance(document, dict) and strict_validator("plan").is_valid(document):
        return document
    return read_plan_file(path)[1]


def write_page(path: Path, text: str, loaded: Loaded) -> None:
    """Write the page whole or not at all; among qsync's own files it is private like them.

    Raises:
        UserError: It cannot be written there.
    """
    own = loaded.own_path.resolve()
    try:
        if own in path.resolve().parents:
            with private_folder(loaded.own_path):
                _replace(path.resolve(), text)
            keep_private(loaded.own_path)
        else:
            _replace(path.resolve(), text)
    except OSError as error:
        raise UserError(
            f"The report cannot be written: {error.strerror}",
            hint="--out names a file in a folder that is there and may be written to",
            where=str(path),
        ) from error


def _replace(path: Path, text: str) -> None:
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as file:
            file.write(text)
        # mkstemp makes 0600; a report is a file like any other, so the umask decides.
        mask = os.umask(0)
        os.umask(mask)
        Path(name).chmod(0o666 & ~mask)
        Path(name).replace(path)
    except BaseException:
        with contextlib.suppress(FileNotFoundError):
            Path(name).unlink()
        raise
