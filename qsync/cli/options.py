"""Options that several commands share, with dbt's names; each is a `QSYNC_*` variable as well."""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

import click

from qsync import __version__
from qsync.cli.saying import saying
from qsync.views.events import LEVELS, Level

Command = TypeVar("Command", bound=Callable[..., Any])
LogFormat = Literal["text", "json"]


@dataclass(frozen=True, slots=True)
class CommonOptions:
    """What every command that reads a project takes. Paths are as given."""

    project_dir: Path
    profiles_dir: Path | None
    profile: str | None
    target: str | None
    target_path: Path | None
    vars: str | None
    log_format: LogFormat
    log_level: Level
    log_file: Path | None
    quiet: bool


def option(*names: str, also: Sequence[str] = (), **settings: Any) -> Callable[[Command], Command]:
    """A click option that is a `QSYNC_*` variable as well, named after its long form.

    Args:
        names: As click takes them.
        also: dbt's own variables for the same thing; qsync's comes first.
        settings: As click takes them.
    """
    long = next(name for name in names if name.startswith("--")).partition("/")[0]
    variable = "QSYNC_" + long.removeprefix("--").replace("-", "_").upper()
    return click.option(*names, envvar=[variable, *also], show_envvar=False, **settings)


project_dir_option = option(
    "--project-dir",
    also=["DBT_PROJECT_DIR"],
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    help="The dbt project's folder; the current one by default.",
)
"""The one of dbt's flags that a command without dbt takes."""


class _LogFormat(click.Choice[str]):
    """`text` or `json`; dbt's variable may also hold one of its other words, which are text."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        given = None if ctx is None else os.environ.get("DBT_LOG_FORMAT")
        known = value == given and value in {"debug", "default"}
        return super().convert("text" if known else value, param, ctx)


_COMMON = (
    project_dir_option,
    option(
        "--profiles-dir",
        also=["DBT_PROFILES_DIR"],
        type=click.Path(path_type=Path, file_okay=False),
        help="Where dbt's profiles.yml is.",
    ),
    option("--profile", also=["DBT_PROFILE"], help="dbt's profile."),
    option("-t", "--target", also=["DBT_TARGET"], help="dbt's target."),
    option(
        "--target-path",
        also=["DBT_TARGET_PATH"],
        type=click.Path(path_type=Path, file_okay=False),
        help="Where dbt writes its artifacts.",
    ),
    option("--vars", help="dbt's vars, as YAML."),
    option(
        "--log-format",
        also=["DBT_LOG_FORMAT"],
        type=_LogFormat(["text", "json"]),
        default="text",
        show_default=True,
        help="Words on standard error, or one JSON object a line.",
    ),
    option(
        "--log-level",
        type=click.Choice(LEVELS),
        default="info",
        show_default=True,
        help="The least that is told on standard error.",
    ),
    option(
        "--log-file",
        type=click.Path(path_type=Path, dir_okay=False),
        help="Append all events to this file as JSON lines, whatever standard error gets.",
    ),
    option("-q", "--quiet", is_flag=True, help="Only warnings and errors on standard error."),
)


def common_options(command: Command) -> Command:
    """Give a command dbt's flags, as one `common: CommonOptions`."""

    @functools.wraps(command)
    def wrapped(*args: Any, **values: Any) -> Any:
        names = CommonOptions.__dataclass_fields__
        common = CommonOptions(**{name: values.pop(name) for name in names})
        _speak(common)
        return command(*args, common=common, **values)

    for decorate in reversed(_COMMON):
        wrapped = decorate(wrapped)
    return wrapped  # type: ignore[return-value]  # the wrapper takes the options instead


def _speak(common: CommonOptions) -> None:
    """From now on as the options say."""
    level: Level = "warning" if common.quiet and common.log_level == "info" else common.log_level
    command = click.get_current_context().command_path
    saying().speak(common.log_format == "json", level, common.log_file, command)
    saying().log.bind(target=common.target)
    saying().log.event("command_started", f"{command} begins.", qsync_version=__version__)


@dataclass(frozen=True, slots=True)
class SelectionOptions:
    """Which syncs a command is about, as given; all when nothing is.

    Attributes:
        select: Words that select.
        exclude: Words that leave out.
        state: What `state:` compares with.
    """

    select: tuple[str, ...] = ()
    exclude: tuple[str, ...] = ()
    state: Path | None = None


_SELECTION = (
    option(
        "-s",
        "--select",
        multiple=True,
        help="Names and globs of syncs, tag:…, object:…, path:…, state:…, result:…, or dbt "
        "selectors on their models (dim_leads+).",
    ),
    option("--exclude", multiple=True, help="What --select takes, to leave out."),
    option(
        "--state",
        also=["DBT_STATE"],
        type=click.Path(path_type=Path, file_okay=False),
        metavar="DIR",
        help="What state:… compares with: a folder with another manifest.json, or another "
        "checkout; relative to the project, as in dbt.",
    ),
)


def selection_options(command: Command) -> Command:
    """Give a command `--select`, `--exclude` and `--state` as one `selection: SelectionOptions`."""

    @functools.wraps(command)
    def wrapped(*args: Any, **values: Any) -> Any:
        names = SelectionOptions.__dataclass_fields__
        selection = SelectionOptions(**{name: values.pop(name) for name in names})
        return command(*args, selection=selection, **values)

    for decorate in reversed(_SELECTION):
        wrapped = decorate(wrapped)
    return wrapped  # type: ignore[return-value]  # the wrapper takes the options instead


def auto_approve_option(command: Command) -> Command:
    """Give a command that asks `--auto-approve`."""
    return option("--auto-approve", is_flag=True, help="Do not ask; for CI.")(command)


def markdown_option(command: Command) -> Command:
    """Give a command `--markdown`."""
    about = "Print Markdown for a pull request or a job's summary on GitHub."
    return option("--markdown", "as_markdown", is_flag=True, help=about)(command)


def annotations_option(command: Command) -> Command:
    """Give a command `--annotations`, as `annotations`."""
    return option(
        "--annotations",
        type=click.Choice(["auto", "github", "none"]),
        default="auto",
        show_default=True,
        help="Put problems beside their lines on GitHub; auto: if GITHUB_ACTIONS is true.",
    )(command)


def compare_option(command: Command) -> Command:
    """Give a command `--compare-to`, as `compare_to`."""
    return option(
        "--compare-to",
        type=click.Path(path_type=Path, file_okay=False),
        metavar="DIR",
        help="Show first what this checkout alone changes against another one, whose dbt project "
        "is in DIR, on the same rows.",
    )(command)


def json_option(command: Command) -> Command:
    """Give a command `--json`."""
    return option("--json", "as_json", is_flag=True, help="Print one JSON document.")(command)
