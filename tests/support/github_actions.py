"""A composite action, run here as a runner would: conditions, variables, outputs, real scripts."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from tests.support.github_expressions import Contexts


def read_yaml(path: Path) -> Any:
    """The data of a file; `on` is a text in YAML 1.2, as on GitHub."""
    return YAML(typ="safe").load(path.read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Event:
    """What a workflow runs for."""

    name: str
    ref: str = "refs/heads/main"
    head: str | None = None
    number: int | None = None
    more: Mapping[str, Any] = field(default_factory=dict)

    def github(self) -> dict[str, Any]:
        """The `github` context, in `acme/warehouse`, whose default branch is main."""
        event: dict[str, Any] = {"number": self.number, **self.more}
        if self.name != "schedule":
            event["repository"] = {"default_branch": "main"}
        if self.name.startswith("pull_request"):
            head = {
                "sha": "f" * 40,
                "repo": None if self.head is None else {"full_name": self.head},
            }
            event["pull_request"] = {"number": self.number, "head": head}
        return {
            "event_name": self.name,
            "ref": self.ref,
            "sha": "0" * 40,
            "repository": "acme/warehouse",
            "token": "ghs_of_the_job",
            "event": event,
        }


OURS = Event("pull_request", "refs/pull/7/merge", head="acme/warehouse", number=7)
FORK = Event("pull_request", "refs/pull/8/merge", head="stranger/warehouse", number=8)
GONE_FORK = Event("pull_request", "refs/pull/9/merge", head=None, number=9)
MERGED = Event("push")
BRANCH = Event("push", "refs/heads/feature")
NIGHTLY = Event("schedule", more={"schedule": "17 6 * * *"})


@dataclass
class Ran:
    """What became of a run of the action."""

    ok: bool
    steps: list[str]
    environments: dict[str, dict[str, str]]
    outputs: dict[str, str]
    summary: str
    log: str


class Runner:
    """A machine with a workspace, where a composite action's steps run one after another."""

    def __init__(self, action: Path, workspace: Path, temporary: Path, path: str) -> None:
        self.folder = action.parent
        self.action = read_yaml(action)
        self.workspace = workspace
        self.temporary = temporary
        self.path = path

    def run(self, event: Event, surroundings: Mapping[str, str] = {}, **inputs: str) -> Ran:
        """Run the action for an event.

        Args:
            event: What happened.
            surroundings: Variables of the job.
            inputs: The action's, with underscores for hyphens.
        """
        github = {**event.github(), "action_path": str(self.folder)}
        given = {name.replace("_", "-"): value for name, value in inputs.items()}
        known = self.action["inputs"]
        assert set(given) <= set(known)
        first = Contexts({"github": github})
        values = {name: first.fill(known[name].get("default", "")) for name in known} | given
        contexts = Contexts({"github": github, "inputs": values, "steps": {}})
        summary = self.temporary / "summary"
        summary.write_text("")
        ran = Ran(True, [], {}, {}, "", "")
        for step in self.action["runs"]["steps"]:
            if contexts.holds(step.get("if")):
                self._step(step, contexts, event, surroundings, ran)
        ran.summary = summary.read_text()
        for name, output in self.action["outputs"].items():
            ran.outputs[name] = contexts.fill(output["value"])
        return ran

    def _step(
        self,
        step: Mapping[str, Any],
        contexts: Contexts,
        event: Event,
        surroundings: Mapping[str, str],
        ran: Ran,
    ) -> None:
        own = {name: contexts.fill(value) for name, value in step.get("env", {}).items()}
        output = self.temporary / "output"
        output.write_text("")
        script = self.temporary / "script.sh"
        script.write_text(step["run"])
        assert step["shell"] == "bash"
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", str(script)],
            cwd=self.workspace,
            env={
                **{
                    name: os.environ[name]
                    for name in ("HOME", "TZ", "PYTHONPATH")
                    if name in os.environ
                },
                "PATH": self.path,
                "GITHUB_ACTIONS": "true",
                "GITHUB_EVENT_NAME": event.name,
                "GITHUB_REPOSITORY": "acme/warehouse",
                "GITHUB_SERVER_URL": "https://github.com",
                "GITHUB_RUN_ID": "42",
                "GITHUB_WORKSPACE": str(self.workspace),
                "GITHUB_OUTPUT": str(output),
                "GITHUB_STEP_SUMMARY": str(self.temporary / "summary"),
                "RUNNER_TEMP": str(self.temporary),
                **surroundings,
                **own,
            },
            capture_output=True,
            text=True,
            check=False,
        )
        ran.steps.append(step["name"])
        ran.environments[step["name"]] = own
        ran.log += done.stdout + done.stderr
        lines = (line.partition("=") for line in output.read_text().splitlines())
        found = {name: value for name, _, value in lines}
        if "id" in step:
            contexts.values["steps"][step["id"]] = {"outputs": found}
        if done.returncode != 0:
            ran.ok = False
            contexts.failed = True
