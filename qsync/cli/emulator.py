"""`qsync emulator`: a local Qualified to rehearse syncs against."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from qsync.errors import UserError

if TYPE_CHECKING:
    from qsync.emulator.config import JobOrder, NullSemantics
    from qsync.emulator.server import EmulatorServer

_NO_LIMIT = "0 is no limit."


@click.command("emulator")
@click.option(
    "--fields",
    type=click.Path(path_type=Path, dir_okay=False),
    help="A field catalog (qualified_fields.yml) whose fields the account has.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65_535),
    default=8765,
    show_default=True,
    help="Port on 127.0.0.1; 0 takes a free one.",
)
@click.option(
    "--key",
    default="qualified-emulator-key",
    show_default=True,
    help="The API key it accepts.",
)
@click.option(
    "--job-seconds",
    type=click.FloatRange(0),
    default=1.0,
    show_default=True,
    help="Seconds a bulk job takes.",
)
@click.option(
    "--job-order",
    type=click.Choice(["fifo", "lifo", "random"]),
    default="fifo",
    show_default=True,
    help="Which waiting job starts first (Qualified promises no order).",
)
@click.option(
    "--job-concurrency",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help=f"Jobs that run at once. {_NO_LIMIT}",
)
@click.option(
    "--latency",
    type=click.FloatRange(0),
    default=0.0,
    show_default=True,
    help="Seconds until a request is answered.",
)
@click.option(
    "--in-flight",
    type=click.IntRange(0),
    default=10,
    show_default=True,
    help=f"Requests at the same time. {_NO_LIMIT}",
)
@click.option(
    "--per-15m",
    "per_15m",
    type=click.IntRange(0),
    default=2_000,
    show_default=True,
    help=f"Requests in 15 minutes. {_NO_LIMIT}",
)
@click.option(
    "--per-hour",
    type=click.IntRange(0),
    default=7_000,
    show_default=True,
    help=f"Requests in an hour. {_NO_LIMIT}",
)
@click.option(
    "--per-day",
    type=click.IntRange(0),
    default=120_000,
    show_default=True,
    help=f"Requests in a day. {_NO_LIMIT}",
)
@click.option(
    "--null-semantics",
    type=click.Choice(["clear", "ignore", "reject"]),
    default="clear",
    show_default=True,
    help="What sending null does (Qualified does not say).",
)
@click.option(
    "--seed", type=int, default=0, show_default=True, help="Of everything random, save ids."
)
@click.option(
    "--ready-file",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the base URL to this file once it listens; the file goes when it stops.",
)
def emulator(
    *,
    fields: Path | None,
    port: int,
    key: str,
    job_seconds: float,
    job_order: JobOrder,
    job_concurrency: int,
    latency: float,
    in_flight: int,
    per_15m: int,
    per_hour: int,
    per_day: int,
    null_semantics: NullSemantics,
    seed: int,
    ready_file: Path | None,
) -> None:
    """Run a local Qualified to rehearse syncs against.

    It speaks the API's HTTP, keeps what it is sent in memory and forgets it when it stops (Ctrl-C).
    """
    from qsync.emulator.config import EmulatorOptions, fields_from_mapping, settings_from_options

    options = EmulatorOptions(
        key=key,
        fields=None if fields is None else fields_from_mapping(_read_catalog(fields)),
        job_seconds=job_seconds,
        job_order=job_order,
        job_concurrency=job_concurrency or None,
        latency=latency,
        in_flight=in_flight or None,
        per_15m=per_15m or None,
        per_hour=per_hour or None,
        per_day=per_day or None,
        null_semantics=null_semantics,
    )
    try:
        from qsync.emulator.server import serve
    except ImportError as missing:
        raise UserError(
            f"The emulator needs a package that is not installed: {missing.name}",
            hint="install starlette and uvicorn, or qsync with its extra `emulator`",
        ) from None

    with contextlib.ExitStack() as cleanup:

        def ready(server: EmulatorServer) -> None:
            _say(server.base_url, key)
            if ready_file is not None:
                cleanup.enter_context(_ready(ready_file, server.base_url))

        serve(settings_from_options(options), port=port, seed=seed, ready=ready)
    click.echo("The emulator has stopped.", err=True)


def _say(base_url: str, key: str) -> None:
    click.echo(
        f"A local Qualified listens on {base_url} (Ctrl-C stops it).\n"
        "In qsync.yml, under qualified:\n"
        f"    base_url: {base_url}\n"
        "In your shell:\n"
        f"    export QUALIFIED_API_KEY={key}\n"
        f"What it has received: {base_url}/_emulator/stats",
        err=True,
    )


@contextlib.contextmanager
def _ready(path: Path, base_url: str) -> Iterator[None]:
    """The file is there, whole, for as long as the emulator listens."""
    partial = path.with_name(path.name + ".partial")
    try:
        partial.write_text(base_url + "\n", encoding="utf-8")
        partial.replace(path)
    except OSError as problem:
        raise UserError(
            f"The ready file cannot be written: {problem.strerror}", where=str(path)
        ) from None
    try:
        yield
    finally:
        path.unlink(missing_ok=True)


def _read_catalog(path: Path) -> object:
    """The plain data of the file, read by the rules of every YAML file of qsync."""
    from qsync.yaml_nodes import read_yaml

    if not path.exists():
        raise UserError(
            "There is no such field catalog",
            hint="Write it with `qsync catalog pull`, or leave --fields out.",
            where=str(path),
        )
    document, problems = read_yaml(path, str(path))
    for problem in problems:
        where = f"{path}:{problem.line}:{problem.column}"
        raise UserError(problem.message, hint=problem.hint or None, where=where)
    return None if document is None else document.data
