"""Effects: what the generators of the executor ask their driver to do.

A generator yields an operation to be executed, an `Attempt`, a `Wait` or an `Until`, and is sent the result of the
operation, or has the error of the backend thrown into it, or the interruption (Ctrl-C, a cancelled task). It knows
neither threads nor event loops: those are the driver's.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from dynamongo._support.dataclasses import dataclass
from dynamongo.operations import Operation

if TYPE_CHECKING:
    from dynamongo._support.gates import Gate

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class Wait:
    """Let this many seconds pass."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Pause(Wait):
    """Let this many seconds pass on a store that needs no time to recover, too: for something that others do."""


@dataclass(frozen=True, slots=True)
class Attempt:
    """Execute an operation once more, in the time that is left.

    Attributes:
        operation: What to execute.
        seconds: The time that is left.
    """

    operation: Operation[Any]
    seconds: float


@dataclass(frozen=True, slots=True)
class Until:
    """Wait for steps that are performed at the same time.

    Attributes:
        gate: Where they report changes.
        is_ready: Returns whether the wait is over. It may take what it has found free: nobody else looks meanwhile.
    """

    gate: Gate
    is_ready: Callable[[], bool]


Effect: TypeAlias = Operation[Any] | Attempt | Wait | Until
"""An operation by itself is executed for the first time, and may take as long as the policy says."""

Steps: TypeAlias = Generator[Effect, Any, R]
"""Effects to perform, in order, and the result that they lead to."""
