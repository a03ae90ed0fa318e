"""The time of a write: that of the backend which it goes to."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Generator
from typing import Any

from dynamongo.backends import Backend
from dynamongo.connection.connection import connection_of
from dynamongo.connection.overrides import backends


def read_clock(model: type) -> float:
    """Return the time in seconds since 1970: by the clock of the backend in use, if it has one, else the machine's."""
    clock: Any = getattr(connection_of(model).backend, "clock", None)
    seconds: float = time.time() if clock is None else clock()
    return seconds


@contextlib.contextmanager
def writing_to(backend: Backend) -> Generator[None]:
    """Use the backend inside the block: what is written there was fixed before, maybe under another `using` block."""
    block = backends.open(backend, in_process=False)
    try:
        yield
    finally:
        backends.close(block)
