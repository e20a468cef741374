"""Any plan there could be, for laws about views."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import strategies as st

from qsync.planning.changes import Cause, ChangeCounts, FieldChange
from qsync.planning.cost import Cost, WindowUse
from qsync.planning.gate import Gate, TestOutcome, Verdict
from qsync.planning.movement import Movement
from qsync.planning.plan import GuardBreach, OrphanState
from qsync.project.model import ObjectType, OnNull, OnRemoved, TestsGate
from tests.support import plans

amounts = st.integers(0, 200_000_000)
words = st.text(st.characters(min_codepoint=97, max_codepoint=122), min_size=1, max_size=40)
reasons = st.one_of(
    st.sampled_from(["null_key", "malformed_key", "free_mail", "duplicate_key", "unheard_of"]),
    st.builds("{}:{}".format, st.sampled_from(["not_an_option", "null_value"]), words),
)
COUNTS = (
    "state_rows",
    "in_model",
    "added",
    "changed",
    "cleared",
    "removed",
    "unchanged",
    "resting",
    "deferred",
    "suppressed",
    "retried",
    "unsettled",
    "returned",
    "rehashed",
    "other_domain",
    "stranded",
)
own_causes = st.sampled_from([cause for cause in Cause if cause is not Cause.DATA])


def _with_changed(counts: ChangeCounts) -> ChangeCounts:
    """Every record with a cause of its own is among the changed ones."""
    return replace(counts, changed=counts.changed + sum(counts.causes.values()))


counts = st.builds(
    ChangeCounts,
    **dict.fromkeys(COUNTS, amounts),
    invalid=st.dictionaries(reasons, amounts, max_size=5),
    conflicts=st.dictionaries(words, amounts, max_size=3),
    causes=st.dictionaries(own_causes, amounts, max_size=3),
).map(_with_changed)
names = st.lists(words, max_size=3).map(tuple)
movements = st.builds(
    Movement,
    **dict.fromkeys(("added", "dropped", "remapped", "retyped", "reoptioned"), names),
    **dict.fromkeys(("match_key", "versions", "untold"), st.booleans()),
)
changes = st.lists(st.builds(FieldChange, words, amounts, amounts, amounts), max_size=12)
breaches = st.lists(
    st.builds(
        GuardBreach,
        st.sampled_from(["max_changed", "max_removed", "max_cleared", "max_added_rows"]),
        st.sampled_from(["20%", "1000"]),
        amounts,
        amounts,
    ),
    max_size=2,
)
streams = st.builds(
    plans.a_stream_plan,
    counts,
    changes.map(tuple),
    object_type=st.sampled_from(ObjectType),
    grouped=st.booleans(),
    mapped=st.lists(st.builds(plans.a_field, words, st.sampled_from(OnNull)), max_size=5).map(
        tuple
    ),
    on_removed=st.sampled_from(OnRemoved),
    first_load=st.booleans(),
    baseline_unknown=st.booleans(),
    limit=st.none() | st.integers(1, 10_000),
    breaches=breaches.map(tuple),
    full_refresh=st.booleans(),
    baseline=st.booleans(),
    moved=st.none() | movements,
)
outcomes = st.builds(
    TestOutcome, words, words | st.just(""), st.sampled_from(["fail", "warn", ""]), amounts
)
gates = st.builds(
    Gate,
    st.sampled_from([TestsGate.PASSED, TestsGate.RUN]),
    st.sampled_from(Verdict),
    words,
    words | st.just(""),
    amounts,
    st.lists(outcomes, max_size=2).map(tuple),
    st.none() | words,
    st.none() | words,
)
syncs = st.builds(
    lambda given_streams, name, model, blocked, gate: plans.a_sync_plan(
        *given_streams, name=name, model=model, blocked=blocked, gate=gate
    ),
    st.lists(streams, max_size=2),
    words,
    words,
    st.none() | st.just("the model has no rows"),
    st.none() | gates,
)
windows = st.tuples(
    *(
        st.builds(WindowUse, st.just(name), st.integers(1, 10**9), amounts, amounts)
        for name in ("15m", "1h", "24h")
    )
)
costs = st.builds(
    Cost,
    requests=amounts,
    expected=st.none() | amounts,
    windows=windows,
    seconds=st.none() | st.floats(0, 10**8),
    at_least=st.booleans(),
)
all_plans = st.builds(
    lambda given_syncs, orphans, allowed, cost: replace(
        plans.a_plan(*given_syncs, orphans=tuple(orphans), apply_allowed=allowed), cost=cost
    ),
    st.lists(syncs, max_size=3),
    st.lists(st.builds(OrphanState, words, words, st.just("lead"), amounts), max_size=2),
    st.booleans(),
    st.none() | costs,
)
"""Small ones of all kinds."""
