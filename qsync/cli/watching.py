"""A run and its alerts: however it ends, early or late, the rules are asked once."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Self

import click

from qsync.cli.alerting import Evaluated, book_of, evaluate, guarded
from qsync.cli.failures import as_user_error
from qsync.cli.loading import Loaded, errors_of, load, settings_problems
from qsync.cli.options import CommonOptions
from qsync.errors import UserError
from qsync.exit_codes import ExitCode
from qsync.ledger.alerts import Trouble, WholeRun

if TYPE_CHECKING:
    from qsync.cli.applying import Application
    from qsync.execution.apply import ApplyResult
    from qsync.warehouse import WritingWarehouse


class Watch:
    """Evaluates alert rules at the end of a run.

    Entered around all of a sending command. What ends it before a sync does (no key, no warehouse,
    a held lock) is told too, unless a person is at the terminal, who sees it.

    Args:
        common: dbt's flags.
        unattended: Whether nobody is asked.

    Attributes:
        loaded: The project, once it is read.
        opening: Whether dbt is being asked for the warehouse, which may be what fails.
    """

    def __init__(self, common: CommonOptions, *, unattended: bool) -> None:
        self.loaded: Loaded | None = None
        self.opening = False
        self._common = common
        self._unattended = unattended
        self._told = False

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Tell of an end before its time, with a warehouse of its own where there is one."""
        if self._told or not self._unattended or not isinstance(error, Exception):
            return
        if not isinstance(error, click.ClickException | click.exceptions.Exit | click.Abort):
            whole = [_failed(error)]
            guarded(lambda: self._from_outside(whole), quiet=self._common.quiet)

    def run(self, application: Application, warehouse: WritingWarehouse) -> ExitCode:
        """Run, then evaluate while the warehouse is at hand."""
        error: Exception | None = None
        try:
            return application.run()
        except Exception as raised:
            error = raised
            raise
        finally:
            # Not for an exit at once, which leaves no time.
            whole = self._whole(error, application.result)
            target = application.inputs.target
            self._told = True
            guarded(
                lambda: self._inside(application.loaded, warehouse, whole, target),
                quiet=self._common.quiet,
            )

    def _whole(self, error: Exception | None, result: ApplyResult | None) -> list[WholeRun]:
        """What is to be said of the run besides its syncs' records."""
        if result is not None and (result.records or result.plan is not None):
            return [WholeRun(Trouble.FAILED)]
        if not self._unattended:
            return []
        if error is not None:
            return [_failed(error)]
        if result is None or result.interrupted or result.pause is not None:
            return []
        problem = next((item for item in result.diagnostics), None)
        message = "there is no plan" if problem is None else f"{problem.code}: {problem.message}"
        return [WholeRun(Trouble.FAILED, message, "qsync plan")]

    def _inside(
        self,
        loaded: Loaded,
        warehouse: WritingWarehouse,
        whole: list[WholeRun],
        target: str,
    ) -> Evaluated:
        if not loaded.project.settings.alerts:
            return Evaluated()
        try:
            warehouse.refresh()
            book = book_of(loaded, warehouse)
            reached = [*whole, WholeRun(Trouble.UNREACHABLE)]
            return evaluate(loaded, book, reached, target=target, complete=True)
        except UserError:
            # It was there a moment ago: what failed may be the warehouse itself.
            return evaluate(loaded, None, whole, target=target, complete=False)

    def _from_outside(self, whole: list[WholeRun]) -> Evaluated:
        from qsync.cli.wiring import dbt_session, reading_warehouse

        loaded = self.loaded or load(self._common)
        if errors_of(settings_problems(loaded)) or not loaded.project.settings.alerts:
            return Evaluated()
        target = self._common.target
        if not self.opening:
            try:
                with dbt_session(self._common, loaded) as session:
                    book = book_of(loaded, reading_warehouse(loaded, session))
                    return evaluate(loaded, book, whole, target=session.target, complete=False)
            except UserError:
                return evaluate(loaded, None, whole, target=target, complete=False)
        return evaluate(loaded, None, whole, target=target, complete=False)


def _failed(error: Exception) -> WholeRun:
    """An error in words; of one that nobody foresaw only its type, for its text may hold values."""
    known = error if isinstance(error, UserError) else as_user_error(error)
    if known is None:
        return WholeRun(Trouble.FAILED, f"a bug in qsync: {type(error).__name__}")
    return WholeRun(Trouble.FAILED, known.message, known.hint)


def failure_words(error: Exception) -> WholeRun:
    """The same for a warehouse that could not be asked."""
    found = _failed(error)
    return WholeRun(Trouble.UNREACHABLE, found.message, found.hint)
