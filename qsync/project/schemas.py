"""The JSON Schemas of the files a user writes, and the lines that tell editors about them.

A modeline must not name a path of one machine, so `qsync init` writes the schemas into
`.qsync/schemas/` of the project and modelines name them relative to the file they stand in.
"""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

from qsync.schema_check import SCHEMA_KINDS, SchemaKind, load_schema, schema_path

__all__ = [
    "SCHEMA_FOLDER",
    "SCHEMA_KINDS",
    "SchemaKind",
    "load_schema",
    "modeline",
    "project_schema_path",
    "schema_path",
]

SCHEMA_FOLDER = ".qsync/schemas"
"""Where `qsync init` puts the schemas, relative to the project."""


def project_schema_path(kind: SchemaKind) -> str:
    """The schema's file inside a project, relative to it."""
    return f"{SCHEMA_FOLDER}/{kind}.schema.json"


def modeline(kind: SchemaKind, file: str) -> str:
    """The comment that gives editors completion and checks.

    Args:
        kind: Which schema.
        file: The file the line is for, relative to the project, with `/`.
    """
    folder = PurePosixPath(file).parent
    relative = os.path.relpath(project_schema_path(kind), folder)
    return f"# yaml-language-server: $schema={Path(relative).as_posix()}"
