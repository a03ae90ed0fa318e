"""Execution: how a connection executes one operation, or steps of the executor, blocking or awaited.

Every verb comes through here; those for one item take as few steps as possible.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

from dynamongo.backends import Backend, make_awaitable, make_bounded, open_async, takes_seconds
from dynamongo.connection.drivers import NONE_USED, LastUsed, Senders, drive, drive_async
from dynamongo.connection.loop_guard import is_loop, report_blocking
from dynamongo.connection.observers import execute_observed, execute_observed_async, observers
from dynamongo.exceptions import BackendError
from dynamongo.executor import Sender, Steps
from dynamongo.operations import Operation

R = TypeVar("R")


class Execution:
    """Executes on the backend in use.

    Args:
        senders: What sends operations.
    """

    if TYPE_CHECKING:

        @property
        def backend(self) -> Backend:
            """The backend in use."""
            ...

    def __init__(self, senders: Senders) -> None:
        self._senders = senders
        self._last = NONE_USED

    @property
    def item_size_warning(self) -> int | None:
        """Beyond how many bytes an item that was written is reported; `None` for never."""
        return self._senders.item_size_warning

    @property
    def notable_units(self) -> float:
        """How many write units a write has to consume for its item to be measured: one pays for 1 KB."""
        return self._senders.notable_units

    def run(self, make_steps: Callable[[Sender], Steps[R]], backend: Backend | None = None) -> R:
        """Perform steps of the executor, and return their result.

        Args:
            make_steps: Returns the steps, given what sends operations.
            backend: Where to perform them; the backend in use by default. Whoever names one has begun a call of
                several requests, and calls `check_blocking` once for it.
        """
        named = backend
        if backend is None:
            backend = self.backend
        last = self._last
        if last.refer() is not backend:
            last = self._look_up(backend)
        if named is None and (find_loop := last.find_loop) is not None and find_loop() is not None:
            self._report_blocking(backend)
        return drive(make_steps(last.sender), backend, last.seconds)

    def execute(self, operation: Operation[R], backend: Backend | None = None) -> R:
        """Execute one operation, like `run` with `Sender.send`, in fewer steps: single reads and writes use it.

        The first attempt needs no generator. If it fails, the steps of `Sender.retry` follow; `seconds` of the error
        tell them when it began, so that a success need not read the clock.
        """
        named = backend
        if backend is None:
            backend = self.backend
        last = self._last
        if last.refer() is not backend:
            last = self._look_up(backend)
        if named is None and (find_loop := last.find_loop) is not None and find_loop() is not None:
            self._report_blocking(backend)
        started: float | None = None
        try:
            if last.is_bounded and not observers.get():
                bounded: Any = backend  # whose `execute` takes seconds
                result: R = bounded.execute(operation, last.seconds)
            else:
                started = last.now()
                result = execute_observed(make_bounded(backend), operation, last.seconds)
        except TypeError as error:
            if not last.is_bounded or not _was_replaced(backend, error):
                raise
            self._last = NONE_USED  # so that the next call looks at `execute` again, as the steps do now
            steps = last.sender.send(operation)
        except BackendError as error:
            steps = last.sender.retry(operation, error, last.now() - error.seconds if started is None else started)
        else:
            if not last.budget.is_full:
                last.budget.refund(1)
            return result
        return drive(steps, backend, last.seconds)

    async def run_async(self, make_steps: Callable[[Sender], Steps[R]], backend: Backend | None = None) -> R:
        """Perform steps as `run` does, without blocking the event loop."""
        named = backend
        if backend is None:
            backend = self.backend
        last = self._last
        if last.refer() is not backend:
            backend, last = await self._look_up_async(named)
        return await drive_async(make_steps(last.sender), backend, last.seconds)

    async def execute_async(self, operation: Operation[R], backend: Backend | None = None) -> R:
        """Execute one operation as `execute` does, without blocking the event loop."""
        named = backend
        if backend is None:
            backend = self.backend
        last = self._last
        if last.refer() is not backend:
            backend, last = await self._look_up_async(named)
        started: float | None = None
        awaitable: Any = backend
        function = awaitable.execute  # looked up each time: a test may replace it at any time
        try:
            if getattr(function, "__func__", function) is last.awaited and not observers.get():
                result: R = await awaitable.execute_async(operation, last.seconds)
            else:
                started = last.now()
                result = await execute_observed_async(make_awaitable(backend), operation, last.seconds)
        except BackendError as error:
            steps = last.sender.retry(operation, error, last.now() - error.seconds if started is None else started)
        else:
            if not last.budget.is_full:
                last.budget.refund(1)
            return result
        return await drive_async(steps, backend, last.seconds)

    def check_blocking(self, backend: Backend, model: str = "", verb: str = "") -> None:
        """Report a call that is about to block a running event loop, as `blocking_calls` of the connection says.

        A call of several requests does so when it begins, on its caller's thread; single ones do it by themselves.

        Args:
            backend: Where the requests go.
            model: The name of the model, for the message.
            verb: The name of the verb, if its function is no longer on the stack.

        Raises:
            BlockingCallForbidden: Such calls are forbidden.
        """
        last = self._last
        if last.refer() is not backend:
            last = self._look_up(backend)
        if last.find_loop is not None and last.find_loop() is not None:
            self._report_blocking(backend, model, verb)

    def _report_blocking(self, backend: Backend, model: str = "", verb: str = "") -> None:
        # Looked up again: asyncio may have been imported since.
        find_loop = self._look_up(backend).find_loop
        if find_loop is not None and is_loop(find_loop()):
            report_blocking(self._senders.blocking_calls, model, verb)

    def _look_up(self, backend: Backend) -> LastUsed:
        last = self._last = self._senders.look_up(backend)
        return last  # not the attribute, which another thread may replace at once

    async def _look_up_async(self, named: Backend | None) -> tuple[Backend, LastUsed]:
        """Open the backend, which is that of the connection unless one is named, and look up how to use it."""
        while True:
            backend = self.backend if named is None else named
            await open_async(backend)
            if named is not None or backend is self.backend:
                return backend, self._look_up(backend)
            # The connection was closed or reconfigured meanwhile: nobody would close the backend after this request.


def _was_replaced(backend: Backend, error: TypeError) -> bool:
    """Whether a call with a time limit failed because `execute` is now a function that takes the operation alone.

    A test may replace it at any time. The error then comes from the call itself, which has no frame below ours.
    """
    was_entered = error.__traceback__ is not None and error.__traceback__.tb_next is not None
    return not was_entered and not takes_seconds(backend)
