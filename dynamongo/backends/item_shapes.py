"""Item shapes: functions that write the JSON of items whose attributes have the same names in the same order.

Of the time that rendering an item takes, half goes to the names, which are the same in thousands of items. So a shape
that was met often gets a function compiled of its names and of the types of its values, such as this one::

    def render(item):
        v0, v1, = item.values()
        if type(v0) is str and (type(v1) is Decimal or type(v1) is int):
            return f'{text0}{quote(v0)}{text1}{number(v1)}{text2}'

It returns `None` for an item with other types, which is rendered attribute by attribute. Rendering an item then takes
seven tenths of the time. Short-lived programs compile nothing. `test_item_shapes.py` compares the JSON with that of
`json.dumps`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Final, TypeAlias

from dynamongo._support.codegen import make_function

ItemShape: TypeAlias = tuple[object, ...]
"""The names of the attributes of an item, or of the members of a map, in their order."""

Renderer: TypeAlias = Callable[[Any], "str | None"]

_FREQUENT: Final = 100
"""How often a shape is met before it is worth the half millisecond that compiling takes."""

_MOST_SHAPES: Final = 100
_MOST_COUNTED: Final = 1_000
_MOST_NAMES: Final = 100
"""Bounds: maps may have data as names, so that there are as many shapes as maps."""


class ItemShapes:
    """The shapes that were met, and the functions of the frequent ones. Threads may share it.

    Args:
        names: The globals of the functions: `quote` for text, `number` for the quoted text of a number, and
            `render_item`, `render_list` and `render_value`.
        frequent: How often a shape has to be met before it gets a function.

    Attributes:
        renderers: The functions, by their shapes.
    """

    def __init__(self, names: Mapping[str, Any], frequent: int = _FREQUENT) -> None:
        self._names: dict[str, Any] = {**names, "Decimal": Decimal, "true": "true", "false": "false"}
        self._frequent = frequent
        self._counts: dict[ItemShape, int] = {}
        self.renderers: dict[ItemShape, Renderer] = {}

    def count(self, shape: ItemShape, item: Mapping[str, object]) -> None:
        """Note that a shape without a function was met, with this item; make its function if that is frequent."""
        if len(self.renderers) >= _MOST_SHAPES:
            return
        count = self._counts[shape] = self._counts.get(shape, 0) + 1
        if count >= self._frequent and 0 < len(shape) <= _MOST_NAMES and {*map(type, shape)} == {str}:
            self.renderers[shape] = self._compile(item)
        elif len(self._counts) > _MOST_COUNTED:
            self._counts.clear()

    def _compile(self, item: Mapping[str, object]) -> Renderer:
        quote, texts = self._names["quote"], ["{"]
        pieces, tests = list[str](), list[str]()
        for number, (name, value) in enumerate(item.items()):
            before, shown, after, test = _RECIPES.get(type(value), _ANY)
            texts[-1] += f"{quote(name)}:{before}"
            texts.append(f"{after},")
            pieces += (f"text{number}", shown.format(v=f"v{number}"))
            tests += [test.format(v=f"v{number}")] if test else []
        texts[-1] = f"{texts[-1][:-1]}}}"
        pieces.append(f"text{len(item)}")
        names = self._names | {f"text{number}": text for number, text in enumerate(texts)}
        source = (
            "def render(item):\n"
            f"    {''.join([f'v{number}, ' for number in range(len(item))])}= item.values()\n"
            f"    if {' and '.join(tests) or 'True'}:\n"
            f"        return f'{''.join([f'{{{piece}}}' for piece in pieces])}'\n"
        )
        return make_function("render", source, names)


_ANY: Final = ("", "render_value({v})", "", "")
_RECIPES: Final[dict[type, tuple[str, str, str, str]]] = {
    str: ('{"S":', "quote({v})", "}", "type({v}) is str"),
    int: ('{"N":"', "{v}", '"}', "type({v}) is int"),
    Decimal: ('{"N":', "number({v})", "}", "(type({v}) is Decimal or type({v}) is int)"),
    bool: ('{"BOOL":', "true if {v} else false", "}", "({v} is True or {v} is False)"),
    list: ("", "render_list({v})", "", "type({v}) is list"),
    dict: ('{"M":', "render_item({v})", "}", "type({v}) is dict"),
}
"""For a type: the text before a value, the expression for it, the text after it, and the test that another value has to
pass. A whole number may take the place of a decimal one, since it is stored as such."""
