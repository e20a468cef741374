"""The pictures of the documentation, made of real output: `python docs/make_pictures.py`.

The example is built, applied and built again for its second day, all in a temporary folder against
a local Qualified. What `qsync plan` then prints is drawn, as it is, as a terminal. Fonts are those
of whoever looks: nothing is fetched.
"""

from __future__ import annotations

import io
import json
import sys
import tempfile
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.console import Console
from rich.terminal_theme import TerminalTheme

DOCS = Path(__file__).resolve().parent
sys.path.insert(0, str(DOCS.parent))

from docs.playing import COMMANDS_OF_THE_FIRST_DAY, NEXT_DAY, Play  # noqa: E402
from qsync.views.plan_text import render_plan  # noqa: E402

PICTURE = DOCS / "pictures" / "plan.svg"
COMMAND = "qsync plan --target prod --select leads"
COLUMNS = 92
"""The summary line is never broken, so the terminal must be as wide as it."""

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


def draw(document: dict[str, object]) -> str:
    """A plan's document as a picture of a terminal."""
    console = Console(
        record=True,
        width=COLUMNS,
        file=io.StringIO(),
        force_terminal=True,
        color_system="truecolor",
    )
    console.print(f"$ {COMMAND}", style="dim", markup=False, highlight=False)
    render_plan(document, console)
    console.print()
    return console.export_svg(
        title="qsync plan", theme=_THEME, code_format=_svg_format(), unique_id="plan"
    )


def main() -> int:
    """Play two days and draw the second day's plan."""
    with tempfile.TemporaryDirectory() as folder, Play.from_example(Path(folder)) as play:
        for command in (*COMMANDS_OF_THE_FIRST_DAY, *NEXT_DAY):
            play.run(command)
        said = play.run(f"{COMMAND} --json")
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(draw(json.loads(said)), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
