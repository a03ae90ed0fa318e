"""What backends find and store of documents is what a look at every item says, whatever the documents are."""

from __future__ import annotations

import copy
import uuid
from collections.abc import Callable
from operator import eq, ge, gt, le, lt, ne
from typing import Any, TypeAlias

from carts import Address, Cart, Geo, Line, Node
from hypothesis import given, settings
from hypothesis import strategies as st

from dynamongo import Connection
from dynamongo.backends.dynamodb import DynamoDBBackend
from dynamongo.backends.memory import MemoryBackend
from dynamongo.expressions.conditions import AnyCondition

Predicate: TypeAlias = Callable[[Cart], bool]
Test: TypeAlias = "tuple[AnyCondition, Predicate]"

numbers = st.integers(1, 4)
texts = st.sampled_from(["", "a", "ab", "b"])
geos = st.builds(Geo, lat=numbers, long=st.none() | numbers)
addresses = st.builds(Address, city=texts, zip=st.none() | texts, geo=st.none() | geos)
lines = st.builds(
    Line,
    sku=texts,
    quantity=st.none() | numbers,
    notes=st.lists(texts, max_size=2),
    marks=st.sets(texts.filter(bool), max_size=2),
)
nodes = st.recursive(
    st.builds(Node, name=texts),
    lambda inner: st.builds(Node, name=texts, children=st.lists(inner, max_size=2), twin=st.none() | inner),
    max_leaves=4,
)
carts = st.builds(
    Cart,
    id=st.sampled_from("abcd"),
    home=st.none() | addresses,
    office=st.none() | addresses,
    lines=st.lists(lines, max_size=3),
    grid=st.lists(st.lists(geos, max_size=2), max_size=2),
    tree=st.none() | nodes,
)


def find(cart: Any, *steps: str | int) -> Any:
    """The value at a path, by a look at the attributes; `None` where there is nothing."""
    for step in steps:
        if cart is None or (isinstance(step, int) and step >= len(cart)):
            return None
        cart = cart[step] if isinstance(step, int) else getattr(cart, step)
    return cart


def field_at(*steps: str | int) -> Any:
    field: Any = Cart
    for step in steps:
        field = field[step] if isinstance(step, int) else getattr(field, step)
    return field


def compare(path: tuple[str | int, ...], operator: Any, value: Any) -> Test:
    def holds(cart: Cart) -> bool:
        found = find(cart, *path)
        return operator is ne if found is None else bool(operator(found, value))

    return operator(field_at(*path), value), holds


compared = st.one_of(
    st.tuples(st.sampled_from([("home", "geo", "lat"), ("lines", 0, "quantity"), ("lines", 2, "quantity")]), numbers),
    st.tuples(st.sampled_from([("home", "city"), ("office", "zip"), ("tree", "children", 0, "name")]), texts),
).flatmap(
    lambda pair: st.builds(compare, st.just(pair[0]), st.sampled_from([eq, ne, lt, le, gt, ge]), st.just(pair[1]))
)
tests: st.SearchStrategy[Test] = st.one_of(
    compared,
    st.builds(compare, st.just(("home",)), st.sampled_from([eq, ne]), addresses),
    st.builds(compare, st.just(("lines", 1)), st.sampled_from([eq, ne]), lines),
    lines.map(lambda line: (Cart.lines.contains(line), lambda cart: line in cart.lines)),
    st.just((Cart.tree.twin.exists(), lambda cart: find(cart, "tree", "twin") is not None)),
    st.just((Cart.office.geo.not_exists(), lambda cart: find(cart, "office", "geo") is None)),
    numbers.map(lambda size: (Cart.lines.size() >= size, lambda cart: len(cart.lines) >= size)),
    texts.map(
        lambda text: (Cart.lines[0].marks.contains(text), lambda cart: text in (find(cart, "lines", 0, "marks") or ()))
    ),
)
combined: st.SearchStrategy[Test] = st.recursive(
    tests,
    lambda inner: st.one_of(
        st.builds(lambda a, b: (a[0] & b[0], lambda cart: a[1](cart) and b[1](cart)), inner, inner),
        st.builds(lambda a, b: (a[0] | b[0], lambda cart: a[1](cart) or b[1](cart)), inner, inner),
        inner.map(lambda one: (~one[0], lambda cart: not one[1](cart))),
    ),
    max_leaves=3,
)


@settings(max_examples=settings().max_examples // 2)
@given(st.lists(carts, unique_by=lambda cart: cart.id), st.lists(combined, min_size=1, max_size=3), st.data())
def test_what_is_found_and_changed_is_what_a_look_at_every_item_says(
    dynamodb_backend: DynamoDBBackend, items: list[Cart], conditions: list[Test], data: st.DataObject
) -> None:
    others = {cart.id: data.draw(carts) for cart in items}
    table = Cart.on_table(f"carts-{uuid.uuid4().hex}")
    for backend in (MemoryBackend(), dynamodb_backend):
        with Connection.using(backend):
            table.create_table()
            table.save_many(copy.deepcopy(items))
            for condition, holds in conditions:
                found = sorted(cart.id for cart in table.find(condition, scans="allow"))
                assert found == sorted(cart.id for cart in items if holds(cart))
            for cart in table.find(scans="allow").all():
                other = others[cart.id]
                for name in ("home", "office", "lines", "grid", "tree"):
                    change(cart, name, copy.deepcopy(getattr(other, name)))
                cart.save(only_changed=True)
                assert table.get_one(cart.id) == cart
                assert table.get_raw(cart.id) == table.from_dict(cart.to_dict()).to_item()
            table.delete_table()


def change(cart: Any, name: str, value: Any) -> None:
    """Give a document, or those of a list, the values of others, so that their parts change in place."""
    held = getattr(cart, name)
    if isinstance(held, (Address, Node)) and value is not None:
        for member in type(held).__document__.fields:
            setattr(held, member, getattr(value, member))
    elif isinstance(held, list) and name == "lines":
        for mine, other in zip(held, value, strict=False):
            mine.quantity, mine.notes = other.quantity, other.notes
        held.extend(value[len(held) :])
    else:
        setattr(cart, name, value)
