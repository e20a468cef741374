"""JSON files that dbt wrote, read with orjson (imported late: it costs 25 ms)."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")


def read_as(path: Path, shape: type[T]) -> tuple[T | None, str]:
    """The keys of the file's object that a struct of `qsync.artifacts.shapes` names.

    Returns:
        The struct, or None and why not in a few words. What is skipped is not looked into.
    """
    import msgspec

    try:
        with _uncollected():
            return msgspec.json.decode(path.read_bytes(), type=shape), ""
    except OSError as error:
        return None, error.strerror or type(error).__name__
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        # The other parser knows the line; and where it sees nothing wrong, a value is beyond what
        # can be read: a number of thousands of digits, a list in a list a thousand times over.
        _, problem = read_json(path)
        return None, problem or "it holds a value that is too large to be read"


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
