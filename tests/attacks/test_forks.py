"""Forks: children have connections of their own, and no child waits for a thread that it does not have."""

from __future__ import annotations

import os
import signal
import ssl
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from attacks.forking import WAYS, echo, run_program
from attacks.server import Reply, Request, run_scripted_server
from attacks.soak import trusted_context
from attacks.variants import mark_slow

ROUNDS = [1, pytest.param(4, marks=pytest.mark.slow)]


@pytest.mark.parametrize("rounds", ROUNDS)
@pytest.mark.parametrize(
    ("transport", "colour"), mark_slow(WAYS, slow=[("auto", "blocking"), ("auto", "asyncio"), ("boto3", "blocking")])
)
def test_children_of_a_fork_get_their_own_answers(transport: str, colour: str, rounds: int) -> None:
    with run_scripted_server(echo) as server:
        assert run_program(server.url, transport, rounds, colour) == (0, 0)


@pytest.mark.parametrize("rounds", ROUNDS)
@pytest.mark.parametrize(
    ("transport", "colour"), mark_slow([way for way in WAYS if way[0] != "client"], slow=[("auto", "uvloop")])
)
def test_children_of_a_fork_get_their_own_answers_over_tls(
    tmp_path: Path, transport: str, colour: str, rounds: int
) -> None:
    context: ssl.SSLContext
    with trusted_context(tmp_path) as context, run_scripted_server(echo, context) as server:
        assert run_program(server.url, transport, rounds, colour) == (0, 0)


def run(program: str) -> str:
    command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", program]
    return subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout


def test_fork_waits_for_the_memory_backend() -> None:
    """A thread writes all the time, so that without that a child would find the lock held, or an item half written."""
    program = """
import os, signal, threading
from dynamongo.backends.memory import MemoryBackend
from dynamongo.operations import CreateTable, Get, Put
from dynamongo.schema import KeyAttribute, KeySchema, TableSchema
backend = MemoryBackend()
backend.execute(CreateTable(TableSchema("table", KeySchema(KeyAttribute("id", "S")))))
stopping = threading.Event()
def write():
    while not stopping.is_set():
        backend.execute(Put("table", {"id": "a", "text": "x" * 1000}))
writers = [threading.Thread(target=write) for _ in range(2)]
for writer in writers: writer.start()
bad = 0
for _ in range(40):
    child = os.fork()
    if child == 0:
        signal.alarm(20)
        backend.execute(Put("table", {"id": "b"}))
        os._exit(backend.execute(Get("table", {"id": "b"})).item != {"id": "b"})
    bad += os.waitpid(child, 0)[1] != 0
stopping.set()
for writer in writers: writer.join()
print(bad)
"""
    assert run(program) == "0\n"


def test_lock_that_a_fork_cannot_have_is_free_in_the_child() -> None:
    program = """
import os, signal, threading
from dynamongo._support import forks
forks.PATIENCE = 0.05
lock, held, done = forks.make_lock(forks.INNERMOST), threading.Event(), threading.Event()
def hold():
    with lock:
        held.set()
        done.wait()
thread = threading.Thread(target=hold)
thread.start()
held.wait()
child = os.fork()
if child == 0:
    signal.alarm(20)
    with lock:
        os._exit(0)
print(os.waitpid(child, 0)[1])
done.set()
thread.join()
with lock:
    print("free")
"""
    assert run(program) == "0\nfree\n"


def test_fork_inside_of_a_lock_goes_through() -> None:
    program = """
import os
from dynamongo._support import forks
lock = forks.make_lock(forks.BACKEND)
with lock:
    child = os.fork()
if child == 0:
    with lock:
        os._exit(0)
print(os.waitpid(child, 0)[1])
"""
    assert run(program) == "0\n"


NEEDS_TASKS = pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="only Linux lists a process's threads")


@NEEDS_TASKS
def test_fork_waits_for_threads_that_were_joined_and_have_not_ended() -> None:
    """What frees the thread's data, as OpenSSL's does, takes 30 ms here. The hook that counts is called last."""
    program = """
import ctypes, os, threading
counts = []
os.register_at_fork(before=lambda: counts.append(len(os.listdir("/proc/self/task"))))
from dynamongo._support import forks
forks.ENDING_PATIENCE = 20
system, key = ctypes.CDLL(None), ctypes.c_uint()
system.pthread_key_create(ctypes.byref(key), system.usleep)
for _ in range(5):
    thread = threading.Thread(target=system.pthread_setspecific, args=(key, ctypes.c_void_p(30_000)))
    thread.start()
    thread.join()
    if os.fork() == 0:
        os._exit(0)
    os.wait()
print(counts)
"""
    assert run(program) == "[1, 1, 1, 1, 1]\n"


@NEEDS_TASKS
def test_fork_does_not_wait_again_for_a_thread_of_another_library() -> None:
    program = """
import _thread, os, signal
from dynamongo._support import forks
started, done = _thread.allocate_lock(), _thread.allocate_lock()
started.acquire()
done.acquire()
def stay():
    started.release()
    done.acquire()
_thread.start_new_thread(stay, ())
started.acquire()
for patience in (0.1, float("inf")):
    forks.ENDING_PATIENCE = patience
    signal.alarm(20)
    child = os.fork()
    if child == 0:
        os._exit(len(forks._foreign))
    print(os.waitpid(child, 0)[1], len(forks._foreign))
"""
    assert run(program) == "0 1\n0 1\n"


def test_children_do_not_draw_the_same_jitter() -> None:
    program = """
import os
from dynamongo import RetryPolicy
for _ in range(3):
    if os.fork() == 0:
        print(RetryPolicy().wait(5).seconds, flush=True)
        os._exit(0)
    os.wait()
print(RetryPolicy().wait(5).seconds)
"""
    assert len(set(run(program).split())) == 4


FORKS_WHILE_IT_READS = """
import os, signal, sys
from attacks.soak import open_backend_at
from dynamongo.operations import Get
child = None
def fork(*_):
    global child
    child = os.fork()
signal.signal(signal.SIGUSR1, fork)
with open_backend_at(sys.argv[1], "auto") as backend:
    try:
        item = backend.execute(Get("table", {"id": str(os.getpid())})).item
        print("answer", child != 0, item is not None, flush=True)
    except Exception as error:
        print("refused", child == 0, getattr(error, "was_sent", error), flush=True)
    if child == 0:
        backend.execute(Get("table", {"id": "child"}))
        os._exit(0)
    os.waitpid(child, 0)
"""


def test_fork_while_an_answer_is_read_leaves_the_answer_to_the_parent() -> None:
    """The server has the program fork, in a signal handler, and answers when the child has asked for something else."""
    child_asked = threading.Event()

    def script(request: Request) -> Reply:
        name = request.content["Key"]["id"]["S"]
        if name == "child":
            child_asked.set()
        else:
            os.kill(int(name), signal.SIGUSR1)
            child_asked.wait(20)
        return echo(request)

    with run_scripted_server(script) as server:
        path = str(Path(__file__).resolve().parent.parent)
        command = [sys.executable, "-W", "ignore::DeprecationWarning", "-c", FORKS_WHILE_IT_READS, server.url]
        environment = {**os.environ, "PYTHONPATH": path}
        done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True, timeout=60)
    assert sorted(done.stdout.splitlines()) == ["answer True True", "refused True True"]
