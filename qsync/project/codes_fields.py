"""`QS3xx`: fields and mapping, given by planning."""

from __future__ import annotations

from qsync.project.code_info import CodeInfo

FIELD_CODES: tuple[CodeInfo, ...] = ()
