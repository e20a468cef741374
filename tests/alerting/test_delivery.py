"""Messages reach real sockets, in bounded time, and no address is ever told."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator

import pytest

from qsync.alerting import Delivery, deliver
from qsync.alerting.delivery import NO_ADDRESS, NOT_SET, NOT_TAKEN, TOO_SLOW, went_through
from tests.support.receivers import Receiver, mail_server, web_hook

SECRET = "s3cr3t-canary"
A_MESSAGE = Delivery("ops", "QSYNC_ALERT_OPS", "leads failed", "no key\nline two", "failure")


@pytest.fixture
def hook() -> Iterator[Receiver]:
    with web_hook() as receiver:
        yield receiver


def test_a_web_hook_gets_title_text_and_how_loud_it_is(hook: Receiver) -> None:
    url = f"json://127.0.0.1:{hook.port}/{SECRET}"
    assert deliver([A_MESSAGE], {"QSYNC_ALERT_OPS": url}) == [()]
    (got,) = hook.got
    assert (got["title"], got["message"], got["type"]) == (
        "leads failed",
        "no key\nline two",
        "failure",
    )


def test_a_mail_server_gets_the_same(capfd: pytest.CaptureFixture[str]) -> None:
    with mail_server() as mailbox:
        url = f"mailto://127.0.0.1:{mailbox.port}?from=qsync@example.com&to=ops@example.com"
        assert deliver([A_MESSAGE], {"QSYNC_ALERT_OPS": url}) == [()]
    ((subject, text),) = mailbox.got
    assert (subject, text.splitlines()) == ("leads failed", ["no key", "line two"])


def test_several_addresses_stand_in_one_variable_and_one_that_takes_it_is_enough(
    hook: Receiver,
) -> None:
    environ = {"QSYNC_ALERT_OPS": f"json://127.0.0.1:{hook.port} json://127.0.0.1:1"}
    (problems,) = deliver([A_MESSAGE], environ)
    assert problems == (NOT_TAKEN,)
    assert went_through(A_MESSAGE, problems, environ)
    assert len(hook.got) == 1


def test_what_went_wrong_is_told_in_words_that_hold_no_address(
    hook: Receiver, capfd: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    hook.status = 500
    told = [
        deliver([A_MESSAGE], environ)[0]
        for environ in (
            {},
            {"QSYNC_ALERT_OPS": f"no-such-service://{SECRET}"},
            {"QSYNC_ALERT_OPS": SECRET},
            {"QSYNC_ALERT_OPS": f"json://user:{SECRET}@127.0.0.1:{hook.port}/{SECRET}"},
            {"QSYNC_ALERT_OPS": f"json://127.0.0.1:1/{SECRET}"},
        )
    ]
    assert told == [(NOT_SET,), (NO_ADDRESS,), (NO_ADDRESS,), (NOT_TAKEN,), (NOT_TAKEN,)]
    out, err = capfd.readouterr()
    assert SECRET not in out + err + caplog.text + repr(told)


def test_not_even_a_log_of_everything_tells_an_address(
    hook: Receiver, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.DEBUG):
        environ = {"QSYNC_ALERT_OPS": f"json://u:{SECRET}@127.0.0.1:{hook.port}/{SECRET}"}
        assert deliver([A_MESSAGE], environ) == [()]
    out, err = capfd.readouterr()
    assert SECRET not in caplog.text + out + err


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
        told = deliver([A_MESSAGE, quick], environ, timeout=0.5)
    assert told == [(TOO_SLOW,), ()]
    assert time.monotonic() - began < 5
    assert other.titles == ["t"]
