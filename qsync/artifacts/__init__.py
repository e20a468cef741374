"""What dbt wrote: manifest, run results, catalog, read as plain JSON without importing dbt."""

from __future__ import annotations

from qsync.artifacts.catalog import read_catalog_columns
from qsync.artifacts.manifest import read_manifest
from qsync.artifacts.model import DataTest, Manifest, ModelReference, Node
from qsync.artifacts.resolve import resolve
from qsync.artifacts.run_results import NodeResult, RunResults, read_run_results
from qsync.artifacts.stale import check_stale

__all__ = [
    "DataTest",
    "Manifest",
    "ModelReference",
    "Node",
    "NodeResult",
    "RunResults",
    "check_stale",
    "read_catalog_columns",
    "read_manifest",
    "read_run_results",
    "resolve",
]
