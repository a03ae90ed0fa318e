"""Every program ends: however an iterator or a bulk write is left, and whatever its threads are at work on.

Each ending is a program of its own. Its requests are made in threads, and the store may answer none of them any more. A
program that hangs fails by the time limit of its process, which says nothing about how long the others take.
"""

from __future__ import annotations

import contextlib
import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

_LIMIT = 60.0
"""Seconds after which a program is taken to hang."""

_START = '''
import atexit, itertools, json, signal, sys, threading
from dataclasses import replace
from queue import SimpleQueue
from dynamongo import Connection, IntField, Model
from dynamongo.backends.memory import MemoryBackend
from dynamongo.operations import BatchWrite, Delete, Put, Scan, UpdateItem


class Store(MemoryBackend):
    """Answers so many reads and writes of items, and keeps the others waiting until it may go on."""

    limits = replace(MemoryBackend.limits, concurrency=4)

    def __init__(self):
        super().__init__()
        self.left = itertools.count(1)
        self.answers = 10**9
        self.waiting, self.gate = SimpleQueue(), SimpleQueue()  # which a signal never interrupts half-way

    def execute(self, operation):
        if isinstance(operation, (BatchWrite, Delete, Put, Scan, UpdateItem)) and next(self.left) > self.answers:
            self.waiting.put(None)
            self.gate.get()
        return super().execute(operation)


class User(Model):
    __table__ = "users"
    __hash_key__ = "id"
    __scans__ = "allow"
    id = IntField(required=True)
    visits = IntField()


store = Store()
Connection.set_config(backend=store)
User.create_table()
User.save_many([{"id": number} for number in range(400)])


def endless():
    return ({"id": number} for number in itertools.count())


def answer(count):
    """From now on, answer so many requests."""
    store.left, store.answers = itertools.count(1), count

'''

_LEFT = {
    "raise in a loop over save_iter": (1, "for outcome in User.save_iter(endless()): raise ValueError"),
    "raise in a function": (
        1,
        "def main():\n    outcomes = User.save_iter(endless())\n    for outcome in outcomes: raise ValueError\nmain()",
    ),
    "raise in a loop over update_iter": (
        1,
        "for each in User.update_iter(itertools.count(), User.visits.set(1)): raise ValueError",
    ),
    "raise in a loop over delete_iter": (1, "for outcome in User.delete_iter(itertools.count()): raise ValueError"),
    "raise in a loop over a parallel scan": (1, "for user in User.find(segments=4, page_size=3): raise ValueError"),
    "kept save_iter": (0, "kept = User.save_iter(endless()); next(kept)"),
    "kept iterator of a parallel scan": (0, "kept = iter(User.find(segments=4, page_size=3)); next(kept)"),
    "kept pages": (0, "kept = User.find(segments=4, page_size=3).pages(); next(kept)"),
    "kept zip": (0, "kept = zip(User.find(segments=4, page_size=3), range(2)); next(kept)"),
    "kept in a cycle": (0, "kept = [User.save_iter(endless())]; kept.append(kept); next(kept[0]); del kept"),
    "kept by a thread that runs": (
        0,
        (
            "kept = User.save_iter(endless()); reader = threading.Thread(target=next, args=(kept,))\n"
            "reader.start(); reader.join()"
        ),
    ),
    "kept by a daemon that goes on": (
        0,
        (
            "begun = threading.Event()\n"
            "def go_on():\n    for outcome in User.save_iter(endless()): begun.set()\n"
            "threading.Thread(target=go_on, daemon=True).start(); begun.wait()"
        ),
    ),
    "sys.exit in a loop": (3, "for outcome in User.save_iter(endless()): sys.exit(3)"),
    "sys.exit in a function": (
        3,
        "def main():\n    kept = User.save_iter(endless())\n    for outcome in kept: sys.exit(3)\nmain()",
    ),
    "break": (0, "for outcome in User.save_iter(endless()): break"),
    "closed when the interpreter ends": (
        0,
        "kept = User.save_iter(endless()); next(kept); atexit.register(kept.close)",
    ),
}


def run(program: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-X", "faulthandler", "-c", _START + program]
    return subprocess.run(command, capture_output=True, text=True, timeout=_LIMIT, check=False)


@pytest.mark.parametrize(
    "answers", [1, pytest.param(3, marks=pytest.mark.slow), pytest.param(10**9, marks=pytest.mark.slow)]
)
def test_program_ends_whatever_is_left_open(answers: int) -> None:
    """Also where the store answers nothing more: what is under way then is abandoned, and never waited for."""
    programs = (f"answer({answers})\n{program}\nprint('over', flush=True)\n" for _, program in _LEFT.values())
    with ThreadPoolExecutor(8) as pool:  # since most of them wait for a second
        for (ending, (code, _)), ended in zip(_LEFT.items(), pool.map(run, programs), strict=True):
            assert ended.returncode == code, (ending, ended.stderr)
            assert ended.stdout == ("over\n" if code == 0 else ""), ending
            assert "Fatal" not in ended.stderr, ending


def test_leaving_writes_that_take_too_long_warns() -> None:
    ended = run(
        "answer(1)\noutcomes = User.save_iter(endless()); next(outcomes)\nstore.waiting.get()\noutcomes.close()\n"
    )
    assert ended.returncode == 0
    assert (
        "RuntimeWarning: User: an iterator over the outcomes of writes was closed while requests were" in ended.stderr
    )


def test_nothing_is_sent_once_an_iterator_is_left() -> None:
    ended = run(
        "outcomes = User.save_iter(endless()); next(outcomes); outcomes.close()\n"
        "sent = next(store.left); threading.Event().wait(0.05); print(next(store.left) - sent)\n"
    )
    assert ended.stdout == "1\n"


def test_program_may_write_in_threads_while_it_ends() -> None:
    """When the main thread is over, other threads go on: `concurrent.futures` would refuse them its threads then."""
    ended = run(
        "def write():\n"
        "    threading.main_thread().join()\n"
        "    print(User.save_many(({'id': n} for n in range(1000, 1300)), max_workers=4).success_count, flush=True)\n"
        "threading.Thread(target=write).start()\n"
    )
    assert (ended.returncode, ended.stdout) == (0, "300\n"), ended.stderr


_INTERRUPTED = """
def open_gate():
    for _ in range(100):
        store.gate.put(None)

def serve():
    for line in sys.stdin:
        open_gate()
threading.Thread(target=serve, daemon=True).start()
answer(4)
is_reported = False

def interrupt(number, frame):
    if not is_reported:
        raise KeyboardInterrupt

signal.signal(signal.SIGINT, interrupt)

def tell():
    for _ in range(4):
        store.waiting.get()
    print("under way", flush=True)
threading.Thread(target=tell, daemon=True).start()
try:
    WRITE
except KeyboardInterrupt as error:
    is_reported = True
    result = error.partial_result
    store.answers = 10**9
    open_gate()
    print(json.dumps({
        "done": sorted(user.id for user in result.success),
        "failed": sorted([failure.item.id, type(failure.error).__name__] for failure in result.failures),
        "changed": sorted(user.id for user in User.get_many() if user.visits == 1),
        "left": sorted(user.id for user in User.get_many()),
    }), flush=True)
"""


@contextlib.contextmanager
def started(program: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", _START + program]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def interrupt(write: str) -> dict[str, Any]:
    """What a program prints that is interrupted while four requests are under way, which are then answered."""
    with started(_INTERRUPTED.replace("WRITE", write)) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "under way\n"
        process.send_signal(signal.SIGINT)
        told, errors = process.communicate("go on\n", timeout=_LIMIT)
        assert process.returncode == 0, errors
        answer: dict[str, Any] = json.loads(told)
        return answer


def interrupt_until_told(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Interrupt again and again: a signal that comes just before a thread waits for a lock is seen when it has it."""
    deadline = time.monotonic() + _LIMIT
    while time.monotonic() < deadline:
        process.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            answer: dict[str, Any] = json.loads(process.communicate(timeout=0.5)[0])
            return answer
    pytest.fail("the program goes on whatever it is sent")


class TestInterrupts:
    """Ctrl-C is raised when the requests under way are over, with what became of every item."""

    def test_save_many(self) -> None:
        told = interrupt("User.save_many([User(id=n, visits=1) for n in range(400)])")
        assert told["done"] == told["changed"]
        assert len(told["done"]) >= 200
        assert sorted(told["done"] + [number for number, _ in told["failed"]]) == list(range(400))
        assert {kind for _, kind in told["failed"]} <= {"WriteNotSent"}

    def test_update_many(self) -> None:
        told = interrupt("User.update_many(list(range(400)), User.visits.set(1))")
        assert told["done"] == told["changed"]
        assert sorted(told["done"] + [number for number, _ in told["failed"]]) == list(range(400))
        assert {kind for _, kind in told["failed"]} <= {"WriteNotSent"}

    def test_delete_many(self) -> None:
        told = interrupt("User.delete_many(list(range(400)))")
        assert told["left"] == [number for number, _ in told["failed"]]
        assert sorted(told["done"] + told["left"]) == list(range(400))

    def test_stream_yields_what_was_not_yielded_before(self) -> None:
        told = interrupt(
            "seen = []\n    for each in User.save_iter(User(id=n, visits=1) for n in range(400)): seen.append(each)"
        )
        assert set(told["done"]) <= set(told["changed"])
        assert {kind for _, kind in told["failed"]} <= {"WriteNotSent"}

    def test_batch(self) -> None:
        with started(
            _INTERRUPTED.replace(
                "WRITE",
                "with User.batch() as batch:\n        for n in range(400): batch.save(User(id=n, visits=1))",
            ).replace("range(4):\n        store", "range(1):\n        store")
        ) as process:
            assert process.stdout is not None
            assert process.stdout.readline() == "under way\n"
            answer = interrupt_until_told(process)
        unknown = [number for number, _ in answer["failed"]]
        assert answer["done"] == list(range(100))
        assert unknown == list(range(100, 125))
        assert {kind for _, kind in answer["failed"]} == {"WriteOutcomeUnknown"}


def test_second_interruption_waits_for_nothing() -> None:
    """The store never answers: what was under way is unknown."""
    with started(
        _INTERRUPTED.replace("WRITE", "User.save_many([User(id=n, visits=1) for n in range(400)])")
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "under way\n"
        answer = interrupt_until_told(process)
    assert {kind for _, kind in answer["failed"]} == {"WriteNotSent", "WriteOutcomeUnknown"}
    assert sum(kind == "WriteOutcomeUnknown" for _, kind in answer["failed"]) == 100
