"""What counts as a change, on every warehouse."""

from __future__ import annotations

import pytest

from qsync.execution.items import ItemWriter
from qsync.fields.kinds import ColumnKind
from qsync.fields.model import FieldType
from qsync.planning.changes import FieldChange
from qsync.planning.ports import Only
from qsync.project.model import ObjectType, OnNull, OnRemoved
from tests.support.warehouses import DirectConnection
from tests.warehouse.kit import Desk, field, stream

TITLES = "email text, job_title text"


def test_a_first_plan_counts_everything_as_added(connection: DirectConnection) -> None:
    desk = Desk(connection, TITLES)
    desk.load(("a@x.example", "CEO"), ("b@x.example", None))
    counts = desk.plan(stream(field("job_title"))).counts
    assert (counts.in_model, counts.added, counts.state_rows) == (2, 2, 0)


def test_after_an_apply_the_plan_is_empty(connection: DirectConnection) -> None:
    desk = Desk(connection, TITLES)
    people = stream(field("job_title"))
    desk.load(("a@x.example", "CEO"), ("b@x.example", None))
    desk.run(people)
    counts = desk.plan(people).counts
    assert (counts.unchanged, counts.added + counts.changed + counts.removed) == (2, 0)
    assert counts.state_rows == 2


def test_a_changed_value_is_one_changed_record(connection: DirectConnection) -> None:
    desk = Desk(connection, TITLES)
    people = stream(field("job_title"))
    desk.load(("a@x.example", "CEO"), ("b@x.example", "CTO"))
    desk.run(people)
    desk.load(("a@x.example", "CEO"), ("b@x.example", "CFO"))
    change_set = desk.plan(people)
    assert change_set.counts.changed == 1
    assert change_set.fields == (FieldChange("job_title", changed=1),)
    assert desk.keys(desk.run(people)) == ["b@x.example"]


def test_a_null_is_kept_by_default_and_sends_nothing(connection: DirectConnection) -> None:
    desk = Desk(connection, TITLES)
    people = stream(field("job_title"))
    desk.load(("a@x.example", "CEO"))
    desk.run(people)
    desk.load(("a@x.example", None))
    counts = desk.plan(people).counts
    assert (counts.changed, counts.unchanged, counts.rehashed) == (0, 1, 1)
    assert desk.run(people) == []
    assert desk.plan(people).counts.rehashed == 0
    desk.load(("a@x.example", "CEO"))
    assert desk.plan(people).counts.changed == 0, "what was acknowledged is still there"


def test_a_null_clears_where_the_mapping_says_so(connection: DirectConnection) -> None:
    desk = Desk(connection, TITLES)
    people = stream(field("job_title", on_null=OnNull.CLEAR))
    desk.load(("a@x.example", "CEO"))
    desk.run(people)
    desk.load(("a@x.example", None))
    change_set = desk.plan(people)
    assert change_set.fields == (FieldChange("job_title", cleared=1),)
    (sent,) = desk.run(people)
    assert sent.values == (None,)
    assert desk.plan(people).counts.changed == 0


def test_turning_keep_into_clear_sends_just_the_nulls_it_was_keeping(
    connection: DirectConnection,
) -> None:
    desk = Desk(connection, TITLES)
    keeping = stream(field("job_title"))
    desk.load(("a@x.example", "CEO"), ("b@x.example", "CTO"))
    desk.run(keeping)
    desk.load(("a@x.example", None), ("b@x.example", "CTO"))
    desk.run(keeping)
    clearing = stream(field("job_title", on_null=OnNull.CLEAR))
    assert desk.keys(desk.run(clearing)) == ["a@x.example"]


def test_a_null_fails_the_record_where_the_mapping_says_so(connection: DirectConnection) -> None:
    desk = Desk(connection, TITLES)
    people = stream(field("job_title", on_null=OnNull.FAIL))
    desk.load(("a@x.example", None), ("b@x.example", "CTO"))
    counts = desk.plan(people).counts
    assert counts.invalid == {"null_value:job_title": 1}
    assert desk.keys(desk.run(people)) == ["b@x.example"]


def test_a_field_added_sends_only_the_records_with_a_value_for_it(
    connection: DirectConnection,
) -> None:
    desk = Desk(connection, "email text, job_title text, country text")
    desk.load(("a@x.example", "CEO", "Kenya"), ("b@x.example", "CTO", None))
    desk.run(stream(field("job_title")))
    both = stream(field("job_title"), field("country"))
    change_set = desk.plan(both)
    assert (change_set.counts.changed, change_set.counts.rehashed) == (1, 1)
    assert change_set.fields == (FieldChange("country", set=1),)
    assert desk.keys(desk.run(both)) == ["a@x.example"]
    after = desk.plan(both).counts
    assert (after.changed, after.rehashed, after.unchanged) == (0, 0, 2)


def test_a_field_dropped_sends_nothing_and_mapped_again_sends_its_values(
    connection: DirectConnection,
) -> None:
    desk = Desk(connection, "email text, job_title text, country text")
    desk.load(("a@x.example", "CEO", "Kenya"))
    both, one = stream(field("job_title"), field("country")), stream(field("job_title"))
    desk.run(both)
    assert desk.run(one) == []
    assert desk.keys(desk.run(both)) == ["a@x.example"]


def test_a_record_that_could_not_be_sent_meanwhile_sends_a_field_mapped_again_too(
    connection: DirectConnection,
) -> None:
    desk = Desk(connection, "email text, job_title text, country text")
    row = ("a@x.example", "CEO", "Kenya")
    both, one = stream(field("job_title"), field("country")), stream(field("job_title"))
    desk.load(row)
    desk.run(both)
    desk.load(row, row)
    assert desk.plan(one).counts.invalid == {"duplicate_key": 2}
    assert desk.run(one) == []
    desk.load(row)
    change_set = desk.plan(both)
    assert change_set.fields == (FieldChange("country", set=1),)
    assert desk.keys(desk.run(both)) == ["a@x.example"]


def test_moving_a_field_to_another_column_with_equal_values_sends_nothing(
    connection: DirectConnection,
) -> None:
    desk = Desk(connection, "email text, title text, job_title text")
    desk.load(("a@x.example", "CEO", "CEO"))
    desk.run(stream(field("job_title", "title")))
    assert desk.plan(stream(field("job_title", "job_title"))).counts.changed == 0


def test_swapping_two_fields_columns_is_a_change_although_the_values_are_the_same(
    connection: DirectConnection,
) -> None:
    desk = Desk(connection, "email text, a text, b text")
    desk.load(("a@x.example", "1", "2"))
    desk.run(stream(field("first", "a"), field("second", "b")))
    assert desk.plan(stream(field("first", "b"), field("second", "a"))).counts.changed == 1


def test_dropping_one_field_for_another_with_the_same_value_is_a_change(
    connection: DirectConnection,
) -> None:
    desk = Desk(connection, "email text, a text")
    desk.load(("a@x.example", "1"))
    desk.run(stream(field("first", "a")))
    assert desk.plan(stream(field("second", "a"))).counts.changed == 1


def test_neighbouring_values_do_not_run_together(connection: DirectConnection) -> None:
    desk = Desk(connection, "email text, a text, b text")
    people = stream(field("first", "a"), field("second", "b"))
    desk.load(("a@x.example", "12", "3"), ("b@x.example", "", None))
    desk.run(people)
    desk.load(("a@x.example", "1", "23"), ("b@x.example", None, ""))
    assert desk.plan(people).counts.changed == 2


def test_a_record_that_left_is_counted_once_and_its_return_is_compared(
    connection: DirectConnection,
) -> None:
    desk = Desk(connection, TITLES)
    people = stream(field("job_title"))
    desk.load(("a@x.example", "CEO"), ("b@x.example", "CTO"))
    desk.run(people)
    desk.load(("a@x.example", "CEO"))
    counts = desk.plan(people).counts
    assert (counts.removed, counts.state_rows) == (1, 2)
    assert desk.run(people) == []
    counts = desk.plan(people).counts
    assert (counts.removed, counts.state_rows) == (0, 1)
    desk.load(("a@x.example", "CEO"), ("b@x.example", "CTO"))
    assert desk.plan(people).counts.changed == 0
    desk.load(("a@x.example", "CEO"), ("b@x.example", "CFO"))
    assert desk.keys(desk.run(people)) == ["b@x.example"]


def test_who_left_is_stranded_ever_after_and_no_longer_once_its_key_returns(
    connection: DirectConnection,
) -> None:
    desk = Desk(connection, TITLES)
    people = stream(field("job_title", type=FieldType.PICKLIST, options=["CEO", "CTO"]))
    a, b, c = ("a@x.example", "CEO"), ("b@x.example", "CTO"), ("c@x.example", "CTO")
    desk.load(a, b, c)
    assert desk.plan(people).counts.stranded == 0, "nobody was sent yet"
    desk.run(people)
    desk.load(a, b)
    counts = desk.plan(people).counts
    assert (counts.removed, counts.stranded) == (1, 1)
    desk.run(people)
    desk.load(a)
    for measured in (desk.plan(people), desk.stage(people)[1]):
        assert (measured.counts.removed, measured.counts.stranded) == (1, 2)
    desk.run(people)
    counts = desk.plan(people).counts
    assert (counts.removed, counts.stranded) == (0, 2)
    # One comes back, one comes back invalid: both have a row.
    desk.load(a, b, ("C@x.example", "nonsense"))
    for measured in (desk.plan(people), desk.stage(people)[1]):
        assert (measured.counts.stranded, measured.counts.invalid_total) == (0, 1)


def test_a_changed_key_is_one_added_and_one_stranded(connection: DirectConnection) -> None:
    desk = Desk(connection, TITLES)
    people = stream(field("job_title"))
    desk.load(("ann@old.example", "CEO"))
    desk.run(people)
    desk.load(("ann@new.example", "CEO"))
    counts = desk.plan(people).counts
    assert (counts.added, counts.removed, counts.stranded) == (1, 1, 1)


def test_a_run_about_some_records_only_counts_all_that_are_stranded(
    connection: DirectConnection,
) -> None:
    desk = Desk(connection, TITLES)
    people = stream(field("job_title"))
    desk.load(("a@x.example", "CEO"), ("b@x.example", "CTO"))
    desk.run(people)
    desk.load(("a@x.example", "CEO"))
    counts = desk.stage(people, only=Only(rejects=True))[1].counts
    assert (counts.removed, counts.stranded) == (0, 1)


def test_a_record_that_turned_invalid_has_not_left(connection: DirectConnection) -> None:
    desk = Desk(connection, TITLES)
    people = stream(field("job_title", type=FieldType.PICKLIST, options=["CEO", "CTO"]))
    desk.load(("a@x.example", "CEO"))
    desk.run(people)
    desk.load(("a@x.example", "ceo"))
    counts = desk.plan(people).counts
    assert (counts.removed, counts.invalid) == (0, {"not_an_option:job_title": 1})


def test_removed_records_are_cleared_where_the_sync_says_so(connection: DirectConnection) -> None:
    desk = Desk(connection, TITLES)
    people = stream(field("job_title"), on_removed=OnRemoved.CLEAR)
    desk.load(("a@x.example", "CEO"), ("b@x.example", "CTO"))
    desk.run(people)
    desk.load(("a@x.example", "CEO"))
    assert desk.plan(people).fields == (FieldChange("job_title", cleared=1),)
    (sent,) = desk.run(people)
    assert (sent.key, sent.clearing, sent.values) == ("b@x.example", True, (None,))
    assert desk.plan(people).counts.removed == 0
    desk.load(("a@x.example", "CEO"), ("b@x.example", "CTO"))
    assert desk.keys(desk.run(people)) == ["b@x.example"]


def test_only_what_this_sync_wrote_is_cleared_and_nothing_is_sent_where_it_wrote_nothing(
    connection: DirectConnection,
) -> None:
    desk = Desk(connection, "email text, job_title text, country text")
    people = stream(field("job_title"), field("country"), on_removed=OnRemoved.CLEAR)
    desk.load(("a@x.example", "CEO", None), ("b@x.example", None, None), ("c@x.example", "VP", "x"))
    desk.run(people)
    desk.load(("c@x.example", "VP", "x"))
    change_set = desk.plan(people)
    assert (change_set.counts.removed, change_set.counts.clearing) == (2, 1)
    assert change_set.fields == (FieldChange("job_title", cleared=1),)
    (sent,) = desk.run(people)
    assert (sent.key, sent.clearing, sent.left_out) == ("a@x.example", True, {0})
    (item,) = ItemWriter(people, "r").write([sent]).items
    assert b'"fields":{"job_title":null}' in item.body, "country is not this sync's to clear"
    assert desk.plan(people).counts.removed == 0


def test_a_full_refresh_sends_every_valid_record(connection: DirectConnection) -> None:
    desk = Desk(connection, TITLES)
    people = stream(field("job_title"))
    desk.load(("a@x.example", "CEO"), ("b@x.example", "CTO"), (None, "x"))
    desk.run(people)
    assert len(desk.run(people, full_refresh=True)) == 2


@pytest.mark.proves(fault="row rejected", promise="no row lost")
def test_a_reject_goes_once_more_and_then_rests_until_its_row_changes(
    connection: DirectConnection,
) -> None:
    desk = Desk(connection, TITLES)
    people = stream(field("job_title"))
    desk.load(("a@x.example", "CEO"), ("b@x.example", "CTO"))
    desk.run(people, reject=["b@x.example"])
    counts = desk.plan(people).counts
    assert (counts.added, counts.retried, counts.resting) == (1, 1, 0)
    assert desk.keys(desk.run(people, reject=["b@x.example"])) == ["b@x.example"]
    counts = desk.plan(people).counts
    assert (counts.added, counts.resting, counts.in_model) == (0, 1, 2)
    assert desk.run(people) == []
    desk.load(("a@x.example", "CEO"), ("b@x.example", "CFO"))
    assert desk.keys(desk.run(people)) == ["b@x.example"]
    assert desk.sql("SELECT COUNT(*) FROM qsync.qsync_rejects") == [(0,)]


@pytest.mark.proves(fault="row rejected", promise="no row lost")
def test_a_resting_reject_goes_again_when_its_mapping_changes(
    connection: DirectConnection,
) -> None:
    desk = Desk(connection, TITLES)
    people = stream(field("job_title"))
    desk.load(("b@x.example", "CTO"))
    desk.run(people, reject=["b@x.example"])
    desk.run(people, reject=["b@x.example"])
    assert desk.plan(people).counts.resting == 1
    assert desk.plan(stream(field("title", "job_title"))).counts.added == 1


@pytest.mark.proves(fault="answer lost", promise="newest value wins")
def test_an_unknown_record_is_unsettled_and_goes_again_even_if_its_value_went_back(
    connection: DirectConnection,
) -> None:
    desk = Desk(connection, TITLES)
    people = stream(field("job_title"))
    desk.load(("a@x.example", "CEO"))
    desk.run(people)
    desk.load(("a@x.example", "CFO"), ("new@x.example", "VP"))
    desk.run(people, unknown=["a@x.example", "new@x.example"])
    desk.load(("a@x.example", "CEO"), ("new@x.example", "VP"))
    counts = desk.plan(people).counts
    assert (counts.changed, counts.unsettled) == (2, 2)
    assert desk.keys(desk.run(people)) == ["a@x.example", "new@x.example"]
    assert desk.plan(people).counts.changed == 0


def test_a_company_block_sends_one_record_per_domain_and_leaves_conflicts_out(
    connection: DirectConnection,
) -> None:
    desk = Desk(connection, "email text, company_domain text, region text, size integer")
    block = stream(
        field("region", on_null=OnNull.CLEAR),
        field("size", type=FieldType.DECIMAL, kind=ColumnKind.INTEGER),
        object=ObjectType.COMPANY,
        match="company_domain",
        grouped=True,
    )
    desk.load(
        ("a@x.example", "https://www.Acme.example/about", "EMEA", 10),
        ("b@x.example", "acme.example", "APAC", 10),
        ("c@x.example", "beta.example", None, 7),
        ("d@x.example", None, "EMEA", 1),
        ("e@x.example", "gmail.com", "EMEA", 1),
    )
    counts = desk.plan(block).counts
    assert (counts.in_model, counts.added, counts.invalid) == (3, 2, {"free_mail": 1})
    assert counts.conflicts == {"region": 1}
    acme, beta = desk.run(block)
    assert (acme.key, acme.values, acme.left_out) == ("acme.example", (None, "10"), {0})
    assert (beta.key, beta.values, beta.left_out) == ("beta.example", (None, "7"), frozenset())
    after = desk.plan(block).counts
    assert (after.changed, after.unchanged, after.conflicts) == (0, 2, {"region": 1})


def test_leads_of_another_domain_than_their_companys_are_counted(
    connection: DirectConnection,
) -> None:
    desk = Desk(connection, "email text, domain text")
    desk.load(
        ("a@acme.example", "www.acme.example"),
        ("b@private.example", "acme.example"),
        ("c@private.example", None),
        ("broken", "acme.example"),
    )
    assert desk.plan(stream(company="domain")).counts.other_domain == 1


def test_no_changes_cost_one_statement(connection: DirectConnection) -> None:
    desk = Desk(connection, TITLES)
    people = stream(field("job_title"))
    desk.load(("a@x.example", "CEO"))
    desk.run(people)
    request = desk.request(people)
    before = len(connection.statements)
    desk.warehouse.change_set(request)
    # Which tables there are is asked once a run, not once a stream.
    asked = [text for text in connection.statements[before:] if "information_schema" not in text]
    assert len(asked) - sum("qsync_meta" in text for text in asked) == 1
