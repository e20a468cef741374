"""Materializes the Dagster example and writes what Dagster says of it; run by its environment.

python dagster_play.py OUT SYNC…
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, "orchestration")

import dagster as dg
import dagster_qsync as example


def main() -> None:
    out, *syncs = sys.argv[1:]
    chosen = [dg.AssetKey(["qualified", name]) for name in syncs]
    selection = dg.AssetSelection.assets(example.models)
    selection |= dg.AssetSelection.assets(*chosen) | dg.AssetSelection.checks_for_assets(*chosen)
    with dg.instance_for_test() as instance:
        result = dg.materialize(
            [example.models, example.qualified],
            resources=dict(example.definitions.resources or {}),
            instance=instance,
            selection=selection,
            raise_on_error=False,
        )
        said = {
            "success": result.success,
            "materialized": {
                event.asset_key.path[-1]: event.materialization.metadata["status"].value
                for event in result.get_asset_materialization_events()
                if event.asset_key.path[0] == "qualified"
            },
            "checks": {
                check.asset_key.path[-1]: check.passed
                for check in result.get_asset_check_evaluations()
                if check.asset_key.path[0] == "qualified"
            },
            "failures": [
                event.event_specific_data.error_display_string
                for event in result.get_step_failure_events()
            ],
            "upstream": {
                key.path[-1]: sorted(parent.path[-1] for parent in parents)
                for key, parents in example.qualified.asset_deps.items()
            },
        }
    Path(out).write_text(json.dumps(said))


if __name__ == "__main__":
    main()
