"""A sealed plan as a file's document, and back.

It holds counts, names and keyed digests and never a value. The plan's own document is in it whole,
so that every view of it can be made from the file alone.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from qsync.errors import UserError
from qsync.execution.sealing import SealedPlan
from qsync.planning.fingerprint import digest
from qsync.planning.plan import PLAN_FORMAT
from qsync.planning.seal import Base, Seal, StreamSeal, SyncSeal

SEALED_FORMAT = 1
"""Of the file (`schemas/sealed-plan.schema.json`)."""

_ID_LENGTH = 16

Document = Mapping[str, Any]


def sealed_document(
    seal: Seal,
    plan_document: Document,
    *,
    created_at: datetime,
    limit: int | None,
    full_refresh: bool,
) -> dict[str, Any]:
    """The file's content.

    Args:
        seal: What the plan stands on.
        plan_document: The plan as its views have it.
        created_at: When it was made; must know its time zone.
        limit: `--limit`.
        full_refresh: `--full-refresh`.
    """
    content = {
        "sealed_format": SEALED_FORMAT,
        "created_at": created_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "options": {"limit": limit, "full_refresh": full_refresh},
        "seal": dataclasses.asdict(seal),
        "plan": dict(plan_document),
    }
    return {"id": _id(content), **content}


def read_sealed(document: object, where: str) -> tuple[SealedPlan, Document]:
    """The sealed plan and the plan's document.

    Args:
        document: The file's content, read from JSON.
        where: The file, for messages.

    Raises:
        UserError: It is no sealed plan, another version wrote it, or it was changed by hand.
    """
    if not isinstance(document, dict) or "sealed_format" not in document:
        raise _unusable(where, "it is no plan file")
    if document["sealed_format"] != SEALED_FORMAT:
        raise _unusable(where, "another version of qsync wrote it")
    content = {key: value for key, value in document.items() if key != "id"}
    if document.get("id") != _id(content):
        raise _unusable(where, "it is not as qsync wrote it")
    try:
        plan = document["plan"]
        if plan["format"] != PLAN_FORMAT:
            raise _unusable(where, "another version of qsync wrote it")
        return _sealed(document), plan
    except (KeyError, TypeError, ValueError, AttributeError):
        raise _unusable(where, "it is not as qsync wrote it") from None


def _sealed(document: Document) -> SealedPlan:
    seal = document["seal"]
    base = dict(seal["base"])
    syncs = {name: SyncSeal(**entry) for name, entry in base.pop("syncs").items()}
    streams = {name: StreamSeal(**entry) for name, entry in seal["streams"].items()}
    created = datetime.strptime(document["created_at"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    return SealedPlan(
        id=document["id"],
        seal=Seal(Base(**base, syncs=syncs), streams, bool(seal["keyed"])),
        created_at=created.timestamp(),
        **document["options"],
    )


def _id(content: Document) -> str:
    return digest(content, _ID_LENGTH)


def _unusable(where: str, why: str) -> UserError:
    return UserError(
        f"The plan cannot be used: {why}",
        hint="make one with `qsync plan --out FILE`; it must not be edited",
        where=where,
    )
