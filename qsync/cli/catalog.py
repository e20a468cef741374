"""`qsync catalog`: Qualified's field definitions as a file that is committed and reviewed."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import click

from qsync.cli.loading import InvalidProjectError, Loaded, load, load_settled
from qsync.cli.options import CommonOptions, common_options, json_option, option
from qsync.exit_codes import ExitCode
from qsync.fields import FieldCatalog, diff_catalogs, read_catalog, write_catalog

if TYPE_CHECKING:
    from qsync.fields import CatalogDiff


@click.group("catalog")
def catalog() -> None:
    """Keep the field catalog: pull it, show it, compare it.

    The field catalog (qualified_fields.yml) is a file of Qualified's field definitions. Commit it:
    planning needs no API key because of it, and its changes are reviewed.
    """


@catalog.command("pull")
@json_option
@common_options
def pull(as_json: bool, common: CommonOptions) -> ExitCode:
    """Write Qualified's fields to qualified_fields.yml.

    Needs the API key and no scope. Says what is new, gone or changed; review and commit the file.
    """
    from qsync.cli.telling import print_json
    from qsync.project.schemas import SCHEMA_FOLDER, project_schema_path
    from qsync.views.catalog_text import catalog_pull_document, render_catalog_pull
    from qsync.views.console import data_console

    loaded = load_settled(common)
    live = _live(loaded)
    path = loaded.catalog_path
    # A file that cannot be read is written anew, which is what its diagnostic says to do.
    before, _ = read_catalog(path)
    schema = project_schema_path("catalog")
    has_schema = not path.exists() and (loaded.project_dir / SCHEMA_FOLDER).is_dir()
    write_catalog(path, live, schema=schema if has_schema else None)
    diff = None if before is None else diff_catalogs(before, live)
    document = catalog_pull_document(path.name, live, diff)
    if as_json:
        print_json(document)
    else:
        render_catalog_pull(document, data_console())
    return ExitCode.OK


@catalog.command("show")
@option("-v", "--verbose", is_flag=True, help="Show every option of picklists.")
@json_option
@common_options
def show(verbose: bool, as_json: bool, common: CommonOptions) -> ExitCode:
    """Show the fields of the committed catalog. Offline."""
    from qsync.cli.telling import print_json
    from qsync.views.catalog_text import catalog_document, render_catalog
    from qsync.views.console import data_console

    document = catalog_document(_committed(load(common)))
    if as_json:
        print_json(document)
    else:
        render_catalog(document, data_console(), verbose)
    return ExitCode.OK


@catalog.command("diff")
@json_option
@common_options
def diff(as_json: bool, common: CommonOptions) -> ExitCode:
    """Compare the committed catalog with Qualified.

    Ends with 1 when they differ. Needs the API key and no scope. Writes nothing.
    """
    from qsync.cli.telling import print_json
    from qsync.views.catalog_text import catalog_diff_document, render_catalog_diff
    from qsync.views.console import data_console

    loaded = load_settled(common)
    found: CatalogDiff = diff_catalogs(_committed(loaded), _live(loaded))
    document = catalog_diff_document(found)
    if as_json:
        print_json(document)
    else:
        render_catalog_diff(document, data_console())
    return ExitCode.FAILED if found else ExitCode.OK


def _committed(loaded: Loaded) -> FieldCatalog:
    found, problems = read_catalog(loaded.catalog_path, loaded.catalog_path.name)
    if found is None:
        raise InvalidProjectError(tuple(problems))
    return found


def _live(loaded: Loaded) -> FieldCatalog:
    """What Qualified has now."""
    from qsync.cli.wiring import qualified_client

    client = qualified_client(loaded)

    async def ask() -> FieldCatalog:
        async with client:
            return await client.fields()

    return asyncio.run(ask())
