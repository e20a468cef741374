"""The pictures of the documentation, made of real output: `python docs/make_pictures.py`.

The example is built, applied and built again for its second day, all in a temporary folder against
a local Qualified. What `qsync plan` then prints is drawn, as it is, as a terminal; and what `qsync
inspect` prints of a run in which Qualified asked to wait, rejected records and gave up on a job.
Fonts are those of whoever looks: nothing is fetched.
"""

from __future__ import annotations

import io
import json
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.terminal_theme import TerminalTheme

DOCS = Path(__file__).resolve().parent
sys.path.insert(0, str(DOCS.parent))

from docs.playing import COMMANDS_OF_THE_FIRST_DAY, NEXT_DAY, Play  # noqa: E402
from qsync.emulator.faults import Fault, JobFault  # noqa: E402
from qsync.views.inspect_text import render_inspect  # noqa: E402
from qsync.views.plan_text import render_plan  # noqa: E402

PICTURES = DOCS / "pictures"
COMMAND = "qsync plan --target prod --select leads"
COLUMNS = 92
"""The summary line is never broken, so the terminal must be as wide as it."""

TROUBLE = (
    Fault(kind="submit", nth=2, status=429, retry_after=1),
    Fault(kind="submit", nth=3, job=JobFault(failing=(3, 141), error="Owner was not found")),
    Fault(kind="submit", nth=5, job=JobFault(stops_after=120, ending="failed")),
)
"""What Qualified does in the run that is inspected."""

Render = Callable[[dict[str, Any], Console], None]

_FONTS = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', monospace"
_THEME = TerminalTheme(
    (27, 31, 36),
    (222, 226, 230),
    [
        (27, 31, 36),
        (255, 123, 114),
        (86, 211, 100),
        (227, 179, 65),
        (121, 192, 255),
        (210, 168, 255),
        (118, 227, 234),
        (222, 226, 230),
    ],
)


def _svg_format() -> str:
    """rich's drawing without its fonts from elsewhere."""
    before, _, rest = CONSOLE_SVG_FORMAT.partition("    @font-face")
    _, _, after = rest.rpartition("font-weight: 700;\n    }}\n")
    return before.rstrip() + after.replace("Fira Code, monospace", _FONTS).replace(
        "font-family: arial", "font-family: ui-sans-serif, system-ui, sans-serif"
    )


def draw(name: str, command: str, document: dict[str, Any], render: Render) -> None:
    """A document as a picture of a terminal that shows it."""
    console = Console(
        record=True,
        width=COLUMNS,
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
    )
    console.print(f"$ {command}", style="dim", markup=False, highlight=False)
    render(document, console)
    console.print()
    drawn = console.export_svg(
        title=f"qsync {name}", theme=_THEME, code_format=_svg_format(), unique_id=name
    )
    PICTURES.mkdir(exist_ok=True)
    (PICTURES / f"{name}.svg").write_text(drawn, encoding="utf-8")


def main() -> int:
    """Play two days, draw the second day's plan, then a run with trouble in it."""
    with tempfile.TemporaryDirectory() as folder, Play.from_example(Path(folder)) as play:
        for command in (*COMMANDS_OF_THE_FIRST_DAY, *NEXT_DAY):
            play.run(command)
        draw("plan", COMMAND, json.loads(play.run(f"{COMMAND} --json")), render_plan)
        play.qualified.account.set_faults(list(TROUBLE))
        play.run("qsync apply --target prod --select leads --full-refresh --auto-approve")
        said = play.run("qsync inspect --target prod --json")
        draw("inspect", "qsync inspect --target prod", json.loads(said), render_inspect)
    return 0


if __name__ == "__main__":
    sys.exit(main())
