"""Programs that await requests end, however they are left, and tell of connections that they have left open."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from attacks.forking import echo
from attacks.server import Hold, Reply, Request, ScriptedServer, run_scripted_server
from attacks.variants import ON_LOOPS

_LIMIT = 100.0
"""Seconds after which a program is taken to hang."""

_START = """
import asyncio, os, signal, sys, threading
from asyncio import sleep as pause
from attacks.awaited import find_loop
from dynamongo.backends.dynamodb import DynamoDBBackend
from dynamongo.operations import Get

backend = DynamoDBBackend(access_key_id="a", secret_access_key="b", region="us-east-2", endpoint_url=sys.argv[1])
new_loop = find_loop(sys.argv[2])
begun = threading.Event()

async def get(name):
    return await backend.execute_async(Get("table", {"id": name}))

async def begin():
    "Have two requests answered, and another one under way."
    await asyncio.gather(get("a"), get("b"))
    task = asyncio.create_task(get("never"))
    await asyncio.sleep(0.1)
    begun.set()
    return task

async def await_it():
    "Await it, and wake up now and then: a signal that comes just before the loop starts to wait does not end the wait."
    task = await begin()
    while not task.done():
        await asyncio.wait([task], timeout=0.1)

def run(main):
    loop = new_loop()
    try:
        return loop.run_until_complete(main)
    finally:
        for task in asyncio.all_tasks(loop): task.cancel()
        loop.run_until_complete(asyncio.sleep(0))
        loop.close()

"""

_CLOSED: dict[str, tuple[int, str]] = {
    "closed": (
        0,
        "async def main():\n    await get('a')\n    await backend.close_async()\nrun(main())",
    ),
    "closed without a loop": (0, "run(get('a')); backend.close()"),
    "cancelled, and closed": (
        0,
        "async def main():\n    (await begin()).cancel()\n    await backend.close_async()\nrun(main())",
    ),
}

_OPEN: dict[str, tuple[int, str]] = {
    "idle": (0, "run(get('a'))"),
    "under way": (0, "run(begin())"),
    "raise": (1, "async def main():\n    await begin()\n    raise ValueError\nrun(main())"),
    "sys.exit": (3, "async def main():\n    await begin()\n    sys.exit(3)\nrun(main())"),
    "sys.exit in a callback": (
        3,
        "async def main():\n    (await begin()).get_loop().call_soon(sys.exit, 3)\n    await pause(9)\nrun(main())",
    ),
    "interrupted": (
        -signal.SIGINT,
        (
            "def interrupt():\n    begun.wait()\n    os.kill(os.getpid(), signal.SIGINT)\n"
            "threading.Thread(target=interrupt, daemon=True).start()\nrun(await_it())"
        ),
    ),
    "stopped": (0, "loop = new_loop()\nloop.run_until_complete(begin())"),
    "a loop that goes on": (
        0,
        "threading.Thread(target=run, args=(await_it(),), daemon=True).start()\nbegun.wait()",
    ),
    "several loops": (0, "for _ in range(3): run(get('a'))"),
}


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    """A server that answers all requests but those for `never`."""
    ending = threading.Event()

    def script(request: Request) -> Reply:
        return [Hold(ending)] if b"never" in request.body else echo(request)

    with run_scripted_server(script) as running:
        yield running
        ending.set()


def run_programs(server: ScriptedServer, loop: str, programs: dict[str, tuple[int, str]]) -> Iterator[tuple[str, str]]:
    """Run the programs at once, check how they end, and yield the names with what is on their standard error."""

    def run(program: str) -> subprocess.CompletedProcess[str]:
        options = ["-X", "faulthandler", "-W", "default::ResourceWarning"]
        command = [sys.executable, *options, "-c", f"{_START}{program}\nprint('over', flush=True)\n", server.url, loop]
        environment = {**os.environ, "PYTHONPATH": str(Path(__file__).resolve().parent.parent)}
        with subprocess.Popen(
            command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            hanging = threading.Timer(_LIMIT, process.send_signal, [signal.SIGABRT])  # faulthandler says where then
            hanging.start()
            told, errors = process.communicate()
            hanging.cancel()
        return subprocess.CompletedProcess(command, process.returncode, told, errors)

    with ThreadPoolExecutor(4) as pool:
        ended = pool.map(run, [program for _, program in programs.values()])
        for (name, (code, _)), done in zip(programs.items(), ended, strict=True):
            assert done.returncode == code, (name, done.stderr)
            assert done.stdout == ("over\n" if code == 0 else ""), name
            assert "Fatal" not in done.stderr, name
            yield name, done.stderr


@pytest.mark.parametrize("loop", ON_LOOPS)
def test_program_that_closes_its_backend_ends_in_silence(server: ScriptedServer, loop: str) -> None:
    for name, told in run_programs(server, loop, _CLOSED):
        assert told == "", name


@pytest.mark.parametrize("loop", ON_LOOPS)
def test_program_that_leaves_connections_open_ends_and_tells_it(server: ScriptedServer, loop: str) -> None:
    for name, told in run_programs(server, loop, _OPEN):
        assert "left open by an event loop" in told, (name, told)
