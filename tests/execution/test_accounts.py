"""Conservation: every row ends once, in one outcome."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qsync.execution.accounts import (
    MOST_REASONS,
    OTHER_REASONS,
    ChunkAccount,
    Fate,
    StreamAccount,
)
from qsync.execution.ports import Outcome, Reject
from qsync.ledger.record import ConservationError


@pytest.mark.proves(fault="results missing, doubled or foreign", promise="every row accounted for")
@given(st.lists(st.sampled_from([None, *Fate]), min_size=1, max_size=40), st.integers(1, 1_000))
def test_outcomes_are_a_partition_of_the_rows_that_ended(
    fates: list[Fate | None], first: int
) -> None:
    account = ChunkAccount(first, first + len(fates) - 1)
    for number, fate in enumerate(fates, start=first):
        if fate is Fate.SUCCEEDED:
            account.succeeded(number)
        elif fate is Fate.REJECTED:
            account.rejected(Reject(number, "no"))
        elif fate is Fate.UNKNOWN:
            account.unknown(number)
        elif fate is Fate.INVALID_LATE:
            account.invalid_late(Reject(number, "no"))
    outcomes = account.outcomes()
    covered = [n for outcome in outcomes for n in range(outcome.first, outcome.last + 1)]
    assert covered == [n for n, fate in enumerate(fates, start=first) if fate is not None]
    assert sum(outcome.succeeded for outcome in outcomes) == fates.count(Fate.SUCCEEDED)
    stream = StreamAccount(first + len(fates) - 1)
    stream.add(reversed(outcomes))
    stream.check()
    assert stream.unsent == first - 1 + fates.count(None)


@given(st.lists(st.tuples(st.integers(1, 30), st.integers(0, 6)), max_size=12))
def test_ranges_are_taken_once_whatever_their_order(ranges: list[tuple[int, int]]) -> None:
    stream = StreamAccount(30)
    taken: set[int] = set()
    for first, more in ranges:
        numbers = set(range(first, first + more + 1))
        if numbers & taken or max(numbers) > 30:
            with pytest.raises(ConservationError):
                stream.add([Outcome(first, first + more)])
        else:
            stream.add([Outcome(first, first + more)])
            taken |= numbers
        assert stream.unsent == 30 - len(taken)


@pytest.mark.proves(fault="results missing, doubled or foreign", promise="every row accounted for")
def test_a_row_that_ends_twice_or_is_not_of_the_chunk_is_a_bug() -> None:
    account = ChunkAccount(1, 2)
    account.succeeded(1)
    with pytest.raises(ConservationError):
        account.unknown(1)
    with pytest.raises(ConservationError):
        account.succeeded(3)


@pytest.mark.parametrize(
    "outcome",
    [
        Outcome(1, 3, rejects=(Reject(2, "no"),), unknown=(2,)),
        Outcome(1, 3, unknown=(4,)),
        Outcome(0, 3),
        Outcome(3, 2),
    ],
)
def test_an_outcome_that_contradicts_itself_is_a_bug(outcome: Outcome) -> None:
    with pytest.raises(ConservationError):
        StreamAccount(10).add([outcome])


def test_reasons_are_counted_by_name_only_so_far() -> None:
    stream = StreamAccount(1_000)
    stream.add(Outcome(n, n, rejects=(Reject(n, f"reason {n}"),)) for n in range(1, 1_001))
    assert len(stream.reasons) == MOST_REASONS + 1
    assert stream.reasons[OTHER_REASONS] == 1_000 - MOST_REASONS
