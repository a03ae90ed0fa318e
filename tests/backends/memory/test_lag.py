"""Lag: eventually consistent reads are behind, and nothing else is."""

from __future__ import annotations

from pathlib import Path as FilePath
from typing import Any

import pytest
from backends.memory.users import BY_NAME, OTHERS, RANGED, USERS, A, B, ids, make_backend, named

from dynamongo import ConfigurationError, TableNotFound
from dynamongo.backends.memory import MemoryBackend, VirtualClock
from dynamongo.expressions.conditions import EQ, Comparison, Path
from dynamongo.expressions.updates import AddUpdate
from dynamongo.expressions.values import Item
from dynamongo.operations import (
    BatchGet,
    CreateIndex,
    CreateTable,
    Delete,
    DeleteIndex,
    DeleteTable,
    Get,
    Put,
    Scan,
    TransactGet,
    UpdateItem,
    UpdateTimeToLive,
)


class TestLag:
    def make(self, *items: Item) -> tuple[MemoryBackend, VirtualClock]:
        clock = VirtualClock()
        return make_backend(*items, clock=clock, lag=2), clock

    def test_eventually_consistent_reads_are_behind(self) -> None:
        backend, clock = self.make(A)
        get = Get(USERS, {"id": "a"})
        reads: list[Any] = [get, BatchGet(USERS, ({"id": "a"},)), Scan(USERS)]
        assert [getattr(backend.execute(each), "items", None) for each in reads] == [None, (), ()]
        assert (backend.execute(get).item, named(backend, "Jane")) == (None, [])
        clock.advance(seconds=1.9)
        assert backend.execute(get).item is None
        clock.advance(seconds=0.1)
        assert (backend.execute(get).item, named(backend, "Jane")) == (A, ["a"])
        assert backend.execute(BatchGet(USERS, ({"id": "a"},))).items == (A,)

    def test_consistent_reads_and_transactions_are_not_behind(self) -> None:
        backend, _ = self.make(A)
        assert backend.execute(Get(USERS, {"id": "a"}, consistent=True)).item == A
        assert backend.execute(BatchGet(USERS, ({"id": "a"},), consistent=True)).items == (A,)
        assert backend.execute(TransactGet((Get(USERS, {"id": "a"}),))).items == (A,)
        assert ids(backend) == ["a"]

    def test_conditions_and_updates_see_the_present_item(self) -> None:
        backend, _ = self.make(A)
        update = UpdateItem(USERS, {"id": "a"}, (AddUpdate(Path("n"), 1),), Comparison(Path("name"), EQ, "Jane"))
        backend.execute(update)
        backend.execute(update)
        assert backend.execute(Get(USERS, {"id": "a"}, consistent=True)).item == {**A, "n": 2}

    def test_changes_arrive_in_order(self) -> None:
        backend, clock = self.make(A)
        clock.advance(seconds=1)
        backend.execute(Put(USERS, {**A, "name": "John"}))
        clock.advance(seconds=1)
        backend.execute(Delete(USERS, {"id": "a"}))
        seen: list[Any] = []
        for _ in range(3):
            seen.append((backend.execute(Get(USERS, {"id": "a"})).item or {}).get("name"))
            clock.advance(seconds=1)
        assert seen == ["Jane", "John", None]

    def test_tables_and_indexes_do_not_lag(self) -> None:
        backend, _ = self.make()
        backend.execute(CreateTable(RANGED))
        assert backend.execute(Scan(OTHERS)).items == ()
        backend.execute(Put(OTHERS, {"id": "a", "n": 1}))
        backend.execute(DeleteIndex(USERS, "by_name"))
        backend.execute(CreateIndex(USERS, BY_NAME))
        assert named(backend, "Jane") == []
        backend.execute(DeleteTable(OTHERS))
        with pytest.raises(TableNotFound):
            backend.execute(Scan(OTHERS))
        backend.execute(CreateTable(RANGED))
        assert backend.execute(Scan(OTHERS)).items == ()

    def test_deletion_of_expired_items_lags(self) -> None:
        backend, clock = self.make({**A, "until": int(VirtualClock().now()) + 60})
        backend.execute(UpdateTimeToLive(USERS, "until"))
        clock.advance(seconds=61)
        assert (backend.expire(), named(backend, "Jane"), ids(backend)) == (1, ["a"], [])
        clock.advance(seconds=2)
        assert named(backend, "Jane") == []

    def test_restoring_and_loading_do_not_lag(self, tmp_path: FilePath) -> None:
        backend, _ = self.make(A)
        snapshot = backend.snapshot()
        backend.dump(tmp_path / "users.json")
        backend.restore(snapshot)
        assert named(backend, "Jane") == ["a"]
        backend.execute(Delete(USERS, {"id": "a"}))
        assert named(backend, "Jane") == ["a"]
        backend.load(tmp_path / "users.json")
        backend.execute(Put(USERS, B))
        assert (named(backend, "Jane"), named(backend, "John"), ids(backend)) == (["a"], [], ["a", "b"])

    @pytest.mark.parametrize("lag", [-1, "1", True, float("nan")])
    def test_invalid_lag_is_refused(self, lag: Any) -> None:
        with pytest.raises(ConfigurationError, match="lag must be a number of seconds"):
            MemoryBackend(lag=lag)
