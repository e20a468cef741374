"""What `qsync debug` checks of the key and of Qualified. Writes nothing there."""

from __future__ import annotations

import asyncio
import os
import time
from typing import TYPE_CHECKING

from qsync.cli.checks import failed, ok, skipped, warning
from qsync.cli.loading import Loaded, errors_of, settings_problems
from qsync.errors import UserError
from qsync.execution.remote import RemoteError
from qsync.project.model import QualifiedSettings
from qsync.views.debug_text import CheckResult

if TYPE_CHECKING:
    from qsync.qualified import ApiKey, RateLimit

PATIENCE = 5.0
"""Seconds a call of this command waits at most because Qualified asks for it or fails."""

_ASKING = ("key valid", "bulk scope", "quota")


def check_qualified(loaded: Loaded | None) -> list[CheckResult]:
    """The key's variable, whether Qualified takes it, what it may do, the quota left."""
    from qsync.qualified.key import read_api_key

    settings = QualifiedSettings() if loaded is None else loaded.project.settings.qualified
    try:
        key = read_api_key(os.environ, settings.api_key_env)
    except UserError as error:
        found = failed("key", error.message, error.hint)
        return [found, *(skipped(name, "there is no key") for name in _ASKING)]
    present = ok("key", f"{settings.api_key_env} is set")
    if loaded is None or errors_of(settings_problems(loaded)):
        why = "what qsync.yml says of the address has errors"
        return [present, *(skipped(name, why) for name in _ASKING)]
    return [present, *asyncio.run(_ask(settings, key))]


async def _ask(settings: QualifiedSettings, key: ApiKey) -> list[CheckResult]:
    from qsync.qualified.client import BulkScope, QualifiedClient

    scopes = {
        BulkScope.GRANTED: ok(
            "bulk scope", "the key may read bulk jobs; whether it may submit them, apply shows"
        ),
        BulkScope.MISSING: failed(
            "bulk scope",
            "the key may not use bulk jobs",
            "in Qualified's settings, give it the scopes bulk_job:view and bulk_job:manage",
        ),
        BulkScope.UNCLEAR: warning(
            "bulk scope", "Qualified's answer tells nothing", "run `qsync apply --limit 1`"
        ),
    }
    found: list[CheckResult] = []
    try:
        async with QualifiedClient(
            settings.base_url, key, limits=settings.limits, max_wait=PATIENCE
        ) as client:
            fields = await client.fields()
            said = f"{settings.base_url} has {len(fields.lead)} lead and "
            found.append(ok("key valid", f"{said}{len(fields.company)} company fields"))
            found.append(scopes[await client.probe_bulk_scope()])
            found.append(_quota(client.rate_limit))
    except (RemoteError, UserError) as error:
        found.append(failed(_ASKING[len(found)], error.message, error.hint))
        found += [skipped(name, "see above") for name in _ASKING[len(found) :]]
    return found


def _quota(limit: RateLimit | None) -> CheckResult:
    if limit is None:
        return warning("quota", "Qualified does not say how much is left", None)
    minutes = max(round((limit.reset - time.time()) / 60), 0)
    said = f"{limit.remaining:,} of {limit.limit:,} requests left, more in {minutes} min"
    if limit.remaining == 0:
        return warning("quota", said, "wait: the whole team shares it")
    return ok("quota", said)
