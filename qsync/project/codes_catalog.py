"""`QS4xx`: the field catalog."""

from __future__ import annotations

from qsync.project.code_info import CodeInfo

CATALOG_CODES: tuple[CodeInfo, ...] = (
    CodeInfo(
        "QS401",
        "no field catalog",
        "There is no `qualified_fields.yml`. `validate` can then check no field (a warning); "
        "`plan` needs it (an error).",
        "`qsync catalog pull` writes it. It needs an API key once; commit the file.",
    ),
    CodeInfo(
        "QS402",
        "a field catalog of another edition",
        "Its `version` is not 1: another qsync wrote it.",
        "Upgrade qsync, or run `qsync catalog pull`.",
    ),
    CodeInfo(
        "QS403",
        "a field catalog with broken content",
        "The file was edited, or a merge went wrong.",
        "Run `qsync catalog pull`, which writes it anew.",
    ),
    CodeInfo(
        "QS404",
        "a field stands twice in the catalog",
        "Usually a merge that kept both sides.",
        "Run `qsync catalog pull`, which writes it anew.",
    ),
)
