"""One emulated account without any transport: a request in, an answer out, time handed in."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterable, Mapping
from types import MappingProxyType

from qsync.emulator import bulk, listing, records
from qsync.emulator.answers import coded, error, insufficient_scope, invalid_token
from qsync.emulator.delivery import answer_of_fault, response
from qsync.emulator.faults import Fault, FaultList
from qsync.emulator.jobs import Job
from qsync.emulator.limits import Limiter, Refusal
from qsync.emulator.messages import Answer, EmulatedRequest, EmulatedResponse, LoggedRequest
from qsync.emulator.request_log import RequestLog
from qsync.emulator.routes import Kind, Route, find_route
from qsync.emulator.settings import ApiKey, EmulatorSettings
from qsync.emulator.store import Company, FieldRecord, Lead
from qsync.emulator.world import Call, Counts, World

Endpoint = Callable[[World, Call], Answer]

_ENDPOINTS: Mapping[Kind, Endpoint] = MappingProxyType(
    {
        "fields": records.fields,
        "list_leads": listing.list_leads,
        "read_lead": records.read_lead,
        "write_lead": records.write_lead,
        "write_company": records.write_company,
        "submit": bulk.submit,
        "poll": bulk.poll,
        "erase": records.erase,
    }
)


class Account:
    """A team's account at Qualified.

    Safe to use from several threads: a test may look at the records while a server answers.

    Args:
        settings: How it behaves.
        clock: Epoch seconds now. Jobs advance to it whenever anything is asked.
        seed: Of everything random, except the ids, which are new for each account.
    """

    def __init__(
        self, settings: EmulatorSettings, *, clock: Callable[[], float], seed: int = 0
    ) -> None:
        self._initial = settings
        self._clock = clock
        self._seed = seed
        self._lock = threading.RLock()
        self._faults = FaultList(self._rng("faults"))
        self.reset()

    def reset(self) -> None:
        """Be a new account: the settings of the start, no records, no faults, an empty log.

        Its ids differ from those before: for a client it is another account.
        """
        with self._lock:
            self._settings = self._initial
            self._world = World(self._settings, self._rng("world"), self._clock())
            self._limiter = Limiter(self._settings.limits)
            self._latency_rng = self._rng("latency")
            self._faults = FaultList(self._rng("faults"))
            self._log = RequestLog(self._settings.log_size)

    def _rng(self, purpose: str) -> random.Random:
        # One generator for each purpose: a fault more does not change the order of jobs.
        return random.Random(f"{self._seed}:{purpose}")  # noqa: S311 - a simulation, no secret

    def handle(self, request: EmulatedRequest) -> EmulatedResponse:
        """Answer a request that starts now and ends `delay` seconds later.

        It counts as in flight for that long.
        """
        with self._lock:
            now = self._clock()
            response, token = self._begin(request, now)
            if token is not None:
                if response.delay > 0:
                    self._limiter.release_at(token, now + response.delay)
                else:
                    self._limiter.release(token)
            return response

    def begin(self, request: EmulatedRequest) -> tuple[EmulatedResponse, int | None]:
        """Answer a request whose end a transport will tell: the answer and a token for `finish`."""
        with self._lock:
            return self._begin(request, self._clock())

    def finish(self, token: int | None) -> None:
        """The answer has been delivered, or its client has gone."""
        if token is not None:
            with self._lock:
                self._limiter.release(token)

    def _begin(self, request: EmulatedRequest, now: float) -> tuple[EmulatedResponse, int | None]:
        self._world.queue.advance(now)
        route = find_route(request.method, request.path)
        if not isinstance(route, Route):
            return self._logged(request, _unrouted(route), now), None
        key = self._authenticated(request)
        if isinstance(key, Answer):
            return self._logged(request, key, now, route.kind), None
        admitted = self._limiter.admit(now)
        if isinstance(admitted, Refusal):
            return self._logged(request, self._refused(admitted, now), now, route.kind), None
        fault = self._faults.draw(route.kind, request.method, request.path)
        before = self._world.counts.submitted
        answer = self._answer(request, route, key, now, fault)
        items = self._world.counts.submitted - before
        return self._logged(request, answer, now, route.kind, fault, items), admitted

    def _authenticated(self, request: EmulatedRequest) -> ApiKey | Answer:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        key = self._settings.keys.get(token) if scheme.lower() == "bearer" else None
        if key is None:
            return invalid_token()
        return key if key.api_enabled else invalid_token(api_enabled=False)

    def _refused(self, refusal: Refusal, now: float) -> Answer:
        """429; the one for requests in flight says nothing about when to come back."""
        plain = coded(429, "rate_limited", refusal.message)
        if refusal.retry_after is None:
            return plain
        retry_after = ("Retry-After", str(refusal.retry_after))
        return Answer(429, plain.payload, (retry_after, *self._limiter.headers(now)))

    def _answer(
        self, request: EmulatedRequest, route: Route, key: ApiKey, now: float, fault: Fault | None
    ) -> Answer:
        headers = self._limiter.headers(now)
        if fault is not None and not fault.carried_out:
            answer = error(500, "Nothing was carried out")
        elif route.scope is not None and not key.allows(route.scope):
            answer = insufficient_scope(route.scope)
        elif self._too_large(request.body):
            answer = error(413, "The body is too large")
        else:
            job_fault = None if fault is None else fault.job
            call = Call(request, route.argument, key, now, job_fault)
            answer = _ENDPOINTS[route.kind](self._world, call)
        if fault is not None and fault.answers:
            answer = answer_of_fault(fault)
            if fault.html or (answer.status == 429 and fault.retry_after is None):
                headers = ()
        return Answer(answer.status, answer.payload, (*answer.headers, *headers))

    def _too_large(self, body: bytes) -> bool:
        bound = self._settings.max_body_bytes
        return bound is not None and len(body) > bound

    def _logged(
        self,
        request: EmulatedRequest,
        answer: Answer,
        now: float,
        kind: Kind | None = None,
        fault: Fault | None = None,
        items: int = 0,
    ) -> EmulatedResponse:
        """The answer as a response, noted in the log."""
        cut = None if fault is None else fault.cut_at
        body = request.body if self._settings.keep_bodies else None
        status = 0 if cut == "before" else answer.status
        line = LoggedRequest(now, request.method, request.path, status, items, cut, body)
        self._log.add(line, kind)
        delay = self._settings.latency
        if self._settings.latency_jitter:
            delay += self._latency_rng.random() * self._settings.latency_jitter
        return response(answer, delay, fault)

    # What tests and people look at.

    @property
    def settings(self) -> EmulatorSettings:
        """How it behaves now."""
        return self._settings

    def configure(self, settings: EmulatorSettings) -> None:
        """Behave differently from now on; records, jobs and counters stay."""
        with self._lock:
            self._settings = settings
            self._world.configure(settings, self._clock())
            self._limiter.configure(settings.limits)

    def set_faults(self, faults: Iterable[Fault]) -> None:
        """Have these faults and no others; none at all ends all trouble."""
        with self._lock:
            self._faults.replace(faults)

    def add_fault(self, fault: Fault) -> None:
        """Have one fault more."""
        with self._lock:
            self._faults.add(fault)

    def faults(self) -> list[tuple[Fault, int]]:
        """Each fault and how often it has fired."""
        with self._lock:
            return self._faults.counts()

    def faults_fired(self) -> int:
        """How many requests met a fault, of those that are not set any more too."""
        with self._lock:
            return self._faults.fired

    def _now(self) -> World:
        self._world.queue.advance(self._clock())
        return self._world

    def leads(self) -> list[Lead]:
        """All leads in the order of their creation."""
        with self._lock:
            return list(self._now().store.leads.values())

    def lead(self, email: str) -> Lead | None:
        """The lead with this address, in any spelling of it."""
        with self._lock:
            return self._now().store.lead_by_email(email)

    def companies(self) -> list[Company]:
        """All companies in the order of their creation."""
        with self._lock:
            return list(self._now().store.companies.values())

    def company(self, domain: str) -> Company | None:
        """The company with exactly this domain."""
        with self._lock:
            return self._now().store.companies.get(domain)

    def fields(self) -> list[FieldRecord]:
        """The field definitions of both entities."""
        with self._lock:
            both = self._world.store.fields
            return [*both["lead"].values(), *both["company"].values()]

    def jobs(self) -> list[Job]:
        """The jobs it still knows, in the order they came in."""
        with self._lock:
            return list(self._now().queue.jobs.values())

    def requests(self) -> list[LoggedRequest]:
        """The request log, oldest first."""
        with self._lock:
            return list(self._log.lines)

    def items(self) -> Counts:
        """What became of the items of all jobs."""
        with self._lock:
            return self._now().counts

    def requests_by_kind(self) -> Mapping[str, int]:
        """How many requests there were of each kind (`routes.KINDS`, or `unknown`)."""
        with self._lock:
            return dict(self._log.kinds)

    def requests_by_status(self) -> Mapping[int, int]:
        """How many answers there were of each status; 0 is none at all."""
        with self._lock:
            return dict(self._log.statuses)

    def most_in_flight(self) -> int:
        """The most requests that were in flight at once, one that was refused included."""
        with self._lock:
            return self._limiter.most_in_flight


def _unrouted(methods: tuple[str, ...]) -> Answer:
    if not methods:
        return Answer(404, {"message": "Not found"})
    answer = error(405, "Method not allowed")
    return Answer(answer.status, answer.payload, (("Allow", ", ".join(methods)),))
