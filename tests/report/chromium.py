"""A headless Chromium of this machine, and what a page did in it."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, Page, sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome")

FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def binary() -> str | None:
    """Chromium's program, or None when this machine has none."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


@contextlib.contextmanager
def started(program: str) -> Iterator[Browser]:
    """The browser, with a fresh profile; ended at the end."""
    root = ["--no-sandbox"] if os.geteuid() == 0 else []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=[*FLAGS, *root])
        yield browser
        browser.close()


@dataclass
class Looked:
    """A page that is open, and what it complained about or asked for."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def chart(self, name: str) -> list[list[Any]]:
        """The numbers of a chart as the library holds them: a list for each of its series."""
        found: list[list[Any]] = self.page.evaluate(
            "(id) => echarts.getInstanceByDom(document.getElementById(id)).getOption()"
            ".series.map((one) => one.data)",
            f"chart-{name}",
        )
        return found

    def table(self, name: str) -> list[list[str]]:
        """The cells of the table in the region of that name, without its head."""
        rows = self.page.get_by_role("region", name=name, include_hidden=True).locator("tbody tr")
        cells: list[list[str]] = rows.evaluate_all(
            "(rows) => rows.map((row) => [...row.children].map((cell) => cell.textContent))"
        )
        return cells


@contextlib.contextmanager
def looking(
    browser: Browser,
    file: Path,
    *,
    scheme: Literal["light", "dark"] = "light",
    width: int = 1280,
) -> Iterator[Looked]:
    """Open a file in a window of its own, without any network."""
    context = browser.new_context(
        viewport={"width": width, "height": 900}, color_scheme=scheme, offline=True
    )
    page = context.new_page()
    looked = Looked(page)
    page.on("console", lambda message: looked.complaints.append(message.text))
    page.on("pageerror", lambda error: looked.complaints.append(str(error)))
    page.on("request", lambda request: looked.requests.append(request.url))
    page.goto(file.as_uri())
    yield looked
    context.close()
