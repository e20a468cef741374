"""dbt, asked once: which relations there are under this target, and a live adapter.

One documented call, `dbtRunner().invoke(["parse", …])`, resolves flags, `DBT_*` variables, profiles
and vars exactly as dbt does. Importing dbt takes seconds, so it is imported here, late.
"""

from __future__ import annotations

import contextlib
import io
import itertools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from qsync.errors import UserError
from qsync.warehouse.connection import AdapterConnection
from qsync.warehouse.dialects import DIALECTS, dialect_of


@dataclass(frozen=True, slots=True)
class DbtOptions:
    """dbt's own flags, as the user gave them to qsync."""

    project_dir: Path
    profiles_dir: Path | None = None
    profile: str | None = None
    target: str | None = None
    vars: str | None = None
    own_target_path: Path | None = None
    """Where dbt may write for qsync, so that the user's partial-parse cache stays valid."""
    state: Path | None = None
    """The folder of the manifest that `state:` compares with; absolute."""

    def arguments(self) -> list[str]:
        """As dbt's command line takes them."""
        found = ["--project-dir", str(self.project_dir)]
        for flag, value in (
            ("--profiles-dir", self.profiles_dir),
            ("--profile", self.profile),
            ("--target", self.target),
            ("--vars", self.vars),
            ("--target-path", self.own_target_path),
            ("--log-path", self.own_target_path),
        ):
            if value is not None:
                found += [flag, str(value)]
        return found


@dataclass(frozen=True, slots=True)
class DbtSession:
    """What dbt said, and the adapter it left behind.

    Attributes:
        connection: Through dbt's adapter.
        relations: The relation of every model, snapshot and seed by unique id.
        selected: Per dbt selector asked for, the unique ids it matched.
        target: The target's name.
        adapter_type: `duckdb`, `postgres`, …
    """

    connection: AdapterConnection
    relations: Mapping[str, str]
    selected: Mapping[str, frozenset[str]]
    target: str
    adapter_type: str

    def close(self) -> None:
        """Close the adapter's connections; a DuckDB file is free for others then."""
        self.connection.close()


SILENT = ("--log-level", "none", "--log-level-file", "none")
"""No word on standard output, and none in a file: dbt would write statements there."""
_WHERE = re.compile(r"[A-Z][a-z]+ Error in ")
"""How a line of dbt's begins that says where, and the next one what."""
_KINDS = ("model", "snapshot", "seed")
_NAMED = re.compile(r"selector:([^+@]+)")
_COMPARING = re.compile(r"\b(?:state|source_status)[.\w]*:")


def open_dbt(options: DbtOptions, selectors: Sequence[str] = ()) -> DbtSession:
    """Ask dbt for the project's relations and for what each selector matches.

    Raises:
        UserError: dbt cannot read the project, the profile or the selection.
    """
    manifest = _parse(options)
    # dbt's documented way to ask more than once without reading the project again.
    selected = {
        selector: frozenset(
            node["unique_id"] for node in _ls(options, _asking(selector, options), manifest)
        )
        for selector in selectors
    }
    relations = {
        str(node.unique_id): str(node.relation_name)
        for node in manifest.nodes.values()
        if node.resource_type in _KINDS and node.relation_name
    }
    adapter = _adapter()
    return DbtSession(
        connection=AdapterConnection(adapter, dialect_of(adapter.type())),
        relations=relations,
        selected=selected,
        target=str(adapter.config.target_name),
        adapter_type=str(adapter.type()),
    )


def _asking(selector: str, options: DbtOptions) -> tuple[str, ...]:
    """What dbt is asked with. Reading another manifest takes seconds: only where it is compared."""
    named = _NAMED.fullmatch(selector)
    # dbt 1.12 knows the method too; 1.11 only the flag.
    words = ("--select", selector) if named is None else ("--selector", named[1])
    compares = named is not None or _COMPARING.search(selector) is not None
    return (
        words if options.state is None or not compares else (*words, "--state", str(options.state))
    )


def _parse(options: DbtOptions) -> Any:
    """dbt's manifest under this target, which leaves a live adapter behind.

    `dbt ls` would tell the relations too, and looks for cycles among all nodes first: that takes
    longer than all the rest in a project of thousands of models.
    """
    return _invoke(["parse"], options)


def _ls(options: DbtOptions, words: Sequence[str], manifest: Any) -> list[dict[str, Any]]:
    kinds = [part for kind in _KINDS for part in ("--resource-type", kind)]
    keys = ["--output", "json", "--output-keys", "unique_id"]
    lines = _invoke(["ls", *kinds, *keys, *words], options, manifest)
    return [orjson.loads(line) for line in lines] if isinstance(lines, list) else []


def _invoke(words: Sequence[str], options: DbtOptions, manifest: Any = None) -> Any:
    from dbt.cli.main import dbtRunner

    with captured() as said:
        result = dbtRunner(manifest=manifest).invoke(
            [*SILENT, "--no-write-json", *words, *options.arguments()]
        )
    if not result.success:
        reason = reason_of(result.exception, said.getvalue())
        raise UserError(f"dbt cannot read the project: {reason}", hint=_hint(reason))
    return result.result


@contextlib.contextmanager
def captured() -> Iterator[io.StringIO]:
    """dbt prints what it lists; qsync's stdout is for qsync."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        yield said


def reason_of(error: BaseException | None, said: str) -> str:
    """Why dbt failed, in one line, from its exception or else from what it printed."""
    text = str(error) if error is not None else said
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    useful = [line for line in lines if not line.rstrip(":").endswith("Error")]
    first, *rest = useful or lines or ["it gave no reason"]
    if first.endswith(":"):
        # What was expected stands below, an entry a line.
        entries = itertools.takewhile(lambda line: line.startswith("- "), rest)
        first = f"{first} {', '.join(line.removeprefix('- ') for line in entries)}"
    elif _WHERE.match(first) and rest:
        first = f"{first}: {rest[0]}"
    return first.rstrip(".: ")[:300]


def _hint(reason: str) -> str:
    if "find adapter type" in reason:
        return (
            f"qsync runs on {' and '.join(sorted(DIALECTS))}: install it as qsync[duckdb] or "
            "qsync[postgres]"
        )
    if "valid method name" in reason:
        return "docs.getdbt.com/reference/node-selection/methods has dbt's methods"
    if "profile" in reason:
        return "look at --profile, --target and --profiles-dir; `dbt debug` says more"
    return "`dbt debug` and `dbt parse` say more"


def _adapter() -> Any:
    from dbt.adapters.factory import FACTORY

    adapters = list(FACTORY.adapters.values())
    if len(adapters) != 1:
        raise UserError(
            "dbt gave no adapter for this profile",
            hint="install the adapter: qsync[duckdb] or qsync[postgres]",
        )
    return adapters[0]
