"""Transactions of several threads: each of them is atomic."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import Any

import pytest
from backends.memory.accounts import SCHEMA, TABLE, add, put, read, read_all, write

from dynamongo.backends.memory import MemoryBackend
from dynamongo.exceptions import TransactionCanceled
from dynamongo.expressions.conditions import GE, Comparison, Path
from dynamongo.expressions.updates import IncrementUpdate
from dynamongo.operations import CreateTable, Get, TransactGet, UpdateItem


@pytest.fixture
def backend() -> MemoryBackend:
    backend = MemoryBackend()
    backend.execute(CreateTable(SCHEMA))
    return backend


class TestThreads:
    ACCOUNTS = tuple("abcdefgh")
    THREADS = 8
    MOVES = 150
    TOTAL = 100 * len(ACCOUNTS)

    @pytest.fixture(autouse=True)
    def interrupt_often(self) -> Iterator[None]:
        interval = sys.getswitchinterval()
        sys.setswitchinterval(1e-5)
        yield
        sys.setswitchinterval(interval)

    @pytest.fixture
    def bank(self, backend: MemoryBackend) -> MemoryBackend:
        for name in self.ACCOUNTS:
            backend.execute(put(name, n=100, g="x"))
        return backend

    def move(self, bank: MemoryBackend, seed: int) -> int:
        """Move amounts between accounts that may not be overdrawn, and return how often that succeeded."""
        random = Random(seed)
        cancelled: list[TransactionCanceled] = []
        for _ in range(self.MOVES):
            source, target = random.sample(self.ACCOUNTS, 2)
            amount = random.randint(1, 40)
            taken = UpdateItem(
                TABLE,
                {"id": source},
                (IncrementUpdate(Path("n"), -amount),),
                Comparison(Path("n"), GE, amount),
            )
            try:
                write(bank, add(target, amount), taken)
            except TransactionCanceled as error:
                cancelled.append(error)
        codes = {tuple(reason.code for reason in error.reasons) for error in cancelled}
        assert codes <= {("None", "ConditionalCheckFailed")}
        return self.MOVES - len(cancelled)

    def read_sum(self, bank: MemoryBackend) -> int:
        items: Any = bank.execute(TransactGet(tuple(Get(TABLE, {"id": name}) for name in self.ACCOUNTS))).items
        return sum(item["n"] for item in items)

    def run(self, work: Callable[[int], int]) -> list[int]:
        with ThreadPoolExecutor(self.THREADS) as pool:
            return list(pool.map(work, range(self.THREADS)))

    def test_moving_amounts_keeps_the_sum(self, bank: MemoryBackend) -> None:
        done = self.run(lambda seed: self.move(bank, seed))
        amounts = [item["n"] for _, item in read_all(bank)]
        assert (sum(amounts), min(amounts) >= 0, min(done) > 0) == (self.TOTAL, True, True)
        assert read_all(bank, "by_g") == read_all(bank)

    def test_no_reader_sees_half_a_transaction(self, bank: MemoryBackend) -> None:
        def work(seed: int) -> int:
            if seed % 2:
                return self.move(bank, seed)
            sums = {self.read_sum(bank) for _ in range(self.MOVES)}
            assert sums == {self.TOTAL}
            return self.MOVES

        assert min(self.run(work)) > 0

    def test_one_of_many_transactions_with_the_same_token_is_executed(self, bank: MemoryBackend) -> None:
        self.run(lambda _: len([write(bank, add("a", 1), token=f"t{number}") for number in range(50)]))
        assert read(bank) == {"id": "a", "n": 150, "g": "x"}
