"""Forks with connections open: a program that forks, and the server that it talks to.

As a program, `python -m attacks.forking URL TRANSPORT ROUNDS`, it opens connections, forks, and has the threads of all
processes read at once; it prints how many processes got an answer that was not theirs, and how many hung. The server
runs in another process, so that no child has a copy of its sockets.

A thread that ends gives back what OpenSSL keeps for it, and holds a lock of OpenSSL meanwhile, after `Thread.join` has
returned. A child that is forked in this moment never gets that lock, in any program of `ssl` and `os.fork`. So the
program waits until its threads have ended.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

from attacks.server import Reply, Request, Send, answer, run_scripted_server
from attacks.soak import TRANSPORTS, open_backend_at, trusted_context
from dynamongo.backends.dynamodb import DynamoDBBackend
from dynamongo.operations import Get

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
            for transport in TRANSPORTS:
                with run_scripted_server(echo, secure) as server:
                    found, hung = run_program(server.url, transport, rounds)
                    kind = "plain" if secure is None else "TLS"
                    count, processes = len(server.log), rounds * (CHILDREN + 1)
                    print(
                        f"forks, {transport} {kind}: {processes} processes, {count} requests,",
                        found,
                        "wrong,",
                        hung,
                        "hung",
                    )
                wrong += found + hung
    return wrong


def run_program(url: str, transport: str, rounds: int) -> tuple[int, int]:
    """How many processes of the program went wrong, and how many hung."""
    tests = Path(__file__).resolve().parent.parent
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-m", "attacks.forking", url, transport, str(rounds)]
    path = os.pathsep.join(filter(None, (str(tests), os.environ.get("PYTHONPATH"))))
    done = subprocess.run(
        command, env={**os.environ, "PYTHONPATH": path}, check=True, capture_output=True, text=True, timeout=600
    )
    wrong, hung = map(int, done.stdout.split())
    return wrong, hung


def main(url: str, transport: str, rounds: int) -> None:
    """The program."""
    wrong = hung = 0
    for _ in range(rounds):
        with open_backend_at(url, transport) as backend:
            _read_at_once(backend, "before", threads=6)
            _wait_for_threads()
            children = [_fork(backend, f"child{number}") for number in range(CHILDREN)]
            wrong += not _read_at_once(backend, "parent")
            endings = [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]
            hung += endings.count(-signal.SIGALRM)
            wrong += sum(ending not in {0, -signal.SIGALRM} for ending in endings)
    print(wrong, hung)


def _wait_for_threads() -> None:
    """Wait until the system has ended all threads but this one, where it tells (on Linux)."""
    tasks = Path("/proc/self/task")
    while tasks.exists() and len(list(tasks.iterdir())) > 1:
        time.sleep(0.01)


def _fork(backend: DynamoDBBackend, name: str) -> int:
    child = os.fork()
    if child == 0:
        status = 1
        try:
            signal.alarm(PATIENCE)
            status = int(not _read_at_once(backend, name))
        finally:
            os._exit(status)
    return child


def _read_at_once(backend: DynamoDBBackend, name: str, *, threads: int = THREADS) -> bool:
    """Whether every read of every thread got its own item."""
    barrier = threading.Barrier(threads)
    right: list[bool] = []

    def read(number: int) -> None:
        barrier.wait()
        for count in range(READS):
            key = f"{name}-{os.getpid()}-{number}-{count}-{time.monotonic_ns()}"
            item = backend.execute(Get("table", {"id": key})).item
            right.append(item == {"id": key})

    workers = [threading.Thread(target=read, args=(number,)) for number in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    return all(right) and len(right) == threads * READS


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]))
