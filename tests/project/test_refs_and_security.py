"""Model references, and what may hold or receive the key."""

from __future__ import annotations

import pytest

from qsync.project.model import ModelRef
from qsync.project.refs import parse_model
from qsync.project.security import base_url_problem, key_variable_problem


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dim_leads", ModelRef("dim_leads")),
        ("dim_leads.v2", ModelRef("dim_leads", version="2")),
        ("ref('dim_leads')", ModelRef("dim_leads")),
        (" ref( \"pkg\" , 'm' ) ", ModelRef("m", package="pkg")),
        ("ref('m', v=2)", ModelRef("m", version="2")),
        ("ref('m', version='2b')", ModelRef("m", version="2b")),
        ("ref('p', 'm', v=1.5)", ModelRef("m", package="p", version="1.5")),
    ],
)
def test_each_way_to_name_a_model_is_understood(text: str, expected: ModelRef) -> None:
    assert parse_model(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "ref()",
        "ref(m)",
        "ref('m'",
        "ref('m')x",
        "{{ ref('m') }}",
        "source('a','b')",
        "a b",
        "ref('a','b','c')",
        "pkg.model",
        "ref('m', v=)",
    ],
)
def test_what_is_no_reference_is_not_guessed_at(text: str) -> None:
    assert parse_model(text) is None


@pytest.mark.parametrize(
    "url",
    [
        "https://api.qualified.com",
        "https://API.qualified.com:443/",
        "http://127.0.0.1:8765",
        "http://localhost:1",
        "https://[::1]:8765",
    ],
)
def test_qualified_and_this_machine_may_receive_the_key(url: str) -> None:
    assert base_url_problem(url) is None


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example",
        "https://api.qualified.com.evil.example",
        "https://api.qualified.com@evil.example",
        "https://api.qualified.com:8443",
        "https://evil.example/https://api.qualified.com",
        "https://evil.example\\@api.qualified.com",
        "https://evil.example#api.qualified.com",
        "http://api.qualified.com",
        "http://127.0.0.1.evil.example",
        "http://localhost.evil.example",
        "https://user:pw@api.qualified.com",
        "https://api.qualified.com/?next=x",
        "ftp://api.qualified.com",
        "//api.qualified.com",
        "api.qualified.com",
        "https://",
        "https://[::1",
        "https://api.qualified.com:x",
        "https://api.qualified.com\n",
        "http://2130706433.example",
    ],
)
def test_no_other_address_may_receive_the_key(url: str) -> None:
    assert base_url_problem(url) is not None


def test_an_allowed_host_needs_https_and_its_port_when_one_was_named() -> None:
    assert base_url_problem("https://proxy.example:8443", {"proxy.example:8443"}) is None
    assert base_url_problem("https://proxy.example:9443", {"proxy.example:8443"}) is not None
    assert base_url_problem("http://proxy.example", {"proxy.example"}) is not None


@pytest.mark.parametrize("name", ["QUALIFIED_API_KEY", "QUALIFIED_EU_2"])
def test_a_variable_of_qualifieds_may_hold_the_key(name: str) -> None:
    assert key_variable_problem(name) is None


@pytest.mark.parametrize(
    "name", ["AWS_SECRET", "QUALIFIED", "QUALIFIED_", "QUALIFIED_a", "QUALIFIED_A B", "qualified_X"]
)
def test_no_other_variable_may_hold_the_key(name: str) -> None:
    assert key_variable_problem(name) is not None
