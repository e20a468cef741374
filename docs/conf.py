"""How Sphinx builds the documentation: `make docs`."""

from __future__ import annotations

import re
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent
# Read, not imported: a page about qsync needs nothing of it to be running.
_VERSIONS = re.findall(
    r'^__version__ = "([^"]+)"$',
    (_ROOT / "qsync" / "__init__.py").read_text(encoding="utf-8"),
    re.MULTILINE,
)

project = "qsync"
author = "the qsync contributors"
project_copyright = author
(release,) = (version,) = _VERSIONS

extensions = ["myst_parser"]
myst_enable_extensions = ["colon_fence", "deflist"]
myst_heading_anchors = 3
exclude_patterns = ["_build"]
nitpicky = True

html_theme = "furo"
html_title = f"qsync {release}"
html_copy_source = False
html_show_sphinx = False
