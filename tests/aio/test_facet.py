"""The facet `aio`: what it is bound to, how a model replaces it, and what it refuses."""

from __future__ import annotations

import asyncio
import copy
import inspect
import pickle
import pydoc
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from dynamongo import Connection, IntField, Model, SchemaError, StringField
from dynamongo.aio import AsyncFacet, AsyncInstanceVerbs, AsyncVerbs
from dynamongo.backends.memory import MemoryBackend
from dynamongo.expressions.updates import Updates
from dynamongo.verbs.metaclass import ModelMeta


class Note(Model):
    __table__ = "notes"
    __hash_key__ = "title"
    title = StringField(required=True)
    stars = IntField()


@pytest.fixture(autouse=True)
def backend() -> Iterator[None]:
    with Connection.using(MemoryBackend()):
        Note.create_table()
        yield


def test_it_is_bound_to_the_class_and_to_the_instance() -> None:
    note = Note(title="a")
    assert (type(Note.aio), Note.aio.model) == (AsyncVerbs, Note)
    assert (type(note.aio), note.aio.instance) == (AsyncInstanceVerbs, note)
    assert repr(Note.aio) == "<the verbs of Note, awaited>"
    assert repr(note.aio) == "<the verbs of a Note, awaited>"


def test_derived_models_have_their_own() -> None:
    class Long(Note):
        __table__ = "long"

    assert Long.aio.model is Long
    assert Long(title="a").aio.instance == Long(title="a")


def test_it_can_be_copied_and_pickled_with_what_it_is_bound_to() -> None:
    note = Note(title="a")
    assert copy.copy(Note.aio).model is copy.deepcopy(Note.aio).model is Note
    assert copy.copy(note.aio).instance is note
    deep = copy.deepcopy(note.aio).instance
    assert (deep, deep is note) == (note, False)
    assert pickle.loads(pickle.dumps(Note.aio)).model is Note
    assert pickle.loads(pickle.dumps(note.aio)).instance == note


def test_help_lists_the_verbs() -> None:
    text = pydoc.plain(pydoc.render_doc(Note.aio))
    assert "async get_one(" in text
    assert "Read one item, as `Model.get_one` does." in text
    assert all(inspect.getdoc(verb) for _, verb in inspect.getmembers(AsyncVerbs, inspect.isfunction))


def test_nothing_can_be_set_on_it() -> None:
    with pytest.raises(AttributeError):
        Note.aio.timeout = 3  # type: ignore[attr-defined]  # the mistake
    with pytest.raises(Exception, match="unknown field 'aio'"):
        Note(title="a").aio = 3  # type: ignore[assignment]  # the mistake
    with pytest.raises(Exception, match="unknown field 'aio'"):
        Note(aio=3)


class TestOtherAttributes:
    def test_field_of_that_name_is_refused(self) -> None:
        with pytest.raises(
            SchemaError, match=r"^Wrong.aio is a field that would hide a method or attribute of every model: "
        ):

            class Wrong(Note):
                aio = StringField()  # type: ignore[assignment]  # the mistake

    @pytest.mark.parametrize("value", [None, 3, property(lambda self: 3), lambda self: 3, AsyncFacet])
    def test_anything_else_is_refused(self, value: Any) -> None:
        with pytest.raises(SchemaError, match=r"^Wrong.aio would hide the awaited verbs; rename it, or"):
            ModelMeta("Wrong", (Note,), {"aio": value})

    def test_mixin_is_looked_at_too(self) -> None:
        class Mixin:
            aio = 3

        with pytest.raises(SchemaError, match=r"^Wrong.aio would hide"):
            ModelMeta("Wrong", (Mixin, Note), {})


class TestOverrides:
    def test_overridden_verb_is_refused_and_with_it_those_that_go_through_it(self) -> None:
        class Stamped(Note):
            @classmethod
            def save_one(cls, item: Any, *arguments: Any, **options: Any) -> Any:
                item.stars = 5
                return super().save_one(item, *arguments, **options)

        async def work() -> None:
            note = Stamped(title="a")
            calls: list[Callable[[], Awaitable[Any]]] = [
                lambda: Stamped.aio.save_one(note),
                lambda: Stamped.aio.create_one(note),
                note.aio.save,
                note.aio.create,
            ]
            for call in calls:
                with pytest.raises(
                    SchemaError,
                    match=r"^Stamped.save_one is overridden, and the awaited verb would not call it: override"
                    r" AsyncVerbs.save_one as well, in a class that the model declares as"
                    r" aio = AsyncFacet\(verbs=\.\.\.\)$",
                ):
                    await call()
            assert await Stamped.aio.get_one("a", default=None) is None

        asyncio.run(work())

    def test_overridden_verb_of_instances_is_refused(self) -> None:
        class Touching:
            def save(self, *arguments: Any, **named: Any) -> Any:
                return super().save(*arguments, **named)  # type: ignore[misc]  # of the model that it is mixed into

        class Touched(Touching, Note):
            pass

        assert Touched.aio.model is Touched

        class Again(Touched):
            __table__ = "again"

        async def work() -> None:
            with pytest.raises(
                SchemaError, match=r"^Again.save is overridden.* override AsyncInstanceVerbs.save as well"
            ):
                await Again(title="a").aio.save()
            await Touched.aio.save_one(Touched(title="a"))
            assert await Touched(title="a").aio.delete() == Touched(title="a")

        asyncio.run(work())

    def test_facet_may_be_replaced(self) -> None:
        class Stamping(AsyncVerbs["Stamped"]):
            async def save_one(self, item: Any, *arguments: Any, **options: Any) -> Any:
                item.stars = 7
                return await super().save_one(item, *arguments, **options)

        class Stamped(Note):
            aio = AsyncFacet(Stamping)

            @classmethod
            def save_one(cls, item: Any, *arguments: Any, **options: Any) -> Any:
                item.stars = 5
                return super().save_one(item, *arguments, **options)

        class Derived(Stamped):
            __table__ = "notes"

        async def work() -> None:
            assert (await Stamped(title="a").aio.save()).stars == 7
            assert (await Derived.aio.create_one(Derived(title="b"))).stars == 7
            assert isinstance(Derived.aio, Stamping)

        asyncio.run(work())

    def test_awaited_verbs_of_a_model_need_not_take_every_argument(self) -> None:
        class Own(AsyncVerbs[Any]):
            async def update_one(self, strategy: object, updates: Updates, *, upsert: bool = False) -> Any:  # type: ignore[override]  # without `condition`
                return await super().update_one(strategy, updates, upsert=upsert)

            async def delete_one(self, strategy: object) -> Any:  # type: ignore[override]  # as above
                return await super().delete_one(strategy)

        class Starred(Note):
            aio = AsyncFacet(Own)

        async def work() -> None:
            note = await Starred.aio.update_from_dict("a", {"stars": 1}, upsert=True)
            assert (await (await note.aio.update(Starred.stars.add(1))).aio.upsert(Starred.stars.add(1))).stars == 3
            assert await note.aio.delete() == note

        asyncio.run(work())

    def test_replaced_facet_refuses_what_it_leaves_out(self) -> None:
        class Stamping(AsyncVerbs[Any]):
            pass

        class Stamped(Note):
            aio = AsyncFacet(Stamping)

            @classmethod
            def delete_one(cls, strategy: Any, *, condition: Any = None) -> Any:
                return None

        async def work() -> None:
            with pytest.raises(SchemaError, match=r"Stamped.delete_one is overridden"):
                await Stamped.aio.delete_one("a")
            assert isinstance(Stamped.aio, Stamping)

        asyncio.run(work())

    def test_awaited_verb_may_be_kept_on_purpose(self) -> None:
        class Kept(AsyncInstanceVerbs[Any]):
            save = AsyncInstanceVerbs.save

        class Logged(Note):
            aio = AsyncFacet(instance_verbs=Kept)

            def save(self, *arguments: Any, **options: Any) -> Any:
                return super().save(*arguments, **options)

        assert asyncio.run(Logged(title="a").aio.save()) == Logged(title="a")

    def test_refusing_facets_keep_names_docs_and_signatures(self) -> None:
        class Stamped(Note):
            @classmethod
            def describe(cls) -> Any:
                return None

            def reload(self) -> Any:
                return self

        assert inspect.signature(Stamped.aio.describe) == inspect.signature(Note.aio.describe)
        assert Stamped.aio.describe.__doc__ == AsyncVerbs.describe.__doc__
        assert copy.copy(Stamped.aio).model is Stamped
        assert Stamped(title="a") == Stamped(title="a")
        assert repr(Stamped.aio) == "<the verbs of Stamped, awaited>"

    def test_other_methods_are_of_no_concern(self) -> None:
        class Named(Note):
            def explain_yourself(self) -> str:
                return "a note"

            def to_dict(self, only: Any = None, **options: Any) -> Any:
                return super().to_dict(only, **options)

            @classmethod
            def explain(cls, *arguments: Any, **named: Any) -> Any:
                return super().explain(*arguments, **named)

        assert asyncio.run(Named.aio.get_one("a", default=None)) is None
