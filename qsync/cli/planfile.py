"""Plan files: written for their owner's eyes only, and read back."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import orjson

from qsync.errors import UserError

if TYPE_CHECKING:
    from qsync.execution.planner import PlanInputs
    from qsync.execution.sealing import SealedPlan
    from qsync.planning.plan import Plan

MAX_BYTES = 50_000_000
"""A plan file holds counts: one larger than this is something else."""


def save_plan(
    path: Path, plan: Plan, inputs: PlanInputs, *, limit: int | None, full_refresh: bool
) -> None:
    """Seal a plan, write it, and say how to go on.

    Raises:
        UserError: It cannot be written there.
    """
    from qsync import __version__
    from qsync.execution.sealed_file import sealed_document
    from qsync.execution.sealing import base_of, seal_of
    from qsync.views.documents import plan_document

    document = sealed_document(
        seal_of(base_of(inputs, __version__), plan),
        plan_document(plan),
        created_at=datetime.now(UTC),
        limit=limit,
        full_refresh=full_refresh,
    )
    write_plan_file(path, document)
    click.echo(f"Sealed in {path}. To look at it: qsync show {path}", err=True)
    if plan.apply_allowed:
        click.echo(f"To apply exactly this:       qsync apply {path}", err=True)


def write_plan_file(path: Path, document: Mapping[str, Any]) -> None:
    """Write the file whole or not at all, readable by its owner only (0600), under any umask.

    Raises:
        UserError: It cannot be written there.
    """
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(orjson.dumps(document, option=orjson.OPT_INDENT_2))
                file.write(b"\n")
            Path(name).replace(path)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                Path(name).unlink()
            raise
    except OSError as error:
        raise UserError(
            f"The plan cannot be written: {error.strerror}",
            hint="--out names a file in a folder that is there and may be written to",
            where=str(path),
        ) from error


def read_plan_file(path: Path) -> tuple[SealedPlan, Mapping[str, Any]]:
    """The sealed plan in a file, and the document that every view of it is made from.

    Raises:
        UserError: It cannot be read, or is no plan that qsync wrote.
    """
    from qsync.execution.sealed_file import read_sealed

    try:
        with path.open("rb") as file:
            text = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UserError(
            f"The plan cannot be read: {error.strerror}",
            hint="`qsync plan --out FILE` writes one",
            where=str(path),
        ) from error
    document: object = None
    if len(text) <= MAX_BYTES:
        with contextlib.suppress(orjson.JSONDecodeError):
            document = orjson.loads(text)
    return read_sealed(document, str(path))
