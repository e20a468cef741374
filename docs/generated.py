"""The pages of the documentation that are made from code.

`make pages` writes them; a test compares them with what the code says now, so that a page can't
fall behind the table it describes.
"""

from __future__ import annotations

import ast
import inspect
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import click

from docs.log_page import log_schema_file, logs_page
from docs.proofs import PAGE as RELIABILITY
from docs.proofs import reliability_page
from qsync import exit_codes
from qsync.cli.entry import cli
from qsync.fields.kinds import RULES, Check, ColumnKind, Rule, Written
from qsync.fields.model import FieldType

DOCS = Path(__file__).resolve().parent

_NOTE = "<!-- Made from {source} by `make pages`. Edit that, not this. -->\n"

_EXIT_CODES = """\
# Exit codes

{note}
Every command ends with one of these, so that a shell or a CI job can tell them apart.

{table}
`plan` ends with `0` whether or not there are changes, unless `--detailed-exitcode` is given.
"""

_FIELD_TYPES = """\
# Field types

{note}
Qualified has eleven types of field, the warehouse many more types of column. A column whose type
can't be sent to its field is an error before anything runs. What only the value can tell makes its
row invalid: it is counted under the reason in brackets and not sent, and the others go.

{table}
Dates and timestamps in text are ISO 8601, timestamps in UTC. Exact decimals keep their digits and
lose trailing zeros; `NaN` and infinities are not numbers. Structs, JSON, binary values, intervals
and arrays of anything but strings fit no field: make text of them in the dbt model.
"""

_COMMANDS = """\
# Commands

{note}
Data goes to standard output, everything else to standard error. [Exit codes](exit-codes.md) tell
how a command ended.

Every option can be set by a variable as well: `--project-dir` by `QSYNC_PROJECT_DIR`, `--select` by
`QSYNC_SELECT`. An option wins over a variable. Options that dbt has too read dbt's variable
(`DBT_TARGET`) when qsync's is not set. Those of `qsync emulator` are called `QSYNC_EMULATOR_PORT`
and so on.

| variable | what for |
| --- | --- |
| `QUALIFIED_API_KEY` | the API key, unless `api_key_env` in qsync.yml names another variable |
| `QSYNC_BASE_URL` | overrides `base_url` of qsync.yml |
| `QSYNC_ALLOWED_HOSTS` | hosts the key may go to besides Qualified's own, separated by commas |
| `QSYNC_TRACEBACK` | set to `1`: print the traceback of a bug, which may quote values |
| `NO_COLOR` | no colours |

{commands}"""

_HELP_WIDTH = 88

_KINDS: Mapping[ColumnKind, str] = {
    ColumnKind.TEXT: "text",
    ColumnKind.INTEGER: "integers",
    ColumnKind.DECIMAL: "exact decimals",
    ColumnKind.FLOAT: "floats",
    ColumnKind.BOOLEAN: "booleans",
    ColumnKind.DATE: "dates",
    ColumnKind.TIMESTAMP: "timestamps (read as UTC)",
    ColumnKind.TIMESTAMP_TZ: "timestamps with a time zone",
    ColumnKind.TEXT_LIST: "arrays of strings",
}
"""How a person calls a kind of column. OTHER is not among them: it fits nothing."""

_WRITTEN: Mapping[Written, str] = {
    Written.STRING: "a string",
    Written.NUMBER: "a number, digit for digit",
    Written.BOOLEAN: "`true` or `false`",
    Written.LIST: "a list of strings",
}

_CHECKED: Mapping[Check, str] = {
    Check.NUMBER: "is a finite number",
    Check.EMAIL: "is an email address",
    Check.OPTION: "is one of the field's options",
    Check.OPTIONS: "holds only options of the field",
    Check.LIST: "holds only texts",
}


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def _meanings(enum_source: str) -> dict[str, str]:
    """The string below each member of the first class in the source, by the member's name."""
    (cls,) = (node for node in ast.parse(enum_source).body if isinstance(node, ast.ClassDef))
    found: dict[str, str] = {}
    for member, below in zip(cls.body, cls.body[1:], strict=False):
        match member, below:
            case (
                ast.Assign(targets=[ast.Name(id=name)]),
                ast.Expr(value=ast.Constant(value=str(text))),
            ):
                found[name] = " ".join(text.split())
    return found


def exit_codes_page() -> str:
    """Every exit code with its meaning."""
    meanings = _meanings(inspect.getsource(exit_codes))
    codes = exit_codes.ExitCode
    rows = [(f"`{code.value}`", code.name.lower(), meanings[code.name]) for code in codes]
    return _EXIT_CODES.format(
        note=_NOTE.format(source="qsync/exit_codes.py"),
        table=_table(("code", "name", "meaning"), rows),
    )


def _value(rule: Rule) -> str:
    said = [] if rule.check is None else [f"{_CHECKED[rule.check]} (`{rule.check.value}`)"]
    if rule.trimmed:
        said.insert(0, "is trimmed")
    return "; ".join(said) or "is sent as it is"


def _field_row(field_type: FieldType, rule: Rule) -> tuple[str, ...]:
    kinds = ", ".join(name for kind, name in _KINDS.items() if kind in rule.kinds)
    return (f"`{field_type.value}`", kinds, _WRITTEN[rule.written], _value(rule), rule.advice)


def field_types_page() -> str:
    """Which columns fit which type of field, how a value is written and what is checked."""
    head = (
        "type of the field",
        "columns that fit",
        "sent as",
        "the value",
        "if a column doesn't fit",
    )
    return _FIELD_TYPES.format(
        note=_NOTE.format(source="qsync/fields/kinds.py"),
        table=_table(head, (_field_row(*item) for item in RULES.items())),
    )


def _helps(command: click.Command, name: str, parent: click.Context | None) -> Iterator[str]:
    """The help of a command and of those below it, each under a heading."""
    context = click.Context(
        command, parent, name, terminal_width=_HELP_WIDTH, **command.context_settings
    )
    heading = "##" if parent is None or parent.parent is None else "###"
    yield f"{heading} {context.command_path}\n\n```text\n{context.get_help()}\n```\n"
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            found = command.get_command(context, below)
            assert found is not None  # noqa: S101 - the group listed it
            yield from _helps(found, below, context)


def commands_page() -> str:
    """Every command with its help."""
    return _COMMANDS.format(
        note=_NOTE.format(source="the commands' own help"),
        commands="\n".join(_helps(cli, "qsync", None)),
    )


PAGES: Mapping[Path, Callable[[], str]] = {
    DOCS / "reference" / "exit-codes.md": exit_codes_page,
    DOCS / "reference" / "commands.md": commands_page,
    DOCS / "field-types.md": field_types_page,
    RELIABILITY: reliability_page,
    DOCS / "logs.md": logs_page,
    DOCS.parent / "schemas" / "log.schema.json": log_schema_file,
}
"""Each generated page and the function that makes its text."""


def main() -> int:
    """Write every generated page."""
    for path, page in PAGES.items():
        path.write_text(page(), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
