"""What one attempt came to, for every status and every loss."""

from __future__ import annotations

import pytest

from qsync.qualified.refusals import Call
from qsync.qualified.verdict import Verdict, verdict
from qsync.qualified.wire import Loss, LossKind, Reply

READING = Call("GET", "/v2/bulk/1", "/v2/bulk/{id}", takes=frozenset({404}))
SUBMITTING = Call("POST", "/v2/bulk", "/v2/bulk", body=b"{}")


def of(status: int, call: Call) -> Verdict:
    return verdict(call, Reply(status, {}, b""))


@pytest.mark.parametrize("call", [READING, SUBMITTING])
def test_every_status_has_one_meaning_whatever_the_method(call: Call) -> None:
    found = {status: of(status, call) for status in range(200, 600) if status not in call.takes}
    busy = {status for status, what in found.items() if what is Verdict.BUSY}
    lost = {status for status, what in found.items() if what is Verdict.LOST}
    answered = {status for status, what in found.items() if what is Verdict.ANSWERED}
    assert busy == {429, 503}
    assert lost == {408, *range(500, 600)} - {503}
    assert answered == set(range(200, 300))
    assert set(found) - busy - lost - answered == {
        status for status, what in found.items() if what is Verdict.REFUSED
    }


def test_a_status_that_a_call_takes_is_an_answer_to_that_call_only() -> None:
    assert (of(404, READING), of(404, SUBMITTING)) == (Verdict.ANSWERED, Verdict.REFUSED)


@pytest.mark.parametrize(
    ("kind", "what"),
    [
        (LossKind.NEVER_SENT, Verdict.NOT_SENT),
        (LossKind.LOST, Verdict.LOST),
        (LossKind.OURS, Verdict.IMPOSSIBLE),
    ],
)
def test_a_loss_is_as_bad_as_the_request_had_come_far(kind: LossKind, what: Verdict) -> None:
    assert verdict(SUBMITTING, Loss(kind, "why")) is what
