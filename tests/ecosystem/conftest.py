"""A runner with stand-ins for `qsync` and `gh` on its path."""

from __future__ import annotations

import json
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.dbt_project import built_project, project
from tests.support.github_actions import Runner

__all__ = ["built_project", "project"]

_QSYNC = """\
#!{python} -IS
import json, os, pathlib, sys
here = pathlib.Path({here!r})
words = sys.argv[1:]
own = ("QSYNC_", "QUALIFIED_")
kept = {{name: value for name, value in os.environ.items() if name.startswith(own)}}
with (here / "calls").open("a") as calls:
    calls.write(json.dumps([words, kept]) + "\\n")
if words[0] == "plan" and "--out" in words:
    pathlib.Path(words[words.index("--out") + 1]).write_text("a plan")
said = {{"show": "### qsync plan: **2 to change**", "apply": "Applied: 2"}}
if words[0] == "plan" and "--markdown" in words:
    said["plan"] = "### What this pull request alone changes"
print(said.get(words[0], ""))
codes = here / "codes"
sys.exit(json.loads(codes.read_text()).get(words[0], 0) if codes.exists() else 0)
"""

_GH = """\
#!{python} -IS
import json, os, pathlib, sys
here = pathlib.Path({here!r})
words = sys.argv[1:]
assert os.environ["GH_TOKEN"] == "ghs_of_the_job"
comments = json.loads((here / "comments").read_text())
if (here / "forbidden").exists():
    sys.exit("gh: Resource not accessible by integration (HTTP 403)")
assert words[0] == "api"
if "--paginate" in words:
    for start in range(0, len(comments), 2):
        print(json.dumps(comments[start:start + 2]))
    sys.exit(0)
method = words[words.index("--method") + 1]
place = words[words.index("--method") + 2]
body = words[words.index("-F") + 1]
assert body.startswith("body=@")
text = pathlib.Path(body[6:]).read_text()
if method == "POST":
    new = {{"id": 100 + len(comments), "user": {{"type": "Bot"}}, "body": text, "at": place}}
    comments.append(new)
else:
    (found,) = (item for item in comments if place.endswith("/issues/comments/%d" % item["id"]))
    found["body"] = text
(here / "comments").write_text(json.dumps(comments))
"""

SYSTEM = "/usr/local/bin:/usr/bin:/bin"


@dataclass
class Stage:
    """Where the stand-ins keep what they were asked."""

    runner: Runner
    folder: Path

    def codes(self, **codes: int) -> None:
        """What each command of `qsync` ends with from now on."""
        (self.folder / "codes").write_text(json.dumps(codes))

    @property
    def calls(self) -> list[tuple[list[str], dict[str, str]]]:
        """Every call of `qsync`: its words, and the variables that are its own."""
        path = self.folder / "calls"
        return (
            [tuple(json.loads(line)) for line in path.read_text().splitlines()]
            if path.exists()
            else []
        )

    @property
    def commands(self) -> list[str]:
        """What was typed."""
        return [shlex.join(words) for words, _ in self.calls]

    @property
    def comments(self) -> list[dict[str, Any]]:
        """The pull request's comments."""
        found: list[dict[str, Any]] = json.loads((self.folder / "comments").read_text())
        return found

    @comments.setter
    def comments(self, comments: list[dict[str, Any]]) -> None:
        (self.folder / "comments").write_text(json.dumps(comments))


def _program(folder: Path, name: str, text: str, here: Path) -> None:
    program = folder / name
    program.write_text(text.format(python=sys.executable, here=str(here)))
    program.chmod(0o755)


@pytest.fixture
def stage(tmp_path: Path, repository: Path) -> Stage:
    """The action on a machine where `qsync` and `gh` only write down what they are asked."""
    folder, bin_, temporary = tmp_path / "stage", tmp_path / "bin", tmp_path / "temporary"
    for each in (folder, bin_, temporary, tmp_path / "workspace"):
        each.mkdir()
    _program(bin_, "qsync", _QSYNC, folder)
    _program(bin_, "gh", _GH, folder)
    (bin_ / "python").symlink_to(sys.executable)
    (folder / "comments").write_text("[]")
    runner = Runner(
        repository / "action.yml", tmp_path / "workspace", temporary, f"{bin_}:{SYSTEM}"
    )
    return Stage(runner, folder)


@pytest.fixture
def live(stage: Stage, project: Path) -> Stage:
    """The same in the built example, with the qsync that is tested here."""
    (stage.runner.temporary.parent / "bin" / "qsync").unlink()
    (stage.runner.temporary.parent / "bin" / "python").unlink()
    stage.runner.workspace = project
    stage.runner.path = f"{Path(sys.executable).parent}:{stage.runner.path}"
    return stage
