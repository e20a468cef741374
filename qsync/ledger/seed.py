"""The ledger's seed: the CSV that `dbt seed` loads, written whole from the warehouse's records.

The file is a projection. It keeps the newest rows, and always those that say how each sync stands;
the warehouse has all. Nobody edits it, so what does not look as qsync wrote it is refused.
"""

from __future__ import annotations

import csv
import io
import os
import re
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

from qsync.errors import UserError
from qsync.ledger.columns import LEDGER_COLUMN_NAMES
from qsync.ledger.record import SUCCESS, RunStatus
from qsync.ledger.rows import Cell, SeedRow, cell

SEED_ROWS = 2_000
"""Rows the file keeps: below 1 MiB, above which dbt no longer compares a seed by content."""

_RESTORE = (
    "restore the file from version control, or delete it and run `qsync ledger pull`, "
    "then `dbt seed --full-refresh --select {stem}`"
)

# A spreadsheet runs a cell that begins so. A cell that already begins with quotes before such a
# sign gets one more, so that reading takes away exactly what writing added.
_RISKY = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")  # noqa: RUF001 - wide ones, which some read as narrow
_GUARDED = re.compile(r"'+[=+\-@\t\r\n＝＋－＠]")  # noqa: RUF001

_ENDED = frozenset(RunStatus) - {RunStatus.RUNNING}
_PINS: tuple[Callable[[str], bool], ...] = (
    lambda _: True,
    lambda status: status in _ENDED,
    lambda status: status in SUCCESS or status == RunStatus.PARTIAL,
    lambda status: status in SUCCESS,
)
"""Of each sync and object the newest row of each kind stays: run, ended, complete, success."""


def keep(rows: Sequence[SeedRow], limit: int = SEED_ROWS) -> list[SeedRow]:
    """The rows the file keeps, oldest first.

    Every sync and object keeps its last run, its last ended, its last complete (rejects or not)
    and its last successful one, whatever their age; the room left up to `limit` goes to the newest
    of the others. The result is longer than `limit` only when those alone are.
    """
    ordered = sorted(rows, key=_age)
    kept: set[int] = set()
    seen: set[tuple[Cell, Cell, int]] = set()
    for index in range(len(ordered) - 1, -1, -1):
        row = ordered[index]
        for number, wanted in enumerate(_PINS):
            pin = (row["sync"], row["object"], number)
            if pin not in seen and wanted(str(row["status"])):
                seen.add(pin)
                kept.add(index)
    for index in range(len(ordered) - 1, -1, -1):
        if len(kept) >= limit:
            break
        kept.add(index)
    return [ordered[index] for index in sorted(kept)]


def read_seed(path: Path) -> list[SeedRow]:
    """The file's rows, in its order; none when there is no file or an empty one.

    A file of an older qsync, whose header is the beginning of today's, is read with the later
    columns empty.

    Raises:
        UserError: The header is another one, or a row does not fit it.
    """
    with _opened(path) as lines:
        return list(_rows(path, lines))


def write_seed(path: Path, rows: Iterable[Mapping[str, object]], limit: int = SEED_ROWS) -> int:
    """Replace the file at once with what `keep` keeps of the rows; returns how many that are.

    Args:
        path: The seed.
        rows: Each with every column by name; a time may be a `datetime`.
        limit: As in `keep`.

    Raises:
        UserError: The file that is there has another header, or cannot be written.
    """
    with _opened(path) as lines:
        _header(path, csv.reader(lines))
    whole = [{name: cell(name, row[name]) for name in LEDGER_COLUMN_NAMES} for row in rows]
    kept = keep(whole, limit)
    try:
        _replace(path, seed_text(kept))
    except OSError as error:
        raise UserError(
            f"the ledger's seed cannot be written: {error.strerror}",
            hint="check the rights of the folder; the records are safe in the warehouse, and "
            "`qsync ledger pull` writes the file again",
            where=str(path),
        ) from error
    return len(kept)


def seed_text(rows: Iterable[SeedRow] = ()) -> str:
    """The file's whole text: the header, then the rows as they come."""
    lines = [",".join(LEDGER_COLUMN_NAMES)]
    lines += [",".join(_cell_text(row[name]) for name in LEDGER_COLUMN_NAMES) for row in rows]
    return "\n".join(lines) + "\n"


def _age(row: SeedRow) -> tuple[str, ...]:
    return tuple(str(row[name]) for name in ("started_at", "run_id", "sync", "object"))


def _cell_text(value: Cell) -> str:
    if value is None:
        return ""
    text = str(value)
    if isinstance(value, str) and _RISKY.match(text):
        text = f"'{text}"
    # csv.writer leaves a lone carriage return unquoted when lines end with a line feed.
    if any(sign in text for sign in ',"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text


def _opened(path: Path) -> io.TextIOBase:
    # utf-8-sig: some editors put a byte order mark in front.
    return path.open(encoding="utf-8-sig", newline="") if path.is_file() else io.StringIO()


def _header(path: Path, reader: Iterator[list[str]]) -> Sequence[str]:
    header = next(reader, [])
    if tuple(header) == LEDGER_COLUMN_NAMES[: len(header)]:
        return header
    if tuple(header[: len(LEDGER_COLUMN_NAMES)]) == LEDGER_COLUMN_NAMES:
        raise UserError(
            "the ledger's seed was written by a newer qsync",
            hint="upgrade qsync",
            where=f"{path}:1:1",
        )
    raise UserError(
        "the header of the ledger's seed is not as qsync wrote it, and columns in another order "
        "would swap their values in the warehouse",
        hint=_RESTORE.format(stem=path.stem),
        where=f"{path}:1:1",
    )


def _rows(path: Path, lines: Iterable[str]) -> Iterator[SeedRow]:
    reader = csv.reader(lines, strict=True)
    try:
        header = _header(path, reader)
        for cells in reader:
            if not cells:
                continue  # an editor's blank line
            if len(cells) != len(header):
                raise ValueError(f"{len(cells)} cells where the header has {len(header)}")
            row: SeedRow = dict.fromkeys(LEDGER_COLUMN_NAMES)
            for name, text in zip(header, cells, strict=True):
                row[name] = cell(name, text[1:] if _GUARDED.match(text) else text)
            yield row
    except (ValueError, csv.Error) as error:
        raise UserError(
            "a line of the ledger's seed is not as qsync wrote it",
            hint=_RESTORE.format(stem=path.stem),
            where=f"{path}:{reader.line_num}:1",
        ) from error


def _replace(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".tmp")
    try:
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        # mkstemp makes 0600; the seed is a file of the repository like any other.
        Path(name).chmod(path.stat().st_mode & 0o777 if path.exists() else 0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
