"""Small tools to set text within 80 columns: numbers, sentences, aligned columns.

Every text that reaches a console passes `clean`, so that a name or a server's message cannot steer
the terminal.
"""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Sequence

from rich.console import Console
from rich.text import Text

from qsync.views.console import WIDTH

_GLUE = "\N{NO-BREAK SPACE}"

NARROWEST = 8
"""Columns that a table's column keeps."""

Part = str | Text
"""A piece of a line that is never broken: plain or styled."""


def number(value: int) -> str:
    """With thousands separators: `1,204`."""
    return f"{value:,}"


def counted(value: int, word: str, plural: str | None = None) -> str:
    """`1 job`, `1,204 jobs`."""
    return f"{number(value)} {word if value == 1 else plural or word + 's'}"


def glued(text: str) -> str:
    """The text with blanks at which `columns` never breaks it."""
    return text.replace(" ", _GLUE)


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


def broken(text: str, console: Console, indent: int = 0, hang: int = 0) -> list[str]:
    """A text's lines, broken between words; all but the first `hang` columns further right."""
    return textwrap.wrap(
        clean(text),
        width_of(console),
        initial_indent=" " * indent,
        subsequent_indent=" " * (indent + hang),
        break_on_hyphens=False,
    )


def sentence(console: Console, text: str, indent: int = 2, style: str = "") -> None:
    """A sentence or more, broken between words."""
    for line in broken(text, console, indent):
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
    """Rows in aligned columns; when they do not fit, the widest are broken.

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
    widths = _widths(cells, width_of(console) - indent - gap * (len(cells[0]) - 1))
    for place, row in enumerate(cells):
        pieces = [_pieces(cell, width) for cell, width in zip(row, widths, strict=True)]
        for turn in range(max(map(len, pieces))):
            line = Text(" " * indent)
            for index, width in enumerate(widths):
                piece = pieces[index][turn] if turn < len(pieces[index]) else Text()
                padding = " " * (width - piece.cell_len)
                line.append(padding if index in right else "").append_text(piece)
                line.append(("" if index in right else padding) + " " * gap)
            line.rstrip()
            if header and place == 0:
                line.stylize("bold")
            write(console, line)


def _widths(cells: Sequence[Sequence[Text]], room: int) -> list[int]:
    """The natural widths; when they do not fit, the widest columns give way."""
    widths = [max(row[index].cell_len for row in cells) for index in range(len(cells[0]))]
    while sum(widths) > room and max(widths) > NARROWEST:
        # The last one among equals: names in front are read first.
        widest = max(range(len(widths)), key=lambda index: (widths[index], index))
        others = max((w for i, w in enumerate(widths) if i != widest), default=0)
        target = max(widths[widest] - (sum(widths) - room), others - 1, NARROWEST)
        widths[widest] = min(target, widths[widest] - 1)
    return widths


def _pieces(text: Text, width: int) -> list[Text]:
    lines = [text.plain]
    if text.cell_len > width:
        # Glue that holds more together than fits would have a number broken instead.
        words = [
            word if len(word) <= width else word.replace(_GLUE, " ")
            for word in text.plain.split(" ")
        ]
        lines = textwrap.wrap(" ".join(words), max(width, 1), break_on_hyphens=False)
    elif _GLUE not in text.plain:
        return [text]
    return [Text(line.replace(_GLUE, " "), style=text.style) for line in lines]
