"""Whether a model's file still is what dbt parsed.

dbt's checksum is the SHA-256 of the UTF-8 file's contents without surrounding white space
(`dbt.parser.read_files.load_source_file`, dbt 1.11); of a seed over 1 MiB it is the path, and then
nothing can be said.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from qsync.artifacts.model import Manifest, Node
from qsync.diagnostics import Diagnostic, Position, Severity

_HASHED = (".sql", ".py", ".csv")


def check_stale(
    node: Node,
    manifest: Manifest,
    project_dir: Path,
    *,
    position: Position | None = None,
    sync: str | None = None,
) -> Diagnostic | None:
    """A warning (`QS212`) when the node's file changed, or went, since the manifest was written.

    Args:
        node: A mapped node. Nodes of other packages are not looked at.
        manifest: Where it is from.
        project_dir: The dbt project's folder.
        position: Where the sync names the model; the node's file otherwise.
        sync: The sync's name.
    """
    if node.package != manifest.project_name or node.checksum is None:
        return None
    path = project_dir / node.original_file_path
    if path.suffix not in _HASHED:
        return None
    if path.is_file() and file_checksum(path) == node.checksum:
        return None
    what = "changed" if path.is_file() else "is gone"
    return Diagnostic(
        "QS212",
        Severity.WARNING,
        position or Position(node.original_file_path),
        f"{node.original_file_path} {what} since dbt wrote {manifest.path}",
        f"run `dbt run --select {node.name}`, so that the warehouse holds what the file says",
        sync,
    )


def file_checksum(path: Path) -> str:
    """dbt's checksum of a file; empty for one that is not UTF-8 or cannot be read."""
    try:
        text = path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
    return hashlib.sha256(text.strip().encode()).hexdigest()
