"""Dagster: an asset for each sync, downstream of the dbt model it reads.

    QSYNC_TARGET=prod dagster dev -f orchestration/dagster_qsync.py

The syncs of one materialization go in one `qsync apply`, because qsync takes one lock for a
destination and plans the request quota over all of them. A sync that failed or was stopped fails
the step, after the others have been told; rejected records are a warning of the asset's check.
"""

import json
import os
import subprocess
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import dagster as dg
from dagster_dbt import DbtCliResource, DbtProject, dbt_assets, get_asset_key_for_model

PROJECT = Path(__file__).resolve().parent.parent
TARGET = os.environ.get("QSYNC_TARGET", "prod")
ENDED = (0, 1, 3)
"""Exit codes of an apply that leave a record: done; a sync failed or was stopped; some rejected."""

dbt_project = DbtProject(project_dir=PROJECT, profiles_dir=PROJECT, target=TARGET)
dbt_project.prepare_if_dev()


@dbt_assets(manifest=dbt_project.manifest_path)
def models(context: dg.AssetExecutionContext, dbt: DbtCliResource) -> Iterator[Any]:
    """Every model, seed and snapshot, as dbt-dagster has them."""
    yield from dbt.cli(["build"], context=context).stream()


def _qsync(*words: str, ends: tuple[int, ...] = (0,)) -> dict[str, Any]:
    """Run a command with `--json`; what it says goes on in the log as it comes."""
    command = ["qsync", *words, "--json"]
    done = subprocess.run(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode not in ends or not done.stdout.strip():
        raise dg.Failure(f"{' '.join(command)} ended with {done.returncode}; its words are above")
    document: dict[str, Any] = json.loads(done.stdout)
    return document


SYNCS = {sync["name"]: sync for sync in _qsync("ls")["syncs"] if sync["enabled"]}


def _key(sync: str) -> dg.AssetKey:
    return dg.AssetKey(["qualified", sync])


@dg.multi_asset(
    name="qsync",
    can_subset=True,
    specs=[
        dg.AssetSpec(
            _key(name),
            deps=[get_asset_key_for_model([models], sync["model"])],
            description=sync["description"],
            group_name="qualified",
            kinds={"qsync"},
            skippable=True,
        )
        for name, sync in SYNCS.items()
    ],
    check_specs=[dg.AssetCheckSpec("every_record_was_taken", asset=_key(name)) for name in SYNCS],
)
def qualified(context: dg.AssetExecutionContext) -> Iterator[Any]:
    """Send what changed, of the selected syncs."""
    chosen = {key.path[-1] for key in context.selected_asset_keys}
    select = [word for name in sorted(chosen) for word in ("--select", name)]
    run = _qsync("apply", "--target", TARGET, "--auto-approve", *select, ends=ENDED)
    streams = defaultdict(list)
    for stream in run["streams"]:
        streams[stream["sync"]].append(stream)
    failed = []
    for name in sorted(chosen):
        said = streams[name]
        statuses = {stream["status"] for stream in said}
        if not said or statuses & {"failed", "stopped", "interrupted"}:
            failed.append(f"{name}: {', '.join(sorted(statuses)) or 'did not run'}")
            continue
        counts = {
            f"{stream['object']} {what}": stream["counts"][what]
            for stream in said
            for what in ("planned", "succeeded", "rejected", "unknown", "unsent")
        }
        yield dg.MaterializeResult(
            asset_key=_key(name),
            metadata={"run": run["run_id"], "status": " and ".join(sorted(statuses)), **counts},
            check_results=[
                dg.AssetCheckResult(
                    asset_key=_key(name),
                    check_name="every_record_was_taken",
                    passed="partial" not in statuses,
                    severity=dg.AssetCheckSeverity.WARN,
                    metadata=counts,
                )
            ],
        )
    if failed:
        raise dg.Failure("; ".join(failed))


definitions = dg.Definitions(
    assets=[models, qualified],
    resources={"dbt": DbtCliResource(project_dir=dbt_project)},
    schedules=[
        dg.ScheduleDefinition(
            name="every_morning", cron_schedule="0 5 * * *", target=dg.AssetSelection.all()
        )
    ],
)
