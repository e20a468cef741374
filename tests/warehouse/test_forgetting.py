"""People who are forgotten: purged, never sent again, known by a hash alone; on every warehouse."""

from __future__ import annotations

from dataclasses import replace

import pytest

from qsync.errors import UserError
from qsync.execution.ports import CommitContext, Purged
from qsync.planning.ports import Only
from qsync.project.model import ObjectType, OnNull, OnRemoved
from qsync.warehouse.forgetting import key_hash
from qsync.warehouse.layout import SUPPRESSED
from tests.support.warehouses import DirectConnection
from tests.warehouse.kit import AT, Desk, field, stream

COLUMNS = "email text, x text"
PEOPLE = stream(field("first", "x"))
ANN, BEN, CAT = "ann@x.example", "ben@x.example", "cat@x.example"
LATER = "2026-12-24 05:00:00"


def _desk(connection: DirectConnection) -> Desk:
    """Three people, of whom Ben is rejected."""
    desk = Desk(connection, COLUMNS)
    desk.load((" Ann@X.example ", "1"), (BEN, "2"), (CAT, "3"))
    desk.run(PEOPLE, reject=[BEN])
    return desk


def _forget(desk: Desk, *keys: str, object_name: str = "lead") -> tuple[int, Purged]:
    context = CommitContext("", desk.epoch, AT)
    before = desk.warehouse.suppress(object_name, keys, context)
    return before, desk.warehouse.purge_suppressed(object_name, desk.epoch)


def _keys(desk: Desk, table: str) -> set[str]:
    return {key for (key,) in desk.sql(f"SELECT key FROM qsync.{table}")}


def _state(desk: Desk) -> str:
    return str(desk.request(PEOPLE).state.table)


def test_who_was_forgotten_is_in_no_table_and_is_never_sent_again(
    connection: DirectConnection,
) -> None:
    desk = _desk(connection)
    assert _forget(desk, ANN, BEN) == (0, Purged(state=1, rejects=1, stages=0))
    assert _keys(desk, _state(desk)) == {CAT}
    assert _keys(desk, "qsync_rejects") == set()
    counts = desk.plan(PEOPLE).counts
    assert (counts.suppressed, counts.unchanged, counts.in_model) == (2, 1, 3)
    assert (counts.added, counts.changed, counts.removed, counts.resting) == (0, 0, 0, 0)
    desk.load((" Ann@X.example ", "new"), (BEN, "new"), (CAT, "new"))
    for full_refresh in (False, True):
        stage, staged = desk.stage(PEOPLE, full_refresh)
        assert staged == desk.plan(PEOPLE, full_refresh)
        assert staged.counts.suppressed == 2
        assert _keys(desk, stage.table) == {CAT}
        desk.warehouse.drop_stage(stage)
    assert desk.keys(desk.run(PEOPLE)) == [CAT]


def test_a_first_load_knows_them_too(connection: DirectConnection) -> None:
    desk = Desk(connection, COLUMNS)
    desk.load((ANN, "1"), (BEN, "2"))
    assert _forget(desk, ANN) == (0, Purged())
    counts = desk.plan(PEOPLE).counts
    assert (counts.added, counts.suppressed, counts.in_model) == (1, 1, 2)
    assert desk.keys(desk.run(PEOPLE)) == [BEN]


def test_neither_retry_nor_resume_means_who_was_forgotten(connection: DirectConnection) -> None:
    desk = _desk(connection)
    left, _ = desk.stage(PEOPLE)
    _forget(desk, BEN)
    for only in (Only(rejects=True), Only(stage=left.table, run_id=left.run_id)):
        stage, staged = desk.stage(PEOPLE, only=only)
        assert (stage.rows, staged.counts.suppressed, staged.counts.deferred) == (0, 1, 0)
        desk.warehouse.drop_stage(stage)


def test_an_invalid_row_of_theirs_is_not_even_staged(connection: DirectConnection) -> None:
    desk = _desk(connection)
    _forget(desk, ANN)
    desk.load((ANN, "1"), ("ANN@x.example", "2"), ("broken", "4"), (CAT, "3"))
    stage, staged = desk.stage(PEOPLE)
    assert (staged.counts.suppressed, staged.counts.invalid) == (2, {"malformed_key": 1})
    assert ANN not in _keys(desk, stage.table)


@pytest.mark.parametrize("on_removed", list(OnRemoved))
def test_who_is_still_in_state_and_left_the_model_counts_as_nothing(
    connection: DirectConnection, on_removed: OnRemoved
) -> None:
    """State of theirs is gone after a purge; what came between two attempts is not to be sent."""
    desk = _desk(connection)
    people = replace(PEOPLE, on_removed=on_removed)
    desk.warehouse.suppress("lead", [ANN], CommitContext("", desk.epoch, AT))
    desk.warehouse.refresh()
    desk.load((BEN, "2"), (CAT, "3"))
    counts = desk.plan(people).counts
    assert (counts.suppressed, counts.removed, counts.clearing) == (0, 0, 0)
    assert counts.stranded == 0, "their deletion is another command's"
    assert ANN not in desk.keys(desk.run(people))


def test_suppressed_domains_say_nothing_of_their_conflicts(connection: DirectConnection) -> None:
    desk = Desk(connection, "email text, domain text, x text")
    firms = stream(
        field("first", "x", on_null=OnNull.CLEAR),
        object=ObjectType.COMPANY,
        match="domain",
        grouped=True,
    )
    desk.load(
        (ANN, "https://www.X.example/", "1"), (BEN, "x.example", "2"), (CAT, "y.example", "3")
    )
    assert desk.plan(firms).counts.conflicts == {"first": 1}
    assert _forget(desk, "x.example", object_name="company") == (0, Purged())
    counts = desk.plan(firms).counts
    assert (counts.added, counts.suppressed, counts.conflicts) == (1, 1, {})
    assert desk.keys(desk.run(firms)) == ["y.example"]


def test_a_forgotten_lead_is_no_forgotten_company(connection: DirectConnection) -> None:
    desk = Desk(connection, COLUMNS)
    desk.load((ANN, "1"))
    _forget(desk, ANN, object_name="company")
    assert desk.plan(PEOPLE).counts.added == 1


def test_forgetting_twice_is_forgetting_once(connection: DirectConnection) -> None:
    desk = _desk(connection)
    _forget(desk, ANN)
    assert _forget(desk, ANN, CAT) == (1, Purged(state=1))
    assert _forget(desk, ANN, CAT) == (2, Purged())
    assert desk.sql("SELECT COUNT(*) FROM qsync.qsync_suppressed WHERE object = 'lead'") == [(2,)]


def test_what_an_attempt_that_died_did_not_get_to_goes_with_the_next(
    connection: DirectConnection,
) -> None:
    desk = _desk(connection)
    desk.warehouse.suppress("lead", [ANN], CommitContext("", desk.epoch, AT))
    assert desk.warehouse.purge_suppressed("lead", desk.epoch) == Purged(state=1)


def test_a_staged_table_that_nobody_owns_is_purged_and_others_peoples_tables_are_not(
    connection: DirectConnection,
) -> None:
    desk = _desk(connection)
    for name in ("stage_20261103t050000_abc123_0123abcd", "stage_people"):
        desk.connection.execute(f"CREATE TABLE qsync.{name} AS SELECT '{ANN}' AS key")
    assert _forget(desk, ANN)[1] == Purged(state=1, stages=1)
    assert _keys(desk, "stage_20261103t050000_abc123_0123abcd") == set()
    assert _keys(desk, "stage_people") == {ANN}


def test_no_statement_carries_a_key_or_the_secret(connection: DirectConnection) -> None:
    desk = _desk(connection)
    secret = desk.warehouse.secret()
    del desk.connection.statements[:]
    _forget(desk, ANN, BEN)
    _forget(desk, ANN)
    desk.run(PEOPLE)
    said = "\n".join(desk.connection.statements)
    assert key_hash(secret, "lead", ANN) in said, "else this would look at nothing"
    assert [word for word in (ANN, BEN, "ann", secret.hex()) if word in said] == []


def test_before_anybody_is_forgotten_there_is_no_table_and_no_question(
    connection: DirectConnection,
) -> None:
    desk = _desk(connection)
    del desk.connection.statements[:]
    desk.plan(PEOPLE)
    desk.run(PEOPLE)
    assert SUPPRESSED not in desk.warehouse.tables
    assert [item for item in desk.connection.statements if SUPPRESSED in item] == []


def test_with_another_secret_nothing_is_planned_rather_than_everybody_sent_again(
    connection: DirectConnection,
) -> None:
    desk = _desk(connection)
    _forget(desk, ANN)
    desk.connection.execute("UPDATE qsync.qsync_meta SET value = 'ab12' WHERE name = 'secret'")
    for call in (lambda: desk.plan(PEOPLE), lambda: _forget(desk, ANN)):
        with pytest.raises(UserError, match="forgotten keys were hashed with"):
            call()


def test_nothing_is_purged_without_the_lock(connection: DirectConnection) -> None:
    desk = _desk(connection)
    desk.warehouse.suppress("lead", [ANN], CommitContext("", desk.epoch, AT))
    desk.warehouse.break_lock("lock")
    with pytest.raises(UserError, match="The lock was lost"):
        desk.warehouse.purge_suppressed("lead", desk.epoch)
    assert ANN in _keys(desk, _state(desk))


# --- keep_removed ------------------------------------------------------------------------------


def _purge(desk: Desk, before: str, only: Only | None = None, begun: bool = True) -> None:
    """An apply that does what it has to and then purges."""
    stage, _ = desk.stage(PEOPLE, only=only)
    if begun:
        desk.begin(stage, 0)
    desk.warehouse.purge_removed(stage, before, desk.context(stage))
    desk.warehouse.drop_stage(stage)


def test_tombstones_and_rejects_of_who_left_go_when_they_are_old(
    connection: DirectConnection,
) -> None:
    desk = _desk(connection)
    desk.load((CAT, "3"))
    _purge(desk, AT)
    statuses = dict(desk.sql(f"SELECT key, status FROM qsync.{_state(desk)}"))
    assert statuses == {ANN: "removed", CAT: "synced"}, "not older than the time: kept"
    assert _keys(desk, "qsync_rejects") == {BEN}
    _purge(desk, LATER, begun=False)
    assert _keys(desk, _state(desk)) == {CAT}
    assert _keys(desk, "qsync_rejects") == set()


def test_who_returns_after_the_tombstone_went_is_new(connection: DirectConnection) -> None:
    desk = _desk(connection)
    desk.load((CAT, "3"))
    _purge(desk, LATER)
    desk.load((ANN, "1"), (CAT, "3"))
    counts = desk.plan(PEOPLE).counts
    assert (counts.added, counts.returned, counts.unchanged) == (1, 0, 1)


def test_rejects_of_who_is_in_the_model_stay_however_old(connection: DirectConnection) -> None:
    """Resting, invalid, unchanged again after a change that was rejected: each of them is there."""
    desk = Desk(connection, COLUMNS)
    desk.load((ANN, "1"), (BEN, "2"), (CAT, "3"))
    desk.run(PEOPLE)
    dan, eve = "dan@x.example", "eve@x.example"
    desk.load((ANN, "x"), (BEN, "x"), (CAT, "x"), (dan, "x"), (eve, "x"))
    for _ in range(2):
        desk.run(PEOPLE, reject=[ANN, BEN, CAT, dan, eve])
    desk.load((ANN, "1"), (BEN, "x"), (CAT, "x"), (CAT, "y"), (dan, "x"), (None, "x"))
    counts = desk.plan(PEOPLE).counts
    assert (counts.unchanged, counts.resting, counts.invalid_total) == (1, 2, 3)
    _purge(desk, LATER, begun=False)
    assert _keys(desk, "qsync_rejects") == {ANN, BEN, CAT, dan}


def test_a_run_about_some_records_only_purges_nothing(connection: DirectConnection) -> None:
    """It stages only those, so that the others would look as if they had left."""
    desk = Desk(connection, COLUMNS)
    desk.load((ANN, "1"), (BEN, "2"))
    desk.run(PEOPLE, reject=[ANN, BEN])
    _purge(desk, LATER, only=Only(rejects=True, run_id="no such run"))
    assert _keys(desk, "qsync_rejects") == {ANN, BEN}


def test_who_is_still_to_be_cleared_keeps_state_and_reject(connection: DirectConnection) -> None:
    desk = _desk(connection)
    people = replace(PEOPLE, on_removed=OnRemoved.CLEAR)
    desk.load((BEN, "2"), (CAT, "3"))
    desk.run(people, reject=[ANN, BEN])
    stage, _ = desk.stage(people)
    desk.begin(stage, 0)
    desk.warehouse.purge_removed(stage, LATER, desk.context(stage))
    assert _keys(desk, _state(desk)) == {ANN, CAT}
    assert _keys(desk, "qsync_rejects") == {ANN, BEN}


def test_a_stream_without_state_has_nothing_to_purge(connection: DirectConnection) -> None:
    desk = Desk(connection, COLUMNS)
    stage, _ = desk.stage(PEOPLE)
    desk.warehouse.purge_removed(stage, LATER, desk.context(stage))
    assert desk.request(PEOPLE).state.table is None
