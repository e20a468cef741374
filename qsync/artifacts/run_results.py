"""`run_results.json`: what dbt's last command did, and which command it was.

Every invocation overwrites it, `compile` and `show` included (dbt.md, "Gating on test results"): a
reader has to look at `which` before it believes a result.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from qsync.artifacts.files import read_as

if TYPE_CHECKING:
    from qsync.artifacts.shapes import NodeOutcome


@dataclass(frozen=True, slots=True)
class NodeResult:
    """What became of one node.

    Attributes:
        status: dbt's word: `success`, `pass`, `warn`, `fail`, `error`, `skipped`, …; newer versions
            know more.
        relation_name: What was built, quoted as the adapter does; None for a test.
        failures: Rows a test found.
    """

    status: str
    relation_name: str | None = None
    failures: int | None = None


@dataclass(frozen=True, slots=True)
class RunResults:
    """What gates ask of dbt's run results. dbt's own messages are left out: they may hold values.

    Attributes:
        invocation_id: The same as the manifest's when both are of one command.
        generated_at: As written, ISO 8601.
        which: The command: `run`, `build`, `test`, …
        path: The file, as shown to the user.
        empty: Whether it ran with `--empty`: without rows.
        sampled: Whether it ran with `--sample`: on some rows.
        deferred: Whether it ran with `--defer`: a model that was not selected may be another
            environment's.
        nodes: Results by unique id.
    """

    invocation_id: str | None
    generated_at: str | None
    which: str | None
    path: str = "run_results.json"
    empty: bool = False
    sampled: bool = False
    deferred: bool = False
    nodes: Mapping[str, NodeResult] = field(default_factory=dict)


def read_run_results(path: Path, name: str | None = None) -> RunResults | None:
    """Read the file; None when it is missing or unreadable, which gates take for no result.

    Args:
        path: `target/run_results.json`.
        name: How messages name it; the path's own text otherwise.
    """
    if not path.is_file():
        return None
    from qsync.artifacts.shapes import NodeOutcome, RunResultsFile

    data, _ = read_as(path, RunResultsFile)
    if data is None:
        return None
    metadata, args = _mapping(data.metadata), _mapping(data.args)
    results = data.results if isinstance(data.results, list) else []
    return RunResults(
        invocation_id=_text(metadata.get("invocation_id")),
        generated_at=_text(metadata.get("generated_at")),
        which=_text(args.get("which")),
        path=name if name is not None else str(path),
        empty=bool(args.get("empty")),
        sampled=bool(args.get("sample")),
        deferred=bool(args.get("defer")),
        nodes={
            item.unique_id: _result(item)
            for item in results
            if isinstance(item, NodeOutcome) and isinstance(item.unique_id, str)
        },
    )


def _result(item: NodeOutcome) -> NodeResult:
    failures = item.failures
    return NodeResult(
        status=_text(item.status) or "",
        relation_name=_text(item.relation_name),
        failures=failures if type(failures) is int else None,
    )


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None
