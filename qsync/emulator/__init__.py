"""A local Qualified: faithful to the API, with faults on request.

`Account` is the whole of it without a transport. Serving it over HTTP takes starlette and uvicorn
(the extra `emulator`): see `qsync.emulator.app` and `qsync.emulator.server`, which are
not imported here.
"""

from __future__ import annotations

from qsync.emulator.account import Account
from qsync.emulator.config import (
    EmulatorOptions,
    fields_from_mapping,
    fields_to_mapping,
    settings_from_options,
)
from qsync.emulator.faults import Fault, JobFault
from qsync.emulator.fields import DEFAULT_FIELDS, EmulatedField, Entity
from qsync.emulator.messages import EmulatedRequest, EmulatedResponse, LoggedRequest
from qsync.emulator.settings import ALL_SCOPES, DEFAULT_KEY, ApiKey, EmulatorSettings, Limits

__all__ = [
    "Account",
    "EmulatorSettings",
    "Limits",
    "ApiKey",
    "ALL_SCOPES",
    "DEFAULT_KEY",
    "Fault",
    "JobFault",
    "EmulatedField",
    "Entity",
    "DEFAULT_FIELDS",
    "EmulatedRequest",
    "EmulatedResponse",
    "LoggedRequest",
    "EmulatorOptions",
    "settings_from_options",
    "fields_from_mapping",
    "fields_to_mapping",
]
