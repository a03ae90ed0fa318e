"""Heartbeats: what renews the lease of a lock while it is held, in a thread, in a task, or by a virtual clock.

None of them keeps a lock alive: when whoever holds it has forgotten it, its lease runs out.
"""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Protocol

from dynamongo.backends import Backend
from dynamongo.connection.connection import Connection
from dynamongo.locks.hold import Hold

if TYPE_CHECKING:
    import asyncio


class Heartbeat(Protocol):
    """What renews a lease."""

    def stop(self) -> None:
        """Renew it no more."""
        ...


class Pulse:
    """What every heartbeat does: renew the lease of a hold, as long as there is one.

    Args:
        hold: The hold, which is not kept alive.
        backend: Where it was acquired.
        interval: How many seconds pass between two renewals.
    """

    def __init__(self, hold: Hold, backend: Backend, interval: float) -> None:
        self.interval = interval
        self._backend = backend
        self._connection: Connection = hold.requests.connection
        self._find: Callable[[], Hold | None] = weakref.ref(hold)

    def beat(self) -> float | None:
        """Renew the lease; return after how many seconds to do so again, or `None` if there is no reason to."""
        hold = self._find()
        return None if hold is None else self._connection.run(hold.beat(self.interval), self._backend)

    async def beat_async(self) -> float | None:
        """Renew the lease as `beat` does, without blocking the event loop."""
        hold = self._find()
        return None if hold is None else await self._connection.run_async(hold.beat(self.interval), self._backend)


class TimedHeartbeat:
    """Beats whenever a virtual clock is advanced far enough, on the thread that does so."""

    def __init__(self, pulse: Pulse, call_later: Callable[..., Callable[[], None]]) -> None:
        self._pulse = pulse
        self._call_later = call_later
        self._is_stopped = False
        self._cancel = call_later(pulse.interval, self._beat)

    def stop(self) -> None:
        """Renew it no more."""
        self._is_stopped = True
        self._cancel()

    def _beat(self) -> None:
        delay = None if self._is_stopped else self._pulse.beat()
        if delay is not None and not self._is_stopped:
            self._cancel = self._call_later(delay, self._beat)


class ThreadHeartbeat:
    """Beats in a thread. It is a daemon: a program ends without waiting for it, and so do its leases."""

    def __init__(self, pulse: Pulse) -> None:
        self._is_stopped = threading.Event()
        arguments = pulse, self._is_stopped
        threading.Thread(target=_beat_until, args=arguments, name="dynamongo_lock", daemon=True).start()

    def stop(self) -> None:
        """Renew it no more; a request that is under way ends by itself."""
        self._is_stopped.set()


def _beat_until(pulse: Pulse, is_stopped: threading.Event) -> None:
    delay: float | None = pulse.interval
    while delay is not None and not is_stopped.wait(delay):
        delay = pulse.beat()


class TaskHeartbeat:
    """Beats in a task of the event loop that runs now."""

    def __init__(self, pulse: Pulse) -> None:
        from asyncio import create_task  # noqa: PLC0415 - whoever awaits has imported it; nobody else needs it

        self._task: asyncio.Task[None] = create_task(_beat_forever(pulse))

    def stop(self) -> None:
        """Renew it no more."""
        if not self._task.get_loop().is_closed():
            self._task.cancel()


async def _beat_forever(pulse: Pulse) -> None:
    from asyncio import sleep  # noqa: PLC0415 - as above

    delay: float | None = pulse.interval
    while delay is not None:
        await sleep(delay)
        delay = await pulse.beat_async()


def start_heartbeat(hold: Hold, backend: Backend, interval: float, *, in_task: bool) -> Heartbeat:
    """Renew the lease of a hold from now on.

    Args:
        hold: The hold.
        backend: Where it was acquired.
        interval: How many seconds pass between two renewals.
        in_task: Whether an event loop is running whose task does it.
    """
    pulse = Pulse(hold, backend, interval)
    call_later: Any = getattr(backend, "call_later", None)
    if call_later is not None:
        return TimedHeartbeat(pulse, call_later)
    return TaskHeartbeat(pulse) if in_task else ThreadHeartbeat(pulse)
