"""Tasks that are cancelled: when they have come to where they should be, and what they raised, on every Python."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable


async def reach(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds: however slow the machine is, as a fixed sleep would not."""
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.001)


def find_raised(error: BaseException) -> BaseException:
    """Return the error that a cancelled task raised, from the one that those get who await the task.

    On Python 3.10 these are two: what is set on the first is not on the second, whose context it is.
    """
    if sys.version_info >= (3, 11):
        return error
    return error.__context__ or error
