"""How `qsync plan` tells its plan: text, JSON or Markdown, and annotations on GitHub."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import click

from qsync.cli.annotating import annotate
from qsync.cli.loading import InvalidProjectError, Loaded
from qsync.cli.saying import saying, tell_diagnostics
from qsync.diagnostics import Diagnostic
from qsync.execution.planner import destination_of
from qsync.planning.comparison import Comparison
from qsync.planning.plan import Plan


@dataclass(frozen=True, slots=True)
class PlanView:
    """What was asked for.

    Attributes:
        as_json: One JSON document.
        as_markdown: Markdown for GitHub.
        verbose: What is folded in the text.
        annotations: `auto`, `github` or `none`.
        project_dir: The dbt project's folder.
    """

    as_json: bool
    as_markdown: bool
    verbose: bool
    annotations: str
    project_dir: Path

    def __post_init__(self) -> None:
        if self.as_json and self.as_markdown:
            raise click.UsageError("--json and --markdown are two forms of the plan: name one.")

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """While the project's files are read: their errors are annotated before they end it."""
        try:
            yield
        except InvalidProjectError as error:
            self._no_plan(error.diagnostics)
            raise

    def show(
        self,
        plan: Plan | None,
        diagnostics: Sequence[Diagnostic],
        comparison: Comparison | None = None,
    ) -> None:
        """The plan on standard output, a comparison before it; all else on standard error."""
        from qsync.cli.telling import print_plan
        from qsync.views.documents import plan_document
        from qsync.views.told import log_plan

        tell_diagnostics(diagnostics)
        if plan is None:
            self._no_plan(diagnostics)
            return
        log_plan(saying().log, plan)
        document = plan_document(plan, comparison)
        annotate(self.annotations, self.project_dir, diagnostics, document)
        print_plan(
            document, as_json=self.as_json, as_markdown=self.as_markdown, verbose=self.verbose
        )

    def no_match(self, loaded: Loaded, target: str) -> Plan:
        """Nothing selected is no failure: it is said, and a program gets an empty plan."""
        from qsync.cli.telling import print_plan, say_no_match
        from qsync.views.documents import plan_document

        say_no_match(loaded)
        allowed = target in loaded.project.settings.qualified.apply_targets
        empty = Plan(
            project=loaded.project.name,
            target=target,
            destination=destination_of(loaded.project),
            dbt_invocation_id=None,
            syncs=(),
            apply_allowed=allowed,
        )
        if self.as_json or self.as_markdown:
            print_plan(plan_document(empty), as_json=self.as_json, as_markdown=self.as_markdown)
        return empty

    def _no_plan(self, diagnostics: Sequence[Diagnostic]) -> None:
        from qsync.cli.telling import print_no_plan

        annotate(self.annotations, self.project_dir, diagnostics)
        if self.as_markdown:
            print_no_plan(diagnostics)
