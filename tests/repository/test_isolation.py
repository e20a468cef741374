"""Tests are alone: no key, setting or network of the machine they run on reaches them."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from tests.conftest import leaks


def test_no_variable_of_the_machine_reaches_a_test() -> None:
    assert leaks(os.environ) == []


def test_the_leaks_looked_for_are_those_of_qsync_dbt_qualified_and_ci() -> None:
    named = ["QUALIFIED_API_KEY", "QSYNC_TARGET", "DBT_PROFILES_DIR", "CI", "GITHUB_ACTIONS"]

    assert leaks(dict.fromkeys([*named, "https_proxy", "PATH"], "x")) == [*named, "https_proxy"]


def test_home_is_an_empty_folder_of_the_test_run(session_home: Path) -> None:
    assert Path.home() == session_home
    assert not (session_home / ".dbt").exists()


def test_connecting_beyond_this_machine_raises() -> None:
    # 192.0.2.0/24 is set aside for documentation: nobody answers there.
    with (
        socket.socket() as beyond,
        pytest.raises(RuntimeError, match=r"Network is disabled for host '192\.0\.2\.1'"),
    ):
        beyond.connect(("192.0.2.1", 9))


def test_connecting_to_this_machine_is_allowed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as client:
        client.connect(server.getsockname())

        assert client.getpeername() == server.getsockname()
