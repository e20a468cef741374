"""qsync's command line, telling besides how long its run took without start-up.

    python benchmarks/timed.py SECONDS_FILE apply --auto-approve

What is timed begins when dbt has parsed and connected, and ends when the ledger's seed is written:
live fields, planning, staging, sending, committing and recording are in it. The record of a run
would say less: it begins when the plan has been approved.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from qsync.cli.applying import Application
from qsync.cli.entry import main
from qsync.exit_codes import ExitCode

SECONDS = Path(sys.argv.pop(1)).resolve()
run = Application.run


def timed(self: Application) -> ExitCode:
    """`Application.run`, with the seconds it took written down."""
    started = time.perf_counter()
    code = run(self)
    SECONDS.write_text(str(time.perf_counter() - started))
    return code


if __name__ == "__main__":
    Application.run = timed  # type: ignore[method-assign]
    main()
