"""The API key: refused early when it cannot be one, and never shown."""

from __future__ import annotations

import copy
import pickle

import pytest

from qsync.errors import UserError
from qsync.qualified import read_api_key
from tests.qualified.kit import CANARY, everything_said

NAME = "QUALIFIED_API_KEY"


def test_a_key_is_sent_exactly_as_it_was_pasted() -> None:
    assert read_api_key({NAME: CANARY}, NAME).authorization() == f"Bearer {CANARY}"


@pytest.mark.proves(fault="bad input", promise="nothing leaks")
@pytest.mark.parametrize(
    ("value", "problem"),
    [
        (None, "is not set"),
        ("", "is not set"),
        ("  \n", "nothing but blanks"),
        (f"{CANARY}\n", "before or after"),
        (f" {CANARY}", "before or after"),
        (f"Bearer {CANARY}", "inside the key"),
        (f"{CANARY}\r\nX-Injected: 1", "inside the key"),
        (f"{CANARY}\x00", "control characters"),
        (f"{CANARY}\x7f", "control characters"),
        (f"“{CANARY}”", "outside ASCII"),
        (f"{CANARY}é", "outside ASCII"),
        (f"{CANARY}\u200b", "outside ASCII"),
        (f"'{CANARY}'", "quotation marks"),
    ],
)
def test_what_cannot_be_a_key_is_refused_with_what_to_do_and_without_showing_it(
    value: str | None, problem: str
) -> None:
    env = {} if value is None else {NAME: value}
    with pytest.raises(UserError, match=problem) as caught:
        read_api_key(env, NAME)
    assert caught.value.hint
    assert NAME in caught.value.message
    assert CANARY not in f"{caught.value} {caught.value!r} {caught.value.hint}"


@pytest.mark.parametrize("name", ["AWS_SECRET_ACCESS_KEY", "qualified_api_key", "", "QUALIFIED"])
def test_only_variables_named_after_qualified_are_read(name: str) -> None:
    with pytest.raises(UserError, match="starts with QUALIFIED_") as caught:
        read_api_key({name: CANARY}, name)
    assert CANARY not in str(caught.value)


def test_a_key_shows_where_it_came_from_and_nothing_else() -> None:
    key = read_api_key({NAME: CANARY}, NAME)
    assert CANARY not in f"{key} {key!r} {key!s:>40} {[key]}"
    assert NAME in repr(key)


@pytest.mark.parametrize("write", [pickle.dumps, copy.copy, copy.deepcopy])
def test_a_key_cannot_be_written_or_copied(write: object) -> None:
    key = read_api_key({NAME: CANARY}, NAME)
    with pytest.raises(TypeError) as caught:
        write(key)  # type: ignore[operator]
    assert CANARY not in everything_said(caught.value)
