"""Three days of a team's work, on this machine alone: dbt, plan, apply, ledger, and trouble.

    python scripts/demo.py [FOLDER]

Builds a copy of `example_project` in `.demo` (made anew each time) with dbt on DuckDB, and sends it
to an emulated Qualified. It ends by checking that plans, ledger, state and Qualified agree.
"""

from __future__ import annotations

import argparse
import shutil
import signal
import sys
from pathlib import Path
from types import FrameType

from demo_check import check_everything, where_to_look
from demo_stage import DemoError, Emulator, Stage
from demo_trouble import play_trouble

REPOSITORY = Path(__file__).resolve().parent.parent
REJECTED = 3
"""qsync's exit code for a run that finished with rejected rows."""


def play(stage: Stage, emulator: Emulator) -> None:
    """The two days."""
    stage.day("Day 1")
    stage.step(
        "The models over qsync's ledger come as a dbt package.", "dbt deps", tail="Installed from "
    )
    stage.step(
        "dbt builds the models from a CRM export and product usage, and tests them.",
        "dbt build --target prod",
        tail="Done. ",
    )
    stage.step(
        "The field catalog: Qualified's fields as a file to commit. Planning needs no key then.",
        "qsync catalog pull",
    )
    stage.step("Are the sync files right? Offline, and in a blink.", "qsync validate")
    first_plan = stage.step(
        "What would change in Qualified? Counts leave the warehouse, rows do not. The rows that "
        "are wrong, as people's data is, are counted by reason and never sent.",
        "qsync plan --target prod",
    )
    stage.step(
        "Do it. (A person would be asked first.) A few phones are not what Qualified takes: those "
        "rows are rejected, one by one, so the run ends with exit code 3.",
        "qsync apply --target prod --auto-approve",
        ends=(0, REJECTED),
        after="Run ",
    )

    stage.day("Day 2")
    stage.step(
        "Overnight people came, changed and left.",
        "python scripts/make_data.py --day 2 --into seeds",
    )
    stage.step(
        "dbt builds again.",
        "dbt build --target prod --exclude qsync_runs+",
        tail="Done. ",
    )
    second_plan = stage.step(
        "Only what changed is planned, field by field.", "qsync plan --target prod"
    )
    stage.step(
        "And only that is sent. Yesterday's rejects go once more and then rest.",
        "qsync apply --target prod --auto-approve",
        ends=(0, REJECTED),
        after="Run ",
    )
    stage.step(
        "The ledger comes back into dbt as a seed ...",
        "dbt seed --target prod --select qsync_runs",
        tail="Done. ",
    )
    stage.step(
        "... and a model on it says how healthy each sync is.",
        "dbt build --target prod --select qsync_health",
        tail="Done. ",
    )
    check_everything(stage, emulator.base_url, (first_plan, second_plan))


def main() -> int:
    """Play it; 0 when everything went as it should."""
    parser = argparse.ArgumentParser(description="Play three days of a team's work.")
    parser.add_argument("folder", nargs="?", type=Path, default=REPOSITORY / ".demo")
    folder = parser.parse_args().folder.resolve()
    signal.signal(signal.SIGTERM, _leave)
    shutil.rmtree(folder, ignore_errors=True)
    project = folder / "example_project"
    left = shutil.ignore_patterns("target", "logs", "*.duckdb*", "__pycache__", ".user.yml")
    for name in ("example_project", "dbt_package"):
        shutil.copytree(REPOSITORY / name, folder / name, ignore=left)
    stage = Stage(project, folder / "demo.log")
    try:
        with Emulator(folder) as emulator:
            stage.connect(emulator)
            play(stage, emulator)
            play_trouble(stage, emulator.base_url)
            where_to_look(stage, emulator.base_url)
    except DemoError as error:
        stage.fail(error)
        return 1
    except KeyboardInterrupt:
        stage.say("Interrupted; the emulator is stopped.")
        return 130
    return 0


def _leave(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - signal's signature
    """End as Ctrl-C does, so that what was started is stopped."""
    raise KeyboardInterrupt


if __name__ == "__main__":
    sys.exit(main())
