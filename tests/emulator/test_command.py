"""`qsync emulator`, as a process of its own."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
from click.testing import CliRunner

from qsync.cli.emulator import emulator
from qsync.errors import UserError

RUN = [sys.executable, "-c", "from qsync.cli.emulator import emulator; emulator()"]


@contextmanager
def running(ready: Path, *options: str) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [*RUN, "--port", "0", "--ready-file", str(ready), *options],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        while not ready.exists():
            assert process.poll() is None, process.communicate()
            time.sleep(0.01)
        yield process
    finally:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_says_where_it_listens_and_stops_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    ready = tmp_path / "ready"
    with running(ready, "--key", "my-key") as process:
        base_url = ready.read_text().strip()
        headers = {"Authorization": "Bearer my-key"}
        assert httpx.get(f"{base_url}/v2/leads/fields", headers=headers).status_code == 200
        process.send_signal(number)
        out, err = process.communicate(timeout=10)
    assert (process.returncode, out) == (0, "")
    assert f"base_url: {base_url}" in err
    assert "export QUALIFIED_API_KEY=my-key" in err
    assert not ready.exists()


def test_it_has_the_fields_of_ones_own_catalog(tmp_path: Path) -> None:
    catalog = tmp_path / "qualified_fields.yml"
    catalog.write_text(
        "version: 1\nlead:\n"
        "  - {name: x, label: X, type: picklist, options: [{value: 'no', label: No}]}\n"
    )
    ready = tmp_path / "ready"
    with running(ready, "--fields", str(catalog)):
        headers = {"Authorization": "Bearer qualified-emulator-key"}
        shown = httpx.get(f"{ready.read_text().strip()}/v2/leads/fields", headers=headers).json()
    assert [(field["name"], field["options"]) for field in shown["data"]] == [
        ("x", [{"value": "no", "label": "No"}])
    ]


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("version: [", ":1:"),
        ("version: 1\nversion: 1\n", ":2:1"),
        ("version: !!python/object:os.x 1\n", ":1:"),
        ("version: 1\nleed: []\n", "the field catalog"),
        ("", "the field catalog"),
    ],
)
def test_a_catalog_it_cannot_use_is_said_before_it_listens(
    tmp_path: Path, text: str, where: str
) -> None:
    catalog = tmp_path / "qualified_fields.yml"
    catalog.write_text(text)
    result = CliRunner().invoke(emulator, ["--fields", str(catalog)])
    assert isinstance(result.exception, UserError)
    assert where in (result.exception.where or "")


def test_a_catalog_that_is_missing_is_said_with_what_to_do(tmp_path: Path) -> None:
    result = CliRunner().invoke(emulator, ["--fields", str(tmp_path / "none.yml")])
    assert isinstance(result.exception, UserError)
    assert "catalog pull" in (result.exception.hint or "")


def test_options_out_of_range_are_usage_errors() -> None:
    for options in (["--port", "70000"], ["--job-seconds", "-1"], ["--job-order", "up"]):
        assert CliRunner().invoke(emulator, options).exit_code == 2


def test_the_default_key_is_the_one_of_the_account() -> None:
    from qsync.emulator import DEFAULT_KEY

    [key] = [option for option in emulator.params if option.name == "key"]
    assert key.default == DEFAULT_KEY
