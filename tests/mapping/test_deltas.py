"""What is sent of changed documents, and of changed elements of lists of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from carts import ITEM, Cart, Line, Node, make_cart, saved_cart

from dynamongo import (
    ConditionalCheckFailedException,
)
from dynamongo.mapping.changes.differences import find_changes


@pytest.fixture
def cart() -> Iterator[Cart]:
    with saved_cart() as cart:
        yield cart


def test_changed_parts_alone_are_sent(cart: Cart) -> None:
    mine, other = Cart.get_one("a"), Cart.get_one("a")
    other.home.city = "Bergen"  # type: ignore[union-attr]  # it is there
    other.lines[0].quantity = 9
    other.save(only_changed=True)
    mine.home.geo.long = 10  # type: ignore[union-attr]  # it is there
    mine.lines[1].notes.append("blue")
    mine.lines.append(Line(sku="nib"))
    mine.tree.children[0].children.append(Node(name="bud"))  # type: ignore[union-attr]  # it is there
    assert mine.tree is not None
    changes, checks = find_changes(Cart.__mapper__, mine)
    new: list[Any] = [{"sku": "nib", "quantity": 1, "notes": ["new"]}, {"name": "bud", "children": []}]
    assert [(str(change.path), getattr(change, "value", None)) for change in changes] == [
        ("home.geo.long", 10),
        ("lines[1].notes", ["blue"]),
        ("lines[2]", new[0]),
        ("tree.children[0].children[0]", new[1]),
    ]
    assert [str(check) for check in checks] == [
        f"lines[1] = {ITEM['lines'][1]!r}",
        "attribute_not_exists(lines[2])",
        f"tree.children[0] = {ITEM['tree']['children'][0]!r}",
    ]
    mine.save(only_changed=True)
    both = Cart.get_one("a")
    assert (both.home.city, both.home.geo.long) == ("Bergen", 10)  # type: ignore[union-attr]  # it is there
    assert [line.quantity for line in both.lines] == [9, 3, 1]
    assert both.lines[1:] == mine.lines[1:]


def test_element_that_somebody_else_may_have_moved_is_not_changed(cart: Cart) -> None:
    for change in (
        lambda each: each.lines.pop(0),
        lambda each: each.lines.insert(0, Line(sku="new")),
        lambda each: setattr(each.lines[1], "quantity", 8),
    ):
        cart = make_cart().save()
        other = Cart.get_one("a")
        change(other)
        other.save()
        cart.lines[1].quantity = 7
        with pytest.raises(ConditionalCheckFailedException, match=r"^Cart: `lines\[1\] = "):
            cart.save(only_changed=True)
        assert Cart.get_one("a") == other
    cart.reload()
    Cart.update_one("a", Cart.lines.append(Line(sku="theirs")))
    cart.lines.append(Line(sku="mine"))
    with pytest.raises(ConditionalCheckFailedException, match=r"^Cart: `attribute_not_exists\(lines\[2\]\)`"):
        cart.save(only_changed=True)
    cart.reload()
    del cart.lines[0]  # what remains has other positions, and replaces the list
    cart.save(only_changed=True)
    assert Cart.get_one("a").lines == cart.lines


def test_many_changed_elements_replace_the_list_if_it_is_as_it_was_read(cart: Cart) -> None:
    cart.lines = [Line(sku=str(number)) for number in range(60)]
    cart.save()
    for line in cart.lines:
        line.quantity = 2
    changes, checks = find_changes(Cart.__mapper__, cart)
    assert ([str(change.path) for change in changes], len(checks)) == (["lines"], 1)
    cart.save(only_changed=True)
    assert Cart.get_one("a") == cart
