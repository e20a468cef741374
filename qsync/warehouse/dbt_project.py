"""dbt, asked once: which relations there are under this target, and a live adapter.

One documented call, `dbtRunner().invoke(["ls", …])`, resolves flags, `DBT_*` variables, profiles
and vars exactly as dbt does. Importing dbt takes seconds, so it is imported here, late.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from qsync.errors import UserError
from qsync.warehouse.connection import AdapterConnection
from qsync.warehouse.dialects import dialect_of


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


_QUIET = ("--log-level", "none", "--log-level-file", "none", "--no-write-json")
_KINDS = ("model", "snapshot", "seed")


def open_dbt(options: DbtOptions, selectors: Sequence[str] = ()) -> DbtSession:
    """Ask dbt for the project's relations and for what each selector matches.

    Raises:
        UserError: dbt cannot read the project, the profile or the selection.
    """
    selected = {
        selector: frozenset(node["unique_id"] for node in _ls(options, ("--select", selector)))
        for selector in selectors
    }
    relations = {
        node["unique_id"]: node["relation_name"]
        for node in _ls(options, ())
        if node.get("relation_name")
    }
    adapter = _adapter()
    return DbtSession(
        connection=AdapterConnection(adapter, dialect_of(adapter.type())),
        relations=relations,
        selected=selected,
        target=str(adapter.config.target_name),
        adapter_type=str(adapter.type()),
    )


def _ls(options: DbtOptions, words: Sequence[str]) -> list[dict[str, Any]]:
    from dbt.cli.main import dbtRunner

    kinds = [part for kind in _KINDS for part in ("--resource-type", kind)]
    keys = ["--output", "json", "--output-keys", "unique_id", "relation_name"]
    with _captured() as said:
        result = dbtRunner().invoke([*_QUIET, "ls", *kinds, *keys, *words, *options.arguments()])
    if not result.success:
        raise UserError(
            f"dbt cannot read the project: {_reason(result.exception, said.getvalue())}",
            hint="`dbt debug` and `dbt parse` say more",
        )
    lines = result.result if isinstance(result.result, list) else []
    return [orjson.loads(line) for line in lines]


@contextlib.contextmanager
def _captured() -> Iterator[io.StringIO]:
    """dbt prints what it lists; qsync's stdout is for qsync."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        yield said


def _reason(error: BaseException | None, said: str) -> str:
    text = str(error) if error is not None else said
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    useful = [line for line in lines if not line.rstrip(":").endswith("Error")]
    return (useful or lines or ["it gave no reason"])[0].rstrip(".")[:300]


def _adapter() -> Any:
    from dbt.adapters.factory import FACTORY

    adapters = list(FACTORY.adapters.values())
    if len(adapters) != 1:
        raise UserError(
            "dbt gave no adapter for this profile",
            hint="install the adapter: qsync[duckdb] or qsync[postgres]",
        )
    return adapters[0]
