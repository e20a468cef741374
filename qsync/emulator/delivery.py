"""From what an endpoint says to what goes over the wire, faults included."""

from __future__ import annotations

import orjson

from qsync.emulator.answers import HTML_PAGE, HTML_TYPE, JSON_TYPE, coded, error, invalid_token
from qsync.emulator.faults import Fault
from qsync.emulator.messages import Answer, EmulatedResponse


def answer_of_fault(fault: Fault) -> Answer:
    """What a fault answers; a payload of None is an HTML page."""
    headers: list[tuple[str, str]] = []
    if fault.retry_after is not None:
        headers.append(("Retry-After", str(fault.retry_after)))
    if fault.location is not None:
        headers.append(("Location", fault.location))
    status = fault.status or (307 if fault.location is not None else 502)
    return Answer(status, None if fault.html else _payload(status), tuple(headers))


def _payload(status: int) -> object:
    """The body shape that this status has (API.md, "Errors")."""
    if status == 429:
        return coded(429, "rate_limited", "A fault was asked for").payload
    if status == 401:
        return invalid_token().payload
    if status == 403:
        return coded(403, "insufficient_scope", "A fault was asked for").payload
    return error(status, "A fault was asked for").payload


def response(answer: Answer, delay: float, fault: Fault | None) -> EmulatedResponse:
    """The answer serialized, with the fault's delay and break of the connection."""
    if answer.payload is None:
        body, content_type = HTML_PAGE, HTML_TYPE
    else:
        body, content_type = orjson.dumps(answer.payload), JSON_TYPE
    headers = (content_type, *answer.headers)
    if fault is None:
        return EmulatedResponse(answer.status, body, headers, delay)
    return EmulatedResponse(
        answer.status, body, headers, delay + fault.delay, fault.cut_at, fault.reset
    )
