"""Where the time goes in the tasks that missed a target, according to profiles."""

from __future__ import annotations

from typing import NamedTuple


class Profile(NamedTuple):
    """What a profile says.

    Attributes:
        suite: The suite of the tasks.
        tasks: How the names of the tasks begin.
        text: Where their time goes.
    """

    suite: str
    tasks: tuple[str, ...]
    text: str


PROFILES: tuple[Profile, ...] = ()
