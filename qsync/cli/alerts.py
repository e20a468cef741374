"""`qsync alerts`: try the rules, and notice what no run tells."""

from __future__ import annotations

import os

import click

from qsync.cli.loading import Loaded, errors_of, load_settled
from qsync.cli.options import CommonOptions, common_options, json_option
from qsync.errors import UserError
from qsync.exit_codes import ExitCode
from qsync.project.alerts import AlertRule


@click.group("alerts")
def alerts() -> None:
    """Tell people when syncs go wrong: try it, check.

    The rules stand in qsync.yml, under `alerts:`. `apply`, `resume` and `retry` tell by themselves
    how a run ended.
    """


@alerts.command("test")
@click.argument("name", metavar="[NAME]", required=False)
@json_option
@common_options
def test(name: str | None, as_json: bool, common: CommonOptions) -> ExitCode:
    """Send a test message by each rule, or by NAME.

    Tells which went through; ends with 1 when one did not. Asks neither the warehouse nor
    Qualified.
    """
    from qsync.alerting import Delivery
    from qsync.cli.alerting import context_of, deliver_all
    from qsync.cli.telling import print_json
    from qsync.views.alert_text import render_trial, trial_body, trial_document, trial_title
    from qsync.views.console import data_console

    loaded = load_settled(common)
    rules = [rule for rule in _rules(loaded) if name in {None, rule.name}]
    if not rules:
        known = ", ".join(rule.name for rule in loaded.project.settings.alerts)
        raise UserError(f"There is no alert rule '{name}'", hint=f"the rules are: {known}")
    context = context_of(loaded, common.target, os.environ)
    told = deliver_all(
        [
            Delivery(
                rule.name,
                rule.url_env,
                trial_title(context),
                trial_body(rule.name, context),
                "info",
            )
            for rule in rules
        ],
        os.environ,
    )
    document = trial_document(told)
    if as_json:
        print_json(document)
    else:
        render_trial(document, data_console())
    return ExitCode.FAILED if any(item.problems for item in told) else ExitCode.OK


@alerts.command("check")
@json_option
@common_options
def check(as_json: bool, common: CommonOptions) -> ExitCode:
    """Ask the rules without a run; for cron.

    Nothing synced for too long is noticed here, when no `apply` runs at all. Tells what began and
    what is over since it was told last, and lists what is open. Ends with 1 when a message did not
    go through, or the warehouse could not be asked, which is told as well. Needs no API key.
    """
    from qsync.cli.alerting import book_of, evaluate, guarded, say
    from qsync.cli.telling import print_json
    from qsync.cli.watching import failure_words
    from qsync.cli.wiring import dbt_session, reading_warehouse
    from qsync.ledger.alerts import Trouble, WholeRun
    from qsync.views.alert_text import check_document, render_check
    from qsync.views.console import data_console

    loaded = load_settled(common)
    _rules(loaded)
    whole = not errors_of(loaded.diagnostics)
    try:
        with dbt_session(common, loaded) as session:
            book = book_of(loaded, reading_warehouse(loaded, session))
            reached = [WholeRun(Trouble.UNREACHABLE)]
            found = evaluate(loaded, book, reached, target=session.target, complete=whole)
    except UserError as error:
        lost = [failure_words(error)]
        guarded(
            lambda: evaluate(loaded, None, lost, target=common.target, complete=False),
            quiet=common.quiet,
        )
        raise
    document = check_document(found.told, sorted(found.opened))
    if as_json:
        print_json(document)
    else:
        render_check(document, data_console())
    say([item for item in found.told if item.problems], quiet=True)
    return ExitCode.OK if all(item.delivered for item in found.told) else ExitCode.FAILED


def _rules(loaded: Loaded) -> tuple[AlertRule, ...]:
    """The rules.

    Raises:
        UserError: There are none, or apprise is missing.
    """
    from qsync.alerting import is_installed

    rules = loaded.project.settings.alerts
    if not rules:
        raise UserError("qsync.yml has no alert rules", hint="add `alerts:`; see docs/alerts.md")
    if not is_installed():
        raise UserError(
            "Alerts go out through apprise, which is not installed",
            hint="pip install 'qsync[alerts]'",
        )
    return rules
