"""What a selection means: each kind of word, and what is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qsync.errors import UserError
from qsync.ledger import RESULT_WORDS
from qsync.planning.selection import Answers, dbt_selectors, path_matches, select_syncs
from qsync.planning.selectors import check_selectors, parse_selector
from qsync.project.diagnostics import Position
from qsync.project.model import ObjectType, Sync, SyncConfig
from tests.planning.kit import NODE, a_sync, mapped


def _named(name: str, *tags: str, folder: str = "marts", enabled: bool = True) -> Sync:
    sync = a_sync(name=name, config=SyncConfig(tags=tags, enabled=enabled))
    return replace(sync, position=Position(f"models/{folder}/{name}.qsync.yml", 3, 5))


SYNCS = (
    replace(_named("companies", "daily", folder="crm"), object=ObjectType.COMPANY),
    replace(
        _named("leads", "hourly", "daily"), company=a_sync(company=(mapped("region"),)).company
    ),
    _named("leads_usage", "hourly"),
    _named("old", "daily", enabled=False),
)
NAMES = ["companies", "leads", "leads_usage"]


def _chosen(
    select: list[str],
    exclude: list[str] | None = None,
    *,
    nodes: Mapping[str, set[str]] | None = None,
    states: Mapping[str, set[str]] | None = None,
    results: Mapping[str, set[str]] | None = None,
) -> list[str]:
    """The names selected; `nodes` has per dbt selector the syncs on whose models it matches."""
    answers = Answers(
        nodes_of=lambda selector: frozenset((nodes or {})[selector]),
        node=lambda sync: sync.name,
        states={name: frozenset(words) for name, words in (states or {}).items()},
        results={name: frozenset(words) for name, words in (results or {}).items()},
    )
    return [sync.name for sync in select_syncs(SYNCS, select, exclude or [], answers)]


@pytest.mark.parametrize(
    ("select", "exclude", "expected"),
    [
        ([], [], NAMES),
        (["leads"], [], ["leads"]),
        (["leads*"], [], ["leads", "leads_usage"]),
        (["tag:daily"], [], ["companies", "leads"]),
        (["tag:*ly"], ["tag:hour*"], ["companies"]),
        (["companies leads"], [], ["companies", "leads"]),
        (["tag:daily,tag:hourly"], [], ["leads"]),
        (["tag:daily,leads*"], [], ["leads"]),
        ([], ["tag:hourly"], ["companies"]),
        (["leads*"], ["leads"], ["leads_usage"]),
        (["old"], [], []),
        (["object:lead"], [], ["leads", "leads_usage"]),
        (["object:company"], [], ["companies", "leads"]),
        (["object:company,object:lead"], [], ["leads"]),
        (["path:models/marts/leads.qsync.yml"], [], ["leads"]),
        (["models/marts/leads.qsync.yml"], [], ["leads"]),
        (["path:models/*/leads*.qsync.yml"], [], ["leads", "leads_usage"]),
        (["leads.qsync.yml"], [], ["leads"]),
        (["file:le*.qsync.yml"], [], ["leads", "leads_usage"]),
        ([""], [], []),
        ([","], [], []),
    ],
)
def test_the_sync_files_alone_tell_names_tags_objects_and_sync_files(
    select: list[str], exclude: list[str], expected: list[str]
) -> None:
    assert dbt_selectors(SYNCS, *select, *exclude) == []
    assert _chosen(select, exclude) == expected


@pytest.mark.parametrize(
    "word", ["dim_leads+", "dim_*", "tag:nightly", "config.materialized:table", "selector:x"]
)
def test_what_names_no_sync_is_dbts_and_means_the_syncs_on_those_models(word: str) -> None:
    assert dbt_selectors(SYNCS, f"{word},object:lead", word) == [word]
    assert _chosen([word], nodes={word: {"leads_usage", "elsewhere"}}) == ["leads_usage"]
    assert _chosen([], [word], nodes={word: {"leads_usage"}}) == ["companies", "leads"]
    assert _chosen([f"{word},leads*"], nodes={word: {"companies", "leads"}}) == ["leads"]


@pytest.mark.parametrize(
    ("word", "own"),
    [
        ("leads+", {"leads"}),
        ("2+tag:hourly", {"leads", "leads_usage"}),
        ("path:models/marts", {"leads", "leads_usage"}),
        ("models/crm/", {"companies"}),
        ("@path:models/crm", {"companies"}),
        ("file:leads", {"leads"}),
    ],
)
def test_where_a_word_is_of_sync_and_model_either_counts(word: str, own: set[str]) -> None:
    assert dbt_selectors(SYNCS, word) == [word]
    assert set(_chosen([word], nodes={word: set()})) == own
    assert set(_chosen([word], nodes={word: {"companies"}})) == own | {"companies"}


def test_a_sync_without_a_model_is_on_none_that_dbt_names() -> None:
    answers = Answers(nodes_of=lambda _: frozenset({NODE.unique_id}), node=lambda _: None)
    assert select_syncs(SYNCS, ["dim_leads"], [], answers) == ()


STATES = {
    "companies": {"old", "modified", "modified.configs"},
    "leads": {"old", "unmodified"},
    "leads_usage": {"new", "modified", "modified.body", "modified.configs"},
}


@pytest.mark.parametrize(
    ("word", "models", "expected"),
    [
        ("state:modified", set(), ["companies", "leads_usage"]),
        ("state:modified", {"leads"}, NAMES),
        ("state:modified+", {"leads"}, NAMES),
        ("state:modified.body", set(), ["leads_usage"]),
        ("state:modified.configs", {"leads"}, NAMES),
        ("state:modified.macros", {"leads"}, ["leads"]),
        ("state:new", set(), ["leads_usage"]),
        ("state:new", {"leads"}, ["leads", "leads_usage"]),
        ("state:old", {"companies", "leads", "leads_usage"}, ["companies", "leads"]),
        ("state:unmodified", {"companies", "leads", "leads_usage"}, ["leads"]),
        ("state:unmodified", {"companies"}, []),
        ("1+state:unmodified", {"companies"}, ["companies", "leads"]),
    ],
)
def test_a_sync_is_modified_when_its_model_is_or_its_own_declaration(
    word: str, models: set[str], expected: list[str]
) -> None:
    assert dbt_selectors(SYNCS, word) == [word]
    assert _chosen([word], nodes={word: models}, states=STATES) == expected


@pytest.mark.parametrize("value", ["modified", "new", "old", "unmodified"])
def test_without_the_other_declarations_the_models_alone_tell(value: str) -> None:
    word = f"state:{value}"
    assert _chosen([word], nodes={word: {"leads"}}) == ["leads"]


def test_results_are_asked_of_no_dbt_and_graph_operators_add_nothing() -> None:
    results = {"leads": {"partial", "rejected"}, "companies": {"failed", "error"}}
    assert dbt_selectors(SYNCS, "result:error+ result:rejected") == []
    assert _chosen(["result:error+"], results=results) == ["companies"]
    assert _chosen(["result:error result:rejected"], results=results) == ["companies", "leads"]
    assert _chosen(["result:error,object:lead"], results=results) == []
    assert _chosen([], ["result:error"], results=results) == ["leads", "leads_usage"]


@pytest.mark.parametrize(
    ("word", "hint"),
    [
        ("object:leads", "did you mean `object:lead`? `object:` takes lead, company"),
        ("object:contact", "`object:` takes lead, company"),
        ("state:modifed+", "did you mean `state:modified`?"),
        ("state:modified.config", "did you mean `state:modified.configs`?"),
        ("result:succes", "did you mean `result:success`?"),
        ("result:fail", "did you mean `result:failed`?"),
        ("result:skipped", "`result:` takes error, success, rejected, "),
        ("objet:lead", "did you mean `object:lead`?"),
        ("tags:hourly", "did you mean `tag:hourly`?"),
        ("result.x:error", "did you mean `result:error`?"),
    ],
)
def test_a_slip_of_the_pen_is_told_with_the_nearest_word(word: str, hint: str) -> None:
    with pytest.raises(UserError) as caught:
        check_selectors(["leads", f"dim_leads+,{word}"], RESULT_WORDS)
    assert word in caught.value.message
    assert hint in (caught.value.hint or "")


@pytest.mark.parametrize(
    "word",
    [
        "@source:raw.users",
        "config.materialized:view",
        "state:modified.body+",
        "fusions_own:x",
        "a+b",
    ],
)
def test_what_dbt_knows_or_a_newer_one_may_know_is_left_to_it(word: str) -> None:
    check_selectors([word], RESULT_WORDS)
    assert dbt_selectors(SYNCS, word) == [word]


@pytest.mark.parametrize(
    ("path", "pattern", "matches"),
    [
        ("models/a/b.qsync.yml", "models", True),
        ("models/a/b.qsync.yml", "./models/a/", True),
        ("models/a/b.qsync.yml", "models/**/b.qsync.yml", True),
        ("models/b.qsync.yml", "models/**/b.qsync.yml", True),
        ("models/a/b.qsync.yml", "**/a", True),
        ("models/a/b.qsync.yml", "models/*", True),
        ("models/a/b.qsync.yml", "mod", False),
        ("models/a/b.qsync.yml", "models/*.qsync.yml", False),
        ("models/a/b.qsync.yml", "models/a/b.qsync.yml/c", False),
        ("models/a/b.qsync.yml", "/models", False),
        ("models/a/b.qsync.yml", ".", False),
    ],
)
def test_a_path_is_a_file_a_folder_or_a_glob_over_them(
    path: str, pattern: str, matches: bool
) -> None:
    assert path_matches(path, pattern) is matches


@given(st.text(), st.from_regex(r"@?(\d{0,2}\+)?", fullmatch=True))
def test_any_text_is_a_selector_and_is_asked_as_it_was_written(text: str, before: str) -> None:
    selector = parse_selector(before + text)
    assert selector.text == before + text
    assert selector.value in selector.text
    assert selector.operators or not before
