"""Forks: locks that a fork waits for, so that no child process finds one held, or what it protects half changed.

A child has the thread that forked, but none of the threads that held locks. So a fork takes every lock that is made
here, from the outermost inwards, and releases them in both processes. If it cannot get one in time, because two threads
wait for each other, it continues without, and the lock is reset in the child.

The locks are reentrant: a signal handler may fork while its thread holds one.

A fork also waits for threads that are about to end. Until Python 3.13, `Thread.join` returns while the native thread
still runs: it frees what OpenSSL keeps for it, and holds a lock of OpenSSL meanwhile. In a child that is forked at that
moment the lock is never released, and the next thread that uses TLS hangs.
"""

from __future__ import annotations

import itertools
import os
import threading
import time
import weakref
from contextlib import AbstractContextManager
from typing import Any, Final

FORKING: Final = 0
CONNECTION: Final = 1
BACKEND: Final = 2
TRANSPORT: Final = 3
INNERMOST: Final = 4
IMPORTS: Final = 5
"""Levels: a thread that holds a lock takes none of a lower level, and no other one of the same level."""

PATIENCE: Final = 10.0
"""Seconds that a fork waits for all locks together."""

ENDING_PATIENCE: Final = 0.1
"""Seconds that a fork waits for ending threads; one that lives longer belongs to another library, and is ignored."""

_TASKS: Final = "/proc/self/task"

_locks: Final[list[set[weakref.ref[Any]]]] = [set() for _ in range(IMPORTS + 1)]
"""The locks by level. A `WeakValueDictionary` would make each five times as expensive, and every backend has some."""

_taken: Final[list[Any]] = []
_foreign: Final[set[str]] = set()


def make_lock(level: int) -> AbstractContextManager[bool]:
    """Return a new lock that forks wait for."""
    lock = threading.RLock()
    known = _locks[level]
    known.add(weakref.ref(lock, known.discard))
    return lock


def _take_all() -> None:
    end = time.monotonic() + PATIENCE
    for lock in _find_all():
        if lock.acquire(timeout=max(0.0, end - time.monotonic())):
            _taken.append(lock)


def _find_all() -> list[Any]:
    """Return all locks, the outermost first; copying a set takes one step, since other threads make locks meanwhile."""
    references = itertools.chain.from_iterable([list(known) for known in _locks])
    return [lock for reference in references if (lock := reference()) is not None]


def _await_ending_threads() -> None:
    """Wait until no native thread runs that Python considers ended."""
    end = time.monotonic() + ENDING_PATIENCE
    while ending := _find_ending_threads():
        if time.monotonic() > end:
            _foreign.update(ending)
        else:
            time.sleep(0.0005)


def _find_ending_threads() -> set[str]:
    try:
        tasks = os.listdir(_TASKS)  # noqa: PTH208 - pathlib is slow to import
    except OSError:  # only Linux has the folder
        return set()
    # After a fork, `threading` still has the old id of this thread.
    known = {str(threading.get_native_id()), *(str(thread.native_id) for thread in threading.enumerate())}
    return set(tasks) - known - _foreign


def _release_all() -> None:
    while _taken:
        _taken.pop().release()


def _release_all_in_child() -> None:
    taken = set(map(id, _taken))
    for lock in _find_all():
        if id(lock) not in taken:
            lock._at_fork_reinit()  # noqa: SLF001 - as the standard library resets its own locks
    _foreign.clear()
    _release_all()


_forking: Final = make_lock(FORKING)  # serializes threads that fork at once

if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_await_ending_threads)  # runs after `_take_all`: hooks run in reverse order
    os.register_at_fork(before=_take_all, after_in_parent=_release_all, after_in_child=_release_all_in_child)
