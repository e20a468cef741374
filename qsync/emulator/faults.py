"""Faults on request: which requests go wrong, and how.

A fault is one line of a declarative list, `Fault(kind="submit", nth=2, status=503)`, set in code or
over the control endpoint. A request meets the first fault of the list that matches and fires. It
has passed authentication and the limits by then, so faults and limits do not hide each other.
"""

from __future__ import annotations

import fnmatch
import random
from collections.abc import Iterable
from dataclasses import dataclass, field

from qsync.emulator.messages import Cut
from qsync.emulator.plain import (
    Rule,
    UnfitError,
    choice,
    flag,
    integer,
    number,
    optional,
    read_mapping,
    sequence,
    text,
)
from qsync.emulator.routes import KINDS, Kind
from qsync.errors import UserError

ENDINGS = ("completed", "failed", "stuck")


@dataclass(frozen=True, slots=True)
class JobFault:
    """What goes wrong with a job that was accepted. Item numbers count from 0.

    Attributes:
        late: Seconds the job is `enqueued` beyond what the settings say.
        lasts: Seconds it takes, instead of what the settings say.
        stops_after: Items it processes, if not all.
        ending: `failed`: it ends as failed; `stuck`: it is `processing` for ever.
        failing: Items whose write fails.
        failing_every: Every Nth item fails too (1 is all).
        error: The error of failing items.
        lost_after_polls: Polls answered before every further one is 404; 0 is all, None is never.
        missing: Items without a result.
        duplicated: Items whose result is there twice.
        foreign: Results with request ids nobody sent.
    """

    late: float = 0.0
    lasts: float | None = None
    stops_after: int | None = None
    ending: str = "completed"
    failing: tuple[int, ...] = ()
    failing_every: int | None = None
    error: str = "Something went wrong"
    lost_after_polls: int | None = None
    missing: tuple[int, ...] = ()
    duplicated: tuple[int, ...] = ()
    foreign: int = 0

    def __post_init__(self) -> None:
        if self.ending not in ENDINGS:
            raise UserError(f"ending of a job fault must be one of {', '.join(ENDINGS)}")


@dataclass(frozen=True, slots=True)
class Fault:
    """Which requests (the first seven) and what happens to them (the others).

    Attributes:
        kind: What the request does, a name of `routes.KINDS`; None is any.
        method: Its HTTP method; None is any.
        path: A glob its path matches, like `/v2/bulk/*`; None is any.
        nth: Only this one of the matching requests, from 1.
        every: Only every Nth of them.
        times: At most so many times; None is no bound.
        probability: How likely the fault fires on a request that is left.
        status: Answer with this status instead. Unless `processed`, nothing is carried out.
        retry_after: `Retry-After` of that answer: seconds or an HTTP date.
        location: `Location` of that answer, for redirects.
        html: Answer with an HTML page, as a proxy in between would; alone it is a 502.
        processed: The request is carried out although the answer says otherwise.
        cut: The connection breaks: `before` (nothing was carried out), `after`, or `truncated`
            (half the answer arrives).
        reset: It breaks by a TCP reset instead of an orderly close.
        delay: Seconds the answer takes longer.
        job: What happens to the job; the fault is then about `submit` only.
    """

    kind: Kind | None = None
    method: str | None = None
    path: str | None = None
    nth: int | None = None
    every: int | None = None
    times: int | None = None
    probability: float = 1.0
    status: int | None = None
    retry_after: int | str | None = None
    location: str | None = None
    html: bool = False
    processed: bool = False
    cut: Cut | None = None
    reset: bool = False
    delay: float = 0.0
    job: JobFault | None = None

    def __post_init__(self) -> None:
        if self.kind is not None and self.kind not in KINDS:
            raise UserError(f"kind of a fault must be one of {', '.join(KINDS)}")
        if self.job is not None and self.kind not in {None, "submit"}:
            raise UserError("A fault with a job is about submits; its kind must be submit")
        if not any(
            (self.status, self.html, self.cut, self.reset, self.delay, self.job, self.location)
        ):
            raise UserError(
                "A fault must do something",
                hint="Give it a status, html, location, cut, reset, delay or job.",
            )

    @property
    def answers(self) -> bool:
        """Whether it puts an answer of its own in the place of the real one."""
        return self.status is not None or self.html or self.location is not None

    @property
    def carried_out(self) -> bool:
        """Whether the request still has its effect."""
        if self.cut_at == "before":
            return False
        return self.processed or not self.answers

    @property
    def cut_at(self) -> Cut | None:
        """Where the connection breaks; a reset without a `cut` is one before anything."""
        return self.cut or ("before" if self.reset else None)

    def matches(self, kind: Kind, method: str, path: str) -> bool:
        """Whether a request is one of those the fault is about, whatever the counters say."""
        wanted = "submit" if self.job is not None else self.kind
        return (
            wanted in {None, kind}
            and self.method in {None, method}
            and (self.path is None or fnmatch.fnmatchcase(path, self.path))
        )


@dataclass(slots=True)
class _Armed:
    fault: Fault
    seen: int = 0
    fired: int = 0


@dataclass(slots=True)
class FaultList:
    """The faults of an account in their order, with how often each has fired."""

    rng: random.Random
    _armed: list[_Armed] = field(default_factory=list)
    fired: int = 0

    def replace(self, faults: Iterable[Fault]) -> None:
        """Have these faults and no others; counting begins anew."""
        self._armed = [_Armed(fault) for fault in faults]

    def add(self, fault: Fault) -> None:
        """Append one; it counts requests from now on."""
        self._armed.append(_Armed(fault))

    def counts(self) -> list[tuple[Fault, int]]:
        """Each fault and how often it has fired."""
        return [(armed.fault, armed.fired) for armed in self._armed]

    def draw(self, kind: Kind, method: str, path: str) -> Fault | None:
        """The fault that this request meets. Every fault that matches counts the request."""
        met: _Armed | None = None
        for armed in self._armed:
            if not armed.fault.matches(kind, method, path):
                continue
            armed.seen += 1
            if met is None and self._fires(armed):
                met = armed
        if met is None:
            return None
        met.fired += 1
        self.fired += 1
        return met.fault

    def _fires(self, armed: _Armed) -> bool:
        fault = armed.fault
        if fault.times is not None and armed.fired >= fault.times:
            return False
        if fault.nth is not None and armed.seen != fault.nth:
            return False
        if fault.every is not None and armed.seen % fault.every:
            return False
        return fault.probability >= 1.0 or self.rng.random() < fault.probability


def _retry_after(value: object) -> object:
    try:
        return integer()(value) if isinstance(value, int) else text(value)
    except UnfitError:
        raise UnfitError("seconds or an HTTP date") from None


_JOB_RULES: dict[str, Rule] = {
    "late": number(),
    "lasts": optional(number()),
    "stops_after": optional(integer()),
    "ending": choice(*ENDINGS),
    "failing": sequence(integer()),
    "failing_every": optional(integer(1)),
    "error": text,
    "lost_after_polls": optional(integer()),
    "missing": sequence(integer()),
    "duplicated": sequence(integer()),
    "foreign": integer(),
}

_RULES: dict[str, Rule] = {
    "kind": optional(choice(*KINDS)),
    "method": optional(choice("GET", "POST")),
    "path": optional(text),
    "nth": optional(integer(1)),
    "every": optional(integer(1)),
    "times": optional(integer(1)),
    "probability": number(0.0, 1.0),
    "status": optional(integer(200, 599)),
    "retry_after": optional(_retry_after),
    "location": optional(text),
    "html": flag,
    "processed": flag,
    "cut": optional(choice("before", "after", "truncated")),
    "reset": flag,
    "delay": number(),
    "job": lambda value: value,
}


def fault_from_mapping(data: object, where: str = "fault") -> Fault:
    """A fault from parsed JSON with the attribute names of `Fault` and `JobFault`.

    Raises:
        UserError: A key is unknown, a value does not fit, or the fault would do nothing.
    """
    read = read_mapping(data, _RULES, where)
    if read.get("job") is not None:
        read["job"] = JobFault(**read_mapping(read["job"], _JOB_RULES, f"job of {where}"))  # type: ignore[arg-type]
    return Fault(**read)  # type: ignore[arg-type]
