"""A selection on the command line: what has to be asked to understand it, and what it means."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from qsync.artifacts import Manifest, resolve
from qsync.cli.declared import Base, declarations, read_base
from qsync.cli.loading import Loaded
from qsync.cli.options import SelectionOptions
from qsync.cli.saying import say
from qsync.diagnostics import Diagnostic
from qsync.errors import UserError
from qsync.ledger.results import RESULT_WORDS, result_words
from qsync.planning.declared import DECLARED_FILE, state_words
from qsync.planning.selection import Answers, dbt_selectors, select_syncs
from qsync.planning.selectors import all_selectors, check_selectors
from qsync.project.model import Sync

if TYPE_CHECKING:
    from qsync.warehouse import DbtSession


@dataclass(frozen=True, slots=True)
class Selection:
    """A selection whose words are understood.

    Attributes:
        options: As given.
        selectors: What dbt has to be asked.
        results: Whether the warehouse has to be asked how the last runs ended.
        base: What `state:` compares with, when it is asked for.
    """

    options: SelectionOptions
    selectors: tuple[str, ...] = ()
    results: bool = False
    base: Base | None = None

    @property
    def needs_dbt(self) -> bool:
        """False when the sync files alone tell what is selected."""
        return bool(self.selectors) or self.results


def read_selection(loaded: Loaded, options: SelectionOptions) -> Selection:
    """Understand a selection before dbt is started.

    Raises:
        UserError: A word that cannot be meant, or `state:` without anything to compare with.
    """
    words = (*options.select, *options.exclude)
    check_selectors(words, RESULT_WORDS)
    methods = {selector.method for selector in all_selectors(*words)}
    return Selection(
        options,
        selectors=tuple(dbt_selectors(loaded.project.syncs, *words)),
        results="result" in methods,
        base=_base(loaded, options) if "state" in methods else None,
    )


def _base(loaded: Loaded, options: SelectionOptions) -> Base:
    if options.state is None:
        raise UserError(
            "`state:` compares with another manifest, and none is named",
            hint="give --state DIR: a folder with the manifest.json of another build",
        )
    base = read_base(options.state, loaded.project_dir)
    if base.declared is None:
        message = (
            f"there is no {DECLARED_FILE} in {options.state}: changes of sync files cannot be "
            "seen, only those of models. `qsync validate`, plan and apply write it beside "
            "manifest.json; keep both."
        )
        say("note", message, level="warning", text=f"warning: {message}")
    return base


def select(
    loaded: Loaded, manifest: Manifest, session: DbtSession, selection: Selection
) -> tuple[Sync, ...]:
    """The enabled syncs a selection means."""

    def node(sync: Sync) -> str | None:
        found = resolve(manifest, sync.model, loaded.project.name)
        return None if isinstance(found, Diagnostic) else found.unique_id

    answers = Answers(
        nodes_of=lambda selector: session.selected[selector],
        node=node,
        states=_states(loaded, manifest, selection.base),
        results=_results(loaded, session) if selection.results else {},
    )
    options = selection.options
    return select_syncs(loaded.project.syncs, options.select, options.exclude, answers)


def select_offline(loaded: Loaded, selection: Selection) -> tuple[Sync, ...]:
    """The enabled syncs a selection means that asks nobody."""
    options = selection.options
    answers = Answers(nodes_of=lambda _: frozenset(), node=lambda _: None)
    return select_syncs(loaded.project.syncs, options.select, options.exclude, answers)


def _states(loaded: Loaded, manifest: Manifest, base: Base | None) -> Mapping[str, frozenset[str]]:
    if base is None or base.declared is None:
        return {}
    now = declarations(loaded.project, manifest)
    return {
        sync.name: state_words(sync, now[sync.name], base.declared) for sync in loaded.project.syncs
    }


def _results(loaded: Loaded, session: DbtSession) -> Mapping[str, frozenset[str]]:
    """How each sync's last run at this destination ended; a renamed one's under its former name."""
    from qsync.cli.wiring import reading_warehouse
    from qsync.execution.planner import destination_of
    from qsync.ledger.rows import record_of, row_from_cells

    project = loaded.project
    rows = reading_warehouse(loaded, session).last_runs(destination_of(project), project.name)
    words = result_words(record_of(row_from_cells(cells)) for cells in rows)
    return {
        sync.name: words.get(sync.name) or words.get(sync.renamed_from or "", frozenset())
        for sync in project.syncs
    }
