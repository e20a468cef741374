"""`qsync debug`: every prerequisite on a line, with what to do when it fails."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from qsync.cli.options import CommonOptions, common_options, json_option
from qsync.exit_codes import ExitCode

if TYPE_CHECKING:
    from qsync.views.debug_text import CheckResult


@click.command("debug")
@json_option
@common_options
def debug(as_json: bool, common: CommonOptions) -> ExitCode:
    """Check everything that qsync needs.

    Versions, project, artifacts, profile, connection, rights to create tables (a table is created
    and dropped), the API key, its scopes (nothing is written), the quota left, proxies. Goes on
    after a failure, says what to do about it, and ends with 1 when there was one.
    """
    from qsync.cli.telling import print_json
    from qsync.views.console import data_console
    from qsync.views.debug_text import debug_document, render_check, render_debug_end

    console = data_console()
    found = []
    for check in _checks(common):
        found.append(check)
        if not as_json:
            render_check(check, console)
    document = debug_document(found)
    if as_json:
        print_json(document)
    else:
        render_debug_end(document, console)
    return ExitCode.FAILED if document["failed"] else ExitCode.OK


def _checks(common: CommonOptions) -> Iterator[CheckResult]:
    from qsync.cli import checks
    from qsync.cli.checks_qualified import check_qualified
    from qsync.cli.checks_warehouse import check_warehouse

    yield from checks.check_versions()
    loaded, project = checks.check_project(common)
    yield project
    if loaded is None:
        for name in ("manifest", "field catalog", "profile", "adapter", "connection", "rights"):
            yield checks.skipped(name, "there is no dbt project")
    else:
        yield from checks.check_artifacts(loaded)
        yield from check_warehouse(common, loaded)
    yield from check_qualified(loaded)
    if loaded is not None:
        yield checks.check_proxies(loaded.project.settings.qualified.base_url)
