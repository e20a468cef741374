"""Diagnostics, under the name the project room has for them (they live below all rooms)."""

from __future__ import annotations

from qsync.diagnostics import Diagnostic, Position, Related, Severity, has_errors

__all__ = ["Diagnostic", "Position", "Related", "Severity", "has_errors"]
