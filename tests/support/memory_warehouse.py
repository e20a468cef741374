"""A warehouse in memory: what execution asks for, by the rules of the SQL one, and much faster.

Each call either does all it does or raises before it has changed anything, as a transaction would.
One `MemoryStore` outlives the runs; each run has a `MemoryWarehouse` of its own over it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from qsync.errors import UserError
from qsync.execution.ports import (
    BATCH_LEFT,
    Commit,
    CommitContext,
    DeadStream,
    LiveField,
    LockHolder,
    Outcome,
    Reject,
    Stage,
    StagedRow,
)
from qsync.fields.kinds import ColumnKind
from qsync.ledger.record import RunRecord, RunStatus
from qsync.planning.changes import ChangeSet
from qsync.planning.cost import Pace
from qsync.planning.movement import mapping_text
from qsync.planning.plan import OrphanState
from qsync.planning.ports import Column, DiffRequest, Only, StreamState
from tests.support.memory_diff import (
    UNSETTLED,
    Judged,
    Known,
    Rejected,
    Wanted,
    counted,
    diff,
)
from tests.support.memory_store import MemoryLock, MemoryStore, StagedTable, StreamTable

LOCK_SECONDS = 900.0


@dataclass(slots=True)
class MemoryWarehouse:
    """Implements `ExecutionWarehouse` over a store."""

    store: MemoryStore
    own_run: str | None = None
    """The run that notes its requests here: earlier ones have not made them."""
    commit_seconds: float = 5.0

    # --- planning ---------------------------------------------------------------------------

    def relations(self) -> Mapping[str, str]:
        """The relation of every model by unique id."""
        return self.store.relations

    def columns(self, relation: str) -> tuple[Column, ...] | None:
        """The model's columns, all of text."""
        if relation not in self.store.relations.values():
            return None
        return tuple(Column(name, ColumnKind.TEXT, "text") for name in self.store.columns)

    def stream_state(self, stream_id: str) -> StreamState:
        """What state knows of a stream."""
        table = self.store.streams.get(stream_id)
        if table is None:
            return StreamState(stream_id)
        name = f"state_{stream_id}"
        return StreamState(stream_id, name, table.columns, table.fingerprint, table.mapping)

    def change_set(self, request: DiffRequest) -> ChangeSet:
        """Compare a stream with its state."""
        return counted(request.stream, self._diff(request), self._living(request.state.stream_id))

    def orphans(
        self, destination: str, project: str, declared: Sequence[str]
    ) -> tuple[OrphanState, ...]:
        """State of streams that are not among the declared ones."""
        return tuple(
            OrphanState(stream_id, table.sync, table.object, self._living(stream_id))
            for stream_id, table in self.store.streams.items()
            if stream_id not in declared
        )

    def requests_spent(self, destination: str) -> Sequence[tuple[float, int]]:
        """Requests of the last 24 hours: `(seconds ago, how many)`."""
        now = self.store.clock()
        spent = self._requests(now - 86_400, but=self.own_run)
        return [(max(0.0, now - at), count) for at, count in spent]

    def run_of_plan(self, plan_id: str) -> str | None:
        """The run that applied a sealed plan."""
        runs = self.store.runs.values()
        idle = {RunStatus.STOPPED, RunStatus.NOTHING_TO_DO}
        applied = (run for run in runs if run.status not in idle)
        return next((run.run_id for run in applied if run.details.get("plan") == plan_id), None)

    def pace(self, destination: str) -> Pace | None:
        """What the last run measured that measured anything."""
        measured = [run for run in self.store.runs.values() if run.jobs and "pace" in run.details]
        if not measured:
            return None
        pace = max(measured, key=lambda run: run.started_at).details["pace"]
        return Pace(pace["job_seconds"], pace["request_seconds"])

    def _diff(self, request: DiffRequest) -> list[Judged]:
        identity = request.state.stream_id
        table = self.store.streams.get(identity)
        rejects = {
            key: item for (owner, key), item in self.store.rejects.items() if owner == identity
        }
        return diff(
            request.stream,
            self.store.model,
            {} if table is None else table.rows,
            rejects,
            full_refresh=request.full_refresh,
            wanted=self._wanted(identity, request.only),
        )

    def _wanted(self, stream_id: str, only: Only | None) -> Wanted | None:
        if only is None:
            return None
        rejected: Collection[str] = {
            key
            for (owner, key), item in self.store.rejects.items()
            if owner == stream_id and only.run_id in {None, item.run_id}
        }
        if only.stage is None:
            return Wanted(dict.fromkeys(rejected if only.rejects else ()), only.rejects)
        staged = self.store.stages[only.stage].rows
        left = {
            str(row.key): row.hash
            for row in staged
            if row.number is not None and row.key not in rejected
        }
        return Wanted(left, only.rejects)

    def _living(self, stream_id: str) -> int:
        table = self.store.streams.get(stream_id)
        rows = () if table is None else table.rows.values()
        return sum(row.status != "removed" for row in rows)

    # --- the lock, and who writes -----------------------------------------------------------

    def prepare(self) -> None:
        """The tables are there."""

    def secret(self) -> bytes:
        """A key of hashes."""
        return b"the secret of a warehouse"

    def known_field_ids(self) -> frozenset[str]:
        """Ids of the live fields seen before."""
        return self.store.fields

    def remember_fields(self, fields: Sequence[LiveField]) -> None:
        """Store the live fields' ids."""
        self.store.fields = frozenset(item.id for item in fields)

    def acquire_lock(self, lock_id: str, holder: str) -> int | LockHolder:
        """Take the lock if it is free or has expired."""
        lock, now = self.store.lock, self.store.clock()
        if lock.lock_id is not None and lock.expires >= now:
            return LockHolder(lock.lock_id, lock.holder, _moment(lock.since), _moment(lock.expires))
        self.store.lock = MemoryLock(lock.epoch + 1, lock_id, holder, now, now + LOCK_SECONDS)
        return self.store.lock.epoch

    def renew_lock(self, epoch: int) -> None:
        """Keep the lock, which must be ours."""
        lock = self.store.lock
        if lock.lock_id is None or lock.epoch != epoch:
            raise UserError("The lock was lost")
        lock.expires = self.store.clock() + LOCK_SECONDS

    def release_lock(self, epoch: int) -> None:
        """Give the lock back, if it is ours."""
        if self.store.lock.epoch == epoch:
            self.store.lock.lock_id = None

    # --- the staged table -------------------------------------------------------------------

    def stage(self, run_id: str, stream_id: str, request: DiffRequest) -> tuple[Stage, ChangeSet]:
        """Keep the change set, and count it."""
        found = self._diff(request)
        sent = sum(row.number is not None for row in found)
        stage = Stage(run_id, stream_id, f"stage_{run_id}_{stream_id[:8]}", request, sent)
        self.store.stages[stage.table] = StagedTable(stage, found)
        return stage, counted(request.stream, found, self._living(request.state.stream_id))

    def drop_stage(self, stage: Stage) -> None:
        """Forget a stage and the notes on its jobs."""
        self.store.stages.pop(stage.table, None)
        self.store.jobs.pop((stage.run_id, stage.stream_id), None)

    def read_stage(self, stage: Stage, first: int, last: int) -> list[StagedRow]:
        """The staged records of a range of numbers, in order."""
        if stage.table not in self.store.stages:
            raise UserError("There is no such table")
        rows = self.store.stages[stage.table].numbered(first, last)
        return [
            StagedRow(
                row.number or 0,
                str(row.key),
                tuple(
                    None if kind == "-" else value for kind, value in _zip(row.kinds, row.values)
                ),
            )
            for row in rows
        ]

    # --- state ------------------------------------------------------------------------------

    def begin(self, stage: Stage, context: CommitContext) -> None:
        """Make the stream's state, and write hashes and tombstones."""
        self.renew_lock(context.epoch)
        stream = stage.request.stream
        columns = frozenset(spec.state_column for spec in stream.fields)
        table = self.store.streams.setdefault(
            stage.stream_id,
            StreamTable(columns, stream.fingerprint, stream.sync, stream.object.value),
        )
        if table.columns != columns:
            raise NotImplementedError("the mapping stays as it is")
        rows = self.store.stages[stage.table].rows
        self._acknowledge(stage, [row for row in rows if row.op == "rehash"], context)
        for row in rows:
            if row.op == "removed":
                known = table.rows[str(row.key)]
                if known.status in UNSETTLED:
                    del table.rows[str(row.key)]
                known.status, known.run_id = "removed", context.run_id

    def purge_removed(self, stage: Stage, before: str, context: CommitContext) -> None:
        """Tombstones are kept for ever here."""
        raise NotImplementedError("`keep_removed` is not set")

    def keep_history(self, stage: Stage, before: str | None, context: CommitContext) -> None:
        """Nobody asks for it here."""

    def settle_mapping(self, stage: Stage, context: CommitContext) -> None:
        """Put down the mapping under which all is up to date."""
        self.renew_lock(context.epoch)
        table = self.store.streams.get(stage.stream_id)
        if table is not None:
            table.mapping = mapping_text(stage.request.stream)

    def baseline(self, stage: Stage, context: CommitContext) -> None:
        """Acknowledge every staged record without sending."""
        self.renew_lock(context.epoch)
        rows = [r for r in self.store.stages[stage.table].rows if r.op in {"added", "changed"}]
        self._acknowledge(stage, rows, context)
        self._forget_rejects(stage, rows)

    def mark_posted(
        self, stage: Stage, last: int, context: CommitContext, *, journaled: bool
    ) -> None:
        """Put down that records up to `last` may be posted."""
        self.renew_lock(context.epoch)
        staged = self.store.stages[stage.table]
        staged.posted, staged.journaled = last, journaled

    def commit(self, stage: Stage, changes: Commit, context: CommitContext) -> None:
        """Bring state up to date with outcomes."""
        self.renew_lock(context.epoch)
        staged = self.store.stages[stage.table]
        for outcome in changes.outcomes:
            self._commit(stage, staged, outcome, context)
        jobs = self.store.jobs.setdefault((stage.run_id, stage.stream_id), {})
        # The SQL column is of whole seconds.
        jobs |= {job.id: replace(job, accepted_at=int(job.accepted_at)) for job in changes.accepted}
        for job_id in changes.resolved:
            jobs.pop(job_id, None)

    def _commit(
        self, stage: Stage, staged: StagedTable, outcome: Outcome, context: CommitContext
    ) -> None:
        rejected = {reject.number: reject for reject in outcome.rejects}
        unanswered = set(outcome.unknown) | (set(rejected) if outcome.unresolved else set())
        not_done = unanswered | set(rejected) | {reject.number for reject in outcome.invalid_late}
        rows = staged.numbered(outcome.first, outcome.last)
        done = [row for row in rows if row.number not in not_done]
        self._acknowledge(stage, done, context, unresolved=outcome.unresolved)
        self._forget_rejects(stage, done)
        lost = [row for row in rows if row.number in unanswered]
        self._unsettle(stage, lost, context, unresolved=outcome.unresolved)
        for row in rows:
            if row.number in rejected:
                self._reject(stage, row, rejected[row.number], context)

    def _reject(self, stage: Stage, row: Judged, said: Reject, context: CommitContext) -> None:
        place, left = (stage.stream_id, str(row.key)), said.reason == BATCH_LEFT
        if left and row.attempts:
            self.store.rejects[place].run_id = context.run_id
            return
        meaning = stage.request.stream.meaning
        reject = Rejected(row.hash, meaning, said.reason, said.field, context.run_id, 1)
        if left:
            reject.attempts = 0
        elif reject.rejection == row.rejected_as:
            reject.attempts = row.attempts + 1
        self.store.rejects[place] = reject

    def _acknowledge(
        self,
        stage: Stage,
        rows: Sequence[Judged],
        context: CommitContext,
        *,
        unresolved: bool = False,
    ) -> None:
        columns = [spec.state_column for spec in stage.request.stream.fields]
        table = self.store.streams[stage.stream_id].rows
        for row in rows:
            status = "open" if unresolved else "unsettled" if row.unsettled == 2 else "synced"
            values = dict(zip(columns, row.values, strict=True))
            table[str(row.key)] = Known(values, status, context.run_id, row.hash)

    def _unsettle(
        self, stage: Stage, rows: Sequence[Judged], context: CommitContext, *, unresolved: bool
    ) -> None:
        table = self.store.streams[stage.stream_id].rows
        for row in rows:
            known = table.setdefault(str(row.key), Known({}, "unsettled", context.run_id))
            known.run_id = context.run_id
            if unresolved:
                known.status = "open"
            elif known.status != "open":
                known.status = "unsettled"

    def _forget_rejects(self, stage: Stage, rows: Sequence[Judged]) -> None:
        for row in rows:
            self.store.rejects.pop((stage.stream_id, str(row.key)), None)

    # --- what earlier runs left behind --------------------------------------------------------

    def dead_streams(self) -> tuple[DeadStream, ...]:
        """Every stream with an open record or a staged table, oldest run first."""
        running = {
            key: run for key, run in self.store.runs.items() if run.status is RunStatus.RUNNING
        }
        found = []
        for table, staged in self.store.stages.items():
            stage, stream = staged.stage, staged.stage.request.stream
            record = running.pop((stage.run_id, stream.sync, stream.object.value), None)
            state = self.stream_state(stage.stream_id)
            jobs = self.store.jobs.get((stage.run_id, stage.stream_id), {})
            found.append(
                DeadStream(
                    run_id=stage.run_id,
                    sync=stream.sync,
                    object=stream.object.value,
                    planned=0 if record is None else record.rows_planned,
                    running=record is not None,
                    # What another process reads of it: the model is not in it.
                    stage=replace(stage, request=DiffRequest(stream, "", state)),
                    posted=0 if state.table is None else min(staged.posted, stage.rows),
                    journaled=staged.journaled,
                    jobs=tuple(jobs.values()),
                    table=table,
                )
            )
        found += [
            DeadStream(*key, planned=run.rows_planned, running=True) for key, run in running.items()
        ]
        return tuple(sorted(found, key=lambda dead: (dead.run_id, dead.sync, dead.object)))

    def close_dead(
        self,
        dead: DeadStream,
        posted: Sequence[tuple[int, int]],
        context: CommitContext,
        *,
        keep_stage: bool = False,
    ) -> None:
        """Close what a run left behind."""
        self.renew_lock(context.epoch)
        theirs = replace(context, run_id=dead.run_id)
        succeeded = rejected = 0
        unknown = dead.planned if dead.table is None else dead.posted
        stage = dead.stage
        if stage is not None and stage.stream_id in self.store.streams:
            staged = self.store.stages[stage.table]
            lost = [
                row
                for first, last in posted
                for row in staged.numbered(first, last)
                if not self._answered(stage, row)
            ]
            self._unsettle(stage, lost, theirs, unresolved=True)
            sent = {row.key for row in staged.rows if row.number is not None}
            known = [
                row.status
                for key, row in self.store.streams[stage.stream_id].rows.items()
                if row.run_id == dead.run_id and key in sent
            ]
            succeeded = sum(status in {"synced", "removed"} for status in known)
            unknown = sum(status in UNSETTLED for status in known)
            rejected = sum(
                owner == stage.stream_id and item.run_id == dead.run_id
                for (owner, _), item in self.store.rejects.items()
            )
        if dead.running:
            self._close(dead, succeeded, rejected, unknown, context)
        if stage is not None and not keep_stage:
            self.drop_stage(stage)

    def _answered(self, stage: Stage, row: Judged) -> bool:
        key = str(row.key)
        known = self.store.streams[stage.stream_id].rows.get(key)
        reject = self.store.rejects.get((stage.stream_id, key))
        return stage.run_id in {item.run_id for item in (known, reject) if item is not None}

    def _close(
        self, dead: DeadStream, succeeded: int, rejected: int, unknown: int, context: CommitContext
    ) -> None:
        succeeded = min(succeeded, dead.planned)
        rejected = min(rejected, dead.planned - succeeded)
        unknown = min(unknown, dead.planned - succeeded - rejected)
        key = (dead.run_id, dead.sync, dead.object)
        self.store.runs[key] = replace(
            self.store.runs[key],
            status=RunStatus.INTERRUPTED,
            finished_at=datetime.strptime(context.at, "%Y-%m-%d %H:%M:%S").replace(tzinfo=UTC),
            rows_succeeded=succeeded,
            rows_rejected=rejected,
            rows_unknown=unknown,
            rows_unsent=dead.planned - succeeded - rejected - unknown,
        )

    # --- records ----------------------------------------------------------------------------

    def note_requests(self, run_id: str, minute: float, requests: int) -> None:
        """Put down that so many requests are about to be made."""
        self.own_run = run_id
        self.store.requests.append((run_id, int(minute), requests))

    def settle_requests(self, run_id: str, by_minute: Mapping[int, int], before: float) -> None:
        """Replace a run's notes by what was made; old notes go."""
        kept = [
            note for note in self.store.requests if note[0] != run_id and note[1] >= int(before)
        ]
        made = [(run_id, minute, count) for minute, count in by_minute.items()]
        self.store.requests = kept + made

    def requests_since(self, moment: float) -> Sequence[tuple[float, int]]:
        """A minute's requests count as made at its end."""
        return self._requests(moment)

    def _requests(self, moment: float, but: str | None = None) -> list[tuple[float, int]]:
        found: dict[int, int] = {}
        for run_id, minute, count in sorted(self.store.requests, key=lambda note: note[1]):
            if minute >= int(moment) - 60 and run_id != but:
                found[minute] = found.get(minute, 0) + count
        return [(float(minute) + 60, count) for minute, count in found.items()]

    def open_record(self, record: RunRecord) -> None:
        """Insert a run record."""
        self.store.runs[record.run_id, record.sync, record.object] = record

    def close_record(self, record: RunRecord, epoch: int) -> None:
        """Replace the run record with its end, under the lock."""
        self.renew_lock(epoch)
        self.open_record(record)

    def ledger(self, project: str, limit: int = 2_000) -> list[tuple[str, ...]]:
        """The records, oldest first, as texts."""
        newest = sorted(self.store.runs.values(), key=lambda run: (run.started_at, run.run_id))
        rows = [record.cells() for record in newest[-limit:]]
        return [tuple("" if cell is None else str(cell) for cell in row) for row in rows]


def _zip(kinds: str, values: Sequence[str | None]) -> list[tuple[str, str | None]]:
    return list(zip(kinds, values, strict=True))


def _moment(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
