"""Pages that repeat what stands in code say the same, and the picture shows what the page shows."""

from __future__ import annotations

import html
import re
from pathlib import Path

import pytest

from docs.conftest import sessions
from qsync.cli.options import CommonOptions
from qsync.ledger.columns import LEDGER_COLUMNS
from qsync.ledger.record import RunStatus
from qsync.project.model import Guards, SyncConfig
from qsync.views.plan_counts import COUNTS, IN_MODEL, RECORDED
from qsync.views.reasons import REASONS
from qsync.warehouse.dialects import DIALECTS
from qsync.warehouse.layout import Layout


@pytest.fixture
def docs(repository: Path) -> Path:
    """The documentation's folder."""
    return repository / "docs"


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def test_the_ledgers_page_lists_its_columns_in_order(docs: Path) -> None:
    rows = [f"| `{col.name}` | {col.type} | {col.description} |\n" for col in LEDGER_COLUMNS]

    assert "".join(rows) in _read(docs / "ledger.md")


def test_the_ledgers_page_explains_every_status(docs: Path) -> None:
    page = _read(docs / "ledger.md")

    assert [status for status in RunStatus if f"| `{status.value}` | " not in page] == []


def test_every_key_of_a_syncs_config_and_every_guard_is_explained(docs: Path) -> None:
    page = _read(docs / "syncs.md")
    keys = (*SyncConfig.__dataclass_fields__, *Guards.__dataclass_fields__)

    assert [key for key in keys if f"| `{key}` | " not in page] == []


def test_every_table_qsync_keeps_is_on_the_page_about_state(docs: Path) -> None:
    page = _read(docs / "state.md")

    assert [name for name in Layout.own_tables() if f"| `{name}` | " not in page] == []


def test_every_symbol_of_a_plan_is_explained(docs: Path) -> None:
    page = _read(docs / "plan.md")

    shown = (*COUNTS, IN_MODEL, RECORDED)
    assert [item for item in shown if f"| `{item.symbol}` | {item.name} | " not in page] == []


@pytest.mark.parametrize(
    "code",
    [
        "null_key",
        "non_ascii_key",
        "malformed_key",
        "duplicate_key",
        "free_mail",
        "null_value",
        "not_a_number",
        "malformed_email",
        "not_an_option",
        "not_among_options",
    ],
)
def test_every_reason_the_warehouse_gives_is_explained(docs: Path, code: str) -> None:
    words = REASONS[code].words.replace("`", "")

    assert re.search(rf"^\| `[a-z]+: {re.escape(words)}` \| `{code}` \| ", _page(docs), re.M)


def _page(docs: Path) -> str:
    return _read(docs / "matching.md")


def test_every_warehouse_qsync_speaks_is_listed(docs: Path) -> None:
    page = _read(docs / "warehouses.md")

    assert [name for name in DIALECTS if f"| `dbt-{name}` | " not in page] == []


def test_every_common_option_has_its_variable_listed(docs: Path) -> None:
    page = _read(docs / "reference" / "environment.md")
    options = CommonOptions.__dataclass_fields__

    assert [name for name in options if f"| `QSYNC_{name.upper()}` | " not in page] == []


def test_the_picture_shows_the_plan_that_the_page_shows(docs: Path) -> None:
    lines = [
        html.unescape(text).replace("\N{NO-BREAK SPACE}", " ")
        for text in re.findall(r"<text[^>]*>([^<]*)</text>", _read(docs / "pictures" / "plan.svg"))
    ]
    command = "qsync plan --target prod --select leads"
    shown = {
        typed: output
        for block in re.findall(r"```console\n(.*?)```", _read(docs / "plan.md"), re.S)
        for typed, output in sessions(block)
    }

    assert f"$ {command}" in lines
    assert "".join(shown[command].split()) in "".join("".join(lines).split())


def test_the_picture_fetches_nothing(docs: Path) -> None:
    picture = _read(docs / "pictures" / "plan.svg").replace("http://www.w3.org/2000/svg", "")

    assert re.findall(r"url\((?!#)|@import|href=|<script|<image", picture) == []
    assert "@font-face" not in picture


def test_the_readme_names_no_page_that_is_not_there(repository: Path) -> None:
    linked = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", _read(repository / "README.md"))

    assert [path for path in linked if not (repository / path).exists()] == []


def test_the_failing_test_that_is_shown_failed_like_that(docs: Path, repository: Path) -> None:
    golden = _read(repository / "tests" / "views" / "golden" / "tests.txt")
    (shown,) = re.findall(r"```text\n(FAILED.*?)```", _read(docs / "testing.md"), re.DOTALL)

    assert shown in golden
