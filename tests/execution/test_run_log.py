"""The log of a run on disk: whole, bounded, nobody's business, and never in the way of the run."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from qsync.execution import run_log
from qsync.execution.bodies import parsed, redacted_answer, redacted_request
from qsync.execution.exchanges import Exchange, JobEnd
from qsync.execution.ports import KnownJob, Reject
from qsync.execution.run_log import FileRunLog, LogBounds, logs_of
from qsync.execution.run_log_files import Line, follow_log, log_path, read_log, without_values

RUN = "20261103t050000_0123ab"
EMAIL, NAME = "canary.person@canary-host.example", "Canarytta"


def _item(number: int, **fields: Any) -> dict[str, Any]:
    data = {"email": EMAIL, "fields": {"first_name": NAME, "score": 4711.25, **fields}}
    return {"entity": "lead", "action": "POST", "data": data, "request_id": f"{RUN}-{number}"}


def _submit(first: int = 1, last: int = 3, **more: Any) -> Exchange:
    body = orjson.dumps({"items": [_item(number) for number in range(first, last + 1)]})
    answer = orjson.dumps({"job": {"id": f"job{first}", "status": "enqueued", "totalRecords": 3}})
    facts: dict[str, Any] = {"status": 202, "answer": answer, **more}
    return Exchange(100.0, 0.25, 0.0, "POST", "/v2/bulk", 1, body, **facts)


def _end(*rejects: int) -> JobEnd:
    told = [Reject(number, "phone is invalid: …", "phone") for number in rejects]
    bodies = {number: orjson.dumps(_item(number)) for number in rejects}
    job = KnownJob("job1", 1, 3, 100.0)
    return JobEnd("s1", job, "completed", True, 2.0, 3 - len(rejects), 0, told, bodies)


def _log(folder: Path, run: str = RUN, **more: Any) -> tuple[FileRunLog, list[str]]:
    trouble: list[str] = []
    log = FileRunLog(folder, run, {"command": "apply"}, lambda: 99.0, trouble.append, **more)
    return log, trouble


def _lines(folder: Path, run: str = RUN) -> list[Line]:
    lines, damaged = read_log(log_path(folder, run))
    assert damaged == 0
    return lines


def test_a_submit_is_kept_with_its_records_its_job_and_what_the_quota_said(tmp_path: Path) -> None:
    log, trouble = _log(tmp_path / "runs")
    log.stream("s1", "leads", "lead", 3)
    log.exchange(_submit(headers={"ratelimit-remaining": "7", "set-cookie": "x"}))
    log.settled(_end(2))
    log.end()
    begun, stream, request, job, end = _lines(tmp_path / "runs")
    assert (begun["kind"], stream["records"], end["requests"], trouble) == ("run", 3, 1, [])
    names = ("for", "job", "stream", "first", "last", "items", "status", "seconds", "headers")
    assert [request[name] for name in names] == [
        *("submit", "job1", "s1", 1, 3, 3, 202, 0.25),
        {"ratelimit-remaining": "7"},
    ]
    fields = request["sent"]["items"][0]["data"]
    assert fields == {
        "email": "<email 33>",
        "fields": {"first_name": "<text 9>", "score": "<number>"},
    }
    assert (job["succeeded"], job["rejected"], job["reasons"]) == (2, 1, {"phone is invalid: …": 1})
    assert job["rejects"][0]["item"]["request_id"] == f"{RUN}-2"


def test_only_its_owner_can_read_a_log(tmp_path: Path) -> None:
    log, _ = _log(tmp_path / "runs")
    log.end()
    modes = [
        stat.S_IMODE(path.stat().st_mode)
        for path in (tmp_path / "runs", tmp_path / "runs" / RUN, log_path(tmp_path / "runs", RUN))
    ]
    assert modes == [0o700, 0o700, 0o600]


_texts = st.text("abcdefgh@.", min_size=5, max_size=12).filter(lambda text: "@" in text)
_values = st.recursive(
    st.none() | st.booleans() | st.integers(10_000) | _texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.just("k"), inner, max_size=1),
    max_leaves=5,
)
_WORDS = ("id", "status", "operation", "code", "message", "error", "errors", "requestId", "label")


@given(
    values=st.dictionaries(st.sampled_from(_WORDS), _values),
    key=_texts,
    wrap=st.sampled_from(["job", "data", "result", "items"]),
)
def test_no_text_that_may_be_an_address_survives_wherever_it_stands(
    values: dict[str, Any], key: str, wrap: str
) -> None:
    body: dict[str, Any] = {"job": values, "data": [values], "result": [values]}
    body["job"] = {**values, "result": [values]}
    body["items"] = [{**values, "data": {"email": key, key: 1, "fields": {"first_name": key}}}]
    body[key] = {wrap: key}
    for redacted in (redacted_request(body)[0], redacted_answer(body)):
        assert "@" not in json.dumps(redacted)
        assert not any(number > 9_999 for number in _numbers(redacted))


def _numbers(value: Any) -> list[int]:
    if isinstance(value, dict):
        return [number for item in value.values() for number in _numbers(item)]
    if isinstance(value, list):
        return [number for item in value for number in _numbers(item)]
    return [value] if isinstance(value, int) else []


@pytest.mark.parametrize("body", [b"<html>canary@x.example</html>", b'"canary@x.example"', b"\xff"])
def test_a_body_that_is_no_answer_of_the_api_leaves_its_length_and_no_word(body: bytes) -> None:
    assert str(redacted_answer(parsed(body))).startswith("<text ")


def test_bodies_are_kept_whole_only_when_asked_and_are_redacted_when_read(tmp_path: Path) -> None:
    log, _ = _log(tmp_path / "runs", full_bodies=True)
    log.exchange(_submit())
    log.settled(_end(1))
    log.end()
    lines = _lines(tmp_path / "runs")
    assert lines[1]["sent"]["items"][0]["data"]["email"] == EMAIL
    assert lines[2]["rejects"][0]["item"]["data"]["fields"]["first_name"] == NAME
    shown = orjson.dumps(list(without_values(lines)))
    assert EMAIL.encode() not in shown
    assert NAME.encode() not in shown
    assert b"<email 33>" in shown


def test_logs_of_the_newest_runs_are_kept_and_nothing_else_is_touched(tmp_path: Path) -> None:
    ids = [f"2026110{day}t050000_0123ab" for day in range(1, 5)]
    (tmp_path / "notes").mkdir()
    for run in ids:
        log, trouble = _log(tmp_path, run, bounds=LogBounds(keep_runs=2))
        log.end()
        assert trouble == []
    assert logs_of(tmp_path) == [ids[3], ids[2]]
    assert (tmp_path / "notes").is_dir()


def test_who_keeps_no_logs_gets_no_folder(tmp_path: Path) -> None:
    log, trouble = _log(tmp_path / "runs", bounds=LogBounds(keep_runs=0))
    log.exchange(_submit())
    log.end()
    assert (trouble, (tmp_path / "runs").exists()) == ([], False)


def test_a_log_that_is_full_leaves_bodies_out_first_then_lines_and_says_how_many(
    tmp_path: Path,
) -> None:
    log, _ = _log(tmp_path, bounds=LogBounds(max_mb=1))
    for _ in range(2_500):
        log.exchange(_submit())
    log.end()
    lines = _lines(tmp_path)
    end = lines[-1]
    requests = [line for line in lines if line["kind"] == "request"]
    assert log_path(tmp_path, RUN).stat().st_size <= 1_001_000
    assert end["requests"] == 2_500 == len(requests) + end["lines_left_out"]
    assert end["lines_left_out"] > 0
    assert sum("sent" not in line for line in requests) > 0
    assert end["bodies_left_out"] == 2_500 - sum("sent" in line for line in requests)


@pytest.mark.parametrize("fails", [1, 2, 3])
def test_a_full_disk_is_told_once_and_the_run_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, fails: int
) -> None:
    written = run_log.os.write
    calls = iter(range(1, 100))

    def write(file: int, line: bytes) -> int:
        return len(line) // 2 if next(calls) >= fails else written(file, line)

    monkeypatch.setattr(run_log.os, "write", write)
    log, trouble = _log(tmp_path)
    log.stream("s1", "leads", "lead", 3)
    log.exchange(_submit())
    log.settled(_end())
    log.end()
    assert trouble == ["No space left on device"]


def _a_link(folder: Path) -> None:
    folder.symlink_to(folder.parent)


def _a_file(folder: Path) -> None:
    folder.write_text("")


def _taken(folder: Path) -> None:
    (folder / RUN).mkdir(parents=True)


@pytest.mark.parametrize("spoil", [_a_link, _a_file, _taken])
def test_where_no_log_can_be_the_run_is_told_once_and_goes_on(
    tmp_path: Path, spoil: Callable[[Path], None]
) -> None:
    folder = tmp_path / "runs"
    spoil(folder)
    log, trouble = _log(folder)
    log.exchange(_submit())
    log.end()
    assert len(trouble) == 1


# --- following ----------------------------------------------------------------------------------


def test_who_follows_a_run_sees_each_line_as_it_comes_and_stops_at_its_end(tmp_path: Path) -> None:
    log, _ = _log(tmp_path)
    waits: list[float] = []
    steps = iter([lambda: log.exchange(_submit()), lambda: None, log.end])

    def wait(seconds: float) -> None:
        waits.append(seconds)
        next(steps)()

    kinds = [
        line["kind"]
        for line in follow_log(log_path(tmp_path, RUN), wait=wait, alive=lambda _: True)
    ]
    assert kinds == ["run", "request", "end"]
    assert waits == [0.5] * 3


def test_who_follows_a_run_that_dies_is_not_kept_waiting(tmp_path: Path) -> None:
    log, _ = _log(tmp_path)
    log.exchange(_submit())
    log.close()
    with log_path(tmp_path, RUN).open("ab") as file:
        file.write(b'{"kind": "job", "at": 1, "torn')
    asked: list[Line] = []

    def alive(begun: Line) -> bool:
        asked.append(begun)
        return False

    found = list(follow_log(log_path(tmp_path, RUN), wait=pytest.fail, alive=alive))
    assert [line["kind"] for line in found] == ["run", "request"]
    assert [line["command"] for line in asked] == ["apply"]


def test_a_damaged_line_is_counted_and_the_others_are_read(tmp_path: Path) -> None:
    log, _ = _log(tmp_path)
    log.end()
    path = log_path(tmp_path, RUN)
    path.write_bytes(b"garbage\n[]\n" + path.read_bytes())
    lines, damaged = read_log(path)
    assert ([line["kind"] for line in lines], damaged) == (["run", "end"], 2)
