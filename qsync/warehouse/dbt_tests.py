"""`dbt test`, run by qsync under its own target path, for syncs with `requires: {tests: run}`.

It is one call for all the models, in qsync's process: a DuckDB file has one process at a time. The
adapter that qsync works with goes on working afterwards. What came of it is in the target path's
`run_results.json` and `manifest.json`; the user's own are not touched.
"""

from __future__ import annotations

from collections.abc import Sequence

from qsync.artifacts import Node
from qsync.warehouse.dbt_project import SILENT, DbtOptions, captured, reason_of

_ALL_OF_THEM = (
    "--resource-type",
    "test",
    "--indirect-selection",
    "eager",
    "--no-fail-fast",
    "--no-defer",
    "--no-favor-state",
)
"""Every data test of the models, on the relations of this target, whatever dbt's variables say."""


def run_dbt_tests(options: DbtOptions, nodes: Sequence[Node]) -> str:
    """Run the data tests of these models.

    Args:
        options: With the target path that the results are written to.
        nodes: Models, snapshots and seeds.

    Returns:
        Why dbt could not run them, in a few words; empty when it did, whatever came of them.
    """
    from dbt.cli.main import dbtRunner

    chosen = [part for node in nodes for part in ("--select", selector_of(node))]
    with captured() as said:
        result = dbtRunner().invoke(
            [*SILENT, "--write-json", "test", *_ALL_OF_THEM, *chosen, *options.arguments()]
        )
    return "" if result.exception is None else reason_of(result.exception, said.getvalue())


def selector_of(node: Node) -> str:
    """Selects the node, and besides it at most those in a folder of its name."""
    version = "" if node.version is None else f".v{node.version}"
    return f"package:{node.package},{node.name}{version}"
