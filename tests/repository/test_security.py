"""What security promises, over the whole package: no door besides those that are guarded."""

from __future__ import annotations

import ast
import csv
import io
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from qsync.exit_codes import ExitCode
from qsync.ledger import LEDGER_COLUMNS, SeedRow, seed_text
from qsync.project import load_project
from qsync.project.security import base_url_problem
from tests.cli.kit import Shell, commands

CANARY = "sk-canary-7f3a91"
"""A key that somebody wrote where none belongs."""

WEAKENS_TLS = frozenset({"verify", "check_hostname", "verify_mode", "cert_reqs", "trust_env"})
NO_TLS = frozenset({"CERT_NONE", "_create_unverified_context", "_create_default_https_context"})

KEY_DOORS = {"cli/wiring.py", "cli/checks_qualified.py"}
"""Where a client is made: behind a check of what qsync.yml says of the address."""

REHEARSING = "cli/rehearsing.py"
"""Where a client is made that has neither a key nor a network."""


@pytest.fixture(scope="module")
def sources(repository: Path) -> dict[str, ast.Module]:
    """The package's modules by path."""
    root = repository / "qsync"
    return {
        path.relative_to(root).as_posix(): ast.parse(path.read_text(encoding="utf-8"))
        for path in root.rglob("*.py")
    }


@pytest.fixture
def shell(capfd: pytest.CaptureFixture[str]) -> Shell:
    return Shell(capfd)


def names(tree: ast.AST) -> Iterator[str]:
    """Every name, attribute and keyword argument of a module."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name):
            yield node.id
        elif isinstance(node, ast.Attribute):
            yield node.attr
        elif isinstance(node, ast.keyword) and node.arg is not None:
            yield node.arg


def test_no_code_can_weaken_tls(sources: dict[str, ast.Module]) -> None:
    found = {
        (path, name)
        for path, tree in sources.items()
        for name in names(tree)
        if name in WEAKENS_TLS | NO_TLS
    }
    assert found == set()


@pytest.mark.parametrize(
    "line", ["httpx.AsyncClient(verify=False)", "context.verify_mode = ssl.CERT_NONE"]
)
def test_code_that_weakens_tls_would_be_found(line: str) -> None:
    assert set(names(ast.parse(line))) & (WEAKENS_TLS | NO_TLS)


def test_no_option_takes_a_key_or_weakens_tls() -> None:
    words = {"key", "token", "password", "secret", "insecure", "verify", "tls", "ssl", "cert"}
    found = {
        (command, declared)
        for command, parsed in commands()
        for parameter in parsed.params
        for declared in [*parameter.opts, *parameter.secondary_opts]
        if words & set(declared.strip("-").replace("-", "_").split("_"))
        if not command.startswith("emulator")  # its keys are made up
    }
    assert found == set()


def test_clients_are_made_only_behind_the_check_of_the_address(
    sources: dict[str, ast.Module],
) -> None:
    makers = {
        path
        for path, tree in sources.items()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        if "QualifiedClient" in {getattr(node.func, "id", None), getattr(node.func, "attr", None)}
    }
    assert makers == {*KEY_DOORS, REHEARSING}


def test_a_rehearsals_client_has_a_transport_of_its_own_and_no_address_key_or_environment(
    sources: dict[str, ast.Module],
) -> None:
    tree = sources[REHEARSING]
    (made,) = (
        node
        for node in ast.walk(tree)
        if isinstance(node, ast.Call) and getattr(node.func, "id", None) == "QualifiedClient"
    )
    given = {item.arg: ast.unparse(item.value) for item in made.keywords}
    assert [ast.unparse(item) for item in made.args] == ["_NOWHERE", "ClientKey(DEFAULT_KEY)"]
    assert given["transport"] == "InProcessTransport(answer)"
    imported = {
        name.name
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
        for name in node.names
    }
    assert imported.isdisjoint({"os", "socket", "read_api_key"})


@pytest.mark.parametrize(
    "words",
    [("apply", "--auto-approve"), ("catalog", "pull"), ("catalog", "diff"), ("plan",), ("debug",)],
)
@pytest.mark.parametrize(
    "address",
    ["https://evil.example", "http://api.qualified.com", "https://user@api.qualified.com"],
)
def test_no_command_follows_qsync_yml_to_an_address_it_may_not_name(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    shell: Shell,
    words: tuple[str, ...],
    address: str,
) -> None:
    _project(tmp_path, f"version: 1\nqualified:\n  base_url: {address}\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("QUALIFIED_API_KEY", CANARY)
    said = shell(*words)
    assert said.code is ExitCode.FAILED
    # Names and attempts to connect would be blocked here and said so.
    assert "Network" not in said.out + said.err
    assert CANARY not in said.out + said.err
    if words[0] != "debug":
        assert "QS141" in said.err


@pytest.mark.parametrize(
    "section",
    [
        f"api_key: {CANARY}",
        f"api_key_env: {CANARY}",
        f"api_key_env: QUALIFIED_{CANARY}",
        f"api_key_env: [{CANARY}]",
        f"api_key_env: {{value: {CANARY}}}",
        f"key: {CANARY}",
        f"base_url: https://x:{CANARY}@api.qualified.com",
        f"base_url: https://api.qualified.com?key={CANARY}",
        f"base_url: https://{CANARY}.example/{CANARY}",
    ],
)
def test_a_key_that_stands_in_qsync_yml_is_an_error_that_does_not_repeat_it(
    tmp_path: Path, section: str
) -> None:
    _project(tmp_path, f"version: 1\nqualified:\n  {section}\n")
    result = load_project(tmp_path)
    said = [f"{item.message} {item.hint}" for item in result.diagnostics]
    assert said
    assert [text for text in said if CANARY in text] == []


def _project(folder: Path, settings: str) -> None:
    (folder / "dbt_project.yml").write_text("name: small\nprofile: small\n")
    (folder / "qsync.yml").write_text(settings)


HOSTS = ["api.qualified.com", "127.0.0.1", "localhost", "[::1]", "evil.example", "127.1", "::1"]
SIGNS = [*"@:/\\#?.;[]。①é\t\x7f\u00ad\u200b1", "//", "%40", "%2f", "%00", "%2e", "443", "user"]

pieces = st.lists(st.sampled_from(HOSTS) | st.sampled_from(SIGNS), max_size=6)


@given(st.sampled_from(["https://", "http://", "HTTPS://", ""]), pieces)
@example("http://", ["[::1]", "443"])
@example("https://", ["api.qualified.com", ":", "443"])
@example("https://", ["api.qualified.com", "\\", "@", "evil.example"])
def test_an_address_that_is_let_through_is_the_one_that_requests_go_to(
    scheme: str, rest: list[str]
) -> None:
    url = scheme + "".join(rest)
    if base_url_problem(url) is not None:
        return
    try:
        taken = httpx.URL(url)
    except httpx.InvalidURL:
        return
    checked = urlsplit(url)
    default = {"http": 80, "https": 443}[checked.scheme]
    assert (taken.scheme, taken.host) == (checked.scheme, checked.hostname)
    assert (taken.port or default) == (checked.port or default)


hostile = st.builds(
    lambda sign, rest: sign + rest,
    st.sampled_from([*"=+-@\t\r\n＝＋－＠'\"", " ", ""]),  # noqa: RUF001 - wide signs
    st.text(alphabet="=+-@'\"\t\r\n,;|!A1(", max_size=8),
)


@given(hostile)
@example("=cmd|' /C calc'!A0")
@example("\n=1+1")
def test_no_cell_of_the_ledger_begins_as_a_formula_whatever_a_text_says(text: str) -> None:
    row: SeedRow = {
        column.name: 7 if column.type == "bigint" else text for column in LEDGER_COLUMNS
    }
    cells = list(csv.reader(io.StringIO(seed_text([row]), newline="")))[1]
    assert len(cells) == len(LEDGER_COLUMNS)
    assert [cell for cell in cells if cell[:1] in set("=+-@\t\r\n＝＋－＠")] == []  # noqa: RUF001
