"""The errors of the API with the body shape each has (API.md, "Errors")."""

from __future__ import annotations

import orjson

from qsync.emulator.messages import Answer

JSON_TYPE = ("content-type", "application/json; charset=utf-8")
HTML_TYPE = ("content-type", "text/html")

HTML_PAGE = b"""<html>
<head><title>Error</title></head>
<body><center><h1>Error</h1></center><hr><center>proxy</center></body>
</html>
"""
"""What a proxy in between answers."""


def error(status: int, message: str) -> Answer:
    """`{"error"}`, the shape of the endpoints for single records."""
    return Answer(status, {"error": message})


def coded(status: int, code: str, message: str) -> Answer:
    """`{"code", "message"}`, the shape of authentication, limits, bulk and erasing."""
    return Answer(status, {"code": code, "message": message})


def invalid_token(api_enabled: bool = True) -> Answer:
    """401: a bad key, or the API is off for the team."""
    if api_enabled:
        return coded(401, "invalid_token", "The access token is invalid")
    return coded(401, "invalid_token", "The API is not enabled for this team")


def insufficient_scope(scope: str) -> Answer:
    """403: the key lacks a scope."""
    return coded(403, "insufficient_scope", f"The access token lacks the scope {scope}")


def json_object(body: bytes) -> dict[str, object] | None:
    """The JSON object in a body, or None if it holds anything else."""
    try:
        parsed = orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
    return parsed if type(parsed) is dict else None
