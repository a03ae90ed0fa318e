"""Drivers: what performs the effects that the executor yields, and the senders of a connection.

Planning, executor and verbs do no I/O: a driver does it for them. There are two, one that blocks and one that awaits,
which differ in nothing else.
"""

from __future__ import annotations

import time
import weakref
from collections.abc import Callable
from typing import Any, TypeVar

from dynamongo._support.dataclasses import dataclass
from dynamongo.backends import Backend, Limits, is_awaitable, make_awaitable, make_bounded, takes_seconds, wait_async
from dynamongo.connection.loop_guard import BlockingPolicy, watch_loop
from dynamongo.connection.observers import execute_observed, execute_observed_async
from dynamongo.executor import Attempt, Pause, RetryBudget, RetryPolicy, Sender, Steps, Until, Wait

R = TypeVar("R")

_DEFAULT_RETRIES = RetryPolicy()


def drive(steps: Steps[R], backend: Backend, seconds: float | None = None) -> R:
    """Perform the effects of an executor's generator one after the other, blocking, and return its result.

    Args:
        steps: The generator.
        backend: What executes the operations.
        seconds: How long the first attempt of an operation may take. An `Attempt` has its own limit.
    """
    execute = make_bounded(backend)
    try:  # around the loop: any of the calls of `next`, `send` and `throw` may end the generator
        effect = next(steps)
        while True:
            result: Any = None
            try:
                if isinstance(effect, Wait):
                    _pass_seconds(backend, effect)
                elif isinstance(effect, Until):
                    effect.gate.wait_for(effect.is_ready)
                elif isinstance(effect, Attempt):
                    result = execute_observed(execute, effect.operation, effect.seconds)
                else:
                    result = execute_observed(execute, effect, seconds)
            except BaseException as error:  # noqa: BLE001 - the generator decides what it means; Ctrl-C passes through
                effect = steps.throw(error)
            else:
                effect = steps.send(result)
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]  # a generator's result arrives untyped


async def drive_async(steps: Steps[R], backend: Backend, seconds: float | None = None) -> R:
    """Perform the effects as `drive` does, without blocking the event loop.

    A cancelled task performs no further effect: the cancellation is an interruption, as Ctrl-C is to `drive`.
    """
    execute = make_awaitable(backend)
    try:
        effect = next(steps)
        while True:
            result: Any = None
            try:
                if isinstance(effect, Wait):
                    await _pass_seconds_async(backend, effect)
                elif isinstance(effect, Until):
                    await effect.gate.wait_for_async(effect.is_ready)
                elif isinstance(effect, Attempt):
                    result = await execute_observed_async(execute, effect.operation, effect.seconds)
                else:
                    result = await execute_observed_async(execute, effect, seconds)
            except BaseException as error:  # noqa: BLE001 - as above; a cancellation passes through as well
                effect = steps.throw(error)
            else:
                effect = steps.send(result)
    except StopIteration as stop:
        return stop.value  # type: ignore[no-any-return]  # as above


def _pass_seconds(backend: Backend, effect: Wait) -> None:
    if not isinstance(effect, Pause):
        backend.wait(effect.seconds)
        return
    now = clock_of(backend)
    end = now() + effect.seconds
    backend.wait(effect.seconds)
    if (rest := end - now()) > 0:  # memory returns at once, unless its clock is virtual
        time.sleep(rest)


async def _pass_seconds_async(backend: Backend, effect: Wait) -> None:
    if not isinstance(effect, Pause):
        await wait_async(backend, effect.seconds)
        return
    now = clock_of(backend)
    end = now() + effect.seconds
    await wait_async(backend, effect.seconds)
    if (rest := end - now()) > 0:
        import asyncio  # noqa: PLC0415 - whoever awaits has imported it; nobody else needs it

        await asyncio.sleep(rest)


@dataclass(frozen=True, slots=True)
class LastUsed:
    """What `Connection.execute` has to know of the backend that was used last, looked up once.

    Attributes:
        refer: Returns the backend, if it still exists: the connection must not keep it alive.
        is_bounded: Whether its `execute` takes a time limit.
        awaited: The function of its `execute`, if it has an `execute_async` that does the same.
        seconds: How long a call may take.
        now: Returns the time by the backend's clock.
        budget: What retries are paid from.
        sender: What sends operations to it.
        find_loop: Finds an event loop that a blocking call must not block; see `loop_guard.watch_loop`.
    """

    refer: Callable[[], Backend | None]
    is_bounded: bool
    awaited: object | None
    seconds: float
    now: Callable[[], float]
    budget: RetryBudget
    sender: Sender
    find_loop: Callable[[], object] | None = None


NONE_USED = LastUsed(
    refer=lambda: None,
    is_bounded=False,
    awaited=None,
    seconds=0.0,
    now=time.monotonic,
    budget=RetryBudget(None),
    sender=Sender(Limits(), _DEFAULT_RETRIES),
)


class Senders:
    """One sender for each backend that a connection has used, because a retry budget belongs to a backend.

    Args:
        retries: The retry policy; by default, that of the backend's own configuration.
        blocking_calls: What to do when a blocking call is made on a running event loop.
        item_size_warning: Beyond how many bytes an item that was written is reported; `None` for never.

    Attributes:
        blocking_calls: The same.
        item_size_warning: The same.
        notable_units: How many write units a write has to consume for its item to be measured.
    """

    def __init__(
        self,
        retries: RetryPolicy | None,
        blocking_calls: BlockingPolicy = "warn",
        item_size_warning: int | None = None,
    ) -> None:
        self._retries = retries
        self.blocking_calls: BlockingPolicy = blocking_calls
        self.item_size_warning = item_size_warning
        self.notable_units = float("inf") if item_size_warning is None else item_size_warning / 1024
        # Weak, or every memory backend that a test has used would live as long as the default connection.
        self._known = weakref.WeakKeyDictionary[Backend, Sender]()

    def look_up(self, backend: Backend) -> LastUsed:
        """Return what `Connection.execute` has to know of a backend."""
        sender = self._find(backend)
        return LastUsed(
            _refer_to(backend),
            takes_seconds(backend),
            getattr(backend.execute, "__func__", backend.execute) if is_awaitable(backend) else None,
            sender.retries.max_seconds,
            sender.now,
            sender.budget,
            sender,
            watch_loop(backend, self.blocking_calls),
        )

    def _find(self, backend: Backend) -> Sender:
        try:
            found = self._known.get(backend)
            # Of two threads that come first at once, both get the sender of the one that is faster.
            return found or self._known.setdefault(backend, self._make(backend))
        except TypeError:  # a backend that has no hash or takes no weak references gets a new budget for each call
            return self._make(backend)

    def _make(self, backend: Backend) -> Sender:
        retries = self._retries
        if retries is None:
            attempts = getattr(backend, "max_attempts", None)
            retries = _DEFAULT_RETRIES if attempts is None else RetryPolicy(attempts)
        return Sender(backend.limits, retries, now=clock_of(backend))


def _refer_to(backend: Backend) -> Callable[[], Backend | None]:
    try:
        return weakref.ref(backend)
    except TypeError:  # its class has slots, and none for weak references
        return lambda: backend


def clock_of(backend: Backend) -> Callable[[], float]:
    """Return the clock that the backend waits by; a method of it is referred to weakly, as the backend itself."""
    now: Callable[[], float] = getattr(backend, "monotonic", time.monotonic)
    if getattr(now, "__self__", None) is not backend:
        return now
    try:
        method = weakref.WeakMethod(now)
    except TypeError:
        return now

    def read() -> float:
        clock = method()
        return time.monotonic() if clock is None else clock()

    return read
