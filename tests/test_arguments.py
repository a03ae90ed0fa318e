"""What verbs are called with: names that do not exist, and values that are no flag, count or number of units."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dynamongo import ConfigurationError, Connection, ExpressionError, IntField, Model, StringField
from dynamongo.backends.memory import MemoryBackend


class Note(Model):
    __table__ = "notes"
    __hash_key__ = "author"
    __range_key__ = "day"
    author = StringField(required=True)
    day = IntField(required=True)
    text = StringField()


MINE: Any = Note.author == "jane"
KEY = ("jane", 1)
untyped: Any = Note


@pytest.fixture(autouse=True)
def backend() -> Iterator[MemoryBackend]:
    with Connection.using(MemoryBackend()) as backend:
        Note.create_table()
        Note.save_one({"author": "jane", "day": 1, "text": "a"})
        yield backend  # type: ignore[misc]  # the backend that was given


@pytest.mark.parametrize("verb", ["get_many", "find", "explain"])
@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("consitent", "did you mean 'consistent'"),
        ("projecton", "did you mean 'projection'"),
        ("scan", "did you mean 'scans'"),
        ("max_page", "did you mean 'max_pages'"),
        ("filter", "it takes strategy, descending, limit, index"),
        ("order_by", "it takes"),
    ],
)
def test_name_that_does_not_exist_is_refused_with_the_nearest(verb: str, name: str, hint: str) -> None:
    with pytest.raises(TypeError, match=rf"{verb}\(\) got an unexpected keyword argument '{name}'; {hint}"):
        getattr(Note, verb)(MINE, **{name: None})


def test_only_find_has_a_cursor() -> None:
    for verb in (untyped.get_many, untyped.explain):
        with pytest.raises(TypeError, match="cursor"):
            verb(MINE, cursor=None)


FLAGS: dict[str, Callable[[Any], object]] = {
    "descending": lambda flag: Note.get_many(MINE, flag),
    "consistent": lambda flag: Note.get_many(MINE, consistent=flag),
    "as_dicts": lambda flag: Note.find(MINE, as_dicts=flag),
    "upsert": lambda flag: Note.update_one(KEY, Note.text.set("b"), upsert=flag),
    "only_changed": lambda flag: Note.save_one({"author": "jane", "day": 1}, only_changed=flag),
    "overwrite": lambda flag: Note.save_one({"author": "jane", "day": 1}, overwrite=flag),
    "wait": lambda flag: Note.delete_table(wait=flag),
    "drop_indexes": lambda flag: Note.update_table(drop_indexes=flag),
    "undeclared": lambda flag: Note.compare_table(undeclared=flag),
    "everywhere": lambda flag: Connection.using(MemoryBackend(), everywhere=flag).__enter__(),
    "return_items": lambda flag: Connection.transaction(return_items=flag),
}


@pytest.mark.parametrize("name", FLAGS)
@pytest.mark.parametrize("flag", ["no", "", 0, 1, None, []])
def test_flag_is_true_or_false(name: str, flag: Any) -> None:
    with pytest.raises(ExpressionError, match=name):
        FLAGS[name](flag)
    assert Note.get_one(KEY).text == "a"


def test_flag_of_a_read_of_one_item() -> None:
    with pytest.raises(ExpressionError, match=r"consistent must be True or False; got 'no'"):
        untyped.get_one(KEY, consistent="no")
    for verb in (untyped.find, untyped.explain):
        with pytest.raises(ExpressionError, match="descending"):
            verb(MINE, descending="no")


@pytest.mark.parametrize("name", ["limit", "page_size", "segments", "max_pages"])
@pytest.mark.parametrize("count", [-1, "5", 1.5, True, float("nan")])
def test_count_is_an_int(name: str, count: Any) -> None:
    for verb in (Note.get_many, Note.find, Note.explain):
        with pytest.raises(ExpressionError, match=f"{name} must be an int >= [01]"):
            verb(MINE, **{name: count})


@pytest.mark.parametrize("units", [0, -1, "5", True, float("nan")])
def test_units_are_a_number_above_0(units: Any) -> None:
    for verb in (Note.get_many, Note.find, Note.explain):
        with pytest.raises(ExpressionError, match="max_read_units must be an int or a float > 0"):
            verb(MINE, max_read_units=units)


def test_second_condition_by_position_is_refused() -> None:
    for verb in (untyped.get_many, untyped.explain):
        with pytest.raises(ExpressionError, match=r"descending .* combine a second condition with the first by &"):
            verb(MINE & (Note.day == 1), Note.text == "b")
        with pytest.raises(ExpressionError, match=r"limit .* combine a second condition with the first by &"):
            verb(MINE, limit=Note.text == "b")
    with pytest.raises(ExpressionError, match=r"default .* combine a second condition with the first by &"):
        Note.get_one(KEY, Note.text == "b")
    for verb in (untyped.find, untyped.delete_one, untyped.delete_many):
        with pytest.raises(TypeError):
            verb(MINE & (Note.day == 1), Note.text == "b")
    assert Note.get_one(KEY).text == "a"


def test_policy_and_progress_are_checked_where_nothing_depends_on_them() -> None:
    with pytest.raises(ConfigurationError, match="scans"):
        untyped.delete_many([KEY], scans="never")
    with pytest.raises(ConfigurationError, match="scans"):
        untyped.update_many([KEY], Note.text.set("b"), scans="never")
    with pytest.raises(ConfigurationError, match="scans"):
        untyped.explain(MINE, scans="never")
    with pytest.raises(ConfigurationError, match="progress"):
        untyped.save_many([], progress="yes")
    assert Note.get_one(KEY).text == "a"
