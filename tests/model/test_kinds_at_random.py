"""Random items of random kinds in one table: every verb of every model, compared with a look at all items.

What a model should do is said here in a few lines of Python, which know of kinds nothing but who reads which. The
memory backend executes it; `test_kinds.py` has the same verbs on the emulator.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kinds_in_one_table import Customer, Entry, Express, Order, key

from dynamongo import (
    ConditionalCheckFailedException,
    Connection,
    DynamongoError,
    ItemNotFound,
    TransactionCanceled,
)
from dynamongo.backends.memory import MemoryBackend
from dynamongo.connection.connection import default_connection
from dynamongo.expressions.values import Item
from dynamongo.operations import Put, Scan

pytestmark = [pytest.mark.usefixtures("colour"), pytest.mark.slow]

MISSING = "missing"
KINDS: dict[Any, type] = {
    "customer": Customer,
    None: Customer,
    MISSING: Customer,
    "order": Order,
    "Order": Order,
    "express": Express,
    "invoice": Entry,
    7: Entry,
}
READ_BY: dict[Any, tuple[type, ...]] = {
    Entry: (Entry, Customer, Order, Express),
    Customer: (Customer,),
    Order: (Order, Express),
    Express: (Express,),
}
SAVED: dict[Any, Item] = {
    Entry: {"day": 5},
    Customer: {"name": "Al"},
    Order: {"total": 5},
    Express: {"total": 5, "courier": "Al"},
}
MODELS = st.sampled_from(list(READ_BY))
SKS = "abcdef"


@st.composite
def tables(draw: st.DrawFn) -> dict[str, Item]:
    """Return items by their range key."""
    found: dict[str, Item] = {}
    for sk in draw(st.sets(st.sampled_from(SKS))):
        item: Item = {"pk": "c", "sk": sk, "total": 1, "courier": "Jo", "name": "Jane"}
        kind = draw(st.sampled_from(list(KINDS)))
        if kind != MISSING:
            item["_type"] = kind
        for name in draw(st.sets(st.sampled_from(["owner", "day"]))):
            item[name] = "jane" if name == "owner" else draw(st.integers(0, 2))
        found[sk] = item
    return found


class AnyCondition:
    """A condition of a model, and the same on an item."""

    def __init__(self, text: str, build: Callable[[Any], Any], holds: Callable[[Item], bool]) -> None:
        self.text = text
        self.build = build
        self.holds = holds

    def __repr__(self) -> str:
        return self.text


CONDITIONS = st.sampled_from([
    AnyCondition("pk == c", lambda m: m.pk == "c", lambda _: True),
    AnyCondition("sk < d", lambda m: (m.pk == "c") & (m.sk < "d"), lambda item: str(item["sk"]) < "d"),
    AnyCondition("owner", lambda m: m.owner == "jane", lambda item: "owner" in item),
    AnyCondition("day", lambda m: (m.pk == "c") & (m.day >= 1), lambda item: item.get("day", 0) in {1, 2}),
    AnyCondition("any day", lambda m: m.day == 1, lambda item: item.get("day") == 1),
    AnyCondition("not", lambda m: ~(m.day == 1), lambda item: item.get("day") != 1),
    AnyCondition("or", lambda m: (m.sk == "a") | (m.day == 0), lambda item: item["sk"] == "a" or item.get("day") == 0),
    AnyCondition("keys", lambda m: m.keys_in([key("a"), key("x"), key("c")]), lambda item: item["sk"] in {"a", "c"}),
])  # fmt: skip


def class_of(item: Item) -> type:
    return KINDS[item.get("_type", MISSING)]


def is_own(model: Any, item: Item | None) -> bool:
    return item is not None and class_of(item) in READ_BY[model]


def fill(table: dict[str, Item]) -> None:
    Connection.set_config(backend=MemoryBackend(), scans="allow")
    Entry.create_table()
    for item in table.values():
        default_connection.backend.execute(Put("shop", item))


def look() -> dict[str, Item]:
    """Return all that is stored, without the versions, which every write counts."""
    found = default_connection.backend.execute(Scan("shop")).items
    return {str(item["sk"]): {name: item[name] for name in item if name != "version"} for item in found}


def shape(found: list[Any]) -> dict[str, type]:
    return {each.sk: type(each) for each in found}


@pytest.fixture(autouse=True)
def default() -> Any:
    yield
    Connection.set_config()


@given(tables(), MODELS, CONDITIONS, st.sampled_from([None, ["day"], ["owner", "pk"]]), st.integers(0, 3))
def test_reads(
    table: dict[str, Item], model: Any, condition: AnyCondition, projection: list[str] | None, limit: int
) -> None:
    fill(table)
    wanted = {sk: class_of(item) for sk, item in table.items() if is_own(model, item) and condition.holds(item)}
    found = model.get_many(condition.build(model), projection=projection)
    assert shape(found) == wanted
    assert len(model.get_many(condition.build(model), limit=limit)) == min(limit, len(wanted))
    assert model.find(condition.build(model)).count() == len(wanted)
    assert shape(model.find(condition.build(model), page_size=1).page().items) == wanted
    several = Connection.find_across((model, Customer), condition.build(model))
    also = {sk: class_of(item) for sk, item in table.items() if is_own(Customer, item) and condition.holds(item)}
    assert shape(several.all()) == wanted | also


@given(tables(), MODELS, st.sampled_from(SKS))
def test_reads_by_key(table: dict[str, Item], model: Any, sk: str) -> None:
    fill(table)
    item = table.get(sk)
    wanted = [class_of(item)] if item is not None and is_own(model, item) else []
    for found in (
        model.get_one(key(sk), None),
        model.get_one((model.pk == "c") & (model.sk == sk), None, projection=["day"]),
        *model.get_many([key(sk), key(sk)]),
        *Connection.transact_get([(model, key(sk))]),
    ):
        assert found is None or [type(found)] == wanted
    assert [type(each) for each in model.get_many([key(sk)])] == wanted


@given(tables(), MODELS, st.sampled_from(SKS), st.sampled_from(["update", "upsert", "delete", "save", "check"]))
def test_writes_of_one_item(table: dict[str, Item], model: Any, sk: str, verb: str) -> None:
    fill(table)
    before, own = table.get(sk), is_own(model, table.get(sk))
    told = model.__mapper__.kinds.written
    kind = {} if told is None else {"_type": told}
    allowed = own or (before is None and verb in {"upsert", "delete", "save"})
    after = dict(table)
    if allowed and verb == "save":
        after[sk] = {"pk": "c", "sk": sk, **SAVED[model], **kind}
    elif allowed and verb == "delete":
        after.pop(sk, None)
    elif allowed and verb in {"update", "upsert"}:
        base = before or {"pk": "c", "sk": sk}
        # An old item without the attribute gets it from an upsert, whose `if_not_exists` finds none.
        filled = kind if verb == "upsert" and "_type" not in base else {}
        after[sk] = {**base, **filled, "day": 9}
    outcome = perform(model, sk, verb)
    assert (outcome is None) == allowed
    assert look() == after


def perform(model: Any, sk: str, verb: str) -> DynamongoError | None:
    """Perform a verb on one item; return the error."""
    try:
        if verb == "save":
            model(pk="c", sk=sk, **SAVED[model]).save()
        elif verb == "delete":
            result = model.delete_many([key(sk)])
            return result.failures[0].error if result.failures else None
        elif verb == "check":
            with Connection.transaction() as tx:
                tx.check(model, key(sk))
        else:
            getattr(model, f"{verb}_one")(key(sk), model.day.set(9))
    except (ItemNotFound, ConditionalCheckFailedException, TransactionCanceled) as error:
        return error
    return None


@given(tables(), MODELS, CONDITIONS, st.booleans())
def test_writes_of_many_items(table: dict[str, Item], model: Any, condition: AnyCondition, deletes: bool) -> None:  # noqa: FBT001 - given by hypothesis
    fill(table)
    wanted = {sk: item for sk, item in table.items() if is_own(model, item) and condition.holds(item)}
    if deletes:
        model.delete_many(condition.build(model))
        assert look() == {sk: item for sk, item in table.items() if sk not in wanted}
    else:
        model.update_many(condition.build(model), model.day.set(9))
        assert look() == {sk: {**item, "day": 9} if sk in wanted else item for sk, item in table.items()}
