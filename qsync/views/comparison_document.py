"""A comparison as a document: JSON-ready data, from which every text of it is rendered."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict

from qsync.planning.comparison import (
    COMPARISON_FORMAT,
    Comparison,
    FieldComparison,
    Records,
    Reworded,
    Standing,
    StreamComparison,
    SyncComparison,
)
from qsync.views.entries import JsonObject, reason_entries


def comparison_document(comparison: Comparison) -> JsonObject:
    """The comparison as `schemas/comparison.schema.json` describes it."""
    return {
        "format": COMPARISON_FORMAT,
        "project": comparison.project,
        "target": comparison.target,
        "base": comparison.base,
        "own_manifest": comparison.own_manifest,
        "own_catalog": comparison.own_catalog,
        "has_differences": comparison.has_differences,
        "summary": _summary(comparison),
        "settings": _reworded(comparison.settings),
        "syncs": [_sync(sync) for sync in comparison.syncs],
    }


def _summary(comparison: Comparison) -> JsonObject:
    standings = [sync.standing for sync in comparison.syncs]
    added, removed = standings.count(Standing.ADDED), standings.count(Standing.REMOVED)
    streams = [stream for sync in comparison.syncs for stream in sync.streams]
    return {
        "added": added,
        "removed": removed,
        "changed": len(standings) - added - removed,
        "alike": comparison.alike,
        "affected": comparison.affected,
        "uncounted": sum(stream.uncounted is not None for stream in streams),
    }


def _sync(sync: SyncComparison) -> JsonObject:
    return {
        "name": sync.name,
        "former": sync.former,
        "standing": sync.standing.value,
        "path": sync.path,
        "line": sync.line,
        "column": sync.column,
        "objects": [stream.object.value for stream in sync.streams],
        "base_model": sync.base_model,
        "head_model": sync.head_model,
        "base_relation": sync.base_relation,
        "head_relation": sync.head_relation,
        "remodelled": sync.remodelled,
        "policy": _reworded(sync.policy),
        "streams": [_stream(stream) for stream in sync.streams],
    }


def _stream(stream: StreamComparison) -> JsonObject:
    match_field = stream.object.match_field
    records = stream.records
    return {
        "object": stream.object.value,
        "match_field": match_field,
        "base_match": stream.base_match,
        "head_match": stream.head_match,
        "match_moved": stream.match_moved,
        "regrouped": stream.regrouped,
        "differs": stream.differs,
        "uncounted": stream.uncounted,
        "records": None if records is None else _records(records, match_field),
        "fields": [_field(item) for item in stream.fields],
    }


def _records(records: Records, match_field: str) -> JsonObject:
    became_valid, became_invalid = sum(records.valid.values()), sum(records.invalid.values())
    return {
        "affected": records.affected,
        "differing": records.differing,
        "newly_sent": records.new + became_valid,
        "no_longer_sent": records.left + became_invalid,
        "alike": records.alike,
        "new": records.new,
        "left": records.left,
        "became_valid": became_valid,
        "became_invalid": became_invalid,
        "valid": reason_entries(records.valid, match_field),
        "invalid": reason_entries(records.invalid, match_field),
        "rekeyed": records.rekeyed,
    }


def _field(item: FieldComparison) -> JsonObject:
    return {
        "field": item.name,
        "moves": list(item.moves),
        "base": None if item.base is None else asdict(item.base),
        "head": None if item.head is None else asdict(item.head),
        "unread": item.unread,
        "counts": None if item.counts is None else asdict(item.counts),
    }


def _reworded(words: Iterable[Reworded]) -> list[JsonObject]:
    return [asdict(word) for word in words]
