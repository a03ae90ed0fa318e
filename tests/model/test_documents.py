"""Documents in conditions, updates and saves, on both backends, in both colours."""

from __future__ import annotations

import uuid

import pytest
from carts import HOME, Address, Cart, Line, Villa, make_cart
from colours import COLOURS

from dynamongo import (
    Connection,
    UnreadableItem,
    streams,
)
from dynamongo.backends.base import Backend
from dynamongo.backends.memory import MemoryBackend
from dynamongo.fields import python_values
from dynamongo.operations import Put

# On both backends, in both colours.


@pytest.mark.parametrize("colour", COLOURS, indirect=True)
def test_backends_answer_alike(on_each_backend: Backend, colour: str) -> None:
    del on_each_backend, colour
    carts = Cart.on_table(f"carts-{uuid.uuid4().hex}")
    carts.create_table()
    carts.save_many([make_cart(), {"id": "b", "home": {"city": "Bergen"}, "lines": [{"sku": "ink"}]}])
    other = carts.get_one("b")
    found = [
        (Cart.home.city == "Oslo", "a"),
        (Cart.home == Address(city="Bergen"), "b"),
        (Cart.home.geo.lat > 58, "a"),
        (Cart.lines.contains(Line(sku="ink")), "b"),
        (Cart.home.geo.not_exists() & Cart.home.in_([HOME, Address(city="Bergen")]), "b"),
        (Cart.lines[1].quantity.between(2, 4), "a"),
        (Cart.tree.children[0].name == "leaf", "a"),
    ]
    for condition, key in found:
        assert [each.id for each in carts.find(condition, scans="allow")] == [key]
    updates = [
        *(Cart.home.city.set("Bergen"), Cart.office.set(Cart.home), Cart.lines[1].quantity.increment(2)),
        *(Cart.lines[0].set(Line(sku="cap")), Cart.villa.set_if_not_exists(Villa()), Cart.places.first.remove()),
    ]
    changed = carts.update_one("a", updates, condition=Cart.home.city == "Oslo")
    assert (changed.home.city, changed.office, changed.villa) == ("Bergen", HOME, Villa())  # type: ignore[union-attr]  # it is there
    assert [(line.sku, line.quantity) for line in changed.lines] == [("cap", 1), ("ink", 5)]
    changed.home.geo.long = 10  # type: ignore[union-attr]  # it is there
    changed.lines[1].marks.clear()
    changed.lines.append(Line(sku="nib"))
    other.lines[0].quantity = 9
    with Connection.transaction() as tx:
        tx.save(changed, only_changed=True)
        tx.save(other)
    assert carts.get_one("a") == changed
    assert carts.get_many(["b"]) == [other]
    (part,) = carts.get_many(["a"], projection=[Cart.home.geo.long, Cart.lines[2].sku, Cart.office])
    assert part.to_dict(mode="json") == {
        "id": "a",
        "home": {"geo": {"long": 10}},
        "office": HOME.to_dict(mode="json"),
        "lines": [{"sku": "nib"}],
    }
    carts.delete_table()


def test_streams_and_reads_tell_what_is_wrong_in_a_document() -> None:
    stored = {"id": "a", "home": {"city": 3}, "lines": [{"sku": "pen"}, {"sku": "ink", "quantity": 0}]}
    cart = Cart(id="b", home=HOME, lines=[Line(sku="pen")])
    with Connection.using(MemoryBackend()) as backend:
        Cart.create_table()
        cart.save()
        backend.execute(Put(Cart.table_name(), python_values.encode_item(stored)))  # as another program would
        assert Cart.find(scans="allow", on_invalid="skip").all() == [cart]
        (unread,) = (each for each in Cart.find(scans="allow", on_invalid="keep") if isinstance(each, UnreadableItem))
    assert [problem.path for problem in unread.problems] == ["home.city", "lines[1].quantity"]
    data = {"Keys": {"id": {"S": "b"}}, "NewImage": cart.to_dynamodb_json(), "SequenceNumber": "1"}
    (change,) = streams.parse({"Records": [{"eventName": "INSERT", "dynamodb": data}]}, Cart)
    assert change.new == cart
