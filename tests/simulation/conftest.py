"""Small chunks, so that a few rows make many."""

from __future__ import annotations

import pytest

CHUNK = 2


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two rows a chunk, two chunks a page; a killed process loses nothing it wrote to a file."""
    monkeypatch.setattr("os.fsync", lambda file: None)
    for module in ("deliver", "reading"):
        monkeypatch.setattr(f"qsync.execution.{module}.CHUNK_ROWS", CHUNK)
    monkeypatch.setattr("qsync.execution.reading.PAGE_CHUNKS", 2)
