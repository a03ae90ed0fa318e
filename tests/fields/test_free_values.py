"""Fields that take anything hold a copy, in the form in which it will be read."""

from __future__ import annotations

import copy
import enum
from decimal import Decimal
from typing import Any

import pytest
import strategies as values
from hypothesis import given
from hypothesis import strategies as st

from dynamongo import Connection, DictField, Field, ListField, Model, StringField
from dynamongo.backends.memory import MemoryBackend


class Colour(str, enum.Enum):
    RED = "red"


class Free(Model):
    __table__ = "free"
    __hash_key__ = "id"
    id = StringField(required=True)
    any = Field()
    free = DictField()
    several = ListField(Field)
    maps = ListField(DictField)
    inner = DictField(any=Field(), free=DictField())


GIVEN: list[tuple[Any, Any]] = [
    (0.1, Decimal("0.1")),
    (2.0, 2),
    (-0.0, 0),
    (Decimal("1.50"), Decimal("1.5")),
    ((1, 2.5), [1, Decimal("2.5")]),
    (bytearray(b"a"), b"a"),
    (memoryview(b"a"), b"a"),
    (frozenset({1.0, 2}), {1, 2}),
    (Colour.RED, "red"),
    ({"a": (0.5, {"b": frozenset({"c"})})}, {"a": [Decimal("0.5"), {"b": {"c"}}]}),
    ([[], {}, None, True], [[], {}, None, True]),
]


def typed(value: Any) -> Any:
    """The value in a form in which `==` distinguishes types."""
    if isinstance(value, dict):
        return type(value), {name: typed(member) for name, member in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value), list(map(typed, value))
    return type(value), sorted(map(repr, value)) if isinstance(value, (set, frozenset)) else repr(value)


@pytest.mark.parametrize(("given_value", "held"), GIVEN, ids=lambda each: type(each).__name__)
def test_a_value_is_held_in_the_form_in_which_it_is_read(given_value: Any, held: Any) -> None:
    made = Free(
        id="a",
        any=given_value,
        free={"x": given_value},
        several=[given_value],
        maps=[{"x": given_value}],
        inner={"any": given_value, "free": {"x": given_value}},
    )
    read = Free.__mapper__.decode(made.__mapper__.encode(made))
    for each in (made, read):
        assert typed(each.any) == typed(held)
        assert typed(each.free) == typed(each.maps[0]) == typed({"x": held})
        assert typed(each.several) == typed([held])
        assert typed(each.inner) == typed({"any": held, "free": {"x": held}})
    assert read == made
    made.any = given_value
    assert typed(made.any) == typed(held)


def test_what_was_given_is_never_shared() -> None:
    inner = {"l": [1], "d": {"s": {1}}}
    before = copy.deepcopy(inner)
    names = ("any", "free")
    first, second = (Free(id=name, several=[inner], maps=[inner], **dict.fromkeys(names, inner)) for name in "ab")
    third = Free(id="c")
    for name in names:
        setattr(third, name, inner)
    for instance in (first, third):
        for held in (instance.any, instance.free, *instance.several, *instance.maps):
            held["l"].append(2)
            held["d"]["s"].add(2)
    assert inner == before
    assert second.any == second.free == second.several[0] == second.maps[0] == before


def test_defaults_are_never_shared() -> None:
    shared: Any = {"l": [1]}

    class Defaults(Model):
        __table__ = "defaults"
        __hash_key__ = "id"
        id = StringField(required=True)
        any = Field(default=shared)
        free = DictField(default=shared)
        several = ListField(Field, [shared])
        made = Field(default=lambda: shared)

    first, second = Defaults(id="a"), Defaults(id="b")
    held: Any
    for held in (first.any, first.free, first.several[0], first.made):
        held["l"].append(2)
    assert second.any == second.free == second.several[0] == second.made == shared == {"l": [1]}


def test_nothing_is_sent_where_nothing_changed() -> None:
    with Connection.using(MemoryBackend()):
        Free.create_table()
        saved = Free(id="a", any=[0.1, (1,)], free={"x": 0.1}).save()
        with Connection.record() as calls:
            saved.save(only_changed=True)
        assert calls.requests == 0
        assert Free.get_one("a") == saved


free_values = st.recursive(
    values.texts | values.floats | values.ints | st.booleans() | st.none() | st.binary(max_size=3),
    lambda parts: st.one_of(
        st.lists(parts, max_size=3),
        st.lists(parts, max_size=3).map(tuple),
        st.dictionaries(values.names, parts, max_size=3),
        st.frozensets(values.floats, min_size=1, max_size=3),
        st.sets(values.texts, min_size=1, max_size=3),
    ),
    max_leaves=6,
)


@given(free_values)
def test_whatever_was_saved_is_read(value: Any) -> None:
    made = Free(id="a", any=value, several=[value], free={"x": value})
    read = Free.__mapper__.decode(made.__mapper__.encode(made))
    assert read == made
    assert typed(read.several) == typed(made.several)
