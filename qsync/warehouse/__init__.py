"""The warehouse: the only room that imports dbt and sqlglot."""

from __future__ import annotations

from qsync.warehouse.columns import column_reader
from qsync.warehouse.columns_ahead import columns_ahead
from qsync.warehouse.connection import AdapterConnection, Connection, WarehouseError
from qsync.warehouse.dbt_project import DbtOptions, DbtSession, open_dbt
from qsync.warehouse.dialects import DIALECTS, dialect_of
from qsync.warehouse.fixtures import FixtureWarehouse
from qsync.warehouse.lock import LockLostError
from qsync.warehouse.reading import ReadingWarehouse
from qsync.warehouse.rehearsing import RehearsalWarehouse
from qsync.warehouse.rejected import Rejected
from qsync.warehouse.writing import WritingWarehouse

__all__ = [
    "DIALECTS",
    "AdapterConnection",
    "Connection",
    "DbtOptions",
    "DbtSession",
    "FixtureWarehouse",
    "LockLostError",
    "ReadingWarehouse",
    "RehearsalWarehouse",
    "Rejected",
    "WarehouseError",
    "WritingWarehouse",
    "column_reader",
    "columns_ahead",
    "dialect_of",
    "open_dbt",
]
