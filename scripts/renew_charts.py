"""Renew the chart library that reports carry: `python scripts/renew_charts.py 6.1.0`.

It needs npm's ordinary client. The package is packed, held against the integrity that the registry
names for it, and three files are written to `qsync/views/report/vendor/`: the library as it was
published, the texts of its licences, and `vendored.json` with version and digests. Afterwards run
`make test ARGS="tests/report"` and look at the pictures (`python docs/make_report_pictures.py`).
"""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

VENDOR = Path(__file__).resolve().parent.parent / "qsync" / "views" / "report" / "vendor"
LIBRARY = "echarts.common.min.js"
"""The smallest of the published builds that draws SVG."""


def _npm(folder: Path, *words: str) -> str:
    said = subprocess.run(["npm", *words], cwd=folder, check=True, capture_output=True, text=True)
    return said.stdout.strip()


def _packed(folder: Path, name: str, version: str) -> tuple[tarfile.TarFile, str]:
    """The package's archive and its integrity, once they fit."""
    named = _npm(folder, "view", f"{name}@{version}", "dist.integrity")
    archive = folder / _npm(folder, "pack", "--silent", f"{name}@{version}").splitlines()[-1]
    digest = base64.b64encode(hashlib.sha512(archive.read_bytes()).digest()).decode()
    if named != f"sha512-{digest}":
        raise SystemExit(f"{name} {version} is not what the registry says it is: {named}")
    return tarfile.open(archive), named


def _member(archive: tarfile.TarFile, path: str) -> bytes:
    file = archive.extractfile(f"package/{path}")
    if file is None:
        raise SystemExit(f"the package has no {path}")
    return file.read()


def main(version: str) -> int:
    """Write the three files."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        charts, integrity = _packed(folder, "echarts", version)
        about = json.loads(_member(charts, "package.json"))
        drawing = about["dependencies"]["zrender"]
        painter, _ = _packed(folder, "zrender", drawing)
        library = _member(charts, f"dist/{LIBRARY}")
        texts = {
            "Apache ECharts: NOTICE": _member(charts, "NOTICE"),
            "Apache ECharts: LICENSE": _member(charts, "LICENSE"),
            "d3, parts of which are in Apache ECharts: LICENSE": _member(
                charts, "licenses/LICENSE-d3"
            ),
            f"zrender {drawing}, which is in Apache ECharts: LICENSE": _member(painter, "LICENSE"),
        }
    (VENDOR / LIBRARY).write_bytes(library)
    (VENDOR / "LICENSES.txt").write_text(
        "\n\n".join(
            f"{'=' * 72}\n{title}\n{'=' * 72}\n\n{text.decode().strip()}"
            for title, text in texts.items()
        )
        + "\n",
        encoding="utf-8",
    )
    (VENDOR / "vendored.json").write_text(
        json.dumps(
            {
                "name": "Apache ECharts",
                "version": about["version"],
                "license": about["license"],
                "file": LIBRARY,
                "sha256": hashlib.sha256(library).hexdigest(),
                "bytes": len(library),
                "npm_integrity": integrity,
            },
            indent=2,
        )
        + "\n",
        encoding="utf-8",
    )
    return 0


if __name__ == "__main__":
    if len(sys.argv) != 2:
        raise SystemExit("usage: python scripts/renew_charts.py VERSION")
    sys.exit(main(sys.argv[1]))
