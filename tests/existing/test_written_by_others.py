"""Items that other libraries wrote, as their files keep them: a save of an unchanged item changes nothing."""

from __future__ import annotations

import asyncio
import datetime as dt
import decimal
import types
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from boto3.dynamodb.types import TypeDeserializer

from dynamongo import Connection, Model
from dynamongo.backends.dynamodb import DynamoDBBackend
from existing.declared import MODELS
from existing.libraries import LIBRARIES, Library
from existing.stored import read_items, read_kept
from existing.stores import Memory, Server, Store, differences

UTC = dt.timezone.utc
LATER = dt.datetime(2026, 2, 3, 4, 5, 6, tzinfo=UTC)
SECONDS = {"N": str(int(LATER.timestamp()))}
MILLISECONDS = {"N": f"{LATER.timestamp():.0f}000"}
UNIQUE = uuid.UUID("abcdef01-0000-0000-0000-000000000000")


@pytest.fixture(params=["memory", "dynamodb"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    if request.param == "memory":
        store: Store = Memory(tmp_path)
    else:
        backend: DynamoDBBackend = request.getfixturevalue("dynamodb_backend")
        store = Server(backend, request.getfixturevalue("server_url"))
    with Connection.using(store.backend):
        yield store


def named(library: str) -> type[Model]:
    """Return the model of a library's items, for a table of its own."""
    declared = MODELS[library]
    namespace = {"__table__": f"{library}-{uuid.uuid4().hex[:8]}"}
    model: type[Model] = types.new_class(declared.__name__, (declared,), exec_body=lambda body: body.update(namespace))
    return model


def model_for(library: str, store: Store) -> type[Model]:
    """Return the same with its table, which has the items that the library wrote."""
    model = named(library)
    model.create_table()
    store.put(model, read_kept(library))
    return model


@pytest.mark.parametrize("library", MODELS)
def test_save_of_an_unchanged_item_changes_nothing(library: str, store: Store) -> None:
    model = model_for(library, store)
    before = store.items(model)
    for item in model.get_many(scans="allow", consistent=True):
        item.save()
    changed = differences(before, store.items(model))
    assert {name: change for name, change in changed.items() if name not in counted(model)} == {}


@pytest.mark.parametrize("library", MODELS)
def test_save_of_changes_sends_nothing_where_nothing_changed(library: str, store: Store) -> None:
    model = model_for(library, store)
    items = model.get_many(scans="allow", consistent=True)
    with Connection.record() as calls:
        for item in items:
            item.save(only_changed=True)
    assert calls.requests == 0


@pytest.mark.parametrize("library", MODELS)
def test_values_of_others_are_found_by_keys_and_conditions(library: str, store: Store) -> None:
    model = model_for(library, store)
    mapper = model.__mapper__
    for item in model.get_many(scans="allow", consistent=True):
        key = tuple(getattr(item, name) for name in mapper.keys.field_names)
        assert model.get_one(key if len(key) > 1 else key[0], consistent=True) == item
        for name, value in item.to_dict().items():
            if value is not None and not isinstance(value, (list, set, dict)):
                found = model.find(getattr(model, name) == value, scans="allow")
                assert item in found, name


@pytest.mark.parametrize("library", ["pynamodb", "bloop"])
def test_index_of_others_with_keys_alone_is_queried_by_instants(library: str, store: Store) -> None:
    model: Any = model_for(library, store)
    second = dt.datetime(2025, 1, 1, 10, tzinfo=UTC)
    for bound, expected in ((model.at >= second, [second]), (model.at > second, []), (model.at < LATER, [second])):
        found = model.find((model.name == "Zoë") & bound, index=model.by_name)
        assert found.explain().index == model.by_name.name
        assert [item.at for item in found] == expected


@pytest.mark.parametrize("library", MODELS)
def test_migration_finds_all_values_in_the_declared_forms(library: str, tmp_path: Path) -> None:
    store = Memory(tmp_path)
    with Connection.using(store.backend):
        model = model_for(library, store)
        before = store.items(model)
        for page in model.find(scans="allow").migrate():
            page.result.raise_if_failed()
        changed = differences(without_nothing(before), without_nothing(store.items(model)))
    assert changed.keys() <= counted(model)


def without_nothing(value: Any) -> Any:
    """Leave out NULLs and empty lists, which are all that a new item has otherwise."""
    if isinstance(value, list):
        return [without_nothing(each) for each in value]
    if not isinstance(value, dict):
        return value
    return {name: without_nothing(each) for name, each in value.items() if each not in ({"NULL": True}, {"L": []})}


def save_in_transaction(model: type[Model], items: list[Any]) -> None:
    with Connection.transaction() as tx:
        for item in items:
            tx.save(item)


def save_in_batch(model: type[Model], items: list[Any]) -> None:
    with model.batch() as batch:
        for item in items:
            batch.save(item)


async def save_awaited(items: list[Any]) -> None:
    await asyncio.gather(*(item.aio.save() for item in items))


WAYS: dict[str, Callable[[type[Model], list[Any]], object]] = {
    "save_many": lambda model, items: model.save_many(items).raise_if_failed(),
    "batch": save_in_batch,
    "transaction": save_in_transaction,
    "awaited": lambda model, items: asyncio.run(save_awaited(items)),
}


@pytest.mark.parametrize("way", WAYS)
def test_every_way_of_saving_leaves_an_unchanged_item_as_it_is(way: str, tmp_path: Path) -> None:
    store = Memory(tmp_path)
    with Connection.using(store.backend):
        model = model_for("boto3", store)
        before = store.items(model)
        WAYS[way](model, model.get_many(scans="allow"))
        assert store.items(model) == before


# By library and field: what is assigned, and what is stored then.
CHANGES: dict[str, dict[str, tuple[Any, Any]]] = {
    "pynamodb": {
        "name": ("Ada", {"S": "Ada"}),
        "count": (4, {"N": "4"}),
        "document": ({"b": [0.5], "a": "\u00e9"}, {"S": '{"b": [0.5], "a": "\\u00e9"}'}),
        "old_data": (b"x", {"B": "ZUE9PQ=="}),
        "old_parts": ({b"x"}, {"BS": ["ZUE9PQ=="]}),
        "numbers": ({decimal.Decimal("0.5")}, {"NS": ["0.5"]}),
        "expires": (LATER, SECONDS),
        "dates": ([LATER], {"L": [{"S": "2026-02-03T04:05:06.000000+0000"}]}),
        "free": ({"x": None}, {"M": {"x": {"NULL": True}}}),
    },
    "boto3": {
        "user_id": (UNIQUE, {"S": str(UNIQUE)}),
        "hex": (UNIQUE, {"S": UNIQUE.hex}),
        "capitals": (UNIQUE, {"S": str(UNIQUE).upper()}),
        "bit": (False, {"N": "0"}),
        "word": (False, {"S": "false"}),
        "number_as_text": (7, {"S": "7"}),
        "created": (LATER, {"S": "2026-02-03T04:05:06+00:00"}),
        "spaced": (LATER, {"S": "2026-02-03 04:05:06+00:00"}),
        "zulu": (LATER, {"S": "2026-02-03T04:05:06Z"}),
        "seconds": (LATER, SECONDS),
        "milliseconds": (LATER, MILLISECONDS),
        "dotted": ("x", {"S": "x"}),
    },
    "dyntastic": {
        "alias": ("Ada", {"S": "Ada"}),
        "at": (LATER, {"S": "2026-02-03T04:05:06Z"}),
        "at_second": (LATER.replace(microsecond=7), {"S": "2026-02-03T04:05:06.000007Z"}),
        "day": (dt.date(2026, 2, 3), {"S": "2026-02-03"}),
        "numbers": ({5}, {"NS": ["5"]}),
    },
    "pydynox": {
        "at": (LATER, {"S": "2026-02-03T04:05:06+00:00"}),
        "expires": (LATER, SECONDS),
        "document": ({"b": 1}, {"S": '{"b": 1}'}),
        "numbers": ([decimal.Decimal("0.5")], {"L": [{"S": "0.5"}]}),
    },
    "bloop": {
        "name": ("Ada", {"S": "Ada"}),
        "data": (b"x", {"B": "ZUE9PQ=="}),
        "dates": ([LATER], {"L": [{"S": "2026-02-03T04:05:06.000000+00:00"}]}),
        "expires": (LATER, SECONDS),
    },
    "javascript": {
        "updated_at": (LATER, {"S": "2026-02-03T04:05:06.000Z"}),
        "now": (LATER, MILLISECONDS),
        "expires": (LATER, SECONDS),
        "ratio": (0.2, {"N": "0.2"}),
        "document": ({"z": 1, "a": ["é"]}, {"S": '{"z":1,"a":["é"]}'}),
    },
    "appsync": {
        "title": ("Draw it", {"S": "Draw it"}),
        "updated_at": (LATER, {"S": "2026-02-03T04:05:06.000Z"}),
        "last_changed_at": (LATER, MILLISECONDS),
        "due": (LATER, {"S": "2026-02-03T04:05:06Z"}),
    },
}


def fullest(model: type[Model]) -> Any:
    items = model.get_many(scans="allow", consistent=True)
    return max(items, key=lambda item: len(repr(item)))


def counted(model: type[Model]) -> set[str]:
    """Return the attribute that each save counts up, as the library of the table does, too."""
    version = model.__mapper__.version
    return {version.attribute} if version else set()


@pytest.mark.parametrize("library", CHANGES)
def test_save_changes_what_was_changed_and_nothing_else(library: str, store: Store) -> None:
    model = model_for(library, store)
    for number, (name, (value, stored)) in enumerate(CHANGES[library].items()):
        before = store.items(model)
        item = fullest(model)
        if number % 3:
            setattr(item, name, value)
            item.save(only_changed=number % 3 == 1)
        else:
            item.update(getattr(model, name).set(value))
        attribute = model.__mapper__.fields[name].path.attribute
        changed = differences(before, store.items(model))
        assert changed.keys() - counted(model) == {attribute}
        assert changed[attribute][1] == stored


def test_change_inside_of_a_map_leaves_its_other_members(store: Store) -> None:
    model = model_for("boto3", store)
    before = store.items(model)
    item = fullest(model)
    item.address["city"] = "Bergen"
    item.rows[0]["n"] = 5
    item.save()
    changed = differences(before, store.items(model))
    old, new = changed.pop("address")
    assert new == {"M": {**old["M"], "city": {"S": "Bergen"}}}
    old, new = changed.pop("rows")
    assert new == {"L": [{"M": {**old["L"][0]["M"], "n": {"N": "5"}}}, old["L"][1]]}
    assert changed == {}


LIVE = [
    pytest.param(library, marks=[] if name in ("pynamodb", "boto3") else pytest.mark.slow)
    for name, library in LIBRARIES.items()
]


@pytest.fixture
def undone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Undo what dyntastic and its program change in the whole process: a method of boto3, and the environment."""
    method = "_deserialize_b"
    monkeypatch.setattr(TypeDeserializer, method, getattr(TypeDeserializer, method))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "DYNTASTIC_TABLE"):
        monkeypatch.setenv(name, "made-up")


@pytest.mark.parametrize("library", LIVE, ids=LIBRARIES)
def test_library_reads_what_dynamongo_saved(
    library: Library, dynamodb_backend: DynamoDBBackend, server_url: str, undone: None
) -> None:
    if not library.is_installed():
        pytest.skip(f"{library.name} is not installed")
    model = named(library.name)
    library.write(server_url, model.table_name())
    assert read_items(server_url, model.table_name()) == read_kept(library.name)  # else run record.py
    with Connection.using(dynamodb_backend):
        assert model.compare_table() == ()
        as_read = library.read(server_url, model.table_name())
        for item in model.get_many(scans="allow", consistent=True):
            item.save()
        assert without_counters(library.read(server_url, model.table_name())) == without_counters(as_read)
        for name, (value, _) in CHANGES[library.name].items():
            before = without_counters(library.read(server_url, model.table_name()))
            item = fullest(model)
            setattr(item, name, value)
            item.save()
            after = without_counters(library.read(server_url, model.table_name()))
            assert sum(old[key] != new[key] for old, new in zip(before, after, strict=True) for key in old) == 1


def without_counters(items: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{name: value for name, value in item.items() if name != "version"} for item in items]
