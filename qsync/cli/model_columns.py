"""A model's columns for `qsync new`, from the best source there is."""

from __future__ import annotations

from qsync.artifacts import Node, read_catalog_columns
from qsync.cli.loading import Loaded
from qsync.cli.options import CommonOptions
from qsync.cli.wiring import dbt_session
from qsync.errors import UserError


def read_columns(common: CommonOptions, loaded: Loaded, node: Node) -> tuple[tuple[str, ...], str]:
    """The columns in their order, and where they are from in a few words.

    `catalog.json` is quickest and needs no connection, but it is as old as the last `dbt docs
    generate`: when dbt ran since, the warehouse is asked. Without a warehouse an old catalog still
    beats the documented columns, which are those somebody thought of.
    """
    path = loaded.target_path / "catalog.json"
    cataloged = tuple(read_catalog_columns(path).get(node.unique_id, ()))
    if cataloged and path.stat().st_mtime >= loaded.manifest_path.stat().st_mtime:
        return cataloged, "dbt's catalog.json"
    found, problem = _from_warehouse(common, loaded, node)
    if found:
        return found, "the warehouse"
    if cataloged:
        return cataloged, f"dbt's catalog.json, older than the last run ({problem})"
    return node.columns, f"the model's documentation ({problem})"


def _from_warehouse(
    common: CommonOptions, loaded: Loaded, node: Node
) -> tuple[tuple[str, ...], str]:
    """The relation's columns, or why there are none."""
    from qsync.warehouse import column_reader

    try:
        with dbt_session(common, loaded) as session:
            relation = session.relations.get(node.unique_id)
            if relation is None:
                return (), "dbt does not find the model"
            columns = column_reader(session.connection)(relation)
    except UserError as error:
        return (), f"the warehouse did not answer: {error.message}"
    if columns is None:
        return (), f"the warehouse has no {relation.replace(chr(34), '')} yet"
    return tuple(column.name for column in columns), ""
