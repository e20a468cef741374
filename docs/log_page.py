"""The page about the structured log, and the schema of its lines: both from the table of events."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from qsync.views.events import EVENTS, FACTS, LINE, log_schema
from qsync.views.log import Log, Sink

_NOTE = "<!-- Made from qsync/views/events.py by `make pages`. Edit that, not this. -->\n"

_PAGE = """\
# Logs and progress

{note}
Results go to standard output. All else goes to standard error: how a run goes, notes, warnings,
errors. There it is words, or with `--log-format json` one JSON object a line. What stands on
standard output stays the same, so `qsync plan --json --log-format json > plan.json` does what it
says.

## Progress

On a terminal each stream has a bar with the rows done and planned, rejections, rows per second
and time left. Anywhere else there is a line when a stream begins and ends, and one every 30
seconds in between:

```text
leads: sending 120,000 rows
leads: 21,500 of 120,000 done, 12 rejected, 410 rows/s, 4 min left
leads: 36,000 of 120,000 done, 20 rejected, 0.0 rows/s, 13 min 20 s left (request quota)
```

The rate is that of the last minute. Time left is the longer of two: the rows that are left at the
best rate so far, and the time until the team's [request quota](apply.md) has room for the last
request that is needed. When the second one decides, the line says so. It is the earliest moment:
what others use of the team's quota in the meantime comes on top.

## Options

| option | variable | |
| --- | --- | --- |
| `--log-format text\\|json` | `QSYNC_LOG_FORMAT`, `DBT_LOG_FORMAT` | words, or JSON lines |
| `--log-level info\\|warning\\|error` | `QSYNC_LOG_LEVEL` | the least that standard error gets |
| `--quiet` | `QSYNC_QUIET` | `--log-level warning` |
| `--log-file PATH` | `QSYNC_LOG_FILE` | append JSON lines to a file as well |

The file is made for its owner only (`0600`); one that is there keeps its rights. It gets every
event, whatever `--log-level` says, and each line is written at once. A disk that is full ends the
log, not the run. Commands without these options obey `QSYNC_LOG_FORMAT`.

No line holds a key, an address or a value of a field. With `QSYNC_TRACEBACK` set, a bug's
traceback may quote values; without it only the places in the code are told. Problems of the
project's files quote the files, as they do in words. Lines that a library writes to standard
error become `stderr` events. GitHub's annotations are no JSON: they are left out unless
`--annotations github` asks for them.

## A line

```json
{example}
```

The first four keys are always there, any other only where it is known. Names of events and facts
are stable; new ones may come. The schema of a line is `schemas/log.schema.json`.

{line}
## Events

{events}
## Facts

{facts}"""


def logs_page() -> str:
    """Every event of the structured log, and every fact one may have."""
    types = {"list": "list of strings"}
    return _PAGE.format(
        note=_NOTE,
        example=_example(),
        events=_table(
            ("event", "level", "when", "facts"),
            (
                (f"`{name}`", f"`{kind.level}`", kind.about, _names(kind.facts))
                for name, kind in EVENTS.items()
            ),
        ),
        line=_table(
            ("key", "what it says"), ((f"`{name}`", fact.about) for name, fact in LINE.items())
        ),
        facts=_table(
            ("fact", "type", "what it says"),
            (
                (f"`{name}`", types.get(fact.type, fact.type), fact.about)
                for name, fact in FACTS.items()
            ),
        ),
    )


def log_schema_file() -> str:
    """The JSON Schema of a line."""
    return json.dumps(log_schema(), indent=2) + "\n"


def _example() -> str:
    """A line as the log writes it."""
    lines: list[str] = []
    log = Log(
        Sink(lines.append), clock=lambda: datetime(2026, 11, 3, 5, 0, 52, 250_000, tzinfo=UTC)
    )
    log.bind(command="qsync apply", run_id="20261103t050002_0fa3c1", target="prod")
    log.event(
        "progress",
        "leads: 21,500 of 120,000 done, 12 rejected, 410 rows/s, 4 min left",
        sync="leads",
        stream="leads",
        object="lead",
        done=21_500,
        planned=120_000,
        rejected=12,
        rows_per_second=410.0,
        seconds_left=240.2,
        quota_seconds=0.0,
    )
    return lines[0].strip()


def _names(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)
