"""The pictures of the report: `python docs/make_report_pictures.py`.

A month of four syncs, the same that the tests of the report look at, becomes a page, and a headless
Chromium takes its pictures. Nothing is fetched.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path
from typing import Literal

DOCS = Path(__file__).resolve().parent
sys.path.insert(0, str(DOCS.parent))

from qsync.views.report import report_page  # noqa: E402
from tests.report import chromium, kit  # noqa: E402

PICTURES = DOCS / "pictures"
LARGEST = 200_000
"""Bytes of one picture: they are in git."""

SHOTS: tuple[tuple[str, Literal["light", "dark"], str, int], ...] = (
    ("report-light.png", "light", "body", 1_130),
    ("report-dark.png", "dark", "#history", 1_000),
    ("report-mapping.png", "light", ".map:nth-of-type(3)", 700),
)
"""File, theme, the part of the page, and the most pixels of its height."""


def main() -> int:
    """Make the page and take its pictures."""
    program = chromium.binary()
    if program is None:
        sys.stderr.write("Chromium is missing: install Debian's `chromium`\n")
        return 1
    with tempfile.TemporaryDirectory() as folder, chromium.started(program) as browser:
        file = Path(folder) / "report.html"
        declared = kit.project(Path(folder) / "northwind")
        file.write_text(report_page(kit.document(declared)), encoding="utf-8")
        for name, scheme, part, height in SHOTS:
            with chromium.looking(browser, file, scheme=scheme, width=1_200) as looked:
                box = looked.page.locator(part).first.bounding_box()
                if box is None:
                    raise RuntimeError(f"the page shows no {part}")
                clip = {"x": 0, "y": box["y"], "width": 1_200, "height": min(box["height"], height)}
                picture = looked.page.screenshot(full_page=True, clip=clip)
            if len(picture) > LARGEST:
                raise RuntimeError(f"{name} has {len(picture):,} bytes")
            (PICTURES / name).write_bytes(picture)
    return 0


if __name__ == "__main__":
    sys.exit(main())
