"""The matrix warehouse by behaviour, from what pytest found (`make matrix`).

Reads one JUnit file per warehouse, `WAREHOUSE.xml`, and tells passed, failed and not there (skipped
with a reason) per file of tests. Ends with 1 when anything failed or nothing ran.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path
from xml.etree import ElementTree as Xml

KINDS = {"failure": "failed", "error": "failed", "skipped": "not there"}


def results(path: Path) -> tuple[dict[str, Counter[str]], list[str]]:
    """Counts by behaviour, and the reasons of what is not there."""
    found: dict[str, Counter[str]] = {}
    reasons: list[str] = []
    for case in Xml.parse(path).iter("testcase"):
        if path.stem not in str(case.get("name")):
            continue  # asks no warehouse
        behaviour = str(case.get("classname")).rpartition("test_")[2].replace("_", " ")
        kind = next((KINDS[part.tag] for part in case if part.tag in KINDS), "passed")
        found.setdefault(behaviour, Counter())[kind] += 1
        if kind == "not there":
            reasons += [f"{case.get('name')}: {part.get('message')}" for part in case]
    return found, reasons


def cell(counts: Counter[str] | None) -> str:
    """`12 passed, 1 failed`."""
    if not counts:
        return "nothing ran"
    return ", ".join(
        f"{counts[kind]} {kind}" for kind in ("passed", "failed", "not there") if counts[kind]
    )


def main(folder: Path) -> int:
    """Print the table; 1 when something failed."""
    told = {
        name: (results(folder / f"{name}.xml") if (folder / f"{name}.xml").exists() else ({}, []))
        for name in ("duckdb", "postgres", "spark")
    }
    behaviours = sorted({behaviour for found, _ in told.values() for behaviour in found})
    rows = [["", *told]]
    rows += [[name, *(cell(found.get(name)) for found, _ in told.values())] for name in behaviours]
    widths = [max(len(row[place]) for row in rows) for place in range(len(rows[0]))]
    for row in rows:
        sys.stdout.write(
            "  ".join(part.ljust(width) for part, width in zip(row, widths, strict=True)).rstrip()
            + "\n"
        )
    for _, reasons in told.values():
        for reason in reasons:
            sys.stdout.write(f"not there: {reason}\n")
    bad = any(
        not found or any(counts["failed"] for counts in found.values())
        for found, _ in told.values()
    )
    return int(bad)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
