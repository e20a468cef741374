"""Where a command's processor time goes in a project as large companies have them.

    python -m benchmarks.start --write docs/benchmarks.md

Seconds of processor time, not of the clock: they are much the same on a busy machine. The project
is made once and kept under `build/` (`benchmarks.big_project`).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from benchmarks.big_project import Size, dbt_environment, make
from benchmarks.charts import ROOT, Chart, keep
from benchmarks.report import with_section
from benchmarks.spans import IMPORT, OTHER, PARTS

COMMANDS = ("validate", "ls", "plan")

ORDER = (IMPORT, "dbt", *(part for part in PARTS if part != "dbt"), OTHER)
"""Parts as they stand in the table."""

_SAYS = {
    "import": "Python modules",
    "dbt": "dbt: project and profile",
    "manifest": "`manifest.json`",
    "yaml": "YAML",
    "schema": "schemas of the YAML",
    "compile": "compiling syncs",
    "sql": "SQL, from tree to text",
    "warehouse": "the warehouse",
    "views": "what is printed",
    "other": "everything else",
}


@dataclass(frozen=True, slots=True)
class Started:
    """One command.

    Attributes:
        command: `validate`, …
        seconds: Of processor time, by part.
        megabytes: The largest the process was.
    """

    command: str
    seconds: dict[str, float]
    megabytes: int

    @property
    def total(self) -> float:
        """Seconds of all parts."""
        return sum(self.seconds.values())


def least(runs: Sequence[Started]) -> Started:
    """The run that took the least: what others took above it came from the machine."""
    return min(runs, key=lambda run: run.total)


def section(found: Sequence[Started], size: Size, manifest: int) -> str:
    """The section of docs/benchmarks.md; `manifest` in bytes."""
    large = f"{size.models:,} models, whose `manifest.json` has {manifest / 1e6:.0f} MB"
    lines = [
        "## Start-up in a large project",
        "",
        f"A dbt project of {large}, and {size.syncs:,} syncs in",
        "DuckDB with three rows each: what is left is everything but rows. Seconds of processor",
        "time, of several runs the least; dbt has its cache of the project.",
        "",
        f"| | {' | '.join(f'`{item.command}`' for item in found)} |",
        f"|---|{'---:|' * len(found)}",
    ]
    for part in ORDER:
        cells = [item.seconds.get(part, 0.0) for item in found]
        if any(cell >= 0.005 for cell in cells):
            told = " | ".join(f"{cell:.2f}" for cell in cells)
            lines.append(f"| {_SAYS[part]} | {told} |")
    lines.append(f"| **all** | {' | '.join(f'**{item.total:.2f}**' for item in found)} |")
    lines.append(f"| MB at the peak | {' | '.join(str(item.megabytes) for item in found)} |")
    lines += ["", "![Seconds of processor time by command](pictures/bench-start.svg)", ""]
    return "\n".join(lines)


def charts(found: Sequence[Started], size: Size) -> list[Chart]:
    """Bars of the commands' seconds: what dbt and the warehouse take, and qsync's own."""
    rows = []
    for item in found:
        elsewhere = item.seconds.get("dbt", 0.0) + item.seconds.get("warehouse", 0.0)
        rows += [
            (item.command, item.total - elsewhere, "qsync itself"),
            (item.command, elsewhere, "dbt and the warehouse"),
        ]
    title = f"Start-up with {size.models:,} models and {size.syncs:,} syncs"
    return [Chart("bench-start.svg", title, "seconds of processor time; less is better", rows)]


def run(command: str, folder: Path) -> Started:
    """One command in a process of its own.

    Raises:
        RuntimeError: The command failed.
    """
    with tempfile.TemporaryDirectory() as place:
        out = Path(place) / "spans.json"
        ended = subprocess.run(
            [sys.executable, str(ROOT / "benchmarks" / "spans.py"), str(out), command],
            cwd=folder,
            env=dbt_environment(folder) | {"PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )
        if ended.returncode:
            raise RuntimeError(f"qsync {command} ended with {ended.returncode}: {ended.stderr}")
        told = json.loads(out.read_text())
    return Started(command, told["seconds"], told["megabytes"])


def main() -> int:
    """Measure, print, and write where the command line says."""
    parser = argparse.ArgumentParser(description="Start-up in a large project, by part.")
    parser.add_argument("--models", type=int, default=5_000)
    parser.add_argument("--syncs", type=int, default=300)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--write", type=Path, help="put the section into this page as well")
    options = parser.parse_args()
    size = Size(options.models, options.syncs)
    folder = ROOT / "build" / f"big-{size.models}-{size.syncs}"
    done, manifest = folder / ".made", folder / "target" / "manifest.json"
    if not done.exists():
        make(folder, size)
        done.touch()
    found = []
    for command in COMMANDS:
        best = least([run(command, folder) for _ in range(options.repeats)])
        print(f"{command}: {best.total:.2f} s, {best.megabytes} MB", file=sys.stderr, flush=True)
        found.append(best)
    text = section(found, size, manifest.stat().st_size)
    print(text)
    if options.write is not None:
        page = options.write.read_text(encoding="utf-8")
        options.write.write_text(with_section(page, "start", text), encoding="utf-8")
        measured = {"size": asdict(size), "commands": [asdict(item) for item in found]}
        keep("start", measured, charts(found, size))
    return 0


if __name__ == "__main__":
    sys.exit(main())
