"""Forks: children have connections of their own, and no child waits for a thread that it does not have."""

from __future__ import annotations

import ssl
import subprocess
import sys
from pathlib import Path

import pytest

from attacks.forking import echo, run_program
from attacks.server import run_scripted_server
from attacks.soak import trusted_context

ROUNDS = 4


@pytest.mark.parametrize("transport", ["auto", "boto3", "client"])
def test_children_of_a_fork_get_their_own_answers(transport: str) -> None:
    with run_scripted_server(echo) as server:
        assert run_program(server.url, transport, ROUNDS) == (0, 0)


@pytest.mark.parametrize("transport", ["auto", "boto3"])
def test_children_of_a_fork_get_their_own_answers_over_tls(tmp_path: Path, transport: str) -> None:
    context: ssl.SSLContext
    with trusted_context(tmp_path) as context, run_scripted_server(echo, context) as server:
        assert run_program(server.url, transport, 1)[0] == 0


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
from dynamongo import forks
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
from dynamongo import forks
lock = forks.make_lock(forks.BACKEND)
with lock:
    child = os.fork()
if child == 0:
    with lock:
        os._exit(0)
print(os.waitpid(child, 0)[1])
"""
    assert run(program) == "0\n"


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
