"""Whether qsync may make tables in the state schema: tried, and cleaned up."""

from __future__ import annotations

import contextlib

from sqlglot import exp

from qsync.warehouse.connection import Connection
from qsync.warehouse.inventory import has_schema
from qsync.warehouse.layout import Layout
from qsync.warehouse.reading import ReadingWarehouse
from qsync.warehouse.sql import ident


def probe_connection(connection: Connection) -> None:
    """Run the smallest statement there is.

    Raises:
        UserError: The warehouse does not answer.
    """
    connection.rows(exp.select(exp.Literal.number(1)))


def probe_rights(warehouse: ReadingWarehouse, suffix: str) -> bool:
    """Create and drop a table in the state schema, and the schema too when it is missing.

    Args:
        warehouse: Where.
        suffix: What makes the table's name, `qsync_probe_…`, nobody else's: letters and digits.

    Returns:
        Whether the schema was there.

    Raises:
        UserError: The warehouse refused; what was made until then is gone again.
    """
    connection, layout = warehouse.connection, warehouse.layout
    existed = has_schema(connection, layout)
    name = f"qsync_probe_{suffix}"
    with contextlib.ExitStack() as cleanup:
        if not existed:
            connection.run(layout.create_schema())
            # Without CASCADE: should a run have made its tables there meanwhile, this is refused.
            cleanup.callback(connection.run, _drop_schema(layout))
        connection.run(layout.create(name, [("probe", "text")]))
        cleanup.callback(connection.run, layout.drop(name))
    return existed


def _drop_schema(layout: Layout) -> exp.Drop:
    catalog = None if layout.database is None else ident(layout.database)
    return exp.Drop(tables=[exp.Table(db=ident(layout.schema), catalog=catalog)], kind="SCHEMA")
