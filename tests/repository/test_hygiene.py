"""What is in git fits every machine and every reader."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

import qsync

# In parts, so that this file doesn't hold what it looks for.
_HOMES = re.compile("/(?:" + "|".join(["ho" + "me", "Us" + "ers"]) + r")/[A-Za-z]|/ro" + r"ot/\S")
_REGISTRIES = re.compile(
    r"\b(?:" + "|".join(["pypi" + r"\.org", "python" + "hosted", "registry" + r"\.npmjs"]) + ")"
)
_KEYS = re.compile("BEGIN [A-Z ]*PRIVATE " + "KEY")

LARGEST = 500
"""Lines; a file of Python stays readable at one sitting."""


@pytest.fixture(scope="module")
def tracked(repository: Path) -> list[Path]:
    """The files in git."""
    if not (repository / ".git").exists():
        pytest.skip("not a git checkout")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=repository, check=True, capture_output=True, text=True
    ).stdout
    paths = [repository / name for name in listed.split("\0") if name]
    return [path for path in paths if path.is_file()]


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


@pytest.mark.parametrize(
    "needle",
    [_HOMES, _REGISTRIES, _KEYS],
    ids=["home folder", "package registry", "private key"],
)
def test_no_file_in_git_names_a(
    needle: re.Pattern[str], tracked: list[Path], repository: Path
) -> None:
    named = {
        str(path.relative_to(repository)): match[0]
        for path in tracked
        if (match := needle.search(_text(path))) is not None
    }

    assert named == {}


@pytest.mark.parametrize(
    ("needle", "text"),
    [
        (_HOMES, "/ho" + "me/ada/qsync"),
        (_HOMES, "/Us" + "ers/ada"),
        (_HOMES, "/ro" + "ot/x"),
        (_REGISTRIES, "https://" + "pypi" + ".org/simple"),
        (_REGISTRIES, "files.python" + "hosted.org"),
        (_KEYS, "-----BEGIN RSA PRIVATE " + "KEY-----"),
    ],
)
def test_each_needle_finds_what_it_is_for(needle: re.Pattern[str], text: str) -> None:
    assert needle.search(text)


def test_no_python_file_is_too_long_to_read_at_one_sitting(
    tracked: list[Path], repository: Path
) -> None:
    lengths = {
        str(path.relative_to(repository)): len(_text(path).splitlines())
        for path in tracked
        if path.suffix == ".py"
    }

    assert {name: lines for name, lines in lengths.items() if lines > LARGEST} == {}


def test_no_file_that_a_run_makes_is_in_git(tracked: list[Path]) -> None:
    made = {".duckdb", ".wal", ".pyc", ".log", ".env"}

    assert [path.name for path in tracked if path.suffix in made or path.name == ".env"] == []


def test_the_readme_names_the_two_commands_for_a_fresh_machine(repository: Path) -> None:
    readme = _text(repository / "README.md")

    assert "make demo" in readme
    assert "make test" in readme


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md"])
def test_links_between_files_lead_somewhere(name: str, repository: Path) -> None:
    links = re.findall(r"\]\((?!https?:|#)([^)#]+)", _text(repository / name))

    assert [link for link in links if not (repository / link).exists()] == []


def test_the_changelog_has_an_entry_for_this_version(repository: Path) -> None:
    assert f"\n## [{qsync.__version__}]" in _text(repository / "CHANGELOG.md")


def test_every_make_target_that_documents_name_exists(repository: Path) -> None:
    makefile = _text(repository / "Makefile")
    texts = [_text(repository / name) for name in ("README.md", "CONTRIBUTING.md", ".ci/run")]
    named = set(re.findall(r"(?m)(?:^ *|`)make ([a-z][a-z-]+|\.venv)\b", "\n".join(texts)))

    missing = [target for target in named if not re.search(rf"^{target}:", makefile, re.MULTILINE)]

    assert {"demo", "test", "lint"} <= named
    assert missing == []
