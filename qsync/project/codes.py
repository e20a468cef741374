"""The registry of diagnostic codes: what each means, where it comes from, what to do.

Codes are stable: one that is no longer given stays retired. `docs/diagnostics.md` is this registry
as a page; `python -m qsync.project.codes docs/diagnostics.md` writes it, and a test keeps the two
equal.

`QS1xx` files and formats · `QS2xx` dbt's artifacts and models · `QS3xx` fields and mapping ·
`QS4xx` the field catalog · `QS5xx` sync tests.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType

from qsync.project.code_info import CodeInfo
from qsync.project.codes_artifacts import ARTIFACT_CODES
from qsync.project.codes_catalog import CATALOG_CODES
from qsync.project.codes_fields import FIELD_CODES
from qsync.project.codes_files import FILE_CODES
from qsync.project.codes_tests import TEST_CODES

FAMILIES: Mapping[str, str] = MappingProxyType(
    {
        "QS1": "Files and formats",
        "QS2": "dbt's artifacts and models",
        "QS3": "Fields and mapping",
        "QS4": "The field catalog",
        "QS5": "Sync tests",
    }
)
"""The headings of the page, by the beginning of the code."""


_INTRODUCTION = """\
Every problem qsync finds in what you wrote, in dbt's artifacts or in the field catalog has a code
that does not change between versions. Errors stop `plan` and `apply`; warnings do not. All problems
of all files are told in one pass, each with file, line and column.
"""


def registry() -> Mapping[str, CodeInfo]:
    """Every code, sorted."""
    every = (*FILE_CODES, *ARTIFACT_CODES, *FIELD_CODES, *CATALOG_CODES, *TEST_CODES)
    return MappingProxyType({info.code: info for info in sorted(every, key=lambda item: item.code)})


def render_page() -> str:
    """`docs/diagnostics.md`."""
    parts = [
        "# Diagnostics\n",
        _INTRODUCTION,
        "<!-- Written by `python -m qsync.project.codes docs/diagnostics.md`. -->\n",
    ]
    codes = registry()
    for prefix, heading in FAMILIES.items():
        infos = [info for code, info in codes.items() if code.startswith(prefix)]
        if infos:
            parts.append(f"## {heading}\n")
            parts += (_entry(info) for info in infos)
    return "\n".join(parts)


def _entry(info: CodeInfo) -> str:
    return (
        f"### {info.code}: {info.title}\n\n**Cause.** {info.cause}\n\n**What to do.** {info.cure}\n"
    )


def main(arguments: Sequence[str]) -> int:
    """Write the page to the file named, or to standard output."""
    if arguments:
        Path(arguments[0]).write_text(render_page(), encoding="utf-8", newline="\n")
    else:
        sys.stdout.write(render_page())
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
