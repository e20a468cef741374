"""qsync's command line, telling besides where its processor time went.

    python benchmarks/spans.py SPANS_FILE validate

Each part of the work is a few functions that are wrapped here; a part's seconds are those of the
whole process while it runs, without those of the parts inside it. What no part covers is `other`.
"""

from __future__ import annotations

import functools
import importlib
import json
import resource
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

PARTS: dict[str, tuple[str, ...]] = {
    "manifest": ("qsync.artifacts.manifest:read_manifest",),
    "yaml": ("qsync.yaml_nodes:parse_yaml",),
    "schema": ("qsync.schema_check:check",),
    "compile": (
        "qsync.planning.compile:compile_sync",
        "qsync.planning.compile:check_sync",
        "qsync.planning.writers:check_writers",
        "qsync.artifacts.stale:check_stale",
    ),
    "dbt": ("qsync.warehouse.dbt_project:open_dbt",),
    "sql": ("qsync.warehouse.connection:AdapterConnection.text",),
    "warehouse": (
        "qsync.warehouse.connection:AdapterConnection.run_and_read",
        "qsync.warehouse.connection:AdapterConnection.run",
    ),
    "views": ("qsync.cli.telling:print_plan", "qsync.views.diagnostics_text:render_diagnostics"),
}
"""The parts, and what is wrapped for each: `module:name`, or `module:Class.method`."""

IMPORT, OTHER = "import", "other"


class Spans:
    """Seconds of processor time by part; parts may lie inside each other."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self.calls: Counter[str] = Counter()
        self._open: list[str] = [OTHER]
        self._since = 0.0

    def switch(self, part: str | None) -> None:
        """Begin a part inside the one that runs, or with None end it."""
        now = time.process_time()
        self.seconds[self._open[-1]] += now - self._since
        self._since = now
        if part is None:
            self._open.pop()
        else:
            self._open.append(part)
            self.calls[part] += 1

    def wrapped(self, part: str, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function, counted as a part."""

        @functools.wraps(function)
        def inside(*args: Any, **named: Any) -> Any:
            self.switch(part)
            try:
                return function(*args, **named)
            finally:
                self.switch(None)

        return inside


class _Hook:
    """Wraps what PARTS names in a module as soon as it has been imported."""

    def __init__(self, spans: Spans) -> None:
        self._spans = spans
        self._waiting = [
            (part, *place.split(":")) for part, places in PARTS.items() for place in places
        ]

    def find_and_load(self, real: Callable[..., Any]) -> Callable[..., Any]:
        """Python's own import, counted."""

        def load(name: str, *rest: Any) -> Any:
            self._spans.switch(IMPORT)
            try:
                return real(name, *rest)
            finally:
                self._spans.switch(None)
                if name.startswith("qsync"):
                    self._wrap()

        return load

    def _wrap(self) -> None:
        for entry in list(self._waiting):
            part, module, name = entry
            owner: Any = sys.modules.get(module)
            *outer, last = name.split(".")
            for step in outer:
                owner = getattr(owner, step, None)
            if getattr(owner, last, None) is None or getattr(
                getattr(owner, "__spec__", None), "_initializing", False
            ):
                continue
            self._waiting.remove(entry)
            function = getattr(owner, last)
            counted = self._spans.wrapped(part, function)
            setattr(owner, last, counted)
            if not outer:
                _replace(function, counted)


def _replace(function: object, counted: object) -> None:
    """Give what other modules have imported by name the counted function as well."""
    for name, module in list(sys.modules.items()):
        if name.startswith("qsync") and module is not None:
            for key, value in list(vars(module).items()):
                if value is function:
                    setattr(module, key, counted)


def main() -> None:
    """Run a command line and write down where its time went."""
    out = Path(sys.argv.pop(1)).resolve()
    spans = Spans()
    bootstrap = importlib._bootstrap  # type: ignore[attr-defined]  # noqa: SLF001 - no public hook
    bootstrap._find_and_load = _Hook(spans).find_and_load(  # noqa: SLF001
        bootstrap._find_and_load  # noqa: SLF001
    )
    from qsync.cli.entry import run

    code = run()
    spans.switch(None)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    told = {"seconds": spans.seconds, "calls": spans.calls, "megabytes": peak}
    out.write_text(json.dumps(told))
    sys.stdout.flush()
    sys.exit(int(code))


if __name__ == "__main__":
    main()
