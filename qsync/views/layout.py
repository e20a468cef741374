"""Small tools to set text within 80 columns: numbers, sentences, aligned columns.

Every text that reaches a console passes `clean`, so that a name or a server's message cannot steer
the terminal.
"""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.text import Text

from qsync.views.console import WIDTH

Part = str | Text
"""A piece of a line that is never broken: plain or styled."""


def number(value: int) -> str:
    """With thousands separators: `1,204`."""
    return f"{value:,}"


def counted(value: int, word: str, plural: str | None = None) -> str:
    """`1 job`, `1,204 jobs`."""
    return f"{number(value)} {word if value == 1 else plural or word + 's'}"


def be(value: int) -> str:
    """`is` or `are`."""
    return "is" if value == 1 else "are"


def clean(text: str) -> str:
    """The text with every control and format character replaced."""
    return "".join("\N{REPLACEMENT CHARACTER}" if _steers(sign) else sign for sign in text)


def _steers(sign: str) -> bool:
    return unicodedata.category(sign) in {"Cc", "Cf", "Cs", "Zl", "Zp"}


def width_of(console: Console) -> int:
    """Columns for text: the console's, at most 80, because longer lines are hard to read."""
    return min(console.width, WIDTH)


def styled(text: str, style: str = "") -> Text:
    """A cleaned text with a style."""
    return Text(clean(text), style=style)


def write(console: Console, line: Part = "") -> None:
    """One line. What is wider than the console is folded by rich."""
    console.print(styled(line) if isinstance(line, str) else line, overflow="fold")


def write_whole(console: Console, line: Part) -> None:
    """One line that is never broken, for lines that other programs read."""
    console.print(styled(line) if isinstance(line, str) else line, soft_wrap=True)


def flow(console: Console, parts: Sequence[Part], indent: int = 2, gap: int = 2) -> None:
    """Parts side by side, `gap` columns apart, on as many lines as it takes."""
    line = Text(" " * indent)
    empty = True
    for part in parts:
        text = styled(part) if isinstance(part, str) else part
        if not empty and line.cell_len + gap + text.cell_len > width_of(console):
            write(console, line)
            line, empty = Text(" " * indent), True
        if not empty:
            line.append(" " * gap)
        line.append_text(text)
        empty = False
    if not empty:
        write(console, line)


def sentence(console: Console, text: str, indent: int = 2, style: str = "") -> None:
    """A sentence or more, broken between words."""
    lines = textwrap.wrap(
        clean(text),
        width_of(console),
        initial_indent=" " * indent,
        subsequent_indent=" " * indent,
        break_on_hyphens=False,
    )
    for line in lines:
        write(console, Text(line, style=style))


def columns(
    console: Console,
    rows: Sequence[Sequence[Part]],
    *,
    indent: int = 2,
    gap: int = 2,
    right: Sequence[int] = (),
    header: bool = False,
) -> None:
    """Rows in aligned columns; the last column is broken between words when it must be.

    Args:
        console: Where to.
        rows: Cells; every row as many as the first.
        indent: Columns on the left.
        gap: Columns between columns.
        right: Indexes of columns that are aligned right (numbers).
        header: Whether the first row names the columns.
    """
    if not rows:
        return
    cells = [[styled(part) if isinstance(part, str) else part for part in row] for row in rows]
    widths = [max(row[index].cell_len for row in cells) for index in range(len(cells[0]) - 1)]
    left = indent + sum(widths) + gap * len(widths)
    room = max(width_of(console) - left, 12)
    for place, row in enumerate(cells):
        line = Text(" " * indent)
        for index, width in enumerate(widths):
            padding = " " * (width - row[index].cell_len)
            line.append(padding if index in right else "").append_text(row[index])
            line.append(("" if index in right else padding) + " " * gap)
        for turn, piece in enumerate(_broken(row[-1], room)):
            out = line if turn == 0 else Text(" " * left)
            out.append_text(piece)
            out.rstrip()
            if header and place == 0:
                out.stylize("bold")
            write(console, out)


def _broken(text: Text, room: int) -> list[Text]:
    if cell_len(text.plain) <= room:
        return [text]
    lines = textwrap.wrap(text.plain, room, break_on_hyphens=False)
    return [Text(line, style=text.style) for line in lines]
