"""The examples of the documentation are tests.

Python blocks are run, page by page. A YAML block whose first line is a comment that names a file of
qsync (`# qsync.yml`, `# models/marts/leads.qsync.yml`) must satisfy that file's JSON Schema.

On the pages in `PLAYED` the commands of `console` blocks are run too, in order, in a copy of the
built example beside a local Qualified; what they print must be what the page says, `...` standing
for anything. A block may hold several commands, each after `$ `.
"""

from __future__ import annotations

import difflib
import doctest
import json
import re
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import jsonschema
import pytest
from ruamel.yaml import YAML
from sybil import Example, Sybil
from sybil.integration.pytest import pytest_integration as collecting
from sybil.parsers.abstract import AbstractSkipParser
from sybil.parsers.myst import CodeBlockParser, PythonCodeBlockParser, SkipParser

from docs.playing import Play
from tests.conftest import clean_environment, clean_session, session_home
from tests.support.dbt_project import built_project

__all__ = [
    "built_project",
    "clean_environment",
    "clean_session",
    "play",
    "pytest_collect_file",
    "session_home",
]

PLAYED = ("tutorial.md", "plan.md", "testing.md", "rejects.md")
"""Pages whose commands are run."""

_SCHEMAS = Path(__file__).resolve().parent.parent / "schemas"


def schema_for(first_line: str) -> str | None:
    """The schema of the file of ours that a block's first line names, or None."""
    if not first_line.startswith("#"):
        return None
    name = Path(first_line.removeprefix("#").strip()).name
    if name == "qsync.yml":
        return "project.schema.json"
    if name.endswith((".qsync.yml", ".qsync.yaml")):
        return "sync.schema.json"
    if name == "qualified_fields.yml":
        return "catalog.schema.json"
    return None


def _check_yaml(example: Example) -> str | None:
    text = str(example.parsed)
    schema = schema_for(text.partition("\n")[0])
    if schema is None:
        return None
    validator = jsonschema.Draft7Validator(json.loads((_SCHEMAS / schema).read_text("utf-8")))
    found = [error.message for error in validator.iter_errors(YAML(typ="safe").load(text))]
    return "\n".join(found) or None


@pytest.fixture(scope="module")
def play(built_project: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Play]:
    """The built example beside a local Qualified, for one page."""
    folder = tmp_path_factory.mktemp("page") / "northwind"
    shutil.copytree(built_project, folder)
    with Play.beside_qualified(folder) as playing:
        yield playing


def sessions(block: str) -> Iterator[tuple[str, str]]:
    """The commands of a console block, each with the output that stands below it."""
    before, *typed = f"\n{block}".split("\n$ ")
    if before.strip():
        raise ValueError("a console block begins with a command")
    for text in typed:
        command, _, output = text.partition("\n")
        yield command, output.strip("\n")


_NUMBER = re.compile(r"\d[\d,]*(\.\d+)?")


def _without_numbers(found: re.Match[str]) -> str:
    return _NUMBER.sub("<n>", found[0])


_VARYING: tuple[tuple[re.Pattern[str], str | Callable[[re.Match[str]], str]], ...] = (
    (re.compile(r"^Cost: .*?\.$", re.MULTILINE | re.DOTALL), _without_numbers),
    (re.compile(r"^  (15m|1h|24h): .*%$", re.MULTILINE), _without_numbers),
    (re.compile(r"\b\d{8}t\d{6}_[0-9a-f]{6}\b"), "<run id>"),
    (re.compile(r"\b\d{4}-\d\d-\d\d \d\d:\d\d(:\d\d)?"), "<time>"),
    (re.compile(r"\b\d+(\.\d+)? s\b"), "<duration>"),
    (re.compile(r"(?<= UTC, ).*?(?= \()"), "<ago>"),
    (re.compile(r"(?<=^Applied: )(.*), [\d,]+ requests?", re.MULTILINE), r"\1, <requests>"),
    (re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b"), "<invocation>"),
    (re.compile(r"^( +state) [0-9a-f]{16}$", re.MULTILINE), r"\1 <id>"),
    (re.compile(r"(?<=--override-guards )[0-9a-f]{12}\b"), "<digest>"),
)
"""What no two runs agree on. (A stream's id holds the port of Qualified.)"""

_FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


def settled(shown: str) -> str:
    """What a terminal shows, without what varies from run to run."""
    for pattern, stands_for in _VARYING:
        shown = pattern.sub(stands_for, shown)
    return shown


def _run_console(example: Example) -> str | None:
    playing: Play = example.namespace["play"]
    checker = doctest.OutputChecker()
    for command, wanted in sessions(str(example.parsed)):
        got = playing.run(command).strip("\n")
        if not checker.check_output(f"{settled(wanted)}\n", f"{settled(got)}\n", _FLAGS):
            lines = difflib.unified_diff(
                wanted.splitlines(), got.splitlines(), "the page", "the command", lineterm=""
            )
            return "\n".join((f"$ {command}", *lines))
    return None


def _parsers() -> list[AbstractSkipParser | PythonCodeBlockParser | CodeBlockParser]:
    yaml = CodeBlockParser(language="yaml", evaluator=_check_yaml)
    return [PythonCodeBlockParser(), yaml, SkipParser()]


pytest_collect_file = collecting(
    Sybil(
        parsers=_parsers(),
        patterns=["*.md"],
        excludes=["_build/**", *PLAYED],
        fixtures=["clean_environment"],
    ),
    Sybil(
        parsers=[*_parsers(), CodeBlockParser(language="console", evaluator=_run_console)],
        patterns=list(PLAYED),
        fixtures=["clean_environment", "play"],
    ),
)
