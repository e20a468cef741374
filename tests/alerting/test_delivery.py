"""Messages reach real sockets, in bounded time, and no address is ever told."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace

import pytest

from qsync.alerting import Delivery, Outcome, deliver
from qsync.alerting.delivery import NO_ADDRESS, NOT_SET, NOT_TAKEN, TOO_SLOW
from tests.support.receivers import Receiver, mail_server, web_hook

SECRET = "s3cr3t-canary"
A_MESSAGE = Delivery("ops", "QSYNC_ALERT_OPS", "leads failed", "no key\nline two", "failure")


@pytest.fixture
def hook() -> Iterator[Receiver]:
    with web_hook() as receiver:
        yield receiver


def test_a_web_hook_gets_title_text_and_how_loud_it_is(hook: Receiver) -> None:
    url = f"json://127.0.0.1:{hook.port}/{SECRET}"
    assert deliver([A_MESSAGE], {"QSYNC_ALERT_OPS": url}) == [Outcome(True)]
    (got,) = hook.got
    assert (got["title"], got["message"], got["type"]) == (
        "leads failed",
        "no key\nline two",
        "failure",
    )


def test_a_mail_server_gets_the_same(capfd: pytest.CaptureFixture[str]) -> None:
    with mail_server() as mailbox:
        url = f"mailto://127.0.0.1:{mailbox.port}?from=qsync@example.com&to=ops@example.com"
        assert deliver([A_MESSAGE], {"QSYNC_ALERT_OPS": url}) == [Outcome(True)]
    ((subject, text),) = mailbox.got
    assert (subject, text.splitlines()) == ("leads failed", ["no key", "line two"])


def test_several_addresses_stand_in_one_variable_and_one_that_takes_it_is_enough(
    hook: Receiver,
) -> None:
    environ = {"QSYNC_ALERT_OPS": f"json://127.0.0.1:{hook.port} json://127.0.0.1:1"}
    assert deliver([A_MESSAGE], environ) == [Outcome(True, (NOT_TAKEN,))]
    assert len(hook.got) == 1


def test_what_went_wrong_is_told_in_words_that_hold_no_address(
    hook: Receiver, capfd: pytest.CaptureFixture[str]
) -> None:
    hook.status = 500
    urls = {
        "QSYNC_ALERT_A": f"no-such-service://{SECRET}",
        "QSYNC_ALERT_B": SECRET,
        "QSYNC_ALERT_C": f"json://user:{SECRET}@127.0.0.1:{hook.port}/{SECRET}",
        "QSYNC_ALERT_D": f"json://127.0.0.1:1/{SECRET}",
    }
    names = ["QSYNC_ALERT_NOBODY", *urls]
    told = deliver([replace(A_MESSAGE, url_env=name) for name in names], urls)
    assert [outcome.problems for outcome in told] == [
        (NOT_SET,),
        (NO_ADDRESS,),
        (NO_ADDRESS,),
        (NOT_TAKEN,),
        (NOT_TAKEN,),
    ]
    assert not any(outcome.delivered for outcome in told)
    out, err = capfd.readouterr()
    assert SECRET not in out + err + repr(told)


def test_who_does_not_answer_delays_nobody_beyond_the_bound(hook: Receiver) -> None:
    hook.hanging.set()
    slow = f"json://127.0.0.1:{hook.port}?rto=60"
    began = time.monotonic()
    with web_hook() as other:
        quick = Delivery("quick", "QSYNC_ALERT_QUICK", "t", "b", "info")
        environ = {
            "QSYNC_ALERT_OPS": slow,
            "QSYNC_ALERT_QUICK": f"json://127.0.0.1:{other.port}",
        }
        told = deliver([A_MESSAGE, quick], environ, timeout=1.5)
    assert told == [Outcome(False, (TOO_SLOW,)), Outcome(True)]
    assert time.monotonic() - began < 10
    assert other.titles == ["t"]
