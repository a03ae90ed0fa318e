"""Colours: what calls a verb blocking, and what awaits it, in tasks that are cancelled at random.

Code that calls verbs through a `Colour` is written once, as coroutines; those of the blocking colour never wait.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, Protocol, TypeAlias, TypeVar

from dynamongo import Connection

R = TypeVar("R")
Outcome: TypeAlias = "tuple[Any, BaseException | None]"


class NotBegun(Exception):  # noqa: N818 - nothing went wrong
    """The task was cancelled before anything of this was sent."""


class Colour(Protocol):
    """What calls verbs.

    Attributes:
        tasks: How many tasks are at work at once.
    """

    tasks: int

    def run(self, main: Coroutine[Any, Any, R]) -> R:
        """Run a coroutine to its end."""
        ...

    async def gather(self, works: Sequence[Coroutine[Any, Any, R]]) -> list[R]:
        """Run coroutines, at once if there are tasks, and return their results."""
        ...

    async def call(self, owner: Any, verb: str, *arguments: Any, **named: Any) -> Any:
        """Call a verb of a model, or of an instance."""
        ...

    async def attempt(self, owner: Any, verb: str, *arguments: Any, **named: Any) -> Outcome:
        """Call a verb, and return its result, or what it yielded, and the error that it raised."""
        ...

    async def transact(self, fill: Callable[[Any], None]) -> BaseException | None:
        """Execute the transaction that `fill` fills, and return the error that it raised."""
        ...


class Blocking:
    """Verbs that block."""

    tasks = 1

    def run(self, main: Coroutine[Any, Any, R]) -> R:
        try:
            main.send(None)
        except StopIteration as stop:
            return stop.value  # type: ignore[no-any-return]  # a generator's result arrives untyped
        raise AssertionError("the coroutine waits for something")

    async def gather(self, works: Sequence[Coroutine[Any, Any, R]]) -> list[R]:
        return [await work for work in works]

    async def call(self, owner: Any, verb: str, *arguments: Any, **named: Any) -> Any:
        return getattr(owner, verb)(*arguments, **named)

    async def attempt(self, owner: Any, verb: str, *arguments: Any, **named: Any) -> Outcome:
        try:
            result = getattr(owner, verb)(*arguments, **named)
            return list(result) if verb.endswith("_iter") else result, None
        except Exception as error:  # noqa: BLE001 - the caller raises what it does not expect
            return None, error

    async def transact(self, fill: Callable[[Any], None]) -> BaseException | None:
        try:
            with Connection.transaction() as tx:
                fill(tx)
        except Exception as error:  # noqa: BLE001 - as above
            return error
        return None


class InTasks:
    """Verbs that are awaited in several tasks at once, of which some are cancelled.

    Args:
        draw: Decides which ones.
        aftermath: For how many seconds a request whose task was cancelled may be carried out.
        new_loop: Creates the event loop.
    """

    tasks = 4

    def __init__(
        self,
        draw: random.Random,
        aftermath: float = 0.0,
        new_loop: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop,
    ) -> None:
        self._random = draw
        self._aftermath = aftermath
        self._new_loop = new_loop

    def run(self, main: Coroutine[Any, Any, R]) -> R:
        loop = self._new_loop()
        try:
            return loop.run_until_complete(_closing(main))
        finally:
            loop.close()

    async def gather(self, works: Sequence[Coroutine[Any, Any, R]]) -> list[R]:
        return await asyncio.gather(*works)

    async def call(self, owner: Any, verb: str, *arguments: Any, **named: Any) -> Any:
        return await getattr(owner.aio, verb)(*arguments, **named)

    async def attempt(self, owner: Any, verb: str, *arguments: Any, **named: Any) -> Outcome:
        yielded: list[Any] = []

        async def run() -> Any:
            result = getattr(owner.aio, verb)(*arguments, **named)
            if not verb.endswith("_iter"):
                return await result
            async for each in result:
                yielded.append(each)  # noqa: PERF401 - it keeps what came before an error
            return yielded

        result, error = await self._perhaps_cancelled(run)
        return result if error is None else yielded, error

    async def transact(self, fill: Callable[[Any], None]) -> BaseException | None:
        async def run() -> None:
            async with Connection.aio.transaction() as tx:
                fill(tx)

        return (await self._perhaps_cancelled(run))[1]

    async def _perhaps_cancelled(self, run: Callable[[], Coroutine[Any, Any, Any]]) -> Outcome:
        async def catch() -> Outcome:
            try:
                return await run(), None
            except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - as above
                return None, error

        task = asyncio.create_task(catch())
        if self._random.random() < 0.15:
            await self._pause()
            task.cancel()
        try:
            result, error = await task
        except asyncio.CancelledError:
            return None, NotBegun()
        if isinstance(error, asyncio.CancelledError):
            await asyncio.sleep(self._aftermath)
        return result, error

    async def _pause(self) -> None:
        """Let the task take some steps, or, since a server takes its time, wait."""
        if self._aftermath and self._random.random() < 0.5:
            await asyncio.sleep(self._random.uniform(0, 0.01))
        for _turn in range(self._random.choice((0, 1, 2, 3, 4, 6, 9, 15, 30))):
            await asyncio.sleep(0)


async def _closing(main: Coroutine[Any, Any, R]) -> R:
    async with Connection.aio:
        return await main
