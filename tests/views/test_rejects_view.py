"""`qsync rejects`: the text and its document."""

from __future__ import annotations

from qsync.planning.rejected import LEFT_IN_BATCH, RejectGroup
from qsync.views.rejects_text import rejects_document, render_rejects_document
from tests.planning.test_rejected import CATALOG, SYNC
from tests.support.golden import matches_golden, numbers_in, numbers_of, rendered

FIRST, LAST = "2026-11-01 05:00:12", "2026-11-03 05:00:12"
GROUPS = (
    RejectGroup(
        "leads", "lead", "picklist is not an option: …", "picklist", 1_204, 800, 2, FIRST, LAST
    ),
    RejectGroup("leads", "company", "name is too long", "company_name", 11, 0, 1, LAST, LAST),
    RejectGroup("leads", "lead", "phone is invalid: …", "phone", 8, 8, 2, FIRST, LAST),
    RejectGroup("leads", "lead", LEFT_IN_BATCH, None, 2, 0, 0, LAST, LAST),
    RejectGroup("old", "lead", "rejected without a reason", None, 1, 0, 1, FIRST, FIRST),
)


def test_groups_stand_by_stream_with_times_place_and_cure() -> None:
    document = rejects_document(GROUPS, syncs={"leads": SYNC}, catalog=CATALOG, most=10)
    text = rendered(lambda console: render_rejects_document(document, console))
    matches_golden("rejects", text)
    assert numbers_of(text) - numbers_in(document) <= {"1214"}  # the sum of a stream
    assert (document["records"], document["resting"], document["more"]) == (1_226, 808, False)


def test_more_reasons_than_can_be_told_are_said_to_be_there() -> None:
    document = rejects_document(GROUPS, syncs={}, catalog=None, most=2)
    text = rendered(lambda console: render_rejects_document(document, console))
    assert document["more"] is True
    assert "And more reasons; these are the 2 largest." in text
