"""Snapshots and forks: copies of everything that a memory backend contains."""

from __future__ import annotations

import pytest
from backends.memory.users import BY_NAME, OTHERS, RANGED, SCHEMA, USERS, A, B, ids, make_backend, named

from dynamongo import TableNotFound
from dynamongo.backends.memory import MemoryBackend, VirtualClock
from dynamongo.expressions.conditions import Path
from dynamongo.expressions.updates import AddUpdate
from dynamongo.operations import (
    BatchPut,
    BatchWrite,
    CreateIndex,
    CreateTable,
    Delete,
    DeleteIndex,
    DeleteTable,
    DescribeTable,
    Get,
    Put,
    Scan,
    TransactWrite,
    UpdateItem,
    UpdateTimeToLive,
)
from dynamongo.schema import TableSchema


class TestSnapshots:
    def test_snapshot_can_be_restored_more_than_once(self) -> None:
        backend = make_backend(A)
        snapshot = backend.snapshot()
        for _ in range(2):
            backend.execute(Put(USERS, B))
            backend.execute(Delete(USERS, {"id": "a"}))
            backend.execute(CreateTable(RANGED))
            assert (ids(backend), named(backend, "Jane"), named(backend, "John")) == (["b"], [], ["b"])
            backend.restore(snapshot)
            assert (ids(backend), named(backend, "Jane"), named(backend, "John")) == (["a"], ["a"], [])
            with pytest.raises(TableNotFound):
                backend.execute(DescribeTable(OTHERS))

    def test_changed_tables_are_restored(self) -> None:
        backend = make_backend(A)
        backend.execute(UpdateTimeToLive(USERS, "until"))
        snapshot = backend.snapshot()
        backend.execute(DeleteIndex(USERS, "by_name"))
        backend.execute(UpdateTimeToLive(USERS, "until", enabled=False))
        backend.restore(snapshot)
        assert named(backend, "Jane") == ["a"]
        backend.execute(UpdateTimeToLive(USERS, "until", enabled=False))
        backend.execute(DeleteTable(USERS))
        backend.restore(snapshot)
        assert ids(backend) == ["a"]

    def test_new_index_is_not_in_the_snapshot(self) -> None:
        backend = MemoryBackend()
        backend.execute(CreateTable(TableSchema(USERS, SCHEMA.keys)))
        snapshot = backend.snapshot()
        backend.execute(CreateIndex(USERS, BY_NAME))
        backend.restore(snapshot)
        backend.execute(CreateIndex(USERS, BY_NAME))

    def test_snapshot_can_be_restored_in_another_backend(self) -> None:
        snapshot = make_backend(A).snapshot()
        other = MemoryBackend()
        other.restore(snapshot)
        assert ids(other) == ["a"]

    def test_token_of_an_undone_transaction_can_be_used_again(self) -> None:
        backend = make_backend(A)
        write = TransactWrite((UpdateItem(USERS, {"id": "a"}, (AddUpdate(Path("n"), 1),)),), "token")
        snapshot = backend.snapshot()
        for _ in range(2):
            backend.execute(write)
            backend.execute(write)
            assert backend.execute(Get(USERS, {"id": "a"})).item == {**A, "n": 1}
            backend.restore(snapshot)


class TestForks:
    def test_forks_are_independent(self) -> None:
        seeded = make_backend(A)
        first, second = seeded.fork(), seeded.fork()
        first.execute(Put(USERS, B))
        seeded.execute(Delete(USERS, {"id": "a"}))
        assert (ids(seeded), ids(first), ids(second)) == ([], ["a", "b"], ["a"])
        assert (named(seeded, "Jane"), named(first, "John"), named(second, "John")) == ([], ["b"], [])

    def test_items_are_not_copied(self) -> None:
        seeded = make_backend(A)
        forked = seeded.fork()
        forked.execute(Put(USERS, B))
        assert forked.execute(Get(USERS, {"id": "a"})).item is seeded.execute(Get(USERS, {"id": "a"})).item

    def test_fork_has_the_clock_and_the_lag_but_no_faults(self) -> None:
        clock = VirtualClock()
        forked = make_backend(A, clock=clock, lag=5).fork()
        forked.execute(Put(USERS, B))
        assert forked.execute(Get(USERS, {"id": "b"})).item is None
        clock.advance(seconds=5)
        assert forked.execute(Get(USERS, {"id": "b"})).item == B

    def test_partitions_of_forks_are_independent(self) -> None:
        seeded = MemoryBackend()
        seeded.execute(CreateTable(RANGED))
        seeded.execute(BatchWrite(OTHERS, tuple(BatchPut({"id": "a", "n": n}) for n in range(3))))
        forked = seeded.fork()
        forked.execute(Delete(OTHERS, {"id": "a", "n": 1}))
        assert [item["n"] for item in seeded.execute(Scan(OTHERS)).items] == [0, 1, 2]
        assert [item["n"] for item in forked.execute(Scan(OTHERS)).items] == [0, 2]
