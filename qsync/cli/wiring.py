"""Where the rooms meet: dbt's session, the warehouse and Qualified, for one command."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from qsync.artifacts import Manifest, Node, read_manifest, read_run_results
from qsync.cli.loading import InvalidProjectError, Loaded, errors_of, require_settled
from qsync.cli.options import CommonOptions
from qsync.cli.private import keep_private, private_folder
from qsync.cli.saying import saying
from qsync.execution.planner import PlanInputs, destination_of
from qsync.fields import FieldCatalog, read_catalog
from qsync.planning.gate import Evidence, OwnTests
from qsync.project.model import Sync, TestsGate

if TYPE_CHECKING:
    from qsync.cli.selecting import Selection
    from qsync.execution.gating import RunTests
    from qsync.qualified.client import QualifiedClient
    from qsync.warehouse import DbtOptions, DbtSession, ReadingWarehouse, WritingWarehouse


@dataclass(frozen=True, slots=True)
class Artifacts:
    """What plan and apply stand on besides the sync files."""

    manifest: Manifest
    catalog: FieldCatalog


def read_artifacts(loaded: Loaded) -> Artifacts:
    """dbt's manifest and the field catalog.

    Raises:
        InvalidProjectError: One of them is missing or unreadable.
    """
    manifest, problems = read_manifest(
        loaded.manifest_path, relative(loaded.manifest_path, loaded.project_dir)
    )
    catalog, found = read_catalog(loaded.catalog_path, loaded.catalog_path.name)
    diagnostics = (*loaded.diagnostics, *problems, *found)
    if manifest is None or catalog is None or errors_of(diagnostics):
        raise InvalidProjectError(diagnostics)
    return Artifacts(manifest, catalog)


def relative(path: Path, folder: Path) -> str:
    """A path as a person in the project's folder would write it."""
    try:
        return path.resolve().relative_to(folder.resolve()).as_posix()
    except ValueError:
        return path.as_posix()


@contextlib.contextmanager
def dbt_session(
    common: CommonOptions, loaded: Loaded, selection: Selection | None = None
) -> Iterator[DbtSession]:
    """Ask dbt for relations, what a selection needs, and a live adapter; closed at the end."""
    from qsync.warehouse import open_dbt

    with private_folder(loaded.own_path):
        _borrow_parse(loaded)
        options = _dbt_options(common, loaded)
        if selection is not None and selection.base is not None:
            options = replace(options, state=selection.base.folder)
        session = open_dbt(options, () if selection is None else selection.selectors)
    saying().log.bind(target=session.target)
    try:
        yield session
    finally:
        session.close()
        keep_private(loaded.own_path)


def _dbt_options(common: CommonOptions, loaded: Loaded) -> DbtOptions:
    """dbt's own flags, under qsync's own target path."""
    from qsync.warehouse import DbtOptions

    return DbtOptions(
        project_dir=loaded.project_dir,
        profiles_dir=common.profiles_dir,
        profile=common.profile,
        target=common.target,
        vars=common.vars,
        own_target_path=(loaded.own_path / "dbt").resolve(),
    )


def dbt_tests(common: CommonOptions, loaded: Loaded) -> RunTests:
    """Runs dbt's tests under qsync's own target path; the user's run results stay as they are."""
    folder = loaded.own_path / "dbt"
    results = folder / "run_results.json"

    def run(nodes: Sequence[Node]) -> OwnTests:
        from qsync.warehouse.dbt_tests import run_dbt_tests

        with private_folder(loaded.own_path):
            # Should dbt leave none, those of another run must not be taken for this one's.
            results.unlink(missing_ok=True)
            problem = run_dbt_tests(_dbt_options(common, loaded), nodes)
        keep_private(loaded.own_path)
        manifest, _ = read_manifest(folder / "manifest.json")
        return OwnTests(manifest, read_run_results(results), problem)

    return run


def _borrow_parse(loaded: Loaded) -> None:
    """Begin with what dbt parsed last, where qsync has parsed nothing yet (every CI machine).

    dbt itself tells whether it still holds for these vars, this profile and these files.
    """
    theirs, own = (
        path / "partial_parse.msgpack" for path in (loaded.target_path, loaded.own_path / "dbt")
    )
    if theirs.exists() and not own.exists():
        own.parent.mkdir(exist_ok=True)
        shutil.copyfile(theirs, own)


def plan_inputs(
    loaded: Loaded, artifacts: Artifacts, session: DbtSession, syncs: tuple[Sync, ...]
) -> PlanInputs:
    """What a plan stands on."""
    return PlanInputs(
        project=loaded.project,
        project_dir=loaded.project_dir,
        manifest=artifacts.manifest,
        catalog=artifacts.catalog,
        target=session.target,
        destination=destination_of(loaded.project),
        syncs=syncs,
        evidence=_evidence(loaded, syncs),
    )


def _evidence(loaded: Loaded, syncs: Sequence[Sync]) -> Evidence:
    """What dbt's last command left, if any sync asks about it: the file may be large."""
    results = None
    if any(sync.config.requires.tests is TestsGate.PASSED for sync in syncs):
        path = loaded.target_path / "run_results.json"
        results = read_run_results(path, relative(path, loaded.project_dir))
    return Evidence(datetime.now(UTC), results)


def reading_warehouse(loaded: Loaded, session: DbtSession) -> ReadingWarehouse:
    """The warehouse for commands that write nothing."""
    from qsync.warehouse import ReadingWarehouse, columns_ahead

    models = {sync.model.name for sync in loaded.project.syncs}
    # `model.PACKAGE.NAME`, and a version behind it.
    expected = [of for name, of in session.relations.items() if name.split(".")[2] in models]
    return ReadingWarehouse(
        session.connection,
        loaded.project.settings.state_schema,
        session.relations,
        columns_ahead(session.connection, expected),
    )


def writing_warehouse(loaded: Loaded, session: DbtSession) -> WritingWarehouse:
    """The warehouse for commands that write state."""
    from qsync.warehouse import WritingWarehouse, column_reader

    return WritingWarehouse(
        session.connection,
        loaded.project.settings.state_schema,
        session.relations,
        column_reader(session.connection),
        destination=destination_of(loaded.project),
        project=loaded.project.name,
    )


def qualified_client(loaded: Loaded) -> QualifiedClient:
    """Qualified, with the key from the environment.

    Raises:
        UserError: There is no usable key, or qsync.yml has errors.
    """
    from qsync.qualified.client import QualifiedClient
    from qsync.qualified.key import read_api_key

    # Whatever a command has checked: no key is read for an address that was refused.
    require_settled(loaded)
    settings = loaded.project.settings.qualified
    key = read_api_key(os.environ, settings.api_key_env)
    return QualifiedClient(settings.base_url, key, limits=settings.limits)


def git_commit(folder: Path) -> str | None:
    """The commit of the checkout the folder is in, or None when there is none."""
    try:
        said = subprocess.run(  # noqa: S603 - fixed words and a folder
            ["git", "-C", str(folder), "rev-parse", "HEAD"],  # noqa: S607 - the user's own git
            capture_output=True,
            text=True,
            check=False,
            timeout=10,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return said.stdout.strip() or None if said.returncode == 0 else None
