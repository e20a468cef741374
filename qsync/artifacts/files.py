"""JSON files that dbt wrote, read with orjson (imported late: it costs 25 ms)."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any


def read_json(path: Path) -> tuple[Mapping[str, Any] | None, str]:
    """The file's object, or None and why not in a few words."""
    import orjson

    try:
        with _uncollected():
            data = orjson.loads(path.read_bytes())
    except OSError as error:
        return None, error.strerror or type(error).__name__
    except orjson.JSONDecodeError as error:
        return None, f"no valid JSON in line {error.lineno}"
    if not isinstance(data, dict):
        return None, "it holds no JSON object"
    return data, ""


@contextlib.contextmanager
def _uncollected() -> Iterator[None]:
    """Without looking for garbage: a large file makes millions of objects, and none is any yet."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()
