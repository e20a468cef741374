"""`qsync plan`: what apply would do, and nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from qsync.cli.declared import keep_declared
from qsync.cli.loading import load_valid
from qsync.cli.options import (
    CommonOptions,
    SelectionOptions,
    annotations_option,
    common_options,
    compare_option,
    json_option,
    markdown_option,
    option,
    selection_options,
)
from qsync.cli.selecting import read_selection, select
from qsync.cli.wiring import dbt_session, plan_inputs, read_artifacts, reading_warehouse
from qsync.exit_codes import ExitCode

if TYPE_CHECKING:
    from qsync.planning.changes import ChangeSet
    from qsync.planning.ports import DiffRequest


@click.command("plan")
@selection_options
@option("--full-refresh", is_flag=True, help="Plan to send every valid record.")
@option("--limit", type=click.IntRange(1), help="Plan to send at most N records per object.")
@compare_option
@option("-v", "--verbose", is_flag=True, help="Open what is folded.")
@option(
    "--detailed-exitcode", is_flag=True, help="End with 2 when there are changes, with 0 when none."
)
@option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Seal the plan into a file that `qsync apply FILE` applies exactly, or not at all.",
)
@option(
    "--show-values",
    type=click.IntRange(1, 50),
    metavar="N",
    help="Show N records of each kind before and after; on a terminal only, never in CI.",
)
@json_option
@markdown_option
@annotations_option
@common_options
def plan(
    selection: SelectionOptions,
    full_refresh: bool,
    limit: int | None,
    compare_to: Path | None,
    verbose: bool,
    out: Path | None,
    show_values: int | None,
    detailed_exitcode: bool,
    as_json: bool,
    as_markdown: bool,
    annotations: str,
    common: CommonOptions,
) -> ExitCode:
    """Show what would change in Qualified.

    Asks the warehouse and nothing else: no API key is needed, and nothing is written to the
    warehouse or to Qualified.
    """
    from qsync.cli.comparing import read_other
    from qsync.cli.planfile import check_path, save_plan
    from qsync.cli.planview import PlanView
    from qsync.cli.samples import only_on_a_terminal, show_samples
    from qsync.cli.telling import say_by_text
    from qsync.execution.comparing import compare
    from qsync.execution.planner import PlanOptions, make_plan

    if out is not None:
        check_path(out)
    if show_values is not None:
        only_on_a_terminal(as_json or as_markdown)
    view = PlanView(as_json, as_markdown, verbose, annotations, common.project_dir)
    with view.reading():
        loaded = load_valid(common)
        artifacts = read_artifacts(loaded)
        chosen = read_selection(loaded, selection)
        base = None if compare_to is None else read_other(compare_to, artifacts)
    with dbt_session(common, loaded, chosen) as session:
        say_by_text(session.adapter_type, by_text=session.connection.dialect.by_text)
        syncs = select(loaded, artifacts.manifest, session, chosen)
        keep_declared(loaded, artifacts.manifest, chosen.base)
        inputs = plan_inputs(loaded, artifacts, session, syncs)
        if not syncs and base is None:
            nothing = view.no_match(loaded, session.target)
            if out is not None:
                save_plan(out, nothing, inputs, limit=limit, full_refresh=full_refresh)
            return ExitCode.OK
        warehouse = reading_warehouse(loaded, session)
        asked: list[DiffRequest] = []

        def measure(_: str, request: DiffRequest) -> ChangeSet:
            asked.append(request)
            return warehouse.change_set(request)

        result = make_plan(
            inputs,
            PlanOptions(full_refresh=full_refresh, limit=limit, imprinted=out is not None),
            warehouse,
            measure,
        )
        comparison = None
        if result.plan is not None and base is not None:
            comparison = compare(result.plan, loaded.project, base, warehouse)
        view.show(result.plan, (*loaded.diagnostics, *result.diagnostics), comparison)
        if show_values is not None and result.plan is not None:
            show_samples(warehouse, asked, show_values)
    if result.plan is None:
        return ExitCode.FAILED
    if out is not None:
        save_plan(out, result.plan, inputs, limit=limit, full_refresh=full_refresh)
    if detailed_exitcode and result.plan.has_changes:
        return ExitCode.CHANGES
    return ExitCode.OK
