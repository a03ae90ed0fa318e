"""The size of an item: what it is, when a write warns about it, and what is refused before it is sent."""

from __future__ import annotations

import itertools
import threading
import warnings
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from colours import blocking_only

from dynamongo import (
    AttributeNotLoaded,
    ConfigurationError,
    Connection,
    ExpressionError,
    Field,
    IntField,
    InvalidRequestError,
    ItemSize,
    ItemSizeWarning,
    ListField,
    Model,
    StringField,
    ValidationError,
    VersionField,
    size_of,
)
from dynamongo.backends import Backend
from dynamongo.backends.memory import MemoryBackend
from dynamongo.operations import Get, Put

pytestmark = pytest.mark.usefixtures("colour")
_prefixes = (f"sizes-{number}-" for number in itertools.count())
KB = 1024


class Document(Model):
    __table__ = "documents"
    __hash_key__ = "id"
    __billing__ = "on_demand"
    id = StringField(required=True)
    text = StringField(stored_as="t")
    tags = ListField(StringField)
    free = Field()
    version = VersionField()


class Sheet(Model):
    __table__ = "documents"
    __hash_key__ = "id"
    id = StringField(required=True)
    text = StringField(stored_as="t")


class Parcel(Model):
    __table__ = "parcels"
    __hash_key__ = "id"
    id = StringField(required=True)
    size = IntField()


@pytest.fixture(params=["memory", "dynamodb"])
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    made: Backend = MemoryBackend() if request.param == "memory" else request.getfixturevalue("dynamodb_backend")
    Connection.set_config(backend=made, table_prefix=next(_prefixes) + str(threading.get_ident()))
    Document.create_table()
    yield made
    Document.delete_table()
    Connection.set_config()


def large(key: str = "a", kilobytes: float = 360) -> Document:
    return Document(id=key, text="x" * int(kilobytes * KB))


def test_size_is_what_the_store_counts(backend: Backend) -> None:
    document = Document(
        id="é", text="x" * 5000, tags=["a", "bc"], free={"n": Decimal("-1.5"), "b": b"123", "s": {1, 2}}
    )
    size = document.size()
    assert size == size_of(document)
    assert size.bytes == sum(size.attributes.values())
    assert list(size.attributes)[:2] == ["text", "free"]
    document.save()
    stored = backend.execute(Get(Document.table_name(), {"id": "é"}, consistent=True))
    assert stored.item is not None
    assert size == ItemSize(size.bytes, size_of(document).attributes)
    assert size_of(stored.item).bytes == size.bytes
    assert stored.consumed.read_units == size.read_units == 2
    with Connection.record() as calls:
        document.save()
    assert calls.write_units == size.write_units == 5
    assert size.eventual_read_units == 1
    assert 0 < size.share < 1


def test_limit_is_exact(backend: Backend) -> None:
    fitting = Document(id="a")
    fitting.text = "x" * (400 * KB - fitting.size().bytes - len("t"))  # the stored name
    assert fitting.size().bytes == 400 * KB
    with pytest.warns(ItemSizeWarning):
        fitting.save()
    fitting.text += "x"
    with pytest.raises(InvalidRequestError) as caught, Connection.record() as calls:
        fitting.save()
    assert str(caught.value) == (
        "Document: Item size has exceeded the maximum allowed size (the item with id = 'a' in the table"
        f" {Document.table_name()}); it has 409,601 of 409,600 bytes; the largest attributes: text (409,582),"
        " version (9), tags (7)"
    )
    if not isinstance(backend, MemoryBackend):
        assert calls.write_units == 0
    with pytest.raises(InvalidRequestError, match="Document: Item size has exceeded"), Connection.transaction() as tx:
        tx.save(fitting)


def write_in_transaction(document: Document) -> None:
    with Connection.transaction() as tx:
        tx.save(document)


def write_in_batch(document: Document) -> None:
    with Document.batch() as batch:
        batch.save(document)


WRITES: dict[str, Callable[[Document], object]] = {
    "save": lambda document: document.save(),
    "save, returning the old item": lambda document: document.save(returns="old"),
    "create": lambda document: document.create(),
    "save of a dict": lambda document: Document.save_one(document.to_dict(only=["id", "text"])),
    "many": lambda document: Document.save_many([Document(id="small"), document]),
    "many in a batch": lambda document: Sheet.save_many([Sheet(id="b"), Sheet(id="a", text=document.text)]),
    "many with a condition": lambda document: Document.save_many([document], overwrite=False),
    "stream": lambda document: list(Document.save_iter([document])),
    "upsert": lambda document: Document.upsert_one("a", Document.text.set(str(document.text))),
    "upsert of an instance": lambda document: Document(id="a").upsert(Document.text.set(str(document.text))),
}


@pytest.mark.parametrize("write", WRITES.values(), ids=list(WRITES))
def test_writes_of_large_items_warn(
    request: pytest.FixtureRequest, backend: Backend, write: Callable[[Document], object]
) -> None:
    is_awaited = "awaited" in request.node.name  # the line is that of an event loop then
    with pytest.warns(ItemSizeWarning) as warned:
        write(large())
    (only,) = [each for each in warned if each.category is ItemSizeWarning]
    warning: Any = only.message
    stored = backend.execute(Get(Document.table_name(), {"id": "a"}, consistent=True)).item
    assert stored is not None
    assert (warning.key, warning.size) == ({"id": "a"}, size_of(stored).bytes)
    assert str(warning).startswith(
        f"{warning.model}: the item with id = 'a' in the table {Document.table_name()} has 368,6"
    )
    assert only.filename == __file__ or is_awaited


@blocking_only
@pytest.mark.parametrize("write", [write_in_transaction, write_in_batch])
def test_blocks_warn(backend: Backend, write: Callable[[Document], None]) -> None:
    with pytest.warns(ItemSizeWarning, match="Document: the item with id = 'a'"):
        write(large())


def test_saves_of_changes_and_updates_of_many_warn(backend: Backend) -> None:
    document = large(kilobytes=300).save()
    document.text = "x" * 360 * KB
    with pytest.warns(ItemSizeWarning):
        document.save(only_changed=True)
    with pytest.warns(ItemSizeWarning, match="tags"):
        Document.update_many(["a"], Document.tags.append("y" * 100))


def test_small_items_and_one_line_twice_do_not_warn(backend: Backend) -> None:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for kilobytes in (1, 10, 300, 360, 370, 380):
            large(f"{kilobytes}", kilobytes).save()
    assert len([each for each in caught if each.category is ItemSizeWarning]) == 1
    document = Document.get_one("380")
    document.text = ""
    document.save()  # which consumes what the large item does, and is small


@blocking_only
@pytest.mark.filterwarnings("error::dynamongo.ItemSizeWarning")
def test_warning_that_is_an_error_comes_after_the_write_and_loses_no_outcome(backend: Backend) -> None:
    with pytest.raises(ItemSizeWarning) as raised:
        Sheet.save_many([Sheet(id=f"{number}", text="x" * 360 * KB) for number in range(3)])
    result: Any = raised.value
    assert [sheet.id for sheet in result.partial_result.success] == ["0", "1", "2"]
    document = large()
    with pytest.raises(ItemSizeWarning):
        document.save()
    assert (document.version, Document.get_one("a")) == (1, document)


def test_setting_moves_the_bound_or_switches_it_off(backend: Backend) -> None:
    for limit, expected in ((None, 0), (2 * KB, 1), (3 * KB, 0)):
        small = Connection(backend=backend, item_size_warning=limit)
        model = Document.on(small).on_table(Document.table_name())
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            model(id=f"b{limit}", text="x" * 2 * KB).save()
        assert len(caught) == expected
    for wrong in (0, 400 * KB + 1, True, 1.5, "350 KB"):
        with pytest.raises(ConfigurationError, match="item_size_warning must be a number of bytes"):
            Connection(item_size_warning=wrong)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]  # the point


def test_field_may_be_named_size() -> None:
    parcel = Parcel(id="a", size=5)
    assert parcel.size == 5
    assert str(Parcel.size == 5) == "size = 5"
    assert size_of(parcel).attributes == {"size": 6, "id": 3}
    assert (
        str(size_of(parcel))
        == "9 of 409,600 bytes (read units: 1, write units: 1); the largest attributes: size (6), id (3)"
    )


@blocking_only
def test_size_of_what_is_no_item_or_not_known(backend: Backend) -> None:
    backend.execute(Put(Document.table_name(), {"id": "a", "t": "x"}))
    with pytest.raises(AttributeNotLoaded):
        Document.get_one("a", projection=["text"]).size()
    with pytest.raises(ValidationError):
        Document().size()
    for wrong in (Document, "a", None):
        with pytest.raises(ExpressionError, match="size_of takes an instance"):
            size_of(wrong)
