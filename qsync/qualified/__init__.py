"""Qualified over HTTP: the client, its quota and its retries. The only room that imports httpx."""

from __future__ import annotations

from qsync.qualified.client import BulkScope, QualifiedClient
from qsync.qualified.clock import Clock, SystemClock
from qsync.qualified.headers import RateLimit
from qsync.qualified.key import ApiKey, read_api_key

__all__ = [
    "ApiKey",
    "BulkScope",
    "Clock",
    "QualifiedClient",
    "RateLimit",
    "SystemClock",
    "read_api_key",
]
