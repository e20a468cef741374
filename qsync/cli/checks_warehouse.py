"""What `qsync debug` checks of dbt and the warehouse."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

from qsync.cli.checks import check_adapter, failed, ok, skipped, warning
from qsync.cli.loading import Loaded
from qsync.cli.options import CommonOptions
from qsync.errors import UserError
from qsync.views.debug_text import CheckResult

_AFTER_PROFILE = ("adapter", "connection", "rights")


def check_warehouse(common: CommonOptions, loaded: Loaded) -> Iterator[CheckResult]:
    """The profile, its adapter, a statement, and rights in the state schema."""
    from qsync.cli.wiring import dbt_session, reading_warehouse

    try:
        with dbt_session(common, loaded) as session:
            yield _target(loaded, session.target)
            yield check_adapter(session.adapter_type)
            from qsync.warehouse.probe import probe_connection, probe_rights

            try:
                probe_connection(session.connection)
            except UserError as error:
                hint = "`dbt debug` tries the same connection; DuckDB lets one process in at a time"
                yield failed("connection", error.message, hint)
                yield skipped("rights", "there is no connection")
                return
            yield _answers(session.adapter_type, by_text=session.connection.dialect.by_text)
            schema = loaded.project.settings.state_schema
            try:
                existed = probe_rights(reading_warehouse(loaded, session), secrets.token_hex(4))
            except UserError as error:
                hint = (
                    f"let this user create tables in schema {schema}, and the schema itself if it "
                    "is missing; only apply needs it"
                )
                yield failed("rights", error.message, hint)
                return
            there = "" if existed else ", and the schema, which is not there yet"
            yield ok("rights", f"may create tables in schema {schema}{there}")
    except UserError as error:
        yield failed("profile", error.message, error.hint)
        for name in _AFTER_PROFILE:
            yield skipped(name, "dbt cannot be asked")
    except ImportError as error:
        yield failed("profile", f"dbt cannot be imported: {error.name}", "reinstall qsync and dbt")
        for name in _AFTER_PROFILE:
            yield skipped(name, "dbt cannot be asked")


def _answers(adapter_type: str, *, by_text: bool) -> CheckResult:
    if not by_text:
        return ok("connection", f"{adapter_type} answers")
    said = f"{adapter_type} answers; qsync's statements for it were read, and never run on one"
    return warning("connection", said, "plan first, and look at the numbers, before you apply")


def _target(loaded: Loaded, target: str) -> CheckResult:
    allowed = loaded.project.settings.qualified.apply_targets
    if target in allowed:
        return ok("profile", f"target {target}, which may apply")
    if not allowed:
        todo = f"to apply, list it: `apply_targets: [{target}]` in qsync.yml"
        return warning("profile", f"target {target} can only plan: no target may apply", todo)
    return ok("profile", f"target {target} can only plan; {', '.join(allowed)} may apply")
