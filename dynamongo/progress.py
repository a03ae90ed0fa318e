"""Progress: how far something long has come, told to a callback or shown as a bar."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Sized
from dataclasses import dataclass
from typing import Any, TypeAlias

from dynamongo.exceptions import ConfigurationError


@dataclass(frozen=True, slots=True)
class Progress:
    """How far something has come.

    Attributes:
        done: How many items are dealt with, those that failed included.
        failed: How many of these failed.
        total: How many there are in all, or `None` where nobody knows.
    """

    done: int
    failed: int = 0
    total: int | None = None


ProgressOption: TypeAlias = "Callable[[Progress], object] | bool | None"
"""A callback, `True` for a bar of tqdm, or nothing."""


@contextlib.contextmanager
def report_progress(option: ProgressOption, label: str, total: int | None) -> Generator[Callable[[int, int], None]]:
    """What is to be called with the number of items that are done since, and of those that failed.

    Args:
        option: Where progress goes.
        label: What a bar is called.
        total: How many items there are, if that is known.

    Raises:
        ConfigurationError: A bar is asked for, and tqdm is not installed.
    """
    done = failed = 0
    with _open(option, label, total) as show:

        def advance(count: int, failures: int = 0) -> None:
            nonlocal done, failed
            done, failed = done + count, failed + failures
            show(Progress(done, failed, total))

        yield advance


@contextlib.contextmanager
def _open(option: ProgressOption, label: str, total: int | None) -> Generator[Callable[[Progress], object]]:
    if callable(option):
        yield option
    elif option:
        with _load_tqdm()(total=total, desc=label, unit=" items") as bar:
            yield lambda progress: bar.update(progress.done - bar.n)
    else:
        yield _ignore


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
