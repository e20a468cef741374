"""Pure planning: compile a sync, count what changed, check guards, and the plan that results.

No clock, no randomness, no I/O: what a warehouse is asked stands in `ports`.
"""

from __future__ import annotations

from qsync.planning.changes import ChangeCounts, ChangeSet, FieldChange
from qsync.planning.compile import Compilation, check_sync, compile_sync
from qsync.planning.compiled import CompiledField, CompiledStream, CompiledSync
from qsync.planning.plan import GuardBreach, OrphanState, Plan, StreamPlan, SyncPlan
from qsync.planning.ports import Column, DiffRequest, PlanningWarehouse, StreamState
from qsync.planning.writers import check_writers

__all__ = [
    "ChangeCounts",
    "ChangeSet",
    "Column",
    "Compilation",
    "CompiledField",
    "CompiledStream",
    "CompiledSync",
    "DiffRequest",
    "FieldChange",
    "GuardBreach",
    "OrphanState",
    "Plan",
    "PlanningWarehouse",
    "StreamPlan",
    "StreamState",
    "SyncPlan",
    "check_sync",
    "check_writers",
    "compile_sync",
]
