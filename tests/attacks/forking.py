"""Forks with connections open: a program that forks, and the server that it talks to.

As a program, `python -m attacks.forking URL TRANSPORT COLOUR ROUNDS`, it opens connections, forks, and has the threads
of all processes read at once; it prints how many processes got an answer that was not theirs, and how many hung. The
server runs in another process, so that no child has a copy of its sockets.

If the reads are awaited, each thread is an event loop whose tasks read at once, and the fork happens while another loop
runs, which has connections open that are idle.

It forks right after threads that used TLS were joined, when OpenSSL may still be freeing what it kept for them.
"""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

from attacks.awaited import LOOPS, find_loop
from attacks.server import Reply, Request, Send, answer, run_scripted_server
from attacks.soak import TRANSPORTS, open_backend_at, trusted_context
from dynamongo.backends.dynamodb import DynamoDBBackend
from dynamongo.operations import Get

R = TypeVar("R")

WAYS = [*((transport, "blocking") for transport in TRANSPORTS), *(("auto", loop) for loop in LOOPS)]
"""Transports and colours."""

CHILDREN = 4
THREADS = 2
READS = 10
PATIENCE = 15
"""Seconds after which a child that hangs is killed."""


def echo(request: Request) -> Reply:
    """Answer a get with its own key."""
    name = request.content["Key"]["id"]["S"]
    return [Send(answer(b'{"Item":{"id":{"S":"%s"}}}' % name.encode()))]


def run_rounds(rounds: int, directory: Path) -> int:
    """Run the program for each transport, on plain connections and on TLS; print and return how many went wrong."""
    wrong = 0
    with trusted_context(directory) as context:
        for secure in (None, context):
            for transport, colour in WAYS:
                with run_scripted_server(echo, secure) as server:
                    found, hung = run_program(server.url, transport, rounds, colour)
                    kind = "plain" if secure is None else "TLS"
                    count, processes = len(server.log), rounds * (CHILDREN + 1)
                    what = f"forks, {transport} {colour} {kind}: {processes} processes, {count} requests,"
                    print(what, found, "wrong,", hung, "hung")
                wrong += found + hung
    return wrong


def run_program(url: str, transport: str, rounds: int, colour: str = "blocking") -> tuple[int, int]:
    """How many processes of the program went wrong, and how many hung."""
    tests = Path(__file__).resolve().parent.parent
    warnings = ["-W", "ignore::DeprecationWarning", "-W", "ignore::ResourceWarning"]
    command = [sys.executable, *warnings, "-m", "attacks.forking", url, transport, colour, str(rounds)]
    path = os.pathsep.join(filter(None, (str(tests), os.environ.get("PYTHONPATH"))))
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": path}, check=True, capture_output=True, text=True, timeout=600
    )
    wrong, hung = map(int, done.stdout.split())
    return wrong, hung


def main(url: str, transport: str, colour: str, rounds: int) -> None:
    """The program."""
    wrong = hung = 0
    for _ in range(rounds):
        with open_backend_at(url, transport) as backend:
            if colour == "blocking":
                found = fork_and_read(backend, colour)
            else:
                found = run_loop(find_loop(colour), fork_on_loop(backend, colour))
            wrong, hung = wrong + found[0], hung + found[1]
    print(wrong, hung)


async def fork_on_loop(backend: DynamoDBBackend, colour: str) -> tuple[int, int]:
    """Fork while a loop has idle connections, and check that the loop goes on with them."""
    await _await_reads(backend, "loop")
    found = fork_and_read(backend, colour)
    is_right = all(await _await_reads(backend, "loop again"))
    await backend.close_async()
    return found[0] + (not is_right), found[1]


def fork_and_read(backend: DynamoDBBackend, colour: str) -> tuple[int, int]:
    """Have children and the parent read at once, and return how many of them went wrong, and how many hung."""
    _read_at_once(backend, "before", colour, threads=6)
    children = [_fork(backend, f"child{number}", colour) for number in range(CHILDREN)]
    wrong = int(not _read_at_once(backend, "parent", colour))
    endings = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
    hung = endings.count(-signal.SIGALRM)
    return wrong + sum(ending not in {0, -signal.SIGALRM} for ending in endings), hung


def _fork(backend: DynamoDBBackend, name: str, colour: str) -> int:
    child = os.fork()
    if child == 0:
        status = 1
        try:
            signal.alarm(PATIENCE)
            status = int(not _read_at_once(backend, name, colour))
        finally:
            os._exit(status)
    return child


def _read_at_once(backend: DynamoDBBackend, name: str, colour: str, *, threads: int = THREADS) -> bool:
    """Whether every read of every thread got its own item."""
    barrier = threading.Barrier(threads)
    right: list[bool] = []

    def read(number: int) -> None:
        barrier.wait()
        if colour != "blocking":
            right.extend(run_loop(find_loop(colour), _await_reads(backend, f"{name}-{number}")))
            return
        for count in range(READS):
            key = _make_key(name, number, count)
            right.append(backend.execute(Get("table", {"id": key})).item == {"id": key})

    workers = [threading.Thread(target=read, args=(number,)) for number in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return all(right) and len(right) == threads * READS


async def _await_reads(backend: DynamoDBBackend, name: str) -> list[bool]:
    """Whether each of several reads at once got its own item."""

    async def read(number: int) -> bool:
        key = _make_key(name, number, 0)
        return (await backend.execute_async(Get("table", {"id": key}))).item == {"id": key}

    return await asyncio.gather(*[read(number) for number in range(READS)])


def _make_key(name: str, number: int, count: int) -> str:
    return f"{name}-{os.getpid()}-{number}-{count}-{time.monotonic_ns()}"


def run_loop(new_loop: Callable[[], asyncio.AbstractEventLoop], main: Coroutine[Any, Any, R]) -> R:
    """Run a coroutine on a new loop."""
    loop = new_loop()
    try:
        return loop.run_until_complete(main)
    finally:
        loop.run_until_complete(loop.shutdown_default_executor())
        loop.close()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))
