"""What a function that was compiled for a shape writes is what `json` writes of the attribute values, one by one."""

from __future__ import annotations

import base64
import json
from decimal import Decimal
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from strategies import numbers, values

from dynamongo.backends.dynamodb_json import render_item, render_value
from dynamongo.backends.item_shapes import ItemShapes

NAMES: dict[str, Any] = {
    "number": lambda number: json.dumps(format(Decimal(number), "f")),
    "quote": json.dumps,
    "render_item": render_item,
    "render_list": render_value,
    "render_value": render_value,
}
HOSTILE = ["a", "'}{v0", "{text0}", "\\", '"', "é", "\n", "", "def", "v0"]

names = st.text() | st.sampled_from(HOSTILE)
scalars = st.text() | numbers() | st.booleans() | st.none()


def wire(value: Any) -> dict[str, Any]:
    """The value in DynamoDB's JSON, as dicts."""
    match value:
        case bool() | None:
            return {"BOOL": value} if value is not None else {"NULL": True}
        case str():
            return {"S": value}
        case int() | Decimal():
            return {"N": format(Decimal(value), "f")}
        case bytes():
            return {"B": base64.b64encode(value).decode()}
        case list():
            return {"L": list(map(wire, value))}
        case dict():
            return {"M": {name: wire(member) for name, member in value.items()}}
        case _:
            ((kind, _),) = wire(next(iter(value))).items()
            return {f"{kind}S": [each for member in sorted(value) for each in wire(member).values()]}


def render_plainly(item: dict[str, Any]) -> str:
    return json.dumps({name: wire(value) for name, value in item.items()}, separators=(",", ":"))


def make(item: dict[str, Any]) -> Any:
    """The function for the shape of the item and the types of its values."""
    shapes = ItemShapes(NAMES, frequent=1)
    shapes.count(tuple(item), item)
    return shapes.renderers[tuple(item)]


@given(st.dictionaries(names, scalars | values(), min_size=1), st.data())
def test_items_of_a_shape_are_written_as_any_other(item: dict[str, Any], data: st.DataObject) -> None:
    render = make(item)
    assert render(item) == render_plainly(item)
    other = {name: data.draw(st.just(value) | scalars | values()) for name, value in item.items()}
    text = render(other)
    assert text in (None, render_plainly(other))
    if [*map(type, other.values())] == [*map(type, item.values())]:
        assert text is not None


def test_a_whole_number_may_take_the_place_of_a_decimal_one() -> None:
    render = make({"price": Decimal("1.5")})
    assert render({"price": 2}) == '{"price":{"N":"2"}}'
    assert render({"price": True}) is None


def test_a_boolean_is_no_number() -> None:
    assert make({"n": 1})({"n": True}) is None
    assert make({"n": True})({"n": 1}) is None


def test_an_item_is_written_alike_however_often_its_shape_was_met() -> None:
    item: dict[str, Any] = {"often met": {"inner": [1, "a", {"deep": Decimal("1E-7")}]}, "n": 1, "t": True, "s": "é"}
    assert {render_item(item) for _ in range(250)} == {render_plainly(item)}
    assert render_item({**item, "n": "1"}) == render_plainly({**item, "n": "1"})


def test_what_is_remembered_is_bounded() -> None:
    shapes = ItemShapes(NAMES, frequent=2)
    for number in range(3_000):
        for _ in range(1 + number % 2):
            shapes.count((str(number),), {str(number): 1})
    assert len(shapes.renderers) == 100
    wide = {str(number): number for number in range(101)}
    shapes = ItemShapes(NAMES, frequent=1)
    odd: list[dict[Any, Any]] = [{}, wide, {1: "no name"}]
    for item in odd:
        shapes.count(tuple(item), item)
    assert not shapes.renderers
