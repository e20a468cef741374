"""Reading the structured log as a program does: every line is checked against the schema."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator

SCHEMA = Path(__file__).resolve().parents[2] / "schemas" / "log.schema.json"


@cache
def _schemas() -> dict[str, Draft7Validator]:
    """The schema of each event; a `oneOf` of many tells nothing when it fails."""
    document = json.loads(SCHEMA.read_text(encoding="utf-8"))
    Draft7Validator.check_schema(document)
    kinds = document["oneOf"]
    return {kind["properties"]["event"]["const"]: Draft7Validator(kind) for kind in kinds}


def log_lines(text: str) -> list[dict[str, Any]]:
    """Every line of a log, as the schema has it."""
    lines = [json.loads(line) for line in text.splitlines()]
    for line in lines:
        _schemas()[line["event"]].validate(line)
    return lines
