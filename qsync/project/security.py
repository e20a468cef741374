"""What must hold before a key is read or a request goes out.

A project is code review's affair, but a pull request from anywhere may change `qsync.yml`: it must
not be able to send another secret, or the key to another host.
"""

from __future__ import annotations

import re
from collections.abc import Collection
from ipaddress import ip_address
from urllib.parse import urlsplit

KEY_PREFIX = "QUALIFIED_"
"""Only variables of this prefix may hold the key: no other secret of a CI job can be sent."""

OFFICIAL_HOST = "api.qualified.com"

_BRACKETED = re.compile(r"\[[^\[\]]+\](:[0-9]*)?")


def key_variable_problem(name: str) -> str | None:
    """Why a variable may not hold the API key, or None. Never repeats what could be a key."""
    if not name.startswith(KEY_PREFIX):
        return f"`api_key_env` names a variable that does not start with {KEY_PREFIX}"
    rest = name.removeprefix(KEY_PREFIX)
    if not rest.replace("_", "").isalnum() or not rest.isascii() or rest != rest.upper():
        return "`api_key_env` is no name of a variable"
    return None


def base_url_problem(url: str, allowed_hosts: Collection[str] = ()) -> str | None:
    """Why an address may not be sent the key, or None.

    Args:
        url: `https://api.qualified.com`, a loopback address (also over http), or a host that the
            person who runs qsync allowed.
        allowed_hosts: Hosts, with or without a port, from outside the project's files.
    """
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "`base_url` is no address"
    if any(char.isspace() or ord(char) < 32 or char == "\\" for char in url):
        return "`base_url` is no address"
    # urlsplit overlooks what follows a bracket.
    if "]" in parts.netloc and not _BRACKETED.fullmatch(parts.netloc.rpartition("@")[2]):
        return "`base_url` is no address"
    if parts.username is not None or parts.password is not None:
        return "`base_url` must not hold a user or a password"
    if parts.query or parts.fragment or "?" in url or "#" in url:
        return "`base_url` must not hold a query or a fragment"
    if parts.scheme not in ("https", "http") or not host:
        return "`base_url` must start with https://"
    if is_loopback(host):
        return None
    if parts.scheme != "https":
        return "`base_url` must start with https:// (http is for this machine only)"
    allowed = {item.lower() for item in allowed_hosts}
    if host == OFFICIAL_HOST and port in (None, 443):
        return None
    if host in allowed or (port is not None and f"{host}:{port}" in allowed):
        return None
    return f"`base_url` points to another host than {OFFICIAL_HOST}"


def is_loopback(host: str) -> bool:
    """True for this machine: `localhost`, 127.0.0.0/8, ::1."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
