"""The documents: JSON-ready data, from which every text is rendered.

A view reads a document and nothing else, so that text and JSON cannot diverge. What a document says
is taken from the plan, the run records and the like; it adds sums, shares and words of time, never
a fact. There is no key, no value and no SQL in it. The shapes of the plan and of a run are
`schemas/plan.schema.json` and `schemas/run.schema.json`.
"""

from __future__ import annotations

from qsync.views.entries import JsonObject
from qsync.views.plan_document import plan_document
from qsync.views.run_document import RUN_FORMAT, run_document, run_entry

__all__ = ["RUN_FORMAT", "JsonObject", "plan_document", "run_document", "run_entry"]
