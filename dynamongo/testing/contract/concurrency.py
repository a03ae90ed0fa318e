"""Concurrency: writes of several threads do not interfere."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Generator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any, ClassVar, cast

from dynamongo.exceptions import (
    ConditionalCheckFailedException,
    ThrottledError,
    TransactionCanceled,
    TransactionConflict,
)
from dynamongo.expressions.conditions import EQ, Comparison, Exists, NotExists, Path
from dynamongo.expressions.updates import AddUpdate, AppendUpdate, IncrementUpdate, SetUpdate
from dynamongo.expressions.values import Item
from dynamongo.operations import Put, UpdateItem
from dynamongo.testing.contract.base import ContractBase, proves
from dynamongo.testing.contract.table import Table

KEY: Item = {"pk": "a"}
N = Path("n")
THREADS = 16

_REFUSED = (ConditionalCheckFailedException, TransactionCanceled, TransactionConflict, ThrottledError)


@contextlib.contextmanager
def interrupted_often() -> Generator[None, None, None]:
    """Switch threads as often as Python can, so that a missing lock shows."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        yield
    finally:
        sys.setswitchinterval(interval)


def run_in_threads(work: Callable[[int], Any]) -> list[Any]:
    """Call `work` with 0 to 15 in as many threads that start together, and return the results."""
    barrier = Barrier(THREADS)

    def begin(number: int) -> Any:
        barrier.wait()
        return work(number)

    with interrupted_often(), ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(begin, range(THREADS)))


def succeeds(write: Callable[..., object], *arguments: Any, **options: Any) -> bool:
    """Return whether the write succeeds; the state of the item may refuse it, but nothing else may."""
    try:
        write(*arguments, **options)
    except _REFUSED:
        return False
    return True


class ConcurrencyContract(ContractBase):
    """Writes of several threads.

    Attributes:
        writes_per_thread: How often each of the 16 threads writes. Lower it if a write takes long.
    """

    writes_per_thread: ClassVar[int] = 500

    @proves("25.8")
    def test_concurrent_increments_are_all_counted(self, table: Table) -> None:
        table.put({**KEY, "n": 0})

        def count(_: int) -> None:
            for _turn in range(self.writes_per_thread):
                table.update(KEY, IncrementUpdate(N, 1), condition=Exists(N))

        run_in_threads(count)
        assert table.items() == [{**KEY, "n": THREADS * self.writes_per_thread}]

    @proves("25.8")
    def test_concurrent_updates_of_several_attributes_are_atomic(self, table: Table) -> None:
        def count(_: int) -> None:
            for _turn in range(10):
                table.update(KEY, AddUpdate(N, 1), AppendUpdate(Path("l"), ("x",)))

        run_in_threads(count)
        assert table.get(KEY) == {**KEY, "n": 160, "l": ["x"] * 160}

    @proves("25.9")
    def test_conditional_update_succeeds_once_for_every_state(self, table: Table) -> None:
        table.put({**KEY, "n": 0})

        def count(_: int) -> int:
            done = 0
            for _turn in range(25):
                seen = cast("Any", table.get(KEY))["n"]
                condition = Comparison(N, EQ, seen)
                done += succeeds(table.update, KEY, SetUpdate(N, seen + 1), condition=condition)
            return done

        done = sum(run_in_threads(count))
        assert table.items() == [{**KEY, "n": done}]

    @proves("25.10")
    def test_one_of_several_concurrent_creations_wins(self, table: Table) -> None:
        for turn in range(5):
            key: Item = {"pk": f"k{turn}"}
            won = run_in_threads(partial(self._create, table, key))
            assert won.count(True) == 1
            assert table.get(key) == {**key, "by": won.index(True)}

    def _create(self, table: Table, key: Item, number: int) -> bool:
        return succeeds(table.put, {**key, "by": number}, condition=NotExists(Path("pk")))

    @proves("25.11")
    def test_concurrent_transactions_move_all_or_nothing(self, table: Table) -> None:
        table.put_all([{"pk": "a", "n": 1000}, {"pk": "b", "n": 0}])
        give = UpdateItem(table.name, {"pk": "b"}, (AddUpdate(N, 1),))
        take = UpdateItem(table.name, {"pk": "a"}, (AddUpdate(N, -1),))

        def move(number: int) -> int:
            receipt = Put(table.name, {"pk": f"receipt {number}"}, NotExists(Path("pk")))
            return sum(succeeds(table.transact, receipt, take, give) for _turn in range(5))

        moved = sum(run_in_threads(move))
        assert 1 <= moved <= THREADS
        assert table.transact_get({"pk": "a"}, {"pk": "b"}) == ({"pk": "a", "n": 1000 - moved}, {"pk": "b", "n": moved})
        assert len(table.items()) == 2 + moved
