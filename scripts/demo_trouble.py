"""The demo's third day: a run in which much goes wrong, and each command that tells of it.

Qualified rejects some records, asks to wait, and lets a job fail halfway. What the commands say is
compared with what the emulator was told to do: they must tell the truth about it.
"""

from __future__ import annotations

import json
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import duckdb
from demo_check import DATABASE
from demo_stage import DemoError, Stage

PARTIAL = 3
"""qsync's exit code for a run that finished with rejected or unknown rows."""

FAULTS = (
    {"kind": "submit", "nth": 2, "status": 429, "retry_after": 2},
    {"kind": "submit", "nth": 3, "job": {"failing": [3, 141], "error": "Owner was not found"}},
    {"kind": "submit", "nth": 5, "job": {"stops_after": 120, "ending": "failed"}},
)
"""What Qualified does this evening: ask to wait, reject two more, give up on a job."""

RULE = """
alerts:
  - name: team
    url_env: QSYNC_ALERT_TEAM
    on: [failed, rejects, recovered]
    rejects_above: 0.1%
"""


class Channel:
    """Stands for the team's chat: keeps the messages that were posted to it."""

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.url = ""

    @contextmanager
    def open(self) -> Iterator[None]:
        """Listen on a free port of this machine."""
        messages = self.messages

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                length = int(self.headers["content-length"])
                messages.append(json.loads(self.rfile.read(length)))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"json://127.0.0.1:{server.server_port}/"
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield
        finally:
            server.shutdown()
            thread.join()
            server.server_close()


def play_trouble(stage: Stage, base_url: str) -> None:
    """The evening, and the run after it.

    Raises:
        DemoError: A command says something else than what happened.
    """
    channel = Channel()
    with channel.open():
        settings = stage.project / "qsync.yml"
        settings.write_text(settings.read_text() + RULE)
        stage.set("QSYNC_ALERT_TEAM", channel.url)
        _evening(stage, base_url, channel)


def _evening(stage: Stage, base_url: str, channel: Channel) -> None:
    stage.day("Day 3, when things go wrong")
    for fault in FAULTS:
        _send(base_url, "faults", fault)
    stage.say(
        "This evening Qualified asks qsync to wait, rejects two records for a reason of its own, "
        "and gives up on one job halfway. A rule in qsync.yml tells the team's channel of rejects."
    )
    run = stage.step(
        "All leads are sent once more. Where a job gave up, nobody knows what became of the rest: "
        "those records are unknown, and go again with the next run.",
        "qsync apply --target prod --select leads --full-refresh --auto-approve",
        ends=(PARTIAL,),
        after="Run ",
    )
    listed = stage.step("What did it do at Qualified, job by job?", "qsync inspect --target prod")
    stage.step(
        "What was sent of those that were rejected? Nobody's values are kept: `<email 35>`.",
        "qsync inspect --target prod --rejected",
        first=36,
    )
    rejects = stage.step("The same by reason, with what to do.", "qsync rejects --target prod")
    lead = _one_rejected(stage)
    stage.step("And one record's story.", f"qsync why {lead} --target prod", after="leads")
    _send(base_url, "faults", method="DELETE")
    stage.step(
        "The trouble is over. The next run sends what was unknown.",
        "qsync apply --target prod --select leads --auto-approve",
        ends=(0, PARTIAL),
        after="Run ",
    )
    stage.say("")
    stage.say("What arrived in the team's channel meanwhile, a message per change and not per run:")
    for message in channel.messages:
        stage.say(f"  {message['title']}")
    stage.step(
        "All of it in one file that opens in a browser and loads nothing.",
        "qsync report --target prod",
    )
    _compare(stage, (run, listed, rejects), channel.messages)


def _compare(stage: Stage, said: tuple[str, str, str], messages: list[dict[str, Any]]) -> None:
    """What the commands say is what Qualified was told to do, and in the end nothing is unknown.

    Raises:
        DemoError: It is not.
    """
    run, listed, rejects = said
    with duckdb.connect(str(stage.project / DATABASE), read_only=True) as database:
        evening, after = database.execute(
            "select rows_planned, rows_rejected, rows_unknown, retries, rows_succeeded "
            "from qsync.qsync_runs where sync = 'leads' and object = 'lead' "
            "order by started_at desc, run_id desc limit 2"
        ).fetchall()[::-1]
    for what, holds in (
        ("two records were rejected for the reason of this evening", evening[1] >= 2),
        ("a job that gave up leaves records unknown", evening[2] > 0),
        ("being asked to wait is a request that was repeated", evening[3] >= 1),
        ("the run tells how many were rejected", f"{evening[1]:,} rejected" in run),
        ("the run tells how many are unknown", f"{evening[2]:,} unknown" in run),
        ("inspect shows the job that failed", "failed" in listed),
        ("rejects have the reason", "Owner was not found" in rejects),
        ("the team was told of the rejects, once for both runs", len(messages) == 1),
        ("the next run left nothing unknown", after[2] == 0),
        ("all that was unknown was sent again", after[0] >= evening[2]),
    ):
        if not holds:
            raise DemoError(f"It does not hold that {what}", [*listed.splitlines(), str(messages)])
    stage.say(
        f"Checked: of {evening[0]:,} leads {evening[4]:,} were confirmed, {evening[1]:,} rejected "
        f"and {evening[2]:,} unknown that evening, as each command says; the next run sent the "
        "unknown ones again, and nothing is left."
    )


def _one_rejected(stage: Stage) -> str:
    """The address of a lead that was rejected this evening; all people of the demo are made up."""
    with duckdb.connect(str(stage.project / DATABASE), read_only=True) as database:
        rows = database.execute(
            "select match_key from qsync.qsync_rejections "
            "where reason like '%Owner was not found%' order by match_key"
        ).fetchall()
    if not rows:
        raise DemoError("Nobody was rejected this evening")
    return str(rows[0][0])


def _send(base_url: str, what: str, body: object = None, method: str = "POST") -> None:
    """Tell the emulator's control interface something."""
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{base_url}/_emulator/{what}", data=data, method=method)
    with urllib.request.urlopen(request) as answer:
        answer.read()
