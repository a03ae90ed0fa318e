"""What memory says of an operation that it refuses is what DynamoDB says, as far as the emulator knows."""

from __future__ import annotations

import contextlib
import re
from collections import Counter
from collections.abc import Iterator

import pytest
from backends.words import EXCEPTIONS, NEW, OPERATIONS, SCHEMAS, STORED, T

from dynamongo.backends import Backend
from dynamongo.backends.dynamodb import DynamoDBBackend
from dynamongo.backends.memory import MemoryBackend
from dynamongo.exceptions import BackendError, DynamongoError, TableNotFound, TransactionCanceled
from dynamongo.operations import CreateTable, DeleteTable, Put

EXCEPTED = {name: reason for reason, names in EXCEPTIONS.items() for name in names}


@pytest.fixture(params=OPERATIONS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@contextlib.contextmanager
def filled(backend: Backend) -> Iterator[Backend]:
    """The backend, with the tables that the operations are about."""
    for schema in SCHEMAS:
        backend.execute(CreateTable(schema))
    backend.execute(Put(T, STORED))
    try:
        yield backend
    finally:
        for table in (*(schema.name for schema in SCHEMAS), NEW):
            with contextlib.suppress(TableNotFound):
                backend.execute(DeleteTable(table))


def words_of(backend: Backend, name: str) -> list[str] | None:
    """What a backend says of an operation: its error's class, its text and those of the reasons; `None` if it did it.

    A region of AWS may or may not put "1 validation error detected: " in front, and values are quoted as the one or
    the other prints them.
    """
    with filled(backend):
        try:
            backend.execute(OPERATIONS[name])
        except DynamongoError as error:
            reasons = error.reasons if isinstance(error, TransactionCanceled) else ()
            said = error.message if isinstance(error, BackendError) else str(error)
            texts = [said, *(f"{reason.code}: {reason.message}" for reason in reasons)]
            return [type(error).__name__, *map(plain, texts)]
    return None


def plain(text: str) -> str:
    text = re.sub(r"Value ('.*?'|null) at '", "Value at '", text, flags=re.DOTALL)
    return text.removeprefix("1 validation error detected: ")


def test_memory_refuses_every_operation(name: str) -> None:
    assert words_of(MemoryBackend(), name)


def test_memory_and_emulator_say_the_same_but_for_known_exceptions(
    name: str, dynamodb_backend: DynamoDBBackend
) -> None:
    ours, theirs = words_of(MemoryBackend(), name), words_of(dynamodb_backend, name)
    assert (ours != theirs) is (name in EXCEPTED), f"{ours}\n{theirs}"


def test_exceptions_are_operations_each_with_one_reason() -> None:
    counts = Counter(name for names in EXCEPTIONS.values() for name in names)
    assert counts.keys() <= OPERATIONS.keys()
    assert counts.total() == len(counts)
