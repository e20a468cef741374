"""`qsync why`: a record's story, from the model's column to Qualified's answer."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import click

from qsync.cli.loading import Loaded, load_valid
from qsync.cli.options import CommonOptions, common_options, json_option, option
from qsync.cli.saying import ask
from qsync.errors import UserError
from qsync.exit_codes import ExitCode
from qsync.project.model import ObjectType

if TYPE_CHECKING:
    from qsync.execution.storytelling import Asked
    from qsync.project.model import Sync
    from qsync.views.entries import JsonObject


class _Discreet(click.Command):
    """A command whose usage errors repeat nothing that was typed: it may be somebody's address."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        try:
            return super().parse_args(ctx, args)
        except click.NoSuchOption:
            message = "There is no such option."
        except click.MissingParameter:
            message = "Give an address or a domain, or - to read it from standard input."
        except click.BadParameter as error:
            message = f"Give a value that {error.param.opts[0] if error.param else 'it'} can have."
        except click.UsageError:
            message = "Give one address or domain (or - to read it), and at most one field."
        raise click.UsageError(message, ctx)


@click.command("why", cls=_Discreet)
@click.argument("whom", metavar="EMAIL_OR_DOMAIN")
@click.argument("field", required=False)
@option(
    "--object",
    "object_name",
    type=click.Choice([kind.value for kind in ObjectType]),
    help="What the key is of; an address is a lead's and anything else a company's.",
)
@option(
    "--runs",
    type=click.IntRange(1, 100),
    default=5,
    show_default=True,
    help="How many of its last runs are told, per sync.",
)
@option(
    "--show-values",
    is_flag=True,
    help="Show the key and its values, in the model and as confirmed; at a terminal only.",
)
@json_option
@common_options
def why(
    whom: str,
    field: str | None,
    object_name: str | None,
    runs: int,
    show_values: bool,
    as_json: bool,
    common: CommonOptions,
) -> ExitCode:
    """Tell a record's story, from column to result.

    For every sync that could send it: what stands now, which column and which line of which file
    each field comes from, and for its last runs the chunk, the job and the result; or why it was
    never sent. With FIELD, of that field only. `-` reads the key from standard input, so that it is
    in no shell's history.

    Asks the warehouse and nothing else, by a hash of the key.
    """
    from qsync.cli.samples import only_on_a_terminal
    from qsync.cli.telling import print_json
    from qsync.execution.storytelling import Asked
    from qsync.views.console import data_console
    from qsync.views.why_text import render_why

    if show_values:
        only_on_a_terminal(as_json)
    folded, kind = _folded(whom, object_name)
    loaded = load_valid(common)
    field = None if field is None else _field(loaded, field, kind)
    document = _told(common, loaded, Asked(folded, kind, runs, show_values), field)
    if as_json:
        print_json(document)
    else:
        render_why(document, data_console())
    return ExitCode.OK


def _folded(key: str, object_name: str | None) -> tuple[str, ObjectType]:
    """The key as state knows it, and what it is of.

    Raises:
        UserError: There is none.
    """
    from qsync.planning.match_keys import fold_key

    if key == "-":
        if sys.stdin.isatty():
            ask("Type or paste the address or domain, then Enter:\n")
        key = sys.stdin.readline()
    guessed = ObjectType.LEAD if "@" in key else ObjectType.COMPANY
    kind = guessed if object_name is None else ObjectType(object_name)
    folded = fold_key(key, kind)
    if folded is None:
        raise UserError("There is no address and no domain", hint="name one, or - to read it")
    return folded, kind


def _mapped(sync: Sync, kind: ObjectType) -> dict[str, str | None]:
    mappings = sync.fields if sync.object is kind else ()
    if kind is ObjectType.COMPANY and sync.company is not None:
        mappings = sync.company.fields
    return {item.field: item.column for item in mappings}


def _field(loaded: Loaded, field: str, kind: ObjectType) -> str:
    """Qualified's name of a field, which may be given by its column.

    Raises:
        UserError: No sync maps it.
    """
    mapped = [_mapped(sync, kind) for sync in loaded.project.syncs]
    names = {name for fields in mapped for name in fields}
    if field in names:
        return field
    by_column = {name for fields in mapped for name, column in fields.items() if column == field}
    if len(by_column) == 1:
        return by_column.pop()
    raise UserError(
        f"No sync maps a field '{field}' of a {kind.value}",
        hint=f"mapped are: {', '.join(sorted(names)) or 'none'}",
    )


def _told(common: CommonOptions, loaded: Loaded, asked: Asked, field: str | None) -> JsonObject:
    from qsync.cli.wiring import dbt_session, plan_inputs, read_artifacts, reading_warehouse
    from qsync.execution.storytelling import stories
    from qsync.ledger import record_of, row_from_cells
    from qsync.views.why_document import why_document
    from qsync.warehouse.telling import Telling

    artifacts = read_artifacts(loaded)
    with dbt_session(common, loaded) as session:
        inputs = plan_inputs(loaded, artifacts, session, loaded.project.syncs)
        warehouse = reading_warehouse(loaded, session)
        teller = Telling(warehouse, inputs.destination)
        rows = warehouse.last_runs(inputs.destination, loaded.project.name)
        records = [record_of(row_from_cells(cells)) for cells in rows]
        last = {(record.sync, record.object): record for record in records}
        found = stories(asked, inputs, warehouse, teller, last)
        since = teller.suppressed_since(asked.key, asked.kind)
    about = [item for item in found if field is None or field in {f.name for f in item.fields}]
    return why_document(
        about,
        object_name=asked.kind.value,
        suppressed_since=since,
        newest=max(records, key=lambda record: record.run_id, default=None),
        field=field,
        key=asked.key if asked.with_values else None,
    )
