"""Filters: a condition compiled into one loop over many items.

`evaluation.holds` walks the tree for each item, which is fastest for a few items. For more of them, the source of a
function is generated, such as ::

    def select(c0, c1, c2, c3, items):
        return [
            item
            for item in items
            if ((type((v1 := item.get(c1))) is int or type(v1) is Decimal) and v1 < c0)
            and (not (type((v2 := item.get(c3))) is str and v2.startswith(c2)))
        ]

The source depends only on the shape of the tree: the kinds of its nodes, the lengths of its paths, and the types of its
values. Names and values are arguments: nothing from a user is written into source, and each shape is compiled once for
all values. A test is written inline if the type of its constant decides the result, and else calls `evaluation`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final, TypeAlias

from dynamongo._support.codegen import make_function
from dynamongo.expressions.conditions import Condition
from dynamongo.expressions.evaluation import (
    MISSING,
    compare,
    has_part,
    has_prefix,
    holds,
    is_equal,
    is_of_type,
    is_ordered,
    measure,
    resolve,
)
from dynamongo.expressions.filter_source import FilterWriter
from dynamongo.expressions.values import Item

Filter: TypeAlias = Callable[[Sequence[Item]], list[Item]]

FEW: Final = 8
"""The number of items up to which walking the tree is faster than generating source."""

_NAMES = {
    "Decimal": Decimal,
    "MISSING": MISSING,
    "compare": compare,
    "has_part": has_part,
    "has_prefix": has_prefix,
    "holds": holds,
    "is_equal": is_equal,
    "is_of_type": is_of_type,
    "is_ordered": is_ordered,
    "measure": measure,
    "resolve": resolve,
}


def compile_filter(condition: Condition) -> Filter:
    """Return a function that takes items and returns those that satisfy the condition, in order.

    It walks the tree for its first few items, and compiles it when there are more.

    >>> select = compile_filter(Comparison(Path("age"), GE, 18))
    >>> select([{"age": 40}, {"age": "40"}, {}])
    [{'age': 40}]
    """
    compiled: Filter | None = None
    seen = 0

    def select(items: Sequence[Item]) -> list[Item]:
        nonlocal compiled, seen
        if compiled is None:
            seen += len(items)
            if seen <= FEW:
                return [item for item in items if holds(condition, item)]
            compiled = generate_filter(condition)
        return compiled(items)

    return select


def generate_filter(condition: Condition) -> functools.partial[list[Item]]:
    """Return the compiled filter of the condition. `inspect.getsource` shows the source of its `func`."""
    writer = FilterWriter()
    test = writer.write_parts(condition)
    return functools.partial(compile_shape(test, len(writer.constants)), *writer.constants)


@functools.lru_cache(maxsize=256)
def compile_shape(test: str, count: int) -> Callable[..., list[Item]]:
    """Compile a function that takes the constants of a condition, then items; conditions of one shape share it."""
    names = "".join(f"c{number}, " for number in range(count))
    source = f"""\
def select({names}items):
    return [
        item
        for item in items
        if {test}
    ]
"""
    return make_function("select", source, _NAMES)
