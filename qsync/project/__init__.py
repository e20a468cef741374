"""What the user wrote: files, JSON Schema, diagnostics with positions."""

from __future__ import annotations
