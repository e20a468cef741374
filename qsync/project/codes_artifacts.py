"""`QS2xx`: dbt's artifacts and models."""

from __future__ import annotations

from qsync.project.code_info import CodeInfo

ARTIFACT_CODES: tuple[CodeInfo, ...] = (
    CodeInfo(
        "QS201",
        "a model that is not in the manifest",
        "No model, snapshot or seed of that name was there when dbt last parsed the project: a "
        "typing error, or a model that is newer than the manifest.",
        "Take the name the hint suggests, or run `dbt parse` or `dbt run`.",
    ),
    CodeInfo(
        "QS202",
        "a disabled model",
        "dbt knows the model, but `enabled: false` holds for it.",
        "Enable it and run dbt, map another model, or set `enabled: false` in the sync's config.",
    ),
    CodeInfo(
        "QS203",
        "an ephemeral model",
        "An ephemeral model is only a part of other models' SQL: the warehouse holds no relation.",
        "Materialize it as a view or a table.",
    ),
    CodeInfo(
        "QS204",
        "a model of that name in several packages",
        "Several packages, none of them the project itself, have a model of that name.",
        "Name the package: `ref('a_package', 'dim_leads')`.",
    ),
    CodeInfo(
        "QS205",
        "no such version of the model",
        "`ref('…', v=…)` names a version that the manifest does not have.",
        "Take one of the versions in the hint, or leave `v=` out for the latest.",
    ),
    CodeInfo(
        "QS210",
        "no manifest",
        "There is no `manifest.json` in dbt's target path.",
        "Run `dbt run`, or `dbt parse`, which needs no warehouse.",
    ),
    CodeInfo(
        "QS211",
        "a manifest of an unsupported schema",
        "dbt wrote a schema version that this qsync does not know; it reads v10 to v12 (dbt 1.6 "
        "and later, dbt v2).",
        "Upgrade dbt or qsync.",
    ),
    CodeInfo(
        "QS212",
        "the manifest is stale",
        "A mapped model's file changed since dbt last parsed it, so the warehouse may not hold "
        "what the file says.",
        "Run `dbt run` for the model.",
    ),
    CodeInfo(
        "QS213",
        "the manifest cannot be read",
        "`manifest.json` is no valid JSON, for example because dbt was interrupted.",
        "Run `dbt parse`.",
    ),
    CodeInfo(
        "QS214",
        "a model dbt does not find any more",
        "The manifest holds the model, `dbt ls` under qsync's own target does not: it was removed "
        "or disabled since.",
        "Run `dbt run` (or `dbt parse`) again, or map another model.",
    ),
    CodeInfo(
        "QS215",
        "dbt last ran for another target",
        "The manifest names another relation than dbt gives the model under this target: the rows "
        "that were built are not the rows that would be sent.",
        "Run dbt for this target first, or name the target it ran for with `--target`.",
    ),
    CodeInfo(
        "QS216",
        "a relation that is not in the warehouse",
        "The model was never built under this target.",
        "Run `dbt run --select MODEL` for this target.",
    ),
)
