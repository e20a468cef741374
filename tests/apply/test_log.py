"""What an apply tells a program: JSON lines on standard error, and nothing else there."""

from __future__ import annotations

from qsync.exit_codes import ExitCode
from tests.apply.kit import Team
from tests.support.log_lines import log_lines


def test_an_apply_tells_its_whole_story_in_lines_that_the_schema_knows(team: Team) -> None:
    said = team.apply("--json", "--log-format", "json", "--log-file", "qsync.log")
    assert said.code is ExitCode.PARTIAL
    lines = log_lines(said.err)
    names = [line["event"] for line in lines]
    assert (names[0], names[-1]) == ("command_started", "command_finished")
    of_streams = ("stream_planned", "stream_started", "stream_finished")
    told = {name: [line for line in lines if line["event"] == name] for name in of_streams}
    document = said.document
    assert [
        (line["sync"], line["object"], line["planned"]) for line in told["stream_finished"]
    ] == [
        (entry["sync"], entry["object"], entry["counts"]["planned"])
        for entry in document["streams"]
    ]
    started = {(line["stream"], line["rows"]) for line in told["stream_started"]}
    assert started == {(line["stream"], line["rows"]) for line in told["stream_planned"]}
    (run,) = (line for line in lines if line["event"] == "run_finished")
    totals = document["summary"]
    shared = ("planned", "succeeded", "rejected", "unknown", "unsent", "jobs", "requests")
    assert {name: run[name] for name in shared} == {name: totals[name] for name in shared}
    after = lines[names.index("stream_started") :]
    assert {(line["run_id"], line["target"]) for line in after} == {(document["run_id"], "prod")}
    assert lines[-1]["exit_code"] == ExitCode.PARTIAL
    path = team.project / "qsync.log"
    assert path.read_text() == said.err
    assert path.stat().st_mode & 0o777 == 0o600
