"""Making a plan: the one path that `plan` and `apply` share.

`plan` measures with the warehouse's diff, `apply` by staging and counting the staged table; all
else, and the object that results, is the same.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from qsync.artifacts import Manifest, Node, check_stale, resolve
from qsync.diagnostics import Diagnostic, Severity
from qsync.errors import UserError
from qsync.execution.costing import cost_of
from qsync.fields.model import FieldCatalog
from qsync.planning.changes import ChangeSet
from qsync.planning.compile import compile_sync
from qsync.planning.compiled import CompiledStream, CompiledSync
from qsync.planning.drift import drift
from qsync.planning.fingerprint import stream_id
from qsync.planning.gate import NO_EVIDENCE, Evidence, Gate
from qsync.planning.gates import judge
from qsync.planning.guards import breaches
from qsync.planning.plan import GuardBreach, Plan, StreamPlan, SyncPlan
from qsync.planning.plan_digest import plan_digest
from qsync.planning.ports import DiffRequest, Only, PlanningWarehouse, StreamState
from qsync.planning.writers import check_writers
from qsync.project.lines import line_reader
from qsync.project.model import ObjectType, Project, Sync

Measure = Callable[[str, DiffRequest], ChangeSet]
"""Compares one stream with its state: stream id and request to counts."""


@dataclass(frozen=True, slots=True)
class PlanOptions:
    """What a command was asked for.

    Attributes:
        full_refresh: Send everything valid.
        baseline: Put records down as synced and send nothing.
        limit: Records to send at most, per sync.
        resume: Staged tables of the run that is resumed, by stream id: only what is left of them
            is sent.
        retry: Only rejects are sent, resting ones too.
        parent: The run that is resumed, or whose rejects are sent.
        imprinted: Whether change sets get imprints, for a sealed plan.
        override: The digest of the plan that is to be applied although guards do not hold.
        rehearsal: Nothing is sent to Qualified, so a target that may not write may do it too.
    """

    full_refresh: bool = False
    baseline: bool = False
    limit: int | None = None
    resume: Mapping[str, str] | None = None
    retry: bool = False
    parent: str | None = None
    imprinted: bool = False
    override: str | None = None
    rehearsal: bool = False

    def only(self, stream_id: str) -> Only | None:
        """Which of a stream's records may be sent; None for all."""
        if self.resume is not None:
            return Only(stage=self.resume.get(stream_id), run_id=self.parent)
        return Only(rejects=True, run_id=self.parent) if self.retry else None


@dataclass(frozen=True, slots=True)
class PlanInputs:
    """What a plan stands on.

    Attributes:
        project: Everything declared.
        project_dir: Its folder.
        manifest: dbt's.
        catalog: The field catalog.
        target: The dbt target's name.
        destination: Host, with the account when one is named.
        syncs: The syncs to plan.
        live: Qualified's definitions of now, when apply asked for them: a sync whose mapped field
            is gone or changed its type is blocked.
        evidence: What gates look at; without it nothing is known to have passed.
    """

    project: Project
    project_dir: Path
    manifest: Manifest
    catalog: FieldCatalog
    target: str
    destination: str
    syncs: tuple[Sync, ...]
    live: FieldCatalog | None = None
    evidence: Evidence = NO_EVIDENCE


@dataclass(frozen=True, slots=True)
class PlanResult:
    """A plan, or None with the errors that prevented it; warnings either way."""

    plan: Plan | None
    diagnostics: tuple[Diagnostic, ...]


def destination_of(project: Project) -> str:
    """Whose state it is: the host, and the account when one is named."""
    qualified = project.settings.qualified
    host = qualified.base_url.partition("://")[2].partition("/")[0]
    return host if qualified.account is None else f"{host} ({qualified.account})"


def make_plan(
    inputs: PlanInputs, options: PlanOptions, warehouse: PlanningWarehouse, measure: Measure
) -> PlanResult:
    """Compile the syncs, compare each stream with its state, check the guards and the gates.

    Every problem of every sync is found before anything is measured; an error stops the plan.
    """
    compiled, diagnostics = compile_all(inputs, warehouse)
    if any(item.severity is Severity.ERROR for item in diagnostics):
        return PlanResult(None, tuple(diagnostics))
    allowed = inputs.target in inputs.project.settings.qualified.apply_targets
    planned = tuple(
        _plan_sync(item, relation, inputs, options, warehouse, measure, allowed)
        for item, relation in compiled
    )
    orphans = warehouse.orphans(
        inputs.destination,
        inputs.project.name,
        sorted(declared_streams(inputs.project, inputs.destination)),
    )
    plan = Plan(
        project=inputs.project.name,
        target=inputs.target,
        destination=inputs.destination,
        dbt_invocation_id=inputs.manifest.invocation_id,
        syncs=planned,
        orphans=orphans,
        apply_allowed=allowed,
    )
    if options.override is not None:
        plan = _overridden(plan, options.override)
    return PlanResult(_with_cost(plan, inputs, warehouse), tuple(diagnostics))


def _overridden(plan: Plan, named: str) -> Plan:
    """The plan with its broken guards overridden, if it is the one that was named.

    Raises:
        UserError: It is another.
    """
    digest = plan_digest(plan)
    if digest != named:
        raise UserError(
            f"--override-guards names plan {named}, and this is another: it is of another "
            "selection, limit or target, or something has changed since",
            hint="plan anew with the same options and look at it: `qsync plan` tells its digest",
        )
    syncs = tuple(replace(sync, overridden=sync.broken) for sync in plan.syncs)
    return replace(plan, syncs=syncs)


def _with_cost(plan: Plan, inputs: PlanInputs, warehouse: PlanningWarehouse) -> Plan:
    """The plan with its cost. What that takes to know is asked only when something is sent."""
    if not plan.jobs:
        return plan
    return replace(
        plan,
        cost=cost_of(
            plan.jobs,
            inputs.project.settings.qualified.limits,
            warehouse.requests_spent(inputs.destination),
            warehouse.pace(inputs.destination),
        ),
    )


def compile_all(
    inputs: PlanInputs, warehouse: PlanningWarehouse
) -> tuple[list[tuple[CompiledSync, str]], list[Diagnostic]]:
    """The compiled syncs with their relations, companies' first, and every diagnostic."""
    found: list[tuple[CompiledSync, str]] = []
    diagnostics: list[Diagnostic] = check_writers(
        inputs.project.syncs, inputs.catalog, line_reader(inputs.project_dir)
    )
    relations = warehouse.relations()
    for sync in inputs.syncs:
        node = resolve(
            inputs.manifest,
            sync.model,
            inputs.project.name,
            position=sync.model_position,
            sync=sync.name,
        )
        if isinstance(node, Diagnostic):
            diagnostics.append(node)
            continue
        problem = _check_relation(sync, node, relations, inputs)
        stale = check_stale(
            node, inputs.manifest, inputs.project_dir, position=sync.model_position, sync=sync.name
        )
        diagnostics += [item for item in (problem, stale) if item is not None]
        if problem is not None:
            continue
        relation = relations[node.unique_id]
        columns = warehouse.columns(relation)
        if columns is None:
            diagnostics.append(_no_relation(sync, relation))
            continue
        compilation = compile_sync(sync, node, columns, inputs.catalog)
        diagnostics += compilation.diagnostics
        if compilation.compiled is not None:
            found.append((compilation.compiled, relation))
    # Companies first, so that a lead finds the values of its company there.
    found.sort(key=lambda item: item[0].sync.object is not ObjectType.COMPANY)
    diagnostics.sort(key=Diagnostic.sort_key)
    return found, diagnostics


def _check_relation(
    sync: Sync, node: Node, relations: Mapping[str, str], inputs: PlanInputs
) -> Diagnostic | None:
    """The manifest must have been made for the target that is planned."""
    relation = relations.get(node.unique_id)
    if relation is None:
        return Diagnostic(
            "QS214",
            Severity.ERROR,
            sync.model_position,
            f"model '{sync.model}' is in the manifest and dbt does not find it any more",
            "run `dbt run` (or `dbt parse`) again",
            sync.name,
        )
    if node.relation_name is not None and node.relation_name != relation:
        return Diagnostic(
            "QS215",
            Severity.ERROR,
            sync.model_position,
            f"dbt last ran for another target: the manifest has {_bare(node.relation_name)}, "
            f"target '{inputs.target}' is {_bare(relation)}",
            f"run `dbt run --target {inputs.target}` first, or name the target dbt ran for",
            sync.name,
        )
    return None


def _no_relation(sync: Sync, relation: str) -> Diagnostic:
    return Diagnostic(
        "QS216",
        Severity.ERROR,
        sync.model_position,
        f"the warehouse has no {_bare(relation)}",
        f"run `dbt run --select {sync.model.name}` first",
        sync.name,
    )


def _bare(relation: str) -> str:
    return relation.replace('"', "").replace("`", "")


def _plan_sync(
    compiled: CompiledSync,
    relation: str,
    inputs: PlanInputs,
    options: PlanOptions,
    warehouse: PlanningWarehouse,
    measure: Measure,
    allowed: bool,
) -> SyncPlan:
    streams = tuple(
        _plan_stream(compiled, stream, relation, inputs, options, warehouse, measure, allowed)
        for stream in compiled.streams
    )
    gate = judge(
        compiled.sync.config.requires, compiled.node, relation, inputs.manifest, inputs.evidence
    )
    blocked = _blocked(compiled, streams, inputs.live, gate)
    if blocked is not None:
        # One reason is enough, and raising a guard would not help.
        streams = tuple(replace(stream, breaches=()) for stream in streams)
    return SyncPlan(compiled, relation, streams, blocked, gate)


def _blocked(
    compiled: CompiledSync,
    streams: Sequence[StreamPlan],
    live: FieldCatalog | None,
    gate: Gate | None,
) -> str | None:
    drifted = None if live is None else drift(compiled.streams, live)
    if drifted is not None:
        return drifted
    if streams[-1].counts.in_model == 0:
        return (
            f"model '{compiled.sync.model}' is empty: that is more often an accident upstream "
            "than the wish to remove everybody (if it is: delete the sync, then `qsync state rm`)"
        )
    return gate.reason if gate is not None and gate.closed else None


def _plan_stream(
    compiled: CompiledSync,
    stream: CompiledStream,
    relation: str,
    inputs: PlanInputs,
    options: PlanOptions,
    warehouse: PlanningWarehouse,
    measure: Measure,
    allowed: bool,
) -> StreamPlan:
    identity = stream_id(
        inputs.destination, inputs.project.name, compiled.name, stream.object.value
    )
    state = state_of(compiled.sync, stream, identity, inputs, warehouse)

    def is_first_load(found: ChangeSet) -> bool:
        # One that died, or was limited to nothing, has a state table without records.
        return state.table is None or found.counts.state_rows == 0

    def broken(found: ChangeSet) -> tuple[GuardBreach, ...]:
        if options.baseline:
            return ()
        return breaches(
            compiled.sync.config.guards,
            found,
            first_load=is_first_load(found),
            full_refresh=options.full_refresh,
        )

    request = DiffRequest(
        stream,
        relation,
        state,
        options.full_refresh,
        options.only(identity),
        imprinted=lambda found: options.imprinted or bool(broken(found)),
    )
    change_set = measure(identity, request)
    first_load = is_first_load(change_set)
    unknown = first_load and not (allowed or options.rehearsal)
    return StreamPlan(
        stream=stream,
        stream_id=identity,
        counts=change_set.counts,
        fields=change_set.fields,
        first_load=first_load,
        baseline_unknown=unknown,
        limit=options.limit,
        breaches=broken(change_set),
        full_refresh=options.full_refresh,
        baseline=options.baseline,
        moved=state.moved(stream),
        imprint=change_set.imprint,
        max_rejected=compiled.sync.config.guards.max_rejected,
    )


def state_of(
    sync: Sync,
    stream: CompiledStream,
    identity: str,
    inputs: PlanInputs,
    warehouse: PlanningWarehouse,
) -> StreamState:
    """The stream's state, under its former name if the sync was renamed and has none yet."""
    state = warehouse.stream_state(identity)
    if state.table is None and sync.renamed_from is not None:
        former = stream_id(
            inputs.destination, inputs.project.name, sync.renamed_from, stream.object.value
        )
        before = warehouse.stream_state(former)
        return state if before.table is None else before
    return state


def declared_streams(project: Project, destination: str) -> set[str]:
    """Ids of every stream declared, under its name and its former one."""
    found: set[str] = set()
    for sync in project.syncs:
        found |= stream_ids(sync, project, destination)
    return found


def stream_ids(sync: Sync, project: Project, destination: str) -> set[str]:
    """Ids of a sync's streams, under its name and its former one."""
    names = [sync.name] if sync.renamed_from is None else [sync.name, sync.renamed_from]
    return {
        stream_id(destination, project.name, name, object_type.value)
        for name in names
        for object_type in _objects(sync)
    }


def _objects(sync: Sync) -> Iterable[ObjectType]:
    yield sync.object
    if sync.company is not None:
        yield ObjectType.COMPANY
