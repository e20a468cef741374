"""The lock installs the same packages anywhere, from whatever index a machine has."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from packaging.markers import Marker
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from qsync.warehouse.dialects import DIALECTS

LINE = re.compile(r"(?P<requirement>[^#\s][^#]*?)(?P<hashes>(?:\s+--hash=sha256:[0-9a-f]{64})+)$")
ROOT = Path(__file__).resolve().parents[2]
PYTHONS = ("3.11.0", "3.12.1", "3.13.0")


LOCKS = sorted(
    str(path.relative_to(ROOT))
    for folder in (".", "tests", "benchmarks")
    for path in (ROOT.glob("*.lock") if folder == "." else (ROOT / folder).rglob("*.lock"))
)
"""Every lock of the repository: the main one, and those of environments for one purpose."""


def _lines(repository: Path, lock: str = "requirements.lock") -> list[str]:
    """A lock's requirements, each with its hashes on one line; comments left out."""
    text = (repository / lock).read_text(encoding="utf-8")
    kept = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    return "\n".join(kept).replace("\\\n", " ").splitlines()


@pytest.fixture(scope="module")
def locked(repository: Path) -> list[Requirement]:
    found = [LINE.fullmatch(line) for line in _lines(repository)]
    return [Requirement(match["requirement"]) for match in found if match is not None]


@pytest.fixture(scope="module")
def pyproject(repository: Path) -> dict[str, Any]:
    return tomllib.loads((repository / "pyproject.toml").read_text(encoding="utf-8"))


def _wanted(pyproject: dict[str, Any]) -> Iterator[str]:
    yield from pyproject["project"]["dependencies"]
    for name, extra in pyproject["project"]["optional-dependencies"].items():
        # Of warehouses that qsync writes for by text only no test installs the adapter.
        if name not in DIALECTS or not DIALECTS[name].by_text:
            yield from extra
    for group in pyproject["dependency-groups"].values():
        yield from group


def _on(python: str, requirement: Requirement) -> bool:
    minor = python.rpartition(".")[0]
    environment = {
        "python_version": minor,
        "python_full_version": python,
        "sys_platform": "linux",
        "platform_python_implementation": "CPython",
    }
    return requirement.marker is None or Marker(str(requirement.marker)).evaluate(environment)


@pytest.mark.parametrize("lock", LOCKS)
def test_every_requirement_is_exact_and_hashed(repository: Path, lock: str) -> None:
    odd = [line for line in _lines(repository, lock) if LINE.fullmatch(line) is None]

    assert odd == []


def test_versions_are_pinned_with_two_equal_signs(locked: list[Requirement]) -> None:
    assert len(locked) > 50
    for requirement in locked:
        assert [spec.operator for spec in requirement.specifier] == ["=="], requirement
        assert requirement.url is None


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_index_and_no_address(repository: Path, lock: str) -> None:
    text = (repository / lock).read_text(encoding="utf-8")

    assert "://" not in text
    assert [line for line in text.splitlines() if line.startswith("-")] == []


@pytest.mark.parametrize("python", PYTHONS)
def test_the_lock_answers_every_requirement_of_pyproject_on_each_supported_python(
    python: str, locked: list[Requirement], pyproject: dict[str, Any]
) -> None:
    versions = {
        canonicalize_name(requirement.name): next(iter(requirement.specifier)).version
        for requirement in locked
        if _on(python, requirement)
    }

    for wanted in map(Requirement, _wanted(pyproject)):
        assert versions[canonicalize_name(wanted.name)] in wanted.specifier, wanted


@pytest.mark.parametrize("python", PYTHONS)
def test_no_package_is_locked_twice_for_one_python(python: str, locked: list[Requirement]) -> None:
    names = [canonicalize_name(item.name) for item in locked if _on(python, item)]

    assert sorted(names) == sorted(set(names))


def test_dbt_is_developed_with_one_version_and_published_for_many(
    locked: list[Requirement], pyproject: dict[str, Any]
) -> None:
    assert "dbt-core==1.11.16" in [f"{item.name}{item.specifier}" for item in locked]
    assert "dbt-core>=1.11,<2" in pyproject["project"]["dependencies"]
