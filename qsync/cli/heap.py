"""What dbt and the project left in memory is looked through by no garbage collector meanwhile."""

from __future__ import annotations

import contextlib
import gc
from collections.abc import Iterator


@contextlib.contextmanager
def heap_at_rest() -> Iterator[None]:
    """While rows are sent, objects that were there before are not searched for cycles.

    A page of rows is thousands of new objects, so the collector runs often; what it would look
    through each time is dbt's and the manifest, hundreds of thousands that all stay. That took as
    long as the rows themselves (`make bench-row`).
    """
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
