"""Everything a user declared, with all problems of all files at once.

YAML first (`qsync.yaml_nodes`), then JSON Schema (`qsync.schema_check`), then meaning. A broken
sync is left out and the others are loaded, so that later checks say as much as they can in one
pass.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from qsync.diagnostics import Diagnostic, Position, Severity
from qsync.project import settings as settings_file
from qsync.project.dbt_project import DbtProject, read_dbt_project
from qsync.project.model import Project, ProjectSettings, Sync
from qsync.project.paths import SETTINGS_FILE, check_dbtignore, relative, sync_files
from qsync.project.syncs import SyncReader
from qsync.project.tests_reader import TestEntries, read_tests
from qsync.schema_check import Finding, SchemaKind, check
from qsync.yaml_nodes import Problem, YamlDocument, read_yaml


@dataclass(frozen=True, slots=True)
class LoadResult:
    """What was read.

    Attributes:
        project: The project without its broken syncs; None only when `dbt_project.yml` cannot be
            used.
        diagnostics: Every problem, ordered by file and place.
        profile: dbt's `profile`, from `dbt_project.yml`.
    """

    project: Project | None
    diagnostics: list[Diagnostic]
    profile: str | None = None


def load_project(
    project_dir: Path,
    *,
    base_url: str | None = None,
    allowed_hosts: Collection[str] = (),
    target_path: str | None = None,
    environ: Mapping[str, str] | None = None,
) -> LoadResult:
    """Read `dbt_project.yml`, `qsync.yml` and every sync file.

    Never raises for what the files hold.

    Args:
        project_dir: The dbt project's folder.
        base_url: Overrides `qualified.base_url` (the variable QSYNC_BASE_URL).
        allowed_hosts: Hosts the key may go to besides Qualified's own (QSYNC_ALLOWED_HOSTS).
        target_path: Overrides dbt's `target-path`.
        environ: The environment, for `env_var` in `dbt_project.yml`.
    """
    dbt, diagnostics = read_dbt_project(project_dir, environ or {})
    paths = dbt or DbtProject(name="")
    settings, defaults, found = _read_settings(project_dir, paths, base_url, allowed_hosts)
    diagnostics += found
    files = sync_files(project_dir, paths.model_paths)
    names = _Names()
    syncs: list[Sync] = []
    entries = TestEntries()
    for file in files:
        loaded, found = _read_sync_file(file, relative(file, project_dir), defaults, names, entries)
        syncs += loaded
        diagnostics += found
    diagnostics += names.check_renames(syncs)
    tests, found = read_tests(entries, syncs, names.first)
    diagnostics += found
    if dbt is not None:
        diagnostics += check_dbtignore(project_dir) if files else []
        diagnostics += [] if names.first else [_no_syncs(paths, bool(files))]
    diagnostics.sort(key=Diagnostic.sort_key)
    if dbt is None:
        return LoadResult(None, diagnostics)
    project = Project(
        name=dbt.name,
        settings=settings,
        syncs=tuple(syncs),
        model_paths=dbt.model_paths,
        target_path=target_path or dbt.target_path,
        sync_files=tuple(relative(file, project_dir) for file in files),
        tests=tuple(tests),
    )
    return LoadResult(project, diagnostics, dbt.profile)


def _no_syncs(dbt: DbtProject, has_files: bool) -> Diagnostic:
    folder = dbt.model_paths[0]
    message = f"no sync is declared under {', '.join(dbt.model_paths)}"
    hint = "`qsync new NAME --model M --object lead` writes one"
    if has_files:
        hint = "the sync files hold comments only: uncomment the sample, or " + hint
    return Diagnostic("QS133", Severity.WARNING, Position(folder), message, hint)


def _read_settings(
    project_dir: Path, dbt: DbtProject, base_url: str | None, allowed_hosts: Collection[str]
) -> tuple[ProjectSettings, Mapping[str, Any], list[Diagnostic]]:
    path = project_dir / SETTINGS_FILE
    if not path.exists():
        settings, found = settings_file.default_settings(base_url, allowed_hosts)
        message = f"there is no {SETTINGS_FILE} beside dbt_project.yml"
        missing = Diagnostic(
            "QS132", Severity.ERROR, Position(SETTINGS_FILE), message, "`qsync init` writes it"
        )
        return settings, {}, [missing, *found]
    document, findings, diagnostics = _read_checked(path, SETTINGS_FILE, "project")
    if document is None or not isinstance(document.data, dict):
        settings, found = settings_file.default_settings(base_url, allowed_hosts)
        return settings, {}, [*diagnostics, *found]
    broken = [finding.path for finding in findings]
    settings, found = settings_file.build_settings(
        document,
        broken,
        base_url=base_url,
        allowed_hosts=allowed_hosts,
        seed_paths=dbt.seed_paths,
    )
    defaults = settings_file.defaults_of(settings_file.without(document.data, broken))
    return settings, defaults, [*diagnostics, *found]


def _read_checked(
    path: Path, name: str, kind: SchemaKind
) -> tuple[YamlDocument | None, list[Finding], list[Diagnostic]]:
    """A file as YAML and against its schema; findings carry the ways to broken values."""
    document, problems = read_yaml(path, name)
    if document is None:
        return None, [], [problem.diagnostic(name) for problem in problems]
    if not isinstance(document.data, dict):
        if document.data is None and kind == "sync":
            return document, [], []  # comments only: a sample nobody has uncommented yet
        what = "the file is empty" if document.data is None else "the file is not a mapping"
        return (
            document,
            [],
            [
                Diagnostic(
                    "QS106",
                    Severity.ERROR,
                    document.position_of(()),
                    what,
                    "begin with `version: 1`",
                )
            ],
        )
    findings = [_about_removal(finding) for finding in check(document, kind)]
    findings += [_duplicate(problem, name) for problem in problems]
    return document, findings, [finding.diagnostic for finding in findings]


def _about_removal(finding: Finding) -> Finding:
    """`on_removed` in a company block is no typing error: say why there is none."""
    if finding.path[2:] != ("company", "on_removed"):
        return finding
    message = "a `company:` block never clears: other leads may share the company"
    hint = "remove the line; `config: {on_removed: …}` is for the lead's own fields"
    told = replace(finding.diagnostic, code="QS124", message=message, hint=hint)
    return Finding(told, finding.path)


def _duplicate(problem: Problem, name: str) -> Finding:
    """A key that stands twice; two lines for one field have their own code."""
    diagnostic = problem.diagnostic(name)
    if len(problem.path) > 2 and problem.path[0] == "syncs":
        parent, key = problem.path[-2], problem.path[-1]
        if parent == "fields" or key == "company_name":
            first = problem.first or (1, 1)
            diagnostic = replace(
                diagnostic,
                code="QS121",
                message=f"the field `{key}` is mapped twice, first in line {first[0]}",
                hint="a field has one source: keep one of the lines",
            )
    return Finding(diagnostic, problem.path)


class _Names:
    """The sync names of all files, in the order read."""

    def __init__(self) -> None:
        self.first: dict[str, Position] = {}

    def add(self, name: str, position: Position) -> Diagnostic | None:
        """Note a name; an error when it was taken, naming both places."""
        taken = self.first.setdefault(name, position)
        if taken == position:
            return None
        message = f"two syncs are named `{name}`: here and at {taken}"
        hint = "rename one; with `renamed_from` it keeps its state"
        return Diagnostic("QS120", Severity.ERROR, position, message, hint, sync=name)

    def check_renames(self, syncs: list[Sync]) -> list[Diagnostic]:
        """An error for each `renamed_from` that names a living sync, or one two syncs claim."""
        found: list[Diagnostic] = []
        claimed: dict[str, str] = {}
        for sync in syncs:
            old = sync.renamed_from
            if old is None:
                continue
            message = f"`renamed_from` names `{old}`, which is still declared"
            if old not in self.first:
                other = claimed.setdefault(old, sync.name)
                if other == sync.name:
                    continue
                message = f"`renamed_from: {old}` is claimed by `{other}` too"
            hint = "state has one owner: remove one of the two"
            found.append(
                Diagnostic("QS126", Severity.ERROR, sync.position, message, hint, sync.name)
            )
        return found


def _read_sync_file(
    path: Path, name: str, defaults: Mapping[str, Any], names: _Names, tests: TestEntries
) -> tuple[list[Sync], list[Diagnostic]]:
    document, findings, diagnostics = _read_checked(path, name, "sync")
    if document is None or not isinstance(document.data, dict):
        return [], diagnostics
    # A fault of the whole file (its edition) leaves no sync of it standing; an extra key does.
    file_broken = any(finding.path in ((), ("version",)) for finding in findings)
    if not file_broken:
        tests.add(document, _broken(findings, "tests"))
    entries = document.data.get("syncs")
    broken = _broken(findings, "syncs")
    syncs: list[Sync] = []
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        duplicate = _note_name(document, index, entry, names)
        diagnostics += [duplicate] if duplicate else []
        if file_broken or not isinstance(entry, dict):
            continue
        reader = SyncReader(document, index, defaults)
        if index in broken:
            reader.check_what_is_readable()
        sync = None if index in broken else reader.read()
        diagnostics += reader.diagnostics
        if sync is not None and duplicate is None:
            syncs.append(sync)
    found = [_with_sync(item, finding_of(findings, item), document.data) for item in diagnostics]
    return syncs, found


def _broken(findings: list[Finding], section: str) -> set[object]:
    """The indexes of a list's entries that the schema found a fault with."""
    return {
        finding.path[1]
        for finding in findings
        if finding.path[:1] == (section,) and len(finding.path) > 1
    }


def finding_of(findings: list[Finding], diagnostic: Diagnostic) -> Finding | None:
    """The finding a diagnostic came from."""
    return next((item for item in findings if item.diagnostic is diagnostic), None)


_NAMES_SYNC = {"syncs": "name", "tests": "sync"}
"""The key of an entry that names the sync it is about."""


def _with_sync(
    diagnostic: Diagnostic, finding: Finding | None, data: Mapping[str, Any]
) -> Diagnostic:
    """The diagnostic with the name of the sync it is about."""
    if finding is None or len(finding.path) < 2 or not isinstance(finding.path[1], int):
        return diagnostic
    section = str(finding.path[0])
    name = _name_of(data[section][finding.path[1]], _NAMES_SYNC.get(section, "name"))
    return replace(diagnostic, sync=name) if name else diagnostic


def _name_of(entry: object, key: str = "name") -> str | None:
    name = entry.get(key) if isinstance(entry, dict) else None
    return name if isinstance(name, str) and name else None


def _note_name(
    document: YamlDocument, index: int, entry: object, names: _Names
) -> Diagnostic | None:
    name = _name_of(entry)
    if name is None:
        return None
    return names.add(name, document.position_of(("syncs", index, "name")))
