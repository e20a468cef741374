"""The seed says how every sync stands, survives anything, and refuses what it did not write."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qsync.errors import UserError
from qsync.ledger import (
    LEDGER_COLUMN_NAMES,
    LEDGER_COLUMNS,
    SEED_ROWS,
    RunRecord,
    RunStatus,
    SeedRow,
    keep,
    read_seed,
    record_of,
    row_from_cells,
    row_of,
    seed_text,
    write_seed,
)

START = datetime(2026, 11, 3, 5, 0, 12, tzinfo=UTC)
COMPLETE = {"succeeded", "nothing_to_do", "baselined", "partial"}
SUCCESS = COMPLETE - {"partial"}


def row(minute: int = 0, sync: str = "leads", status: str = "succeeded", **more: object) -> SeedRow:
    """A ledger row of a run that began `minute` minutes after the first."""
    moment = START + timedelta(minutes=minute)
    record = RunRecord(
        run_id=f"run{minute:05}",
        sync=sync,
        object="lead",
        target="prod",
        status=RunStatus(status),
        started_at=moment,
        qsync_version="0.1.0",
        config_fingerprint="f00",
        details={"first": True},
    )
    return {**row_of(record), **more}  # type: ignore[dict-item]


rows = st.builds(
    row,
    st.integers(0, 99_999),
    st.sampled_from(["leads", "companies", "usage"]),
    st.sampled_from([status.value for status in RunStatus]),
)


@given(st.lists(rows, max_size=40), st.integers(0, 20))
def test_keeping_never_loses_how_a_sync_stands_and_fills_up_with_the_newest(
    given_rows: list[SeedRow], limit: int
) -> None:
    kept = keep(given_rows, limit)
    ages = [str(item["started_at"]) for item in kept]
    assert ages == sorted(ages)
    assert all(item in given_rows for item in kept)
    assert len(kept) >= min(limit, len(given_rows))
    for sync in {item["sync"] for item in given_rows}:
        for wanted in ({status.value for status in RunStatus}, COMPLETE, SUCCESS):
            theirs = [
                item for item in given_rows if item["sync"] == sync and item["status"] in wanted
            ]
            if theirs:
                newest = max(str(item["started_at"]) for item in theirs)
                assert any(item in kept for item in theirs if item["started_at"] == newest)
    if len(kept) > limit:  # then only because each of them says how a sync stands
        assert len(kept) <= 4 * len({item["sync"] for item in given_rows})


@given(st.lists(rows, max_size=40), st.integers(0, 20))
def test_keeping_what_was_kept_changes_nothing(given_rows: list[SeedRow], limit: int) -> None:
    kept = keep(given_rows, limit)
    assert keep(kept, limit) == kept


def test_an_old_success_outlives_thousands_of_failures() -> None:
    success = row(0)
    kept = keep([row(minute, status="failed") for minute in range(1, 2_500)] + [success])
    assert len(kept) == SEED_ROWS
    assert kept[0] == success
    assert kept[-1]["run_id"] == "run02499"


names = st.text(alphabet=st.characters(codec="utf-8", exclude_characters="\0"), min_size=1)


@given(names, names)
def test_what_is_written_is_read_again_whatever_the_names(
    tmp_path_factory: pytest.TempPathFactory, sync: str, target: str
) -> None:
    path = tmp_path_factory.getbasetemp() / "round.csv"
    path.unlink(missing_ok=True)
    given_row = row(sync=sync, target=target)
    assert write_seed(path, [given_row]) == 1
    assert read_seed(path) == [given_row]


@pytest.mark.parametrize("name", ["=1+1", "+x", "-x", "@sum", "\tx", "\rx", "'=x", "''-x"])
def test_no_spreadsheet_runs_a_cell_and_reading_gives_the_name_back(
    tmp_path: Path, name: str
) -> None:
    path = tmp_path / "seed.csv"
    write_seed(path, [row(sync=name)])
    with path.open(newline="", encoding="utf-8") as lines:
        written = list(csv.reader(lines))[1][1]
    assert written[0] not in "=+-@\t\r"
    assert read_seed(path)[0]["sync"] == name


def test_the_file_has_the_ledgers_header_and_ends_its_lines_with_a_line_feed(
    tmp_path: Path,
) -> None:
    path = tmp_path / "seeds" / "qsync_runs.csv"
    write_seed(path, [row()])
    data = path.read_bytes()
    assert data.splitlines()[0].decode() == ",".join(LEDGER_COLUMN_NAMES)
    assert b"\r" not in data
    assert data.endswith(b"\n")
    assert [item.name for item in path.parent.iterdir()] == ["qsync_runs.csv"]


def test_the_newest_run_stands_last_however_the_rows_come(tmp_path: Path) -> None:
    path = tmp_path / "seed.csv"
    write_seed(path, [row(2), row(0), row(1)])
    assert [item["run_id"] for item in read_seed(path)] == ["run00000", "run00001", "run00002"]


def test_no_file_and_an_empty_file_have_no_rows(tmp_path: Path) -> None:
    path = tmp_path / "seed.csv"
    assert read_seed(path) == []
    path.write_text("")
    assert read_seed(path) == []
    path.write_text(seed_text())
    assert read_seed(path) == []


def test_a_header_in_another_order_is_refused_by_reader_and_writer_and_the_file_stays(
    tmp_path: Path,
) -> None:
    path = tmp_path / "qsync_runs.csv"
    names = [*LEDGER_COLUMN_NAMES]
    names[1], names[2] = names[2], names[1]
    before = ",".join(names) + "\n"
    path.write_text(before)
    for act in (read_seed, lambda given_path: write_seed(given_path, [row()])):
        with pytest.raises(UserError) as caught:
            act(path)
        assert "order" in caught.value.message
        assert "dbt seed --full-refresh --select qsync_runs" in (caught.value.hint or "")
        assert caught.value.where == f"{path}:1:1"
    assert path.read_text() == before


def test_a_file_of_an_older_qsync_is_read_with_later_columns_empty(tmp_path: Path) -> None:
    path = tmp_path / "seed.csv"
    path.write_text(",".join(LEDGER_COLUMN_NAMES[:5]) + "\nrun1,leads,lead,prod,succeeded\n")
    (found,) = read_seed(path)
    assert found["run_id"] == "run1"
    assert found["details"] is None
    assert tuple(found) == LEDGER_COLUMN_NAMES


def test_a_file_of_a_newer_qsync_asks_for_an_upgrade(tmp_path: Path) -> None:
    path = tmp_path / "seed.csv"
    path.write_text(",".join([*LEDGER_COLUMN_NAMES, "moon_phase"]) + "\n")
    with pytest.raises(UserError, match="newer qsync"):
        read_seed(path)


@pytest.mark.parametrize("line", ["run1,leads", ",".join(["many"] * len(LEDGER_COLUMN_NAMES))])
def test_a_line_that_qsync_did_not_write_is_named(tmp_path: Path, line: str) -> None:
    path = tmp_path / "seed.csv"
    path.write_text(seed_text([row()]) + line + "\n")
    with pytest.raises(UserError) as caught:
        read_seed(path)
    assert caught.value.where == f"{path}:3:1"


def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "seed.csv"
    write_seed(path, [row()])
    before = path.read_bytes()

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(UserError, match="No space left"):
        write_seed(path, [row(), row(1)])
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


def test_a_record_survives_the_way_through_the_file(tmp_path: Path) -> None:
    record = RunRecord(
        "run1",
        "leads",
        "lead",
        "prod",
        RunStatus.PARTIAL,
        START,
        START + timedelta(seconds=75),
        rows_planned=3,
        rows_succeeded=2,
        rows_rejected=1,
        git_commit="b918308",
        details={"rejects": {"phone: not a phone number, really": 1}},
    )
    write_seed(tmp_path / "seed.csv", [row_of(record)])
    assert [record_of(item) for item in read_seed(tmp_path / "seed.csv")] == [record]


def test_a_row_of_texts_with_empty_ones_is_the_same_row() -> None:
    given_row = row(7, status="running")
    texts = ["" if value is None else str(value) for value in given_row.values()]
    assert row_from_cells(texts) == given_row
    assert record_of(dict(zip(LEDGER_COLUMN_NAMES, texts, strict=True))) == record_of(given_row)


def test_a_time_from_the_warehouse_is_written_in_utc(tmp_path: Path) -> None:
    path = tmp_path / "seed.csv"
    berlin = datetime(2026, 11, 3, 6, 0, 12, tzinfo=timezone(timedelta(hours=1)))
    bare = START.replace(tzinfo=None)  # as drivers give it
    write_seed(path, [row(started_at=berlin, finished_at=bare)])
    (found,) = read_seed(path)
    assert found["started_at"] == found["finished_at"] == "2026-11-03 05:00:12"


def test_the_columns_are_the_records_attributes_in_order() -> None:
    assert RunRecord.__slots__ == LEDGER_COLUMN_NAMES
    assert len({column.name for column in LEDGER_COLUMNS}) == len(LEDGER_COLUMNS)
