"""Locks: who holds one, for how long, and what everybody else is told; in both colours."""

from __future__ import annotations

import copy
import gc
from collections.abc import Iterator
from typing import Any

import pytest

from dynamongo import (
    ConfigurationError,
    Connection,
    ExpressionError,
    Lock,
    LockFields,
    LockItem,
    LockLost,
    LockNotAcquired,
    Model,
    StringField,
    TableNotFound,
    TransactionCanceled,
)
from dynamongo.backends import Backend
from dynamongo.backends.memory import MemoryBackend, VirtualClock
from locks.conftest import Verbs


def stored(name: str = "a") -> LockItem:
    return LockItem.get_one(name)


class TestOnEachBackend:
    @pytest.fixture(autouse=True)
    def locks(self, on_each_backend: Backend) -> Iterator[None]:
        with Connection.using(on_each_backend, table_prefix="test_lock-"):
            LockItem.create_table()
            yield
            LockItem.delete_table()

    @pytest.fixture
    def verbs(self) -> Iterator[Verbs]:
        found = Verbs("blocking")
        yield found
        found.loop.close()

    def test_uncontended_lock_costs_two_writes_and_a_renewal_another(self, verbs: Verbs) -> None:
        with Connection.record() as calls:
            lock = verbs(Lock("a", owner="jane"), "acquire")
            assert lock.is_held
            assert stored().owner == "jane"
            verbs(lock, "renew")
            verbs(lock, "release")
            assert not lock.is_held
        assert [type(call.operation).__name__ for call in calls] == ["UpdateItem", "Get", "UpdateItem", "UpdateItem"]
        assert calls.write_units == 3
        assert LockItem.get_raw("a").keys() == {"name", "token", "expires"}

    def test_token_grows_with_every_acquisition(self, verbs: Verbs) -> None:
        tokens = list[int]()
        for lock in (Lock("a"), Lock("a"), Lock("b"), Lock("a")):
            verbs(lock, "acquire")
            tokens.append(lock.token)
            verbs(lock, "release")
        assert tokens[1:2] + tokens[3:] == [tokens[0] + 1, tokens[0] + 2]
        LockItem.delete_one("b")  # as a time to live would
        verbs(lock := Lock("b"), "acquire")
        assert lock.token > tokens[2]
        verbs(lock, "release")

    def test_transaction_is_carried_out_only_while_the_lock_is_held(self, verbs: Verbs) -> None:
        verbs(lock := Lock("a", heartbeat=False), "acquire")
        with Connection.transaction() as tx:
            lock.check(tx)
            tx.create(LockItem(name="written"))
        assert LockItem.exists("written")
        with pytest.raises(TransactionCanceled) as caught:  # noqa: PT012, SIM117 - the end of the block raises
            with Connection.transaction() as tx:
                lock.check(tx)
                tx.create(LockItem(name="not written"))
                LockItem.update_one("a", LockItem.rvn.set("another one"))
        assert [reason.code for reason in caught.value.reasons] == ["ConditionalCheckFailed", "None"]
        with pytest.raises(LockLost, match="has taken it"):
            verbs(lock, "renew")
        with pytest.raises(LockLost):
            verbs(lock, "release")

    def test_item_that_is_no_lock_stays_as_it_is(self, verbs: Verbs) -> None:
        LockItem(name="a").save()
        with pytest.raises(ConfigurationError, match="the item with name = 'a' is no lock"):
            verbs(Lock("a"), "acquire")
        assert stored() == LockItem(name="a")


class TestWaiting:
    def test_lock_that_is_held_is_refused(self, memory: MemoryBackend, clock: VirtualClock, verbs: Verbs) -> None:
        verbs(held := Lock("a", owner="jane"), "acquire")
        since, started = clock.utcnow(), clock.now()
        assert verbs(Lock("a"), "try_acquire") is False
        with pytest.raises(LockNotAcquired) as caught:
            verbs(Lock("a", timeout=5), "acquire")
        assert clock.now() - started == 5
        error = caught.value
        assert (error.name, error.owner, error.since, error.seconds_left) == ("a", "jane", since, 25)
        assert str(error) == (
            "the lock with name = 'a' could not be acquired in 5 s: 'jane' has held it since 2026-01-01T00:00:00+00:00,"
            " and its lease lasts 25 s unless it is renewed"
        )
        verbs(held, "release")
        assert verbs(Lock("a"), "try_acquire") is True

    def test_timeout_of_a_call_takes_the_place_of_that_of_the_lock(
        self, memory: MemoryBackend, clock: VirtualClock, verbs: Verbs
    ) -> None:
        verbs(held := Lock("a"), "acquire")
        started = clock.now()
        with pytest.raises(LockNotAcquired):
            verbs(Lock("a", timeout=1000), "acquire", timeout=2)
        assert clock.now() - started == 2
        verbs(held, "release")

    def test_lease_of_a_crashed_holder_runs_out(self, memory: MemoryBackend, clock: VirtualClock, verbs: Verbs) -> None:
        verbs(crashed := Lock("a", lease=20, heartbeat=False), "acquire")
        clock.advance(seconds=7)
        started = clock.now()
        with Connection.record() as calls:
            verbs(other := Lock("a", lease=1000, poll=2), "acquire")
        assert clock.now() - started == 20  # by its own clock: since it first saw the lease, however old that is
        assert other.token == crashed.token + 1
        assert not crashed.is_held
        kinds = [type(call.operation).__name__ for call in calls]
        assert kinds[0] == kinds[-1] == "UpdateItem"
        assert set(kinds[1:-1]) == {"Query"}
        assert 10 <= calls.read_units == len(kinds) - 2 <= 21
        verbs(other, "release")

    @pytest.mark.parametrize("skew", [-300, 0, 300])
    def test_clocks_that_differ_do_not_end_a_lease(
        self, memory: MemoryBackend, clock: VirtualClock, verbs: Verbs, skew: int
    ) -> None:
        verbs(held := Lock("a"), "acquire")
        memory.clock = lambda: clock.now() + skew
        waiter = Lock("a")
        assert not verbs(waiter, "try_acquire")
        clock.advance(seconds=29)  # the heartbeat goes on
        assert not verbs(waiter, "try_acquire")
        clock.advance(seconds=29)
        assert not verbs(waiter, "try_acquire")
        assert held.is_held
        verbs(held, "release")

    def test_lease_that_ended_long_ago_is_taken_at_once(
        self, memory: MemoryBackend, clock: VirtualClock, verbs: Verbs
    ) -> None:
        verbs(Lock("a", lease=30, heartbeat=False), "acquire")
        clock.advance(seconds=30 + 600)
        assert not verbs(Lock("a"), "try_acquire")  # the holder's clock may be right, and that of the waiter wrong
        clock.advance(seconds=1)
        assert verbs(Lock("a", heartbeat=False), "try_acquire")

    def test_calls_that_do_not_wait_remember_what_they_have_seen(
        self, memory: MemoryBackend, clock: VirtualClock, verbs: Verbs
    ) -> None:
        verbs(Lock("a", heartbeat=False), "acquire")
        tries = list[bool]()
        lock = Lock("a", heartbeat=False)
        for _ in range(4):
            tries.append(verbs(lock, "try_acquire"))
            clock.advance(seconds=10)
        assert tries == [False, False, False, True]

    def test_deleted_item_is_a_free_lock(self, memory: MemoryBackend, verbs: Verbs) -> None:
        verbs(held := Lock("a"), "acquire")
        LockItem.delete_one("a")
        assert verbs(Lock("a", heartbeat=False), "try_acquire")
        with pytest.raises(LockLost, match="has taken it"):
            verbs(held, "release")

    def test_item_is_kept_for_a_day(self, memory: MemoryBackend, clock: VirtualClock, verbs: Verbs) -> None:
        verbs(lock := Lock("a"), "acquire")
        clock.advance(hours=30)
        assert memory.expire() == 0
        assert lock.is_held
        verbs(lock, "release")
        clock.advance(hours=23)
        assert memory.expire() == 0
        clock.advance(hours=2)
        assert memory.expire() == 1


class TestLoss:
    def test_lock_whose_lease_ran_out_is_lost(self, memory: MemoryBackend, clock: VirtualClock, verbs: Verbs) -> None:
        def work() -> None:
            lock.check()
            clock.advance(seconds=31)
            assert not lock.is_held
            with pytest.raises(LockLost):
                lock.check()
            with pytest.raises(LockLost):
                verbs(lock, "renew") if verbs.colour == "blocking" else lock.check()

        lock = Lock("a", heartbeat=False)
        with pytest.raises(LockLost) as caught:
            verbs.within(lock, work)
        assert (caught.value.name, caught.value.owner) == ("a", None)
        assert (
            str(caught.value)
            == "the lock with name = 'a' is not held any more: its lease ran out before it was renewed"
        )
        assert stored().owner is None  # nobody had taken it, so that it is free now
        verbs.within(lock, lock.check)  # and may be used again

    def test_error_names_the_new_owner(self, memory: MemoryBackend, clock: VirtualClock, verbs: Verbs) -> None:
        verbs(lock := Lock("a", heartbeat=False), "acquire")
        token = lock.token
        verbs(Lock("a", owner="jane"), "acquire")
        with pytest.raises(LockLost) as caught:
            verbs(lock, "release")
        error = caught.value
        assert (error.token, error.owner, error.since) == (token, "jane", clock.utcnow())
        assert stored().owner == "jane"

    def test_error_of_the_block_comes_before_the_loss(
        self, memory: MemoryBackend, clock: VirtualClock, verbs: Verbs
    ) -> None:
        def work() -> None:
            clock.advance(seconds=31)
            raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError) as caught:
            verbs.within(Lock("a", heartbeat=False), work)
        assert "its lease ran out" in str(getattr(caught.value, "__notes__", "its lease ran out"))

    def test_what_is_not_held_is_neither_checked_nor_released(self, memory: MemoryBackend, verbs: Verbs) -> None:
        lock = Lock("a")
        for call in (lock.check, lambda: lock.token, lambda: verbs(lock, "release"), lambda: verbs(lock, "renew")):
            with pytest.raises(LockLost, match="is not held: it was not acquired, or has been released"):
                call()
        assert not lock.is_held

    def test_forgotten_lock_is_renewed_no_more(self, memory: MemoryBackend, clock: VirtualClock, verbs: Verbs) -> None:
        verbs(lock := Lock("a"), "acquire")
        clock.advance(seconds=100)
        del lock
        gc.collect()
        rvn = stored().rvn
        clock.advance(seconds=100)
        assert stored().rvn == rvn


class TestDeclaring:
    def test_locks_live_among_other_items(self, memory: MemoryBackend, verbs: Verbs) -> None:
        class Entry(Model):
            __abstract__ = True
            __table__, __hash_key__, __range_key__, __kind_field__ = "shop", "pk", "sk", "type"
            pk = StringField(required=True)
            sk = StringField(required=True)

        class Order(Entry):
            __kind__ = "order"

        class ShopLock(LockFields, Entry):
            __kind__ = "lock"
            owner = StringField(stored_as="o")

        ShopLock.create_table()
        Order(pk="7", sk="lock").save()
        lock = Lock(("7", "pricing"), model=ShopLock, owner="jane")
        verbs(lock, "acquire")
        found = Connection.find_across((Order, ShopLock), hash_key="7").by_kind()
        assert [held.owner for held in found[ShopLock]] == ["jane"]
        assert ShopLock.get_raw(("7", "pricing"))["o"] == "jane"
        assert ShopLock.get_raw(("7", "pricing"))["type"] == "lock"
        with Connection.transaction() as tx:
            lock.check(tx)
        verbs(lock, "release")
        with pytest.raises(ConfigurationError, match="is no lock"):
            verbs(Lock(("7", "lock"), model=ShopLock), "acquire")

    def test_locks_live_among_items_with_unique_values(
        self, memory: MemoryBackend, clock: VirtualClock, verbs: Verbs
    ) -> None:
        class Entry(Model):
            __abstract__ = True
            __table__, __hash_key__, __kind_field__, __unique__ = "shop", "pk", "type", ["email"]
            pk = StringField(required=True)
            email = StringField()

        class ShopLock(LockFields, Entry):
            __kind__ = "lock"

        ShopLock.create_table()
        lock = Lock("a", model=ShopLock)
        verbs.within(lock, lambda: clock.advance(minutes=5))  # which raises unless its lease was renewed
        with pytest.raises(ConfigurationError, match="Lock: OneEach has owner in its __unique__"):
            Lock("a", model=type("OneEach", (ShopLock,), {"__unique__": ["owner"], "__kind__": "one"}))

    def test_table_and_connection_may_be_others(self, memory: MemoryBackend, verbs: Verbs) -> None:
        LockItem.on_table("others").create_table()
        verbs(lock := Lock("a", table="others"), "acquire")
        assert not LockItem.exists("a")
        assert LockItem.on_table("others").get_one("a").owner
        verbs(lock, "release")
        other = Connection(backend=MemoryBackend(), table_prefix="x-")
        with pytest.raises(TableNotFound, match="x-locks"):
            verbs(Lock("a", model=LockItem.on(other)), "acquire")
        verbs(lock := Lock("a"), "acquire")
        with Connection.using(MemoryBackend(), table_prefix="y-"):  # a lock stays where it was acquired
            verbs(lock, "renew")
            verbs(lock, "release")
        assert stored().owner is None

    def test_lock_serves_one_at_a_time(self, memory: MemoryBackend, verbs: Verbs) -> None:
        verbs(lock := Lock("a"), "acquire")
        with pytest.raises(ConfigurationError, match="is in use: a Lock is not reentrant"):
            verbs(lock, "try_acquire")
        assert lock.is_held
        verbs(lock, "release")
        verbs(lock, "acquire")
        verbs(lock, "release")

    @pytest.mark.parametrize(
        ("arguments", "error", "message"),
        [
            ({"lease": 0}, ConfigurationError, "lease must be a number of seconds > 0"),
            ({"timeout": -1}, ConfigurationError, "timeout must be a number of seconds >= 0"),
            ({"poll": "1"}, ConfigurationError, "poll must be"),
            (
                {"heartbeat": 30},
                ConfigurationError,
                "heartbeat must be True, False, or a number of seconds that is less",
            ),
            (
                {"model": Model},
                ConfigurationError,
                "model must be LockItem, or a model that is derived from LockFields",
            ),
            ({"model": LockFields}, ConfigurationError, "model must be LockItem"),
            ({"name": ("a", "b")}, ExpressionError, "LockItem has no range key"),
            (
                {"name": (LockItem.name == "a") & LockItem.owner.exists()},
                ConfigurationError,
                "without other conditions",
            ),
        ],
        ids=str,
    )
    def test_mistake_is_reported(self, arguments: dict[str, Any], error: type[Exception], message: str) -> None:
        with pytest.raises(error, match=message):
            Lock(**{"name": "a", **arguments})

    def test_nobody_copies_what_is_held(self) -> None:
        with pytest.raises(TypeError, match="<Lock 'a' in LockItem> cannot be copied or pickled: make another Lock"):
            copy.copy(Lock("a"))

    def test_repr_says_what_is_held(self, memory: MemoryBackend) -> None:
        lock = Lock("a", heartbeat=False)
        assert repr(lock) == "<Lock 'a' in LockItem>"
        with lock:
            assert repr(lock) == f"<Lock 'a' in LockItem, held with the token {lock.token}>"
