"""Plan files: written for their owner's eyes only, and read back."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson

from qsync.cli.saying import say
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
    say("plan_sealed", f"Sealed in {path}. To look at it: qsync show {path}", path=str(path))
    if plan.apply_allowed:
        again = f"To apply exactly this:       qsync apply {path}"
        say("note", " ".join(again.split()), text=again)
    say_what_is_sealed(document["seal"]["keyed"])


def say_what_is_sealed(keyed: bool) -> None:
    """Say where a seal holds less than one would think."""
    if not keyed:
        say(
            "note",
            "Before the first apply there is no secret to make digests of rows with: this plan "
            "seals files and numbers of records, not which records they are.",
        )


def check_path(path: Path) -> None:
    """Before a plan is made that could not be written.

    Raises:
        UserError: Something stands there that is no file, or there is no such folder.
    """
    # What a link leads to is replaced, and not the link: it was put there on purpose.
    if path.exists() and not path.is_file():
        raise UserError(
            "The plan cannot be written: what stands there is no file",
            hint="--out names a file",
            where=str(path),
        )
    if not path.resolve().parent.is_dir():
        raise UserError(
            "The plan cannot be written: No such file or directory",
            hint="--out names a file in a folder that is there and may be written to",
            where=str(path),
        )


def write_plan_file(path: Path, document: Mapping[str, Any]) -> None:
    """Write the file whole or not at all, readable by its owner only (0600), under any umask.

    Raises:
        UserError: It cannot be written there.
    """
    path = path.resolve()
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


def read_plan_file(path: Path) -> tuple[SealedPlan, dict[str, Any]]:
    """The sealed plan in a file, and the document that every view of it is made from.

    Raises:
        UserError: It cannot be read, or is no plan that qsync wrote.
    """
    from qsync.execution.sealed_file import read_sealed
    from qsync.schema_check import strict_validator

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
    sealed, plan = read_sealed(document, str(path))
    if not (
        strict_validator("sealed-plan").is_valid(document)
        and strict_validator("plan").is_valid(plan)
    ):
        raise UserError(
            "The plan cannot be used: it is not as qsync wrote it",
            hint="make one with `qsync plan --out FILE`; it must not be edited",
            where=str(path),
        )
    return sealed, dict(plan)
