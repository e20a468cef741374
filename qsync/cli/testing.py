"""What `qsync test` does: which tests, what their models are, and each run on its own."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from pathlib import Path

from qsync.artifacts import Manifest, Node, read_catalog_columns, read_manifest, resolve
from qsync.cli.loading import InvalidProjectError, Loaded, errors_of
from qsync.cli.options import CommonOptions, SelectionOptions
from qsync.cli.selecting import read_selection, select, select_offline
from qsync.cli.wiring import dbt_session, relative
from qsync.diagnostics import Diagnostic, Severity
from qsync.errors import UserError
from qsync.execution.expectations import differences
from qsync.execution.sync_tests import observe
from qsync.fields import FieldCatalog, read_catalog
from qsync.planning.given import check_given, known_columns
from qsync.planning.selection import dbt_selectors
from qsync.project.model import Sync
from qsync.project.sync_tests import SyncTest
from qsync.views.tests_document import TestedSync

_DISABLED = "the sync is disabled"


def run_tests(
    common: CommonOptions, loaded: Loaded, selection: SelectionOptions
) -> tuple[list[TestedSync], list[Diagnostic]]:
    """Run the selected tests; what came of them, and warnings.

    Raises:
        InvalidProjectError: The field catalog is missing, or the manifest cannot be read.
        UserError: DuckDB is not installed.
    """
    manifest, warnings = _manifest(loaded)
    catalog, problems = read_catalog(loaded.catalog_path, loaded.catalog_path.name)
    if catalog is None or errors_of(tuple(problems)):
        raise InvalidProjectError(tuple(problems))
    cataloged = read_catalog_columns(loaded.target_path / "catalog.json")
    bench = _Bench(loaded, manifest, catalog, cataloged)
    chosen = _chosen(common, loaded, manifest, selection)
    tested = []
    for test in chosen:
        result, found = bench.run(test)
        tested.append(result)
        warnings += found
    return tested, warnings


def no_test(loaded: Loaded) -> str:
    """What to say when no test was run."""
    if not loaded.project.tests:
        return "No sync test is declared: write some under `tests:` in a *.qsync.yml."
    known = ", ".join(dict.fromkeys(test.sync for test in loaded.project.tests))
    return f"The selection matches no test. Syncs with tests: {known}."


@dataclass(frozen=True, slots=True)
class _Bench:
    """What every test stands on."""

    loaded: Loaded
    manifest: Manifest | None
    catalog: FieldCatalog
    cataloged: Mapping[str, Mapping[str, str]]

    def run(self, test: SyncTest) -> tuple[TestedSync, list[Diagnostic]]:
        from qsync.warehouse import FixtureWarehouse

        project = self.loaded.project
        sync = project.sync(test.sync)
        assert sync is not None  # noqa: S101 - a test of another is refused when it is read
        if not sync.config.enabled:
            return TestedSync(test, skipped=_DISABLED), []
        node = self._node(sync)
        if isinstance(node, Diagnostic):
            return TestedSync(test, problems=(node,)), []
        adapter = None if self.manifest is None else self.manifest.adapter_type
        known = known_columns(node, self.cataloged, adapter)
        found = check_given(test, sync, known)
        errors = tuple(item for item in found if item.severity is Severity.ERROR)
        if errors:
            return TestedSync(test, problems=errors), []
        with contextlib.closing(
            FixtureWarehouse(node.unique_id, sync.model.name, project=project.name)
        ) as warehouse:
            observed = observe(test, sync, node, known, self.catalog, warehouse)
        if isinstance(observed, list):
            return TestedSync(test, problems=tuple(observed)), found
        return TestedSync(test, differences(test.expect, observed, sync)), found

    def _node(self, sync: Sync) -> Node | Diagnostic:
        name = self.loaded.project.name
        if self.manifest is None:
            model = sync.model
            return Node(f"model.{name}.{model.name}", model.name, model.package or name, "model")
        return resolve(
            self.manifest, sync.model, name, position=sync.model_position, sync=sync.name
        )


def _manifest(loaded: Loaded) -> tuple[Manifest | None, list[Diagnostic]]:
    """dbt's manifest. Without one tests run all the same, and a warning says what they lack."""
    shown = relative(loaded.manifest_path, loaded.project_dir)
    manifest, problems = read_manifest(loaded.manifest_path, shown)
    missing = [item for item in problems if item.code == "QS210"]
    if errors_of(tuple(item for item in problems if item not in missing)):
        raise InvalidProjectError(tuple(problems))
    lacking = "column types are those of the tests alone, and models are not looked up"
    hint = "`dbt parse` writes it, without a warehouse"
    return manifest, [
        replace(item, severity=Severity.WARNING, message=f"{item.message}: {lacking}", hint=hint)
        for item in missing
    ]


def _chosen(
    common: CommonOptions,
    loaded: Loaded,
    manifest: Manifest | None,
    selection: SelectionOptions,
) -> list[SyncTest]:
    """The tests whose name or sync is selected, and neither excluded."""
    tests = loaded.project.tests
    chosen = list(tests)
    select_, exclude, state = selection.select, selection.exclude, selection.state
    if select_:
        syncs = _syncs(common, loaded, manifest, _about_syncs(loaded, select_), state)
        chosen = [test for test in tests if test.sync in syncs or _named(test, select_)]
    if exclude:
        syncs = _syncs(common, loaded, manifest, _about_syncs(loaded, exclude), state)
        chosen = [test for test in chosen if test.sync not in syncs and not _named(test, exclude)]
    return chosen


def _named(test: SyncTest, words: Sequence[str]) -> bool:
    return any(fnmatchcase(test.name, word) for word in words)


def _about_syncs(loaded: Loaded, words: Sequence[str]) -> list[str]:
    """The words without those that can only mean a test: its name, and nothing of a sync's."""
    project = loaded.project
    return [
        word
        for word in words
        if not any(_named(test, [word]) for test in project.tests)
        or not dbt_selectors(project.syncs, word)
    ]


def _syncs(
    common: CommonOptions,
    loaded: Loaded,
    manifest: Manifest | None,
    words: Sequence[str],
    state: Path | None,
) -> set[str]:
    """The names of the syncs that words select; dbt is asked only for its own selectors."""
    if not words:
        return set()
    selection = read_selection(loaded, SelectionOptions(tuple(words), state=state))
    if selection.needs_dbt and manifest is None:
        raise UserError(
            f"'{words[0]}' names no sync and no test, and without a manifest it cannot be one of "
            "dbt's selectors",
            hint="correct it, or run `dbt parse`, which writes the manifest without a warehouse",
        )
    if not selection.needs_dbt or manifest is None:
        return {sync.name for sync in select_offline(loaded, selection)}
    with dbt_session(common, loaded, selection) as session:
        return {sync.name for sync in select(loaded, manifest, session, selection)}
