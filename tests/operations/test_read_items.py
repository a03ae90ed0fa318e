"""Items with what a reader made of them: a sequence of items, whatever happens to the rest."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from dynamongo.backends.dynamodb_json import render_item
from dynamongo.exceptions import ValidationError
from dynamongo.expressions.values import Item
from dynamongo.operations import ItemReader, ReadItems, Scan

ITEMS: list[Item] = [{"id": number, "tags": frozenset({"a"})} for number in range(5)]


def read(*left: int, key_of: Any = lambda made: {"id": made[0]}) -> ReadItems:
    """The items, of which those at the positions `left` were left; what is made of the others is a list."""
    reader = ItemReader(lambda wire, text: None, key_of, ("id",))
    stored = [item if n in left else render_item(item) for n, item in enumerate(ITEMS)]
    return ReadItems(reader, stored, [None if n in left else [n] for n in range(len(ITEMS))])


@pytest.mark.parametrize("left", [(), (1, 3), (0, 1, 2, 3, 4)])
def test_it_is_a_sequence_of_items(left: tuple[int, ...]) -> None:
    items = read(*left)
    assert list(items) == ITEMS
    assert (len(items), items[-1], items[2]) == (5, ITEMS[-1], ITEMS[2])
    assert (list(items[1:3]), list(items[:0]), bool(items[:0])) == (ITEMS[1:3], [], False)
    assert list(items.pick([3, 0])) == [ITEMS[3], ITEMS[0]]
    assert ITEMS[2] in items
    assert repr(items[:1]) == repr((ITEMS[0],))


def test_what_was_made_is_handed_out_once_and_the_rest_is_made_now() -> None:
    items = read(1)
    made = items.finish(lambda item: item["id"])
    assert made == [[0], 1, [2], [3], [4]]
    assert items.finish(lambda item: item["id"]) == [0, 1, 2, 3, 4]
    assert list(items) == ITEMS
    assert read(1)[1:3].finish(lambda item: item["id"]) == [1, [2]]
    assert read(1).pick([2, 1]).finish(lambda item: item["id"]) == [[2], 1]


def test_several_are_joined() -> None:
    joined = ReadItems.join([read(0)[:2], read()[2:]])
    assert isinstance(joined, ReadItems)
    assert list(joined) == ITEMS
    assert joined.finish(lambda item: item["id"]) == [0, [1], [2], [3], [4]]
    assert ReadItems.join([read()[:2], tuple(ITEMS[2:])]) == ITEMS
    assert ReadItems.join([tuple(ITEMS[:2]), ITEMS[2:]]) == ITEMS
    assert ReadItems.join([]) == []
    assert ReadItems.join([only := read()]) is only


def test_key_is_found_in_what_was_made_or_in_the_item() -> None:
    def refuse(made: Any) -> Item:
        if made[0] == 2:
            raise ValidationError("a rule that is newer than the item")
        return {"id": made[0]}

    assert [key["id"] for key in read(1, key_of=refuse).find_keys()] == [0, 1, 2, 3, 4]


def test_only_items_that_were_left_may_lack_a_key() -> None:
    assert list(read(1).may_lack("id")) == [ITEMS[1]]
    assert list(read(1).may_lack("other")) == ITEMS


def test_pickles_and_copies_of_an_operation_have_no_reader() -> None:
    scan = Scan("users", limit=3, reader=read().parts[0])
    for other in (pickle.loads(pickle.dumps(scan)), copy.deepcopy(scan)):
        assert (other, other.reader) == (scan, None)
