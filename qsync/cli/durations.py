"""Durations on the command line: `90`, `30s`, `5m`, `1h`."""

from __future__ import annotations

import re

import click

_SECONDS = {"": 1, "s": 1, "m": 60, "h": 3_600, "d": 86_400}
_WRITTEN = re.compile(r"(?P<number>\d{1,9}(?:\.\d{1,3})?) ?(?P<unit>[smhd]?)", re.ASCII)


def seconds_of(text: str) -> float | None:
    """The seconds a duration means: a number with `s`, `m`, `h` or `d`, or of seconds.

    None when it is no duration.
    """
    found = _WRITTEN.fullmatch(text.strip())
    return None if found is None else float(found["number"]) * _SECONDS[found["unit"]]


def duration_callback(
    ctx: click.Context, param: click.Parameter, value: str | None
) -> float | None:
    """For an option that takes a duration: its value in seconds.

    Raises:
        click.BadParameter: It is no duration.
    """
    if value is None:
        return None
    seconds = seconds_of(value)
    if seconds is None:
        raise click.BadParameter(
            f"{value!r} is no duration; write 30s, 5m, 1h or seconds", ctx=ctx, param=param
        )
    return seconds
