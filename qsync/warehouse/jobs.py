"""Open bulk jobs, so that the run after a dead one can ask what became of them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from qsync.execution.ports import KnownJob, Stage
from qsync.warehouse.layout import JOBS, Layout
from qsync.warehouse.sql import Expression, all_of, col, eq, ident, number, text


class Jobs:
    """Statements on `qsync_jobs` for one destination."""

    def __init__(self, layout: Layout, destination: str) -> None:
        self._table = layout.table(JOBS)
        self._destination = destination

    def note(self, stage: Stage, jobs: Sequence[KnownJob]) -> Expression:
        """Put jobs of a stage down."""
        columns = (
            "run_id",
            "destination",
            "stream_id",
            "job_id",
            "first_number",
            "last_number",
            "accepted_at",
            "lost_answers",
        )
        rows = [
            (
                text(stage.run_id),
                text(self._destination),
                text(stage.stream_id),
                text(job.id),
                number(job.first),
                number(job.last),
                number(int(job.accepted_at)),
                number(job.lost_answers),
            )
            for job in jobs
        ]
        return exp.insert(
            exp.values(rows), self._table.copy(), columns=[ident(name) for name in columns]
        )

    def forget(self, stage: Stage, job_ids: Sequence[str]) -> Expression:
        """They are not open any more."""
        mine = [
            eq(col("run_id"), text(stage.run_id)),
            eq(col("stream_id"), text(stage.stream_id)),
            exp.In(this=col("job_id"), expressions=[text(job_id) for job_id in job_ids]),
        ]
        return exp.delete(self._table.copy()).where(all_of(mine))

    def of_destination(self) -> exp.Select:
        """Every open job: run, stream, id, range, when it was accepted, answers lost before."""
        names = (
            "run_id",
            "stream_id",
            "job_id",
            "first_number",
            "last_number",
            "accepted_at",
            "lost_answers",
        )
        return (
            exp.select(*(col(name) for name in names))
            .from_(self._table.copy())
            .where(eq(col("destination"), text(self._destination)))
            .order_by(col("accepted_at"), col("first_number"))
        )
