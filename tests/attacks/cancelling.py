"""Random requests under random faults in many tasks of one event loop, of which a part is cancelled at random times.

One backend lives through all rounds. What has to hold beyond what `soak` says: a cancelled request is carried out once
at most, and not at all if the error says that it was not sent; and no task is left behind.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any

from attacks.awaited import LOOPS, find_loop
from attacks.growth import Held
from attacks.server import ScriptedServer, run_scripted_server
from attacks.soak import MADE_UP, Attack, Totals, draw_operation, judge, trusted_context
from dynamongo.backends.dynamodb import DynamoDBBackend

TASKS = 32
_AFTERMATH = 0.3
"""Seconds after which the server has read what was sent before a task was cancelled."""


async def attack_in_tasks(backend: DynamoDBBackend, server: ScriptedServer, totals: Totals, seed: int) -> None:
    """Send 20 requests from each of the tasks, and judge what comes of them."""
    server.script = attack = Attack(seed, 0.3)
    cancelled: dict[str, bool] = {}

    async def work(worker: int) -> None:
        draw = random.Random(f"{seed}/{worker}")
        for number in range(20):
            name = f"{seed}-{worker}-{number}"
            result, error = await _send(backend, name, draw)
            totals.requests += 1
            if isinstance(error, asyncio.CancelledError):
                cancelled[name] = getattr(error, "was_sent", True)
            elif problem := judge(attack, name, result, error, strict=True):
                totals.violations.append(f"tasks {server.url}: {problem}")
            if error is not None:
                totals.errors[type(error).__name__] += 1

    await asyncio.gather(*map(work, range(TASKS)))
    await asyncio.sleep(_AFTERMATH)
    for name, was_sent in cancelled.items():
        if attack.carried_out[name] > was_sent:
            totals.violations.append(f"{name}: cancelled, {was_sent=}, carried out {attack.carried_out[name]} times")
    if left := asyncio.all_tasks() - {asyncio.current_task()}:
        totals.violations.append(f"tasks left: {left}")


async def _send(backend: DynamoDBBackend, name: str, draw: random.Random) -> tuple[Any, BaseException | None]:
    async def catch() -> tuple[Any, BaseException | None]:
        try:
            return await backend.execute_async(draw_operation(name, draw)), None
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - what is raised is judged
            return None, error

    task = asyncio.create_task(catch())
    if draw.random() < 0.2:
        await asyncio.sleep(draw.choice((0, 0, draw.uniform(0, 0.002), draw.uniform(0, 0.05))))
        task.cancel()
    try:
        return await task
    except asyncio.CancelledError as error:  # before it began
        error.was_sent = False  # type: ignore[attr-defined]  # as the backend does
        return None, error


def soak_in_tasks(rounds: int, directory: Path, seed: int) -> Totals:
    """Attack in so many rounds on every kind of loop, on plain connections and on TLS."""
    totals = Totals()
    with trusted_context(directory) as context:
        for loop_name in LOOPS:
            for secure in (None, context):
                with run_scripted_server(Attack(seed, 0.0), secure) as server:
                    _run(find_loop(loop_name), lambda server=server: _attack(server, totals, rounds, seed))  # type: ignore[misc]  # mypy cannot infer the default
                    totals.connections += server.connections
    return totals


def _run(new_loop: Callable[[], asyncio.AbstractEventLoop], main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    with contextlib.closing(new_loop()) as loop:
        loop.run_until_complete(main())
        loop.run_until_complete(loop.shutdown_default_executor())


async def _attack(server: ScriptedServer, totals: Totals, rounds: int, seed: int) -> None:
    backend = DynamoDBBackend(**MADE_UP, endpoint_url=server.url)
    held: list[Held] = []
    for number in range(rounds):
        await attack_in_tasks(backend, server, totals, seed + number)
        server.script = Attack(seed, 0.0)
        server.log.clear()
        await backend.close_async()
        await asyncio.sleep(_AFTERMATH)  # for the threads of the server
        held.append(Held.measure())
        if number > 2:
            totals.violations += held[-1].find_growth(held[1])
    totals.held += held
