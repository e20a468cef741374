"""`python -m qsync`."""

from __future__ import annotations

from qsync.cli.entry import main

main()
