"""Filters: a condition compiled into one loop over many items.

`evaluation.holds` walks the tree for each item, which is fastest for a few items (one takes 3 to 10 µs). For more, the
source of a function is written (in 10 to 40 µs) and compiled (in 100 to 300 µs, once for each shape), such as ::

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
`tests/expressions/test_filters.py` compares compiled filters with `evaluation.holds`.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final, TypeAlias

from dynamongo._support.codegen import make_function
from dynamongo._support.lazy import lazy_property
from dynamongo.expressions.conditions import AnyCondition
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

FEW: Final = 3
"""The number of items up to which walking the tree is faster than writing the source."""

WORTH_COMPILING: Final = 24
"""The number of items of one shape up to which walking the trees is faster than compiling the source."""

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


def compile_filter(condition: AnyCondition) -> Filter:
    """Return a function that takes items and returns those that satisfy the condition, in order.

    It walks the tree for its first few items; for more of them it uses what is compiled for the shape of the tree, or
    compiles it once that is worth the time.

    >>> from dynamongo.expressions.conditions import GE, Comparison, Path
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
            if seen > FEW:
                shape, constants = find_filter_shape(condition)
                if shape.is_worth_compiling(len(items)):
                    compiled = functools.partial(shape.compiled, *constants)
                    return compiled(items)
            return [item for item in items if holds(condition, item)]
        return compiled(items)

    return select


def generate_filter(condition: AnyCondition) -> functools.partial[list[Item]]:
    """Return the compiled filter of the condition. `inspect.getsource` shows the source of its `func`."""
    shape, constants = find_filter_shape(condition)
    return functools.partial(shape.compiled, *constants)


class FilterShape:
    """What conditions of one shape share.

    Attributes:
        walked: The number of items whose trees were walked since it was clear that it would be worth writing source.
    """

    def __init__(self, test: str, count: int) -> None:
        self._test = test
        self._count = count
        self.walked = 0

    @lazy_property
    def compiled(self) -> Callable[..., list[Item]]:
        """The function that takes the constants of a condition, then items."""
        return _compile(self._test, self._count)

    def is_worth_compiling(self, count: int) -> bool:
        """Count items that are to be tested, and return whether to compile the function, if that is not done yet."""
        self.walked += count  # two threads may lose a few of them, and compile later
        return self.walked > WORTH_COMPILING


def find_filter_shape(condition: AnyCondition) -> tuple[FilterShape, list[object]]:
    """Return the shape of a condition, and the constants that its compiled function takes."""
    writer = FilterWriter()
    test = writer.write_parts(condition)
    return _shape_of(test, len(writer.constants)), writer.constants


_shape_of = functools.lru_cache(maxsize=256)(FilterShape)


def _compile(test: str, count: int) -> Callable[..., list[Item]]:
    """Compile a function that takes the constants of a condition, then items."""
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
