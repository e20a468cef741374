"""Write the seeds of the example: a CRM export and the product usage of an invented company.

Deterministic and offline, the same on every Python. Every person and company is made up; addresses
live on the reserved domains `.example` and `.test`.

    python scripts/make_data.py                        # day 1, into seeds/ (what is committed)
    python scripts/make_data.py --day 2 --into seeds   # the export of the next day
"""

from __future__ import annotations

import argparse
import csv
from pathlib import Path

from next_day import next_day
from world import Row, World

SEEDS = Path(__file__).resolve().parent.parent / "seeds"


def write(folder: Path, name: str, rows: list[Row]) -> None:
    """One export as CSV. `mail`, where an account's people get mail, is nothing the CRM knows."""
    columns = [column for column in rows[0] if column != "mail"]
    with (folder / name).open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, extrasaction="ignore", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)


def main() -> None:
    """Write the three exports of the day that was asked for."""
    parser = argparse.ArgumentParser(description="Write the seeds of the example project.")
    parser.add_argument("--day", type=int, choices=(1, 2), default=1)
    parser.add_argument("--into", type=Path, default=SEEDS, help="the seeds folder to write to")
    options = parser.parse_args()
    world = World()
    if options.day == 2:
        next_day(world)
    write(options.into, "crm_accounts.csv", world.accounts)
    write(options.into, "crm_contacts.csv", world.contacts)
    write(options.into, "product_usage.csv", world.usage)


if __name__ == "__main__":
    main()
