"""The examples of the documentation are tests.

Python blocks are run, page by page. A YAML block whose first line is a comment that names a file of
qsync (`# qsync.yml`, `# models/marts/leads.qsync.yml`) must satisfy that file's JSON Schema.
"""

from __future__ import annotations

import json
from pathlib import Path

import jsonschema
from ruamel.yaml import YAML
from sybil import Example, Sybil
from sybil.parsers.myst import CodeBlockParser, PythonCodeBlockParser, SkipParser

from tests.conftest import clean_environment, clean_session, session_home

__all__ = ["clean_environment", "clean_session", "pytest_collect_file", "session_home"]

_SCHEMAS = Path(__file__).resolve().parent.parent / "schemas"


def schema_for(first_line: str) -> str | None:
    """The schema of the file of ours that a block's first line names, or None."""
    if not first_line.startswith("#"):
        return None
    name = Path(first_line.removeprefix("#").strip()).name
    if name == "qsync.yml":
        return "project.schema.json"
    if name.endswith((".qsync.yml", ".qsync.yaml")):
        return "sync.schema.json"
    if name == "qualified_fields.yml":
        return "catalog.schema.json"
    return None


def _check_yaml(example: Example) -> str | None:
    text = str(example.parsed)
    schema = schema_for(text.partition("\n")[0])
    if schema is None:
        return None
    validator = jsonschema.Draft7Validator(json.loads((_SCHEMAS / schema).read_text("utf-8")))
    found = [error.message for error in validator.iter_errors(YAML(typ="safe").load(text))]
    return "\n".join(found) or None


pytest_collect_file = Sybil(
    parsers=[
        PythonCodeBlockParser(),
        CodeBlockParser(language="yaml", evaluator=_check_yaml),
        SkipParser(),
    ],
    patterns=["*.md"],
    excludes=["_build/**"],
    fixtures=["clean_environment"],
).pytest()
