"""Match keys, folded and judged in SQL, against the same rules written in Python."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

from qsync.emulator.validation import email_key, is_email, normalized_domain
from qsync.planning.match_keys import fold_key, is_match_key
from qsync.project.model import ObjectType
from qsync.warehouse.dialects import DIALECTS
from qsync.warehouse.folding import fold, is_ascii, is_well_formed
from qsync.warehouse.sql import as_, col
from tests.support.warehouses import DirectConnection, PostgresServer

BLANKS = " \t\r\n"
LABEL = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?"
DOMAIN = re.compile(rf"({LABEL}\.)+[a-z]([a-z0-9-]*[a-z0-9])?")
LOCAL = re.compile(r'[^@ ,;:<>()"]+')

Judged = tuple[str | None, str]
"""A folded key, and what is thought of it: null, non-ascii, malformed or good."""


def lowered(text: str) -> str:
    """ASCII lower case; other letters are another matter, and invalid anyway."""
    return "".join(letter.lower() if letter.isascii() else letter for letter in text)


def folded_email(raw: str) -> str | None:
    return lowered(raw).strip(BLANKS) or None


def folded_domain(raw: str) -> str | None:
    key = lowered(raw).strip(BLANKS)
    key = re.sub(r"^[a-z][a-z0-9+.-]*://", "", key)
    key = re.split(r"[/?#]", key, maxsplit=1)[0]
    while (shorter := re.sub(r":[0-9]*\Z", "", key).rstrip(BLANKS + ".")) != key:
        key = shorter
    while (shorter := key.lstrip(BLANKS).removeprefix("www.")) != key:
        key = shorter
    return key or None


def folded(raw: str, kind: ObjectType) -> str | None:
    return folded_email(raw) if kind is ObjectType.LEAD else folded_domain(raw)


def judged(key: str | None, kind: ObjectType) -> str:
    if key is None:
        return "null"
    if any(not " " <= letter <= "~" for letter in key):
        return "non-ascii"
    if kind is ObjectType.COMPANY:
        return "good" if DOMAIN.fullmatch(key) else "malformed"
    local, at, domain = key.partition("@")
    good = at and LOCAL.fullmatch(local) and DOMAIN.fullmatch(domain)
    return "good" if good else "malformed"


def in_sql(connection: DirectConnection, kind: ObjectType, values: Sequence[str]) -> list[Judged]:
    """Each value's folded key and judgement, by one statement over values that were bound."""
    connection.execute("DROP TABLE IF EXISTS raw")
    connection.execute("CREATE TABLE raw (n integer, v text)")
    marks = "?, ?" if connection.dialect.name == "duckdb" else "%s::integer[], %s::text[]"
    connection.raw.cursor().execute(
        f"INSERT INTO raw SELECT UNNEST({marks.replace(', ', '), UNNEST(')})",
        [list(range(len(values))), list(values)],
    )
    key = fold(col("v"), kind, connection.dialect)
    rows = connection.rows(
        exp.select(
            as_(key, "k"),
            as_(is_ascii(key.copy()), "ascii"),
            as_(is_well_formed(key.copy(), kind), "formed"),
        )
        .from_("raw")
        .order_by(col("n"))
    )
    return [(found, _verdict(found, ascii_, formed)) for found, ascii_, formed in rows]


def _verdict(key: str | None, ascii_: bool, formed: bool) -> str:
    if key is None:
        return "null"
    if not ascii_:
        return "non-ascii"
    return "good" if formed else "malformed"


# fmt: off
PARTS = st.sampled_from([
    "acme.example", "www.", "WWW.", "https://", "http://", "HTTP://", "ftp+x://", "/", "?q=1", "#",
    ":8080", ":", ".", "..", " ", "\t", "\n", "\r", "a", "A", "@", "@@", "x@y.example", "-", "_",
    "ß", "é", "\u0130", "\u0131", "\u017f", "\u212a", "\u00a0", "\u200b", "\x01", "\x7f", "😀",
    "1", "example", "Example.COM", "'", '"', "\\", "%", "(", "xn--p1ai", "localhost", "com",
])
# fmt: on
TEXTS = st.one_of(
    st.lists(PARTS, max_size=8).map("".join),
    st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=30),
    st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=20),
    st.integers(1, 5_000).map(lambda length: "a" * length + "@acme.example"),
)
GOOD_DOMAINS = st.from_regex(re.compile(DOMAIN.pattern, re.ASCII), fullmatch=True)


@settings(max_examples=20)
@given(values=st.lists(TEXTS, min_size=150, max_size=250))
@pytest.mark.parametrize("kind", list(ObjectType))
def test_keys_fold_and_are_judged_in_sql_as_the_rules_say(
    connection: DirectConnection, kind: ObjectType, values: list[str]
) -> None:
    for value, (key, verdict) in zip(values, in_sql(connection, kind, values), strict=True):
        expected = folded(value, kind)
        assert verdict == judged(expected, kind), value
        if verdict != "non-ascii":
            assert key == expected, value


@settings(max_examples=20)
@given(values=st.lists(TEXTS, min_size=150, max_size=250), more=st.lists(GOOD_DOMAINS))
@pytest.mark.parametrize("kind", list(ObjectType))
def test_a_key_that_comes_from_outside_is_folded_and_judged_as_in_sql(
    connection: DirectConnection, kind: ObjectType, values: list[str], more: list[str]
) -> None:
    values = [*values, *more, *(f"Jo@{domain}" for domain in more)]
    for value, (key, verdict) in zip(values, in_sql(connection, kind, values), strict=True):
        known = fold_key(value, kind)
        good = known is not None and is_match_key(known, kind)
        assert good is (verdict == "good"), value
        if verdict != "non-ascii":
            assert known == key, value


@settings(max_examples=20)
@given(values=st.lists(TEXTS, min_size=150, max_size=250))
@pytest.mark.parametrize("kind", list(ObjectType))
def test_folding_twice_is_folding_once(
    connection: DirectConnection, kind: ObjectType, values: list[str]
) -> None:
    once = [key for key, _ in in_sql(connection, kind, values) if key is not None]
    again = [key for key, _ in in_sql(connection, kind, once)]
    assert again == once


@settings(max_examples=20)
@given(values=st.lists(TEXTS, min_size=150, max_size=250), more=st.lists(GOOD_DOMAINS))
def test_qualified_would_leave_a_folded_key_as_it_is(
    connection: DirectConnection, values: list[str], more: list[str]
) -> None:
    """Else state and Qualified would know one record by two keys."""
    domains = in_sql(connection, ObjectType.COMPANY, [*values, *more])
    for key, verdict in domains:
        if key is not None and verdict == "good":
            assert normalized_domain(key) == key
    addresses = [f"jo@{domain}" for domain in more]
    for key, verdict in in_sql(connection, ObjectType.LEAD, [*values, *addresses]):
        if key is not None and verdict == "good":
            assert email_key(key) == key
            assert is_email(key)


def test_people_paste_domains_in_many_ways_and_all_name_one_company(
    connection: DirectConnection,
) -> None:
    pasted = [
        "acme.example",
        " ACME.example ",
        "https://www.acme.example/about?x=1#y",
        "http://acme.example:8080",
        "WWW.Acme.Example.",
        "\tacme.example/\n",
        "acme.example?utm=1",
        "acme.example.:443/",
        "www.www.acme.example",
        "https:// www. acme.example /a\nb",
    ]
    found = in_sql(connection, ObjectType.COMPANY, pasted)
    assert found == [("acme.example", "good")] * len(pasted)


def test_what_is_no_domain_is_malformed(connection: DirectConnection) -> None:
    wrong = ["not available", "localhost", "jo@acme.example", "-a.example", "a..example", "1.2.3.4"]
    wrong += ["http://http://acme.example", "acme_inc.example", "acme.example, beta.example"]
    verdicts = [verdict for _, verdict in in_sql(connection, ObjectType.COMPANY, wrong)]
    assert verdicts == ["malformed"] * len(wrong)


def test_letters_that_only_lower_case_makes_ascii_do_not_become_it(
    connection: DirectConnection,
) -> None:
    """A dotted capital I and the Kelvin sign; else two people's addresses would be one."""
    odd = ["\u0130nfo@acme.example", "\u212aim@acme.example"]
    assert [verdict for _, verdict in in_sql(connection, ObjectType.LEAD, odd)] == ["non-ascii"] * 2


@pytest.mark.postgres
def test_a_databases_locale_does_not_change_what_a_key_folds_to(
    postgres_server: PostgresServer,
) -> None:
    """In Turkish, a capital I is lowered to a letter that is not ASCII."""
    raw = postgres_server.raw()
    raw.cursor().execute(
        "CREATE DATABASE turkish TEMPLATE template0 LOCALE_PROVIDER icu ICU_LOCALE 'tr'"
    )
    raw.close()
    connection = DirectConnection(postgres_server.raw("turkish"), DIALECTS["postgres"], "turkish")
    assert connection.execute("SELECT LOWER('I')").fetchall() == [("\u0131",)]
    found = in_sql(connection, ObjectType.LEAD, ["INFO@ACME.EXAMPLE"])
    assert found == [("info@acme.example", "good")]
    connection.raw.close()
