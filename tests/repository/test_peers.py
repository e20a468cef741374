"""The comparison with peers is fair, repeatable and counted as its page says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from benchmarks.peers.accounts import Crash, Phase, differing, needless, received
from benchmarks.peers.page import charts, section
from benchmarks.peers.stage import CONTENDERS, PeerSetting
from benchmarks.setting import FIELDS


def test_the_peers_lock_has_a_hash_for_every_package_and_names_no_index(repository: Path) -> None:
    text = (repository / "benchmarks" / "peers" / "requirements.lock").read_text()
    pinned = re.findall(r"^(\S+==\S+)(.*\n(?: {4}--hash=sha256:[0-9a-f]{64}.*\n)*)", text, re.M)
    assert {"dlt==1.31.0", "drt-core==1.2.1"} <= {name.split("[")[0] for name, _ in pinned}
    assert [name for name, rest in pinned if "--hash=" not in rest] == []
    assert "index-url" not in text
    assert "://" not in text


@pytest.mark.parametrize("file", ["drt/syncs/leads_bulk.yml", "drt/syncs/leads_single.yml"])
def test_drt_sends_the_columns_that_qsync_sends(repository: Path, file: str) -> None:
    text = (repository / "benchmarks" / "peers" / file).read_text()
    template = text.partition("_template: >-")[2]
    assert set(re.findall(r"row\.(\w+)", template)) == {"email", *FIELDS}


def test_only_the_cursor_is_added_to_the_model() -> None:
    added = PeerSetting.model.replace(
        "    timestamp '2026-11-01' + interval (i) second as updated_at,\n", ""
    )
    assert added == PeerSetting.__base__.model  # type: ignore[union-attr]
    assert "updated_at" in PeerSetting.model


def test_rows_taken_in_bulk_and_one_by_one_count_alike() -> None:
    before = {"submitted": 100, "write_lead": 7, "requests": 3}
    after = {"submitted": 600, "write_lead": 10, "requests": 9}
    assert received(before, after) == 503


def test_rows_beyond_the_changed_ones_are_needless() -> None:
    assert needless(100_000, 1_000) == 99_000
    assert needless(1_000, 1_000) == 0
    assert needless(900, 1_000) == 0


def test_a_missing_lead_and_another_value_are_both_wrong() -> None:
    wanted = {"a": "1", "b": "2", "c": "3"}
    assert differing(wanted, {"a": "1", "b": "9", "d": "4"}) == 2


def test_the_section_has_a_line_for_every_contender() -> None:
    phases = [Phase(name, "first load", 1.0, 0.5, 4, 1_000, 0, 99.0, 0) for name in CONTENDERS]
    crashes = [Crash(name, 200, 2, 198, None, 0, 50, 3.0, 1) for name in CONTENDERS]
    text = section(phases, crashes, rows=1_000, repeats=1, job_seconds=0.15, cores=2)
    assert text.count("| first load |") == len(CONTENDERS)
    assert text.count("| 200 | 2 | 198 | nothing | 0 | 50 | 3.0 | 1 |") == len(CONTENDERS)
    assert len(charts(phases, 1_000)[0].rows) == len(CONTENDERS)
