"""Workflows and the action as files: what is pinned, what runs as code, and who gets a secret."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.ecosystem.kit import check_command_line
from tests.support.github_actions import (
    BRANCH,
    FORK,
    GONE_FORK,
    MERGED,
    NIGHTLY,
    OURS,
    Event,
    read_yaml,
)
from tests.support.github_expressions import Contexts

ROOT = Path(__file__).resolve().parents[2]
ACTION = ROOT / "action.yml"
SCRIPTS = sorted((ROOT / ".github" / "action").glob("*.sh"))
EXAMPLE = ROOT / "example_project" / ".github" / "workflows" / "qsync.yml"
CI = ROOT / ".github" / "workflows" / "ci.yml"
PAGE = ROOT / "docs" / "ci.md"

_FENCE = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)
_PINNED = re.compile(r"[\w.-]+/[\w./-]+@[0-9a-f]{40}")
_TRUSTED = ("actions/",)
"""Whose actions may be named; ours is `your-org/qsync`, until somebody puts an address there."""


def _documented() -> dict[str, Any]:
    """The workflows among the examples of the page about CI, by their name."""
    blocks = [YAML(typ="safe").load(text) for text in _FENCE.findall(PAGE.read_text("utf-8"))]
    return {
        f"docs/ci.md: {block.get('name', 'jobs')}": block
        for block in blocks
        if isinstance(block, dict) and "jobs" in block
    }


WORKFLOWS: dict[str, Any] = {
    "example": read_yaml(EXAMPLE),
    "ci": read_yaml(CI),
    **_documented(),
}


def _steps() -> Iterator[Mapping[str, Any]]:
    yield from read_yaml(ACTION)["runs"]["steps"]
    for workflow in WORKFLOWS.values():
        for job in workflow["jobs"].values():
            yield from job["steps"]


def _scripts() -> Iterator[str]:
    yield from (step["run"] for step in _steps() if "run" in step)
    yield from (path.read_text(encoding="utf-8") for path in SCRIPTS)


def _given(workflow: Mapping[str, Any], event: Event) -> dict[str, list[str]]:
    """The steps that run for an event, each with the secrets that can reach it."""
    found: dict[str, list[str]] = {}
    triggers = workflow["on"]
    if event.name not in (triggers if isinstance(triggers, dict | list) else [triggers]):
        return found
    values = {
        "github": event.github(),
        "secrets": {"QUALIFIED_API_KEY": "the key"},
        "vars": {"NORTHWIND_DUCKDB": "md:northwind"},
        "steps": {"ledger": {"outcome": "success"}},
    }
    for name, job in workflow["jobs"].items():
        if not Contexts(values).holds(job.get("if")):
            continue
        for index, step in enumerate(job["steps"]):
            contexts = Contexts(values)
            if contexts.holds(step.get("if")):
                for place in (workflow, job, step):
                    for value in {**place.get("env", {}), **place.get("with", {})}.values():
                        contexts.fill(value)
                found[f"{name} {index}"] = contexts.read
    return found


def test_the_page_shows_workflows() -> None:
    assert len(_documented()) >= 2


@pytest.mark.parametrize("workflow", WORKFLOWS.values(), ids=WORKFLOWS)
@pytest.mark.parametrize("event", [FORK, GONE_FORK], ids=["a fork", "a fork that is gone"])
def test_no_step_that_runs_for_a_fork_is_given_a_secret(
    workflow: Mapping[str, Any], event: Event
) -> None:
    assert [name for name, read in _given(workflow, event).items() if read] == []


def test_for_a_fork_the_example_validates_and_does_no_more() -> None:
    jobs = {name.split()[0] for name in _given(WORKFLOWS["example"], FORK)}
    assert jobs == {"validate"}


def test_for_a_pull_request_of_ones_own_the_example_plans_without_a_key() -> None:
    given = _given(WORKFLOWS["example"], OURS)
    assert {name.split()[0] for name in given} == {"validate", "plan"}
    assert [read for read in given.values() if read] == []


@pytest.mark.parametrize("event", [MERGED, NIGHTLY], ids=["merged", "nightly"])
def test_after_the_merge_one_step_of_the_example_has_the_key(event: Event) -> None:
    given = _given(WORKFLOWS["example"], event)
    assert {name.split()[0] for name in given} == {"apply"}
    assert [read for read in given.values() if read] == [["secrets.QUALIFIED_API_KEY"]]


def test_for_another_branch_the_example_does_nothing() -> None:
    assert _given(WORKFLOWS["example"], BRANCH) == {}


@pytest.mark.parametrize("workflow", WORKFLOWS.values(), ids=WORKFLOWS)
def test_no_workflow_runs_a_strangers_code_with_secrets(workflow: Mapping[str, Any]) -> None:
    triggers = set(workflow["on"])
    assert triggers <= {"pull_request", "push", "schedule", "workflow_dispatch"}
    assert "secrets" not in str(workflow.get("env", {}))
    assert [
        name for name, job in workflow["jobs"].items() if "secrets" in str(job.get("env"))
    ] == []


@pytest.mark.parametrize("workflow", WORKFLOWS.values(), ids=WORKFLOWS)
def test_a_workflow_may_read_and_only_the_comment_is_written(workflow: Mapping[str, Any]) -> None:
    assert workflow["permissions"] == {"contents": "read"}
    more = [job["permissions"] for job in workflow["jobs"].values() if "permissions" in job]
    assert all(each == {"contents": "read", "pull-requests": "write"} for each in more)


def test_every_action_is_one_we_know_pinned_to_a_commit() -> None:
    used = [step["uses"] for step in _steps() if "uses" in step]
    assert used
    assert [name for name in used if not _PINNED.fullmatch(name)] == []
    known = ("your-org/qsync@", *_TRUSTED)
    assert [name for name in used if not name.startswith(known)] == []


def test_our_action_uses_no_other() -> None:
    assert [step for step in read_yaml(ACTION)["runs"]["steps"] if "uses" in step] == []


def test_what_is_given_to_our_action_are_inputs_it_has() -> None:
    inputs = set(read_yaml(ACTION)["inputs"])
    ours = [step for step in _steps() if step.get("uses", "").startswith("your-org/qsync@")]
    assert ours
    assert {name for step in ours for name in step["with"]} <= inputs


def test_no_expression_stands_inside_a_script() -> None:
    assert [script for script in _scripts() if "${{" in script] == []


def test_every_script_is_bash_that_parses() -> None:
    for script in _scripts():
        done = subprocess.run(["bash", "-n"], input=script, text=True, capture_output=True)
        assert done.returncode == 0, f"{done.stderr}\n{script}"


def test_every_script_of_the_action_is_run_by_a_step_and_stops_at_errors() -> None:
    run = {step["run"] for step in read_yaml(ACTION)["runs"]["steps"]}
    assert run == {f'bash "$ACTION/{path.name}"' for path in SCRIPTS}
    text = [path.read_text(encoding="utf-8") for path in SCRIPTS]
    assert all("\nset -euo pipefail\n" in script for script in text)


def test_every_input_says_what_it_is_for_and_is_on_the_page() -> None:
    page = PAGE.read_text(encoding="utf-8")
    action = read_yaml(ACTION)
    for name, entry in (*action["inputs"].items(), *action["outputs"].items()):
        assert entry["description"].endswith("."), name
        assert f"| `{name}` | " in page, name


def test_the_key_reaches_one_step_of_the_action() -> None:
    steps = read_yaml(ACTION)["runs"]["steps"]
    assert [step["name"] for step in steps if "api-key" in str(step)] == ["Apply"]
    assert [step["name"] for step in steps if "github-token" in str(step)] == ["Comment"]


def _typed() -> Iterator[list[str]]:
    """Every command line of qsync that a workflow or the page shows."""
    page = PAGE.read_text(encoding="utf-8")
    shown: list[str] = re.findall(r"^```sh\n(.*?)^```", page, re.M | re.S)
    for script in (*_scripts(), *shown):
        for line in script.splitlines():
            words = shlex.split(line, comments=True) if line.strip().startswith("qsync ") else []
            if words and not any("$" in word for word in words):
                yield [word for word in words[1:] if word not in ("||", "code=$?")]


def test_every_command_line_that_is_shown_is_one_that_qsync_takes() -> None:
    typed = list(_typed())
    assert ["ledger", "pull", "--target", "prod"] in typed
    for words in typed:
        if words != ["--version"]:
            check_command_line(words)
