"""Aliasing: changing an object that was passed to a model, or returned by one, does not change what is stored."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from dynamongo.backends.base import Backend
from dynamongo.connection.connection import Connection
from dynamongo.exceptions import ConditionalCheckFailedException
from dynamongo.expressions.values import Item
from dynamongo.fields import DictField, IntField, JSONField, ListField, SetField, StringField
from dynamongo.model.model import Model
from dynamongo.testing.contract.base import ContractBase, proves, schema_of
from dynamongo.testing.contract.table import Table, cases

KEY: Item = {"pk": "a"}
STORED: Item = {
    "pk": "a",
    "words": ["x"],
    "rows": [[1], [2]],
    "marks": frozenset({"m"}),
    "address": {"city": "Bern", "lines": ["one"]},
    "extra": {"undeclared": [1, {"deep": []}]},
    "n": 1,
}
DEFAULT: list[str] = ["by default"]


def make_model(table: str) -> Any:
    """Make a model with containers of every kind, for a table."""

    class Document(Model):
        __table__ = table
        __hash_key__ = "pk"
        __scans__ = "allow"
        pk = StringField(required=True)
        words = ListField(StringField, default=DEFAULT)
        rows = ListField(ListField(IntField))
        marks = SetField(StringField)
        address = DictField(city=StringField(), lines=ListField(StringField))
        json = JSONField()
        n = IntField()

    return Document


def change(document: Any) -> None:
    """Change everything that can be reached from an instance."""
    document.words.append("changed")
    document.rows[0].append(99)
    document.rows.append([])
    document.marks.add("changed")
    document.address["city"] = "changed"
    document.address["lines"].append("changed")
    document.undeclared()["extra"]["undeclared"].append("changed")
    document.to_dict()["rows"][0].append(98)


def fail_to_save(model: Any) -> Any:
    """Return the item that the error of a conditional save carries."""
    with pytest.raises(ConditionalCheckFailedException) as failure:
        model.save_one({"pk": "a"}, overwrite=False)
    return failure.value.item


RESULTS: dict[str, Callable[[Any], Any]] = {
    "get_one": lambda model: model.get_one("a"),
    "get_many of keys": lambda model: model.get_many(["a"])[0],
    "get_many of a condition": lambda model: model.get_many(model.n == 1)[0],
    "get_many of everything": lambda model: model.get_many()[0],
    "update_one": lambda model: model.update_one("a", model.n.set(1)),
    "reload": lambda model: model.get_one("a").reload(),
    "save_one": lambda model: model.save_one(model.get_one("a")),
    "failure of save_one": fail_to_save,
}


class AliasingContract(ContractBase):
    """Instances, items and arguments of a model."""

    @pytest.fixture
    def stored(self, backend: Backend) -> Iterator[tuple[Any, Table]]:
        """Yield a model and its table, which contains `STORED`."""
        table = Table(backend, schema_of())
        table.create()
        table.put(STORED)
        with Connection.using(backend):
            yield make_model(table.name), table
        table.drop()

    @proves("25.7")
    @cases("read", RESULTS)
    def test_changing_an_instance_does_not_change_the_store(
        self, stored: tuple[Any, Table], read: Callable[[Any], Any]
    ) -> None:
        model, table = stored
        change(read(model))
        assert table.items() == [STORED]

    @proves("25.7")
    def test_changing_a_deleted_instance_does_not_change_what_is_saved_again(self, stored: tuple[Any, Table]) -> None:
        model, table = stored
        document = model.delete_one("a")
        document.save()
        change(document)
        assert table.items() == [STORED]

    @proves("25.7")
    def test_changing_saved_values_does_not_change_the_store(self, stored: tuple[Any, Table]) -> None:
        model, table = stored
        values: dict[str, Any] = {"pk": "b", "rows": [[1]], "marks": {"m"}, "address": {"lines": ["one"]}, "words": []}
        saved = model.save_one(values)
        model.save_many([{**values, "pk": "c"}])
        before = [table.get({"pk": pk}) for pk in "bc"]
        values["rows"][0].append(2)
        values["marks"].add("changed")
        values["address"]["lines"].append("changed")
        saved.rows[0].append(3)
        saved.address["lines"].append("changed")
        assert [table.get({"pk": pk}) for pk in "bc"] == before
        assert before[0] == {
            "pk": "b",
            "rows": [[1]],
            "marks": frozenset({"m"}),
            "address": {"lines": ["one"]},
            "words": [],
        }

    @proves("25.7")
    def test_changing_a_default_does_not_change_the_store_or_another_instance(self, stored: tuple[Any, Table]) -> None:
        model, table = stored
        first = model.save_one({"pk": "b"})
        first.words.append("changed")
        model.save_one({"pk": "c"})
        for pk in "bc":
            assert table.get({"pk": pk}) == {"pk": pk, "words": ["by default"], "rows": []}
        assert DEFAULT == ["by default"]

    @proves("25.7")
    def test_changing_the_value_of_a_condition_or_an_update_changes_nothing(self, stored: tuple[Any, Table]) -> None:
        model, table = stored
        rows, words = [[1], [2]], ["new"]
        condition, update = model.rows == rows, model.words.set(words)
        rows[0].append(99)
        words.append("changed")
        found = model.get_one((model.pk == "a") & condition)
        model.update_one((model.pk == "a") & condition, update)
        words.append("changed again")
        found.rows[0].append(97)
        assert table.items() == [{**STORED, "words": ["new"]}]
