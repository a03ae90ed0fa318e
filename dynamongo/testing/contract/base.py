"""What all classes of the contract share: the backend, its tables and the known failures."""

from __future__ import annotations

import inspect
import itertools
import os
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import ClassVar, TypeAlias, TypeVar

import pytest

from dynamongo.backends.base import Backend
from dynamongo.exceptions import DynamongoError
from dynamongo.expressions.values import ScalarType
from dynamongo.schema import IndexSchema, KeyAttribute, KeySchema, TableSchema
from dynamongo.testing.contract.table import Table

MakeTable: TypeAlias = Callable[..., Table]
_Test = TypeVar("_Test", bound=Callable[..., object])

_numbers = itertools.count()


class ContractBase:
    """Base class of the contract's classes.

    Attributes:
        known_failures: The tests that the backend is known to fail, as a dict from the name of a test, or of one case
            (`"test_name[case]"`), to the reason. Such a test must fail: if it passes, it is reported as a failure.
    """

    known_failures: ClassVar[Mapping[str, str]] = {}

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if unknown := sorted(set(cls.known_failures) - set(names_of_tests(cls))):
            raise TypeError(f"{cls.__name__}.known_failures: no such test in the contract: {', '.join(unknown)}")

    @pytest.fixture
    def backend(self) -> Backend:
        """Return the backend under test. Subclasses override this."""
        raise NotImplementedError(f"{type(self).__name__} must override the fixture `backend`")

    @pytest.fixture
    def closable(self, backend: Backend) -> Backend:
        """Return a backend that the test may close. Override this if tests share a backend."""
        return backend

    @pytest.fixture(autouse=True)
    def _expect_known_failure(self, request: pytest.FixtureRequest) -> None:
        names = (request.node.name, request.node.originalname)
        for reason in filter(None, map(self.known_failures.get, names)):
            expected = (AssertionError, DynamongoError, pytest.fail.Exception)
            request.applymarker(pytest.mark.xfail(reason=reason, strict=True, raises=expected))

    @pytest.fixture
    def make_table(self, backend: Backend) -> Iterator[MakeTable]:
        """Yield a factory of empty tables: `make_table("S", "N")` has keys `pk` and `sk` of these types."""
        made: list[Table] = []

        def make(
            hash_type: ScalarType = "S", range_type: ScalarType | None = None, indexes: tuple[IndexSchema, ...] = ()
        ) -> Table:
            table = Table(backend, schema_of(hash_type, range_type, indexes))
            made.append(table)
            table.create()
            return table

        yield make
        for table in made:
            table.drop()

    @pytest.fixture
    def table(self, make_table: MakeTable) -> Table:
        """Return an empty table with a hash key `pk`, a string, and no range key."""
        return make_table()

    @pytest.fixture
    def ranged(self, make_table: MakeTable) -> Table:
        """Return an empty table with a hash key `pk` and a range key `sk`, both strings."""
        return make_table("S", "S")


def schema_of(
    hash_type: ScalarType = "S", range_type: ScalarType | None = None, indexes: tuple[IndexSchema, ...] = ()
) -> TableSchema:
    """Return the schema of a table with the keys `pk` and `sk` and a unique name."""
    name = f"contract-{os.getpid()}-{time.time_ns():x}-{next(_numbers)}"
    range_key = KeyAttribute("sk", range_type) if range_type is not None else None
    return TableSchema(name, KeySchema(KeyAttribute("pk", hash_type), range_key), indexes=indexes)


def proves(*rules: str, cases: Mapping[str, Sequence[str]] | None = None) -> Callable[[_Test], _Test]:
    """Declare which rules of `docs/fidelity.md` a test proves; the page lists the test there.

    Args:
        rules: The numbers of the rules that the test as a whole proves.
        cases: The cases of the test that prove a rule by themselves, as a dict from the rule's number.
    """
    proofs = [(rule, "") for rule in rules]
    proofs += [(rule, f"[{case}]") for rule, found in (cases or {}).items() for case in found]

    def note(test: _Test) -> _Test:
        vars(test)["proofs"] = proofs
        return test

    return note


def proofs_of(cls: type) -> Iterator[tuple[str, str]]:
    """Yield pairs of a rule's number and the name of a test, or of a case as `"test_name[case]"`, that proves it."""
    for name, function in inspect.getmembers(cls, inspect.isfunction):
        for rule, case in vars(function).get("proofs", ()):
            yield rule, f"{name}{case}"


def names_of_tests(cls: type) -> Iterator[str]:
    """Yield the names of the tests of a class, and of their cases as `"test_name[case]"`."""
    for name, function in inspect.getmembers(cls, inspect.isfunction):
        if name.startswith("test_"):
            yield name
            for mark in getattr(function, "pytestmark", ()):
                for case in mark.kwargs.get("ids", ()):
                    yield f"{name}[{case}]"
