"""Progress: how far something long has come, told to a callback or shown as a bar."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Sized
from typing import Any, Protocol, TypeAlias

from dynamongo._support.dataclasses import dataclass
from dynamongo.exceptions import ConfigurationError


@dataclass(frozen=True, slots=True)
class Progress:
    """How far something has come.

    Attributes:
        done: How many items are dealt with, those that failed included; of a table that is waited for, how often it
            was looked at.
        failed: How many of these failed.
        total: How many there are in all, or `None` where nobody knows.
    """

    done: int
    failed: int = 0
    total: int | None = None


ProgressOption: TypeAlias = "Callable[[Progress], object] | bool | None"
"""A callback, `True` for a bar of tqdm, or nothing."""


class Advance(Protocol):
    """Takes note of how many items more are done, and how many of them failed."""

    def __call__(self, count: int, failures: int = 0) -> None:
        """Tell whoever watches."""
        ...


@contextlib.contextmanager
def report_progress(
    option: ProgressOption, label: str, total: int | None = None, unit: str = "items"
) -> Generator[Advance]:
    """What is to be called with the number of items that are done since, and of those that failed.

    Args:
        option: Where progress goes.
        label: What a bar is called.
        total: How many items there are, if that is known.
        unit: What a bar counts.

    Raises:
        ConfigurationError: A bar is asked for, and tqdm is not installed.
    """
    done = failed = 0
    with _open(option, label, total, unit) as show:

        def advance(count: int, failures: int = 0) -> None:
            nonlocal done, failed
            done, failed = done + count, failed + failures
            show(Progress(done, failed, total))

        yield advance


@contextlib.contextmanager
def _open(option: ProgressOption, label: str, total: int | None, unit: str) -> Generator[Callable[[Progress], object]]:
    if callable(option):
        yield option
    elif option is True:
        with _load_tqdm()(total=total, desc=label, unit=f" {unit}") as bar:
            yield lambda progress: bar.update(progress.done - bar.n)
    elif option is None or option is False:
        yield _ignore
    else:
        raise ConfigurationError(f"progress must be a callback, True or False; got {option!r:.80}")


def _load_tqdm() -> Any:
    try:
        from tqdm import tqdm  # noqa: PLC0415 - it is an extra
    except ImportError as error:
        raise ConfigurationError(
            "progress=True shows a bar of tqdm, which is not installed: pip install 'dynamongo[progress]',"
            " or give a callback"
        ) from error
    return tqdm


def _ignore(_: Progress) -> None:
    pass


def count_of(items: object) -> int | None:
    """How many items there are, if they are counted already."""
    return len(items) if isinstance(items, Sized) else None
