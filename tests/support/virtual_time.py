"""Time that passes only when everybody waits, so that hours of waiting test in milliseconds.

    clock = VirtualClock()
    result = clock.run(main(clock))      # like asyncio.run, on a loop whose time is the clock's

Inside `run`, `clock.sleep`, `asyncio.sleep`, `asyncio.timeout` and `loop.call_later` all wait in
virtual time. Time jumps to the next timer when no task can go on, in an order that never varies;
when there is no timer either, nothing can ever happen again and `Deadlock` says so. Functions given
to `asyncio.to_thread` run at once, in the loop's thread. Sockets must not be used: they need time
that passes by itself.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import selectors
from collections.abc import Callable, Coroutine, Mapping
from typing import Any, TypeVar

T = TypeVar("T")

START = 1_750_000_000.0
"""`time()` of a new clock, in epoch seconds."""


class Deadlock(RuntimeError):  # noqa: N818
    """Every task waits and no timer is set."""


class VirtualClock:
    """The three ways qsync knows time, on time that is made up.

    Args:
        start: `time()` at the beginning, in epoch seconds.

    `monotonic()` begins at 1000, so that code which takes it for the other one fails.
    """

    def __init__(self, start: float = START) -> None:
        self._offset = start - 1_000.0
        self._now = 1_000.0

    def monotonic(self) -> float:
        """Seconds since some moment; for measuring waits."""
        return self._now

    def time(self) -> float:
        """Epoch seconds; for comparing with what a server says."""
        return self._offset + self._now

    @property
    def elapsed(self) -> float:
        """Seconds passed since the clock was made."""
        return self._now - 1_000.0

    async def sleep(self, seconds: float) -> None:
        """Wait; other tasks go on meanwhile."""
        await asyncio.sleep(seconds)

    def advance(self, seconds: float) -> None:
        """Let time pass from outside a running loop, or as if a call had blocked so long."""
        self._now += seconds

    def run(self, main: Coroutine[Any, Any, T]) -> T:
        """Run a coroutine to its end in virtual time; may be called again, time goes on."""
        with asyncio.Runner(loop_factory=lambda: _VirtualLoop(self)) as runner:
            return runner.run(main)


class _VirtualLoop(asyncio.SelectorEventLoop):
    def __init__(self, clock: VirtualClock) -> None:
        super().__init__(_JumpingSelector(clock))
        self._clock = clock
        # A timer counts as due within this: finer than any wait, coarser than rounding errors.
        self._clock_resolution = 1e-9

    def time(self) -> float:
        return self._clock.monotonic()

    def run_in_executor(  # type: ignore[override]
        self, executor: concurrent.futures.Executor | None, func: Callable[..., T], *args: Any
    ) -> asyncio.Future[T]:
        future: asyncio.Future[T] = self.create_future()
        try:
            future.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - handed on to whoever awaits it
            future.set_exception(error)
        return future


class _JumpingSelector(selectors.BaseSelector):
    """Never blocks: where another selector would wait, time has passed."""

    def __init__(self, clock: VirtualClock) -> None:
        self._clock = clock
        self._real = selectors.DefaultSelector()

    def select(
        self, timeout: float | None = None
    ) -> list[tuple[selectors.SelectorKey, selectors._EventMask]]:
        ready = self._real.select(0)
        if ready:
            return ready
        if timeout is None:
            raise Deadlock("every task waits for another one, and no timer is set")
        self._clock.advance(timeout)
        return []

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._real.unregister(fileobj)

    def close(self) -> None:
        self._real.close()

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._real.get_map()
