"""Before apply plans: the tests of the models whose syncs ask for it, run by qsync itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from qsync.artifacts import Node, resolve
from qsync.execution.planner import PlanInputs
from qsync.planning.gate import OwnTests
from qsync.project.model import TestsGate

RunTests = Callable[[Sequence[Node]], OwnTests]
"""Runs the data tests of these models with dbt, and tells what came of it. It never raises for a
test that fails or for a project that dbt cannot read."""

NOT_RUN = OwnTests(problem="nobody ran it")


def models_to_test(inputs: PlanInputs) -> tuple[Node, ...]:
    """The models of syncs with `requires: {tests: run}`, each once; those without tests left out.

    A model that is not in the manifest is left out as well: compiling says so.
    """
    found: dict[str, Node] = {}
    for sync in inputs.syncs:
        if sync.config.requires.tests is not TestsGate.RUN:
            continue
        node = resolve(inputs.manifest, sync.model, inputs.project.name)
        if isinstance(node, Node) and inputs.manifest.tests.get(node.unique_id):
            found[node.unique_id] = node
    return tuple(found.values())
