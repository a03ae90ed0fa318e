"""Values that the store computes, as users write them: what they store, and what is refused."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any, cast

import pytest

from dynamongo import (
    BooleanField,
    ConditionalCheckFailedException,
    Connection,
    DateField,
    DecimalField,
    ExpressionError,
    Field,
    IntField,
    InvalidRequestError,
    ListField,
    Model,
    StringField,
    TimedeltaField,
    TimestampField,
    if_not_exists,
    list_append,
)
from dynamongo.backends.memory import MemoryBackend
from dynamongo.expressions.updates import AnyUpdate


class Cart(Model):
    __table__ = "carts"
    __hash_key__ = "id"
    __billing__ = "on_demand"
    id = StringField(required=True)
    price = IntField()
    tax = IntField()
    total = IntField()
    ratio = DecimalField()
    left = IntField(min_value=0, max_value=10)
    rating = IntField(choices=[1, 2, 3])
    lines = ListField(StringField, stored_as="l")
    saved = ListField(StringField)
    more = ListField(StringField)
    counts = ListField(IntField)
    note = StringField()
    at = TimestampField()
    until = TimestampField()
    span = TimedeltaField()
    free = Field()
    flag = BooleanField(format="number")
    day = DateField(format="epoch-days")
    code = StringField(format="number", max_length=1)


AT = dt.datetime(2024, 5, 1, tzinfo=dt.timezone.utc)


@pytest.fixture(params=["memory", "dynamodb"], autouse=True)
def cart(request: pytest.FixtureRequest) -> Iterator[Cart]:
    backend = MemoryBackend() if request.param == "memory" else request.getfixturevalue("dynamodb_backend")
    with Connection.using(backend, table_prefix=f"computed-{id(request)}-"):
        Cart.create_table()
        yield Cart(
            id="a", price=5, tax=2, left=4, lines=["x"], saved=["y"], at=AT, ratio=Decimal("0.5"), day=AT.date()
        ).save()
        Cart.delete_table()


RESULTS: dict[str, tuple[Callable[[], AnyUpdate], str, Any]] = {
    "sum": (lambda: Cart.total.set(Cart.price + Cart.tax), "total", 7),
    "difference": (lambda: Cart.total.set(Cart.price - Cart.tax), "total", 3),
    "constant": (lambda: Cart.total.set(10 - Cart.price), "total", 5),
    "default": (lambda: Cart.total.set(if_not_exists(Cart.total, 0) + 1), "total", 1),
    "default of another": (lambda: Cart.total.set(if_not_exists(Cart.total, Cart.price)), "total", 5),
    "ints in decimals": (lambda: Cart.ratio.set(Cart.ratio + Cart.price), "ratio", Decimal("5.5")),
    "in its range": (lambda: Cart.left.set(Cart.price + 5), "left", 10),
    "default, in its range": (lambda: Cart.left.set(if_not_exists(Cart.left, 5) + 6), "left", 10),
    "missing, in its range": (lambda: Cart.left.set(9 - if_not_exists(Cart.rating, 3)), "left", 6),
    "default that only the result may hold": (lambda: Cart.total.set(if_not_exists(Cart.left, Cart.tax)), "total", 4),
    "days": (lambda: Cart.day.set(Cart.attribute("day") + dt.timedelta(days=1)), "day", dt.date(2024, 5, 2)),
    "subtracted, in its range": (lambda: Cart.left.set(9 - Cart.price), "left", 4),
    "lists": (lambda: Cart.lines.set(list_append(Cart.saved, Cart.lines)), "lines", ["y", "x"]),
    "list of a tuple": (lambda: Cart.saved.set(list_append(["z"], Cart.lines)), "saved", ["z", "x"]),
    "list default": (
        lambda: Cart.lines.set(list_append(if_not_exists(Cart.more, []), Cart.lines)),
        "lines",
        ["x"],
    ),
    "time": (lambda: Cart.until.set(Cart.at + dt.timedelta(days=1)), "until", AT + dt.timedelta(days=1)),
    "free": (lambda: Cart.free.set(Cart.ratio + 1), "free", Decimal("1.5")),
}


@pytest.mark.parametrize(("update", "name", "result"), RESULTS.values(), ids=RESULTS)
def test_result_is_stored(cart: Cart, update: Callable[[], AnyUpdate], name: str, result: Any) -> None:
    assert getattr(Cart.update_one(cart, update()), name) == result


REFUSED: dict[str, tuple[Callable[[], object], str]] = {
    "text": (lambda: Cart.total.set(cast("Any", Cart.note) + 1), "Cart.note is stored as S; . works only on N"),
    "list": (
        lambda: Cart.lines.set(list_append(cast("Any", Cart.price), [])),
        "Cart.price is stored as N; list_append works only",
    ),
    "two sums": (lambda: Cart.total.set(Cart.price + Cart.tax + 1), "DynamoDB takes one . or - in the value"),
    "another form": (lambda: Cart.total.set(Cart.ratio + 1), "Cart.total cannot be set to a sum with Cart.ratio"),
    "a duration": (lambda: Cart.until.set(Cart.at + Cart.span), "Cart.until cannot be set to a sum with Cart.span"),
    "a fraction": (lambda: Cart.total.set(Cart.price + Decimal("0.5")), "Cart.price must be"),
    "range of a sum": (lambda: Cart.left.set(Cart.price + Cart.tax), "Cart.left has a range, and no condition"),
    "choices": (lambda: Cart.rating.set(Cart.price + 1), "Cart.rating has a validator or choices"),
    "a boolean": (
        lambda: Cart.flag.set(cast("Any", Cart.flag) + Cart.flag),
        "Cart.flag: set may make a number that is no value",
    ),
    "a length": (
        lambda: Cart.code.set(cast("Any", Cart.code) + 1),
        "Cart.code: set may make a number that is no value",
    ),
    "days and hours": (
        lambda: Cart.attribute("day").increment(dt.timedelta(hours=1)),
        "changed by a whole number of days",
    ),
    "elements": (lambda: Cart.lines.set(list_append(Cart.counts, [])), "Cart.lines cannot be set to Cart.counts"),
    "an element": (
        lambda: Cart.counts.set(list_append(Cart.counts, cast("Any", ["x"]))),
        r"Cart.counts\[\] must be an int",
    ),
    "no field": (lambda: list_append(cast("Any", [1]), cast("Any", [2])), "list_append takes at least one field"),
    "no list": (lambda: list_append(Cart.lines, cast("Any", "ab")), "list_append takes fields and lists"),
    "default of no field": (lambda: if_not_exists(cast("Any", 5), 5), "if_not_exists takes a field"),
    "default of another type": (lambda: Cart.price.set(if_not_exists(Cart.price, Cart.note)), "Cart.price is stored"),
    "set if not exists": (lambda: Cart.total.set_if_not_exists(Cart.price + 1), "takes no sum"),
}


@pytest.mark.parametrize(("write", "message"), REFUSED.values(), ids=REFUSED)
def test_what_cannot_be_stored_is_refused_where_it_is_written(write: Callable[[], object], message: str) -> None:
    with pytest.raises((ExpressionError, ValueError), match=message):
        write()


def test_result_out_of_range_is_not_stored(cart: Cart) -> None:
    for update in (
        Cart.left.set(Cart.price + 6),
        Cart.left.set(Cart.price - 6),
        Cart.left.set(4 - Cart.price),
        Cart.left.set(if_not_exists(Cart.left, 0) + 7),
        Cart.left.set(if_not_exists(Cart.total, 9) + 2),
        Cart.day.set(Cart.attribute("day") + 10**7),
        Cart.attribute("day").increment(10**7),
    ):
        with pytest.raises(ConditionalCheckFailedException, match=r"take Cart.\w+ out of the range"):
            Cart.update_one(cart, update)
    assert cart.reload().left == 4


def test_missing_term_is_an_error(cart: Cart) -> None:
    with pytest.raises(InvalidRequestError, match="does not exist"):
        Cart.update_one(cart, Cart.total.set(Cart.price + Cart.rating))


def test_in_a_transaction_and_in_bulk(cart: Cart) -> None:
    with Connection.transaction() as tx:
        tx.update(Cart, "a", Cart.total.set(Cart.price + Cart.tax), Cart.price.set(Cart.tax))
    assert Cart.update_many(["a"], Cart.total.set(Cart.total - 1)).success[0].total == 6
    assert cart.reload().price == 2
