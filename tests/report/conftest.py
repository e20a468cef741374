"""One project, one month, one browser for all tests of the report."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from qsync.project.model import Project
from qsync.views.documents import plan_document
from qsync.views.report import report_page
from tests.report import kit
from tests.support import plans

if TYPE_CHECKING:
    from playwright.sync_api import Browser


@pytest.fixture(scope="session")
def declared(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The example's project with a fourth sync."""
    return kit.project(tmp_path_factory.mktemp("declared") / "northwind")


@pytest.fixture(scope="session")
def document(declared: Project) -> dict[str, Any]:
    """The report of a month, with a plan."""
    return kit.document(declared, plan=plan_document(plans.with_cost(plans.stopped())))


@pytest.fixture(scope="session")
def written(document: dict[str, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The page of that month on disk."""
    file = tmp_path_factory.mktemp("page") / "report.html"
    file.write_text(report_page(document), encoding="utf-8")
    return file


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium; without one these tests cannot run, which is a failure.

    It lives no longer than its module: while playwright runs, its event loop counts as the thread's
    running one, and other tests' `asyncio.run` would be refused.
    """
    # Imported late: most tests of a run need no browser.
    from tests.report import chromium

    program = chromium.binary()
    if program is None:
        pytest.fail("Chromium is missing, and this test cannot run: install Debian's `chromium`")
    with chromium.started(program) as found:
        yield found
