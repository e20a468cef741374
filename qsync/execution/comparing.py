"""Comparing another checkout (the base) with what was planned (the head), on the same rows.

What is equal on both sides is told without asking the warehouse, so that a pull request about one
sync costs one statement per stream of that sync.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from qsync.artifacts import Manifest, Node, resolve
from qsync.diagnostics import Diagnostic
from qsync.fields.model import FieldCatalog
from qsync.planning.compared_fields import compared_fields
from qsync.planning.comparison import (
    CompareRequest,
    Comparison,
    Side,
    Standing,
    StreamComparison,
    SyncComparison,
)
from qsync.planning.compiled import CompiledStream
from qsync.planning.lenient import LenientStream, compile_leniently
from qsync.planning.plan import Plan, SyncPlan
from qsync.planning.ports import ComparingWarehouse
from qsync.planning.reworded import policy_changes, settings_changes
from qsync.project.model import ObjectType, Project, Sync


@dataclass(frozen=True, slots=True)
class Base:
    """Another checkout of the project.

    Attributes:
        folder: Where it is, as it was given.
        project: What it declares.
        manifest: Its own, or the head's.
        catalog: Its own, or the head's.
        own_manifest: Which of the two.
        own_catalog: The same.
        settled: Whether it has a `qsync.yml`, whose settings can be compared.
    """

    folder: str
    project: Project
    manifest: Manifest
    catalog: FieldCatalog
    own_manifest: bool = True
    own_catalog: bool = True
    settled: bool = True


def compare(plan: Plan, head: Project, base: Base, warehouse: ComparingWarehouse) -> Comparison:
    """What the head changes against the base.

    Args:
        plan: Of the head; its syncs are compared, and those of the base that nobody sends now.
        head: The head's project, in which syncs of the plan are some.
        base: The other checkout.
        warehouse: Counts.
    """
    found = list(_Comparer(plan, head, base, warehouse).run())
    differing = tuple(sync for sync in found if sync.differs)
    return Comparison(
        project=plan.project,
        target=plan.target,
        base=base.folder,
        own_manifest=base.own_manifest,
        own_catalog=base.own_catalog,
        settings=settings_changes(base.project, head) if base.settled else (),
        syncs=differing,
        alike=len(found) - len(differing),
    )


@dataclass(frozen=True, slots=True)
class _Read:
    """The base's sync in the head's warehouse.

    Attributes:
        objects: What it writes.
        streams: Its streams; none when it cannot be compiled.
        relation: Its model there, if it is.
        problem: Why nothing of it can be counted, if that is so.
    """

    objects: tuple[ObjectType, ...]
    streams: tuple[LenientStream, ...]
    relation: str | None
    problem: str | None


_NOTHING = _Read((), (), None, None)


class _Comparer:
    def __init__(
        self, plan: Plan, head: Project, base: Base, warehouse: ComparingWarehouse
    ) -> None:
        self._plan = plan
        self._head = head
        self._base = base
        self._warehouse = warehouse

    def run(self) -> Iterator[SyncComparison]:
        """Every planned sync, then those that the base sends and the head does not."""
        for planned in self._plan.syncs:
            yield self._planned(planned)
        pairs = ((self._partner(sync), sync) for sync in self._head.syncs)
        heirs = {partner.name: sync for partner, sync in pairs if partner is not None}
        for sync in self._base.project.syncs:
            heir = heirs.get(sync.name)
            if sync.config.enabled and (heir is None or not heir.config.enabled):
                yield self._gone(sync, heir)

    def _partner(self, sync: Sync) -> Sync | None:
        """The base's sync of that name, or of the name it had before."""
        found = self._base.project.sync(sync.name)
        if found is None and sync.renamed_from is not None:
            found = self._base.project.sync(sync.renamed_from)
        return found

    def _planned(self, planned: SyncPlan) -> SyncComparison:
        sync = planned.compiled.sync
        partner = self._partner(sync)
        standing = Standing.KEPT
        if partner is None:
            standing = Standing.ADDED
        elif not partner.config.enabled:
            standing = Standing.ENABLED
        before = partner if standing is Standing.KEPT else None
        read = _NOTHING if before is None else self._read(before)
        streams = {stream.object: stream for stream in planned.compiled.streams}
        return SyncComparison(
            name=sync.name,
            former=None if partner is None or partner.name == sync.name else partner.name,
            standing=standing,
            path=sync.path,
            line=sync.position.line,
            column=sync.position.column,
            base_model=None if before is None else str(before.model),
            head_model=str(sync.model),
            base_relation=read.relation,
            head_relation=planned.relation,
            policy=() if before is None else policy_changes(before, sync),
            streams=self._streams(read, streams, planned.relation),
        )

    def _gone(self, sync: Sync, heir: Sync | None) -> SyncComparison:
        read = self._read(sync)
        # A disabled one is still declared, and by now maybe somewhere else.
        place = (heir or sync).position
        return SyncComparison(
            name=(heir or sync).name,
            former=None if heir is None or heir.name == sync.name else sync.name,
            standing=Standing.REMOVED if heir is None else Standing.DISABLED,
            path=place.path,
            line=place.line,
            column=place.column,
            base_model=str(sync.model),
            head_model=None,
            base_relation=read.relation,
            head_relation=None,
            policy=(),
            streams=self._streams(read, {}, None),
        )

    def _read(self, sync: Sync) -> _Read:
        """The base's sync over the relation that the head's target has for its model."""
        project = self._base.project
        node = resolve(self._base.manifest, sync.model, project.name)
        problem = relation = columns = None
        if isinstance(node, Diagnostic):
            problem = f"the manifest does not have its model {sync.model} ({node.message})"
            node = Node(sync.model.name, sync.model.name, project.name, "model")
        else:
            relation = self._warehouse.relations().get(node.unique_id)
            columns = None if relation is None else self._warehouse.columns(relation)
            if relation is None:
                problem = f"this checkout's dbt project has no {sync.model}, which it reads"
            elif columns is None:
                problem = f"the warehouse has no {_bare(relation)}, which it reads"
        objects = (sync.object,) if sync.company is None else (ObjectType.COMPANY, sync.object)
        streams = compile_leniently(sync, node, columns or (), self._base.catalog)
        if isinstance(streams, Diagnostic):
            problem = f"it cannot be compiled any more: {streams.message}"
            return _Read(objects, (), relation, problem)
        return _Read(objects, streams, relation, problem)

    def _streams(
        self, read: _Read, head: dict[ObjectType, CompiledStream], relation: str | None
    ) -> tuple[StreamComparison, ...]:
        base = {stream.mapped.object: stream for stream in read.streams}
        # Companies first, as they run.
        wanted = [
            each
            for each in (ObjectType.COMPANY, ObjectType.LEAD)
            if each in read.objects or each in head
        ]
        return tuple(
            self._stream(each, read, base.get(each), head.get(each), relation) for each in wanted
        )

    def _stream(
        self,
        object_type: ObjectType,
        read: _Read,
        base: LenientStream | None,
        head: CompiledStream | None,
        relation: str | None,
    ) -> StreamComparison:
        told = StreamComparison(
            object=object_type,
            base_match=None if base is None else base.mapped.match_column,
            head_match=None if head is None else head.match_column,
            regrouped=base is not None and head is not None and base.mapped.grouped != head.grouped,
        )
        problem = read.problem
        if problem is None and base is not None:
            problem = base.keyless
        if problem is not None and base is None and object_type in read.objects:
            # Whether its mapping is another one is not known: it is not told as if it were new.
            return replace(told, uncounted=problem, base_match=told.head_match)
        if problem is not None and base is not None:
            return replace(told, uncounted=problem, fields=compared_fields(base, head, None))
        if base is not None and head is not None and not base.lost:
            same_rows = read.relation == relation
            if same_rows and _same(base.mapped, head):
                return told
        request = CompareRequest(
            base=None if base is None else Side(base.readable, read.relation or ""),
            head=None if head is None else Side(head, relation or ""),
            unread=frozenset() if base is None else frozenset(base.lost),
        )
        counted = self._warehouse.compare(request)
        return replace(
            told, records=counted.records, fields=compared_fields(base, head, counted.fields)
        )


def _same(base: CompiledStream, head: CompiledStream) -> bool:
    """Whether two streams make the same of every row."""
    return (base.match_column, base.fields, base.grouped, base.allow_free_mail) == (
        head.match_column,
        head.fields,
        head.grouped,
        head.allow_free_mail,
    )


def _bare(relation: str) -> str:
    return relation.replace('"', "").replace("`", "")
