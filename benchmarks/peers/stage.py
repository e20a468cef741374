"""The setting of the comparison: one warehouse and one account for every contender."""

from __future__ import annotations

import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from benchmarks.peers.accounts import Crash, Phase, differing, needless, received
from benchmarks.setting import HERE, KEY, MODEL, Setting

CONTENDERS = ("qsync", "dlt", "drt_bulk", "drt_single", "plain")
PHASES = ("first load", "nothing changed", "1% changed")
CRASH_CHANGED = 20
"""Per cent of the rows that change before the run that is killed."""

_UNLOCK = re.compile(r"qsync unlock (\w+)")


@dataclass(frozen=True, slots=True)
class Ended:
    """A process that has ended, and what it used."""

    code: int
    out: str
    err: str
    seconds: float
    cpu_seconds: float
    megabytes: float


class PeerSetting(Setting):
    """`Setting`, with a column to be a cursor: every row's own second, later when it changes.

    It is not sent. qsync and the plain script do not need it; dlt and drt find changes by it.
    """

    model = MODEL.replace(
        "\nfrom range",
        "\n    timestamp '2026-11-01' + interval (i) second as updated_at,\nfrom range",
    )

    def __init__(self, folder: Path, rows: int, job_seconds: float, peers: Path) -> None:
        super().__init__(folder, rows, job_seconds)
        self._peers = peers.resolve()
        self._home = folder / "home"

    @property
    def rows(self) -> int:
        """Of the model."""
        return self._rows

    def fresh(self, contender: str) -> None:
        """A new account, the warehouse as built, and nothing the contender remembers."""
        self.renew()
        (self._project / "seeds" / "qsync_runs.csv").unlink(missing_ok=True)
        shutil.rmtree(self._project / ".qsync", ignore_errors=True)
        shutil.rmtree(self._folder / "peer", ignore_errors=True)
        shutil.rmtree(self._home, ignore_errors=True)
        (self._home / ".drt").mkdir(parents=True)
        tool = contender.partition("_")[0]
        if tool in {"dlt", "drt"}:
            shutil.copytree(HERE / "peers" / tool, self._folder / "peer")
            (self._folder / "peer" / "bench.duckdb").symlink_to(self._project / "bench.duckdb")
            if tool == "drt":
                shutil.copy(HERE / "peers" / "drt" / "profiles.yml", self._home / ".drt")

    def change(self, percent: int, *, title: str, rejected: bool = False) -> int:
        """Give some rows another title (1 in 100 of them a phone Qualified rejects): how many."""
        phone = "CASE WHEN hash(email) // 1000 % 100 = 0 THEN '12345' ELSE phone END"
        with duckdb.connect(str(self._project / "bench.duckdb")) as database:
            found = database.execute(
                f"UPDATE prod.dim_leads SET job_title = '{title}', "
                f"phone = {phone if rejected else 'phone'}, updated_at = TIMESTAMP "
                f"'{'2026-12-02' if rejected else '2026-12-01'}' "
                f"WHERE hash(email) % 100 < {percent}"
            ).fetchone()
        assert found is not None
        return int(found[0])

    def phase(self, contender: str, phase: str, changed: int) -> Phase:
        """One run from its start to its end."""
        before = self._received()
        ended = self._run(contender)
        if ended.code != 0:
            raise RuntimeError(f"{contender}, {phase}: {ended.code}\n{ended.err[-2000:]}")
        after = self._received()
        self._settle()
        sent = received(before, after)
        return Phase(
            contender=contender,
            phase=phase,
            seconds=ended.seconds,
            cpu_seconds=ended.cpu_seconds,
            requests=after["requests"] - before["requests"],
            sent=sent,
            needless=needless(sent, changed),
            megabytes=ended.megabytes,
            wrong=differing(self._wanted(), self._held()),
        )

    def crash(self, contender: str) -> Crash:
        """Kill a run once half of what it sends has been taken in; then run again."""
        changed = self.change(CRASH_CHANGED, title="Moved on", rejected=True)
        wanted = {email: title for email, title in self._wanted().items() if title == "Moved on"}
        rejected = self._rejected()
        before = self._received()
        runs = len(self._ledger())
        half = (self._rows if contender == "plain" else changed) // 2
        process = self._start(contender)
        while received(before, self._received()) < half:
            if process.poll() is not None:
                raise RuntimeError(f"{contender} ended before it could be killed")
            time.sleep(0.05)
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        self._settle()
        ended, commands = self._run(contender), 1
        seconds = ended.seconds
        locked = _UNLOCK.search(ended.err)
        if contender == "qsync" and locked is not None:
            unlock = ["-m", "qsync", "unlock", locked[1], "--auto-approve"]
            for words in (unlock, ["-m", "qsync", *_APPLY]):
                ended = self._ended(self._popen([sys.executable, *words], self._project))
                seconds += ended.seconds
                commands += 1
        sent = received(before, self._received())
        self._settle()
        said, named = self._says(contender, ended, runs)
        return Crash(
            contender=contender,
            changed=changed,
            rejected=rejected,
            arrived=changed - differing(wanted, self._held()),
            said=said,
            named=named,
            sent_again=needless(sent, changed),
            seconds=seconds,
            commands=commands,
        )

    def _says(self, contender: str, ended: Ended, before: int) -> tuple[int | None, int]:
        """Rows the tool says arrived in the killed run and after it, and rejects it can name."""
        if contender == "qsync":
            runs = self._ledger()[before:]
            return (
                sum(int(run["rows_succeeded"] or 0) for run in runs),
                sum(_rejected_first(run) for run in runs),
            )
        if contender == "dlt":
            told = json.loads(ended.out.splitlines()[-1])
            return told["loaded"], told["named"]
        if contender == "plain":
            failed = re.search(r"(\d+) items failed", ended.err)
            return self._rows - int(failed[1] if failed else 0), 0
        told = json.loads(ended.out[ended.out.index("{") :])["syncs"][0]
        queue = self._folder / "peer" / ".drt" / "dlq" / f"leads{contender[3:]}.jsonl"
        named = len(queue.read_text().splitlines()) if queue.exists() else 0
        return told["rows_synced"], named

    def _ledger(self) -> list[dict[str, str]]:
        path = self._project / "seeds" / "qsync_runs.csv"
        if not path.exists():
            return []
        with path.open(newline="") as file:
            return sorted(csv.DictReader(file), key=lambda run: run["started_at"])

    def _run(self, contender: str) -> Ended:
        return self._ended(self._start(contender))

    def _start(self, contender: str) -> subprocess.Popen[str]:
        peer = self._folder / "peer"
        if contender == "qsync":
            return self._popen([sys.executable, "-m", "qsync", *_APPLY], self._project)
        if contender == "plain":
            words = [str(HERE / "plain.py"), str(self._folder / "seconds")]
            words += [str(self._project / "bench.duckdb"), self._base_url]
            return self._popen([sys.executable, *words], self._project)
        if contender == "dlt":
            return self._popen([str(self._peers / "bin" / "python"), "leads.py"], peer)
        words = ["run", "--select", f"leads{contender[3:]}", "--output", "json"]
        return self._popen([str(self._peers / "bin" / "drt"), *words], peer)

    def _popen(self, words: Sequence[str], folder: Path) -> subprocess.Popen[str]:
        out, err = (self._folder / name for name in ("out", "err"))
        with out.open("w") as to, err.open("w") as errors:
            return subprocess.Popen(
                words,
                cwd=folder,
                env=self._environment() | self._peer_environment(words),
                stdout=to,
                stderr=errors,
                start_new_session=True,
                text=True,
            )

    def _peer_environment(self, words: Sequence[str]) -> Mapping[str, str]:
        if words[0] == sys.executable:
            return {"PYTHONPATH": str(HERE.parent)}
        return {
            "PYTHONPATH": "",
            "HOME": str(self._home),
            "QUALIFIED_API_KEY": KEY,
            "DATABASE": str(self._project / "bench.duckdb"),
            "BASE_URL": self._base_url,
            "DRT_VAR_base_url": self._base_url,
            "RUNTIME__DLTHUB_TELEMETRY": "false",
        }

    def _ended(self, process: subprocess.Popen[str]) -> Ended:
        started = time.perf_counter()
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        return Ended(
            code=process.returncode,
            out=(self._folder / "out").read_text(),
            err=(self._folder / "err").read_text(),
            seconds=time.perf_counter() - started,
            cpu_seconds=usage.ru_utime + usage.ru_stime,
            megabytes=usage.ru_maxrss / 1024,
        )

    def _received(self) -> dict[str, int]:
        stats = self._stats()
        return {
            "requests": stats["requests"]["total"],
            "submitted": stats["items"]["submitted"],
            "write_lead": stats["requests"]["by_kind"].get("write_lead", 0),
        }

    def _settle(self) -> None:
        """Wait until every accepted job has ended, as it does whether or not anybody asks."""
        while (jobs := self._stats()["jobs"])["total"] != jobs["finished"]:
            time.sleep(0.05)

    def _wanted(self) -> dict[str, str]:
        with duckdb.connect(str(self._project / "bench.duckdb"), read_only=True) as database:
            return dict(database.execute("SELECT email, job_title FROM prod.dim_leads").fetchall())

    def _rejected(self) -> int:
        with duckdb.connect(str(self._project / "bench.duckdb"), read_only=True) as database:
            found = database.execute(
                "SELECT count(*) FROM prod.dim_leads WHERE phone = '12345'"
            ).fetchone()
        assert found is not None
        return int(found[0])

    def _held(self) -> dict[str, str]:
        with urllib.request.urlopen(f"{self._base_url}/_emulator/leads") as answer:
            return {one["email"]: one["fields"]["job_title"] for one in json.load(answer)["leads"]}


_APPLY = ("apply", "--auto-approve", "--quiet")


def _rejected_first(run: Mapping[str, str]) -> int:
    """Rows that were rejected in a run and not just tried again; nobody is counted twice."""
    retried = json.loads(run["details"] or "{}").get("retried", 0)
    return int(run["rows_rejected"] or 0) - int(retried)
