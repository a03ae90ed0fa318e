"""Progress of long calls, reported to a callback or shown as a progress bar."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Sized
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from dynamongo._support.dataclasses import dataclass
from dynamongo.arguments import has_to_be_awaited
from dynamongo.exceptions import ConfigurationError


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a call has come.

    Attributes:
        done: How many items have been processed, including those that failed; while a table is waited for, how often it
            has been polled.
        failed: How many of them failed.
        total: How many there are in all, or `None` if that is unknown.
    """

    done: int
    failed: int = 0
    total: int | None = None


ProgressOption: TypeAlias = "Callable[[Progress], object] | bool | None"
"""A callback, `True` for a progress bar of tqdm, or nothing."""


if TYPE_CHECKING:

    class Advance(Protocol):
        """Adds to the number of items that are done, and to the number of those that failed."""

        def __call__(self, count: int, failures: int = 0) -> None:
            """Report the new totals."""
            ...


@contextlib.contextmanager
def report_progress(
    option: ProgressOption, label: str, total: int | None = None, unit: str = "items"
) -> Generator[Advance]:
    """Open the callback or bar for a call, and return the function that reports each step.

    Args:
        option: Where progress goes.
        label: The label of a bar.
        total: How many items there are, if that is known.
        unit: What a bar counts.

    Raises:
        ConfigurationError: `option` is `True`, but tqdm is not installed.
    """
    if option is None or option is False:  # nearly always, and for every item
        yield _ignore
        return
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
        _refuse_coroutines(option)
        yield option
    elif option is True:
        with _load_tqdm()(total=total, desc=label, unit=f" {unit}") as bar:
            yield lambda progress: bar.update(progress.done - bar.n)  # tqdm takes what is new, not the total
    else:
        raise ConfigurationError(f"progress must be a callback, True or False; got {option!r:.80}")


def _refuse_coroutines(callback: Callable[[Progress], object]) -> None:
    if has_to_be_awaited(callback):
        raise ConfigurationError(
            f"progress must be a function that returns at once, in awaited verbs as well; got {callback!r:.80}, which"
            " would have to be awaited: start a task in it, or put the Progress into a queue"
        )


def _load_tqdm() -> Any:
    try:
        from tqdm import tqdm  # noqa: PLC0415 - an optional dependency
    except ImportError as error:
        raise ConfigurationError(
            "progress=True shows a bar of tqdm, which is not installed: pip install 'dynamongo[progress]',"
            " or pass a callback"
        ) from error
    return tqdm


def _ignore(count: int, failures: int = 0) -> None:
    pass


def find_total(items: object) -> int | None:
    """Return the number of items if the collection knows it, and `None` for an iterator."""
    return len(items) if isinstance(items, Sized) else None
