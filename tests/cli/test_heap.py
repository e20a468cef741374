"""While rows are sent, what was in memory before is left alone, and afterwards it is not."""

from __future__ import annotations

import gc

import pytest

from qsync.cli.heap import heap_at_rest


def test_objects_of_before_are_set_aside_and_given_back() -> None:
    with heap_at_rest():
        assert gc.get_freeze_count() > 0
    assert gc.get_freeze_count() == 0


def test_they_are_given_back_when_sending_fails() -> None:
    with pytest.raises(RuntimeError), heap_at_rest():
        raise RuntimeError
    assert gc.get_freeze_count() == 0
