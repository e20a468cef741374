"""The plan as a document: JSON-ready data, from which every text of it is rendered."""

from __future__ import annotations

import orjson

from qsync.planning.causes import causes
from qsync.planning.changes import FieldChange
from qsync.planning.comparison import Comparison
from qsync.planning.cost import Cost, WindowUse
from qsync.planning.gate import Gate
from qsync.planning.movement import Movement
from qsync.planning.plan import (
    PLAN_FORMAT,
    GuardBreach,
    Plan,
    StreamPlan,
    SyncPlan,
)
from qsync.planning.plan_digest import plan_digest
from qsync.project.model import OnNull
from qsync.views.comparison_document import comparison_document
from qsync.views.entries import JsonObject, orphan_entry, reason_entries, rough_words


def plan_document(plan: Plan, comparison: Comparison | None = None) -> JsonObject:
    """The plan as `schemas/plan.schema.json` describes it, with a comparison if there is one."""
    document: JsonObject = {
        "format": PLAN_FORMAT,
        "digest": plan_digest(plan),
        "project": plan.project,
        "target": plan.target,
        "destination": plan.destination,
        "dbt_invocation_id": plan.dbt_invocation_id,
        "apply_allowed": plan.apply_allowed,
        "has_changes": plan.has_changes,
        "summary": _summary(plan),
        "cost": None if plan.cost is None else _cost(plan.cost),
        "syncs": [_sync(sync) for sync in plan.syncs],
        "orphans": [orphan_entry(orphan) for orphan in plan.orphans],
    }
    if comparison is not None:
        document["comparison"] = comparison_document(comparison)
    return document


_PROMISED = (
    *("stream_id", "label", "object", "match_field", "mapped_fields", "on_removed"),
    *("first_load", "full_refresh", "limit", "counts", "causes", "invalid", "fields"),
    *("conflicts", "clears", "planned", "to_send"),
)
"""Of a stream: what a reviewer reads that does not depend on when it is read."""

_COUNTED = ("to_add", "to_change", "cleared", "removed", "unchanged", "resting", "invalid")


def same_changes(shown: JsonObject, now: JsonObject) -> bool:
    """Whether two plans' documents tell the same changes; one may come from a file."""
    return _changes(shown) == _changes(orjson.loads(orjson.dumps(now)))


def _changes(document: JsonObject) -> list[object]:
    return [
        [document["summary"][name] for name in _COUNTED],
        [
            [sync["name"], sync["relation"], *(_promised(stream) for stream in sync["streams"])]
            for sync in document["syncs"]
        ],
    ]


def _promised(stream: JsonObject) -> list[object]:
    return [stream[name] for name in _PROMISED]


def _summary(plan: Plan) -> JsonObject:
    streams = [stream for sync in plan.syncs for stream in sync.streams]
    known = [stream for stream in streams if not stream.baseline_unknown]
    sent = [stream for stream in known if not stream.baseline]
    going = [stream for sync in plan.syncs if not sync.stopped for stream in sync.streams]
    return {
        "to_add": sum(stream.counts.added for stream in sent),
        "to_change": sum(stream.counts.changed for stream in sent),
        "cleared": sum(stream.counts.cleared for stream in sent),
        "removed": sum(stream.counts.removed for stream in known),
        "stranded": sum(stream.counts.stranded for stream in streams),
        "unchanged": sum(stream.counts.unchanged for stream in known),
        "resting": sum(stream.counts.resting for stream in known),
        "invalid": sum(stream.counts.invalid_total for stream in streams),
        "to_send": sum(stream.to_send for stream in going),
        "jobs": sum(stream.jobs for stream in going),
        "requests": sum(stream.requests for stream in going),
        "syncs": len(plan.syncs),
        "stopped": len(plan.stopped),
        "stopped_syncs": [sync.name for sync in plan.stopped],
        "recorded": sum(_recorded(stream) for stream in streams),
    }


def _cost(cost: Cost) -> JsonObject:
    return {
        "requests": cost.requests,
        "expected": cost.expected,
        "binding": cost.binding.name,
        "windows": [_window(window) for window in cost.windows],
        "seconds": None if cost.seconds is None else round(cost.seconds, 1),
        "at_least": cost.at_least,
        "time": None
        if cost.seconds is None
        else f"{'at least' if cost.at_least else 'about'} {rough_words(cost.seconds)}",
    }


def _window(window: WindowUse) -> JsonObject:
    # 0 only when nothing counts in it, 100 only when nothing more fits in.
    used = window.spent + window.planned
    percent = min(99, max(1 if used else 0, round(100 * window.share)))
    return {
        "name": window.name,
        "limit": window.limit,
        "spent": window.spent,
        "planned": window.planned,
        "percent": 100 if used >= window.limit else percent,
    }


def _sync(sync: SyncPlan) -> JsonObject:
    declared = sync.compiled.sync
    return {
        "name": sync.name,
        "path": declared.path,
        "line": declared.position.line,
        "column": declared.position.column,
        "model": str(declared.model),
        "relation": sync.relation,
        "objects": [stream.object.value for stream in sync.streams] or [declared.object.value],
        "owner": declared.config.owner,
        "fingerprint": sync.compiled.fingerprint,
        "blocked": sync.blocked,
        "gate": None if sync.gate is None else _gate(sync.gate),
        "stopped": sync.stopped,
        "overridden": sync.overridden,
        "planned": sync.planned,
        "streams": [_stream(stream, sync.overridden) for stream in sync.streams],
    }


def _gate(gate: Gate) -> JsonObject:
    return {
        "asked": gate.asked.value,
        "verdict": gate.verdict.value,
        "message": gate.message,
        "hint": gate.hint or None,
        "reason": gate.reason,
        "tests": gate.tests,
        "command": gate.command,
        "results_at": gate.results_at,
        "outcomes": [
            {
                "test": outcome.name,
                "path": outcome.path or None,
                "status": outcome.status or None,
                "rows": outcome.rows,
            }
            for outcome in gate.outcomes
        ],
    }


def _stream(stream: StreamPlan, overridden: bool) -> JsonObject:
    counts = stream.counts
    compiled = stream.stream
    return {
        "stream_id": stream.stream_id,
        "label": compiled.label,
        "object": stream.object.value,
        "grouped": compiled.grouped,
        "match_field": stream.object.match_field,
        "mapped_fields": [field.name for field in compiled.fields],
        "on_removed": compiled.on_removed.value,
        "first_load": stream.first_load,
        "baseline_unknown": stream.baseline_unknown,
        "baseline": stream.baseline,
        "recorded": _recorded(stream),
        "full_refresh": stream.full_refresh,
        "limit": stream.limit,
        "counts": {
            "in_state": counts.state_rows,
            "in_model": counts.in_model,
            "added": counts.added,
            "changed": counts.changed,
            "cleared": counts.cleared,
            "removed": counts.removed,
            "unchanged": counts.unchanged,
            "resting": counts.resting,
            "deferred": counts.deferred,
            "suppressed": counts.suppressed,
            "invalid": counts.invalid_total,
            "retried": counts.retried,
            "unsettled": counts.unsettled,
            "clearing": counts.clearing,
            "returned": counts.returned,
            "rehashed": counts.rehashed,
            "other_domain": counts.other_domain,
            "stranded": counts.stranded,
        },
        "causes": [{"cause": item.cause.value, "records": item.records} for item in causes(stream)],
        "moved": None if stream.moved is None else _moved(stream.moved),
        "invalid": reason_entries(counts.invalid, stream.object.match_field),
        "fields": [_field(change) for change in stream.fields],
        "conflicts": [
            {"field": name, "domains": domains}
            for name, domains in sorted(counts.conflicts.items())
            if domains
        ],
        "clears": _clears(stream),
        "breaches": [_breach(breach, overridden) for breach in stream.breaches],
        "planned": stream.planned,
        "to_send": stream.to_send,
        "jobs": stream.jobs,
        "requests": stream.requests,
    }


def _field(change: FieldChange) -> JsonObject:
    return {
        "field": change.field,
        "changed": change.changed,
        "set": change.set,
        "cleared": change.cleared,
    }


def _moved(moved: Movement) -> JsonObject:
    return {
        "added": list(moved.added),
        "dropped": list(moved.dropped),
        "remapped": list(moved.remapped),
        "retyped": list(moved.retyped),
        "reoptioned": list(moved.reoptioned),
        "match_key": moved.match_key,
        "versions": moved.versions,
        "untold": moved.untold,
    }


def _recorded(stream: StreamPlan) -> int:
    """Records a baseline puts down as synced."""
    return stream.counts.added + stream.counts.changed if stream.baseline else 0


def _clears(stream: StreamPlan) -> list[str]:
    """Fields that are sent as null: by `on_null: clear`, by `on_removed: clear`.

    The histogram knows it for changed and removed records; added ones may hold nulls too.
    """
    if not stream.planned:
        return []
    names = {change.field for change in stream.fields if change.cleared}
    if stream.counts.added:
        names |= {field.name for field in stream.stream.fields if field.on_null is OnNull.CLEAR}
    return sorted(names)


def _breach(breach: GuardBreach, overridden: bool) -> JsonObject:
    return {
        "guard": breach.guard,
        "limit": breach.limit,
        "field": breach.field,
        "overridden": overridden,
        "base_of": breach.base_of,
        "count": breach.count,
        "base": breach.base,
        "share": f"{100 * breach.count / breach.base:.1f}%" if breach.base else None,
    }
