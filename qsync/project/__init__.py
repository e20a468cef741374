"""What the user wrote: files, JSON Schema, diagnostics with positions."""

from __future__ import annotations

from qsync.project.loader import LoadResult, load_project

__all__ = ["LoadResult", "load_project"]
