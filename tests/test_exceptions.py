"""Exceptions: the tree in the docstring is the tree of the classes, and each class is raised by some test."""

from __future__ import annotations

import inspect
import pickle
import re
from pathlib import Path as FilePath

import pytest

import dynamongo
from dynamongo import exceptions
from dynamongo._support.unions import assert_never
from dynamongo.exceptions import (
    BackendError,
    CancellationReason,
    ConditionalCheckFailedException,
    DynamongoError,
    ItemNotFound,
    ScanWarning,
    SchemaError,
    ServiceError,
    ThrottledError,
    TransactionCanceled,
    ValidationError,
)

CLASSES = {
    name: value
    for name, value in vars(exceptions).items()
    if inspect.isclass(value) and issubclass(value, BaseException)
}
LINE = re.compile(r"^    ([│├└─ ]*)([A-Z]\w+) {2,}(.+)$")


def drawn_tree() -> dict[str, tuple[str | None, str]]:
    """For every class in the docstring, its parent there and what is said of it."""
    found: dict[str, tuple[str | None, str]] = {}
    parents: list[str] = []
    for line in (exceptions.__doc__ or "").splitlines():
        if line.strip() == "DynamongoError":
            parents = ["DynamongoError"]
            found["DynamongoError"] = (None, "")
        elif match := LINE.match(line):
            depth = len(match[1]) // 4
            parents[depth:] = [match[2]]
            found[match[2]] = (parents[depth - 1] if depth else None, match[3])
    return found


def test_tree_in_the_docstring_is_the_tree_of_the_classes() -> None:
    drawn = {name: parent for name, (parent, _) in drawn_tree().items()}
    real = {
        name: next((base.__name__ for base in value.__bases__ if base.__name__ in CLASSES), None)
        for name, value in CLASSES.items()
    }
    assert drawn == real


@pytest.mark.parametrize("name", CLASSES)
def test_builtin_base_is_named_in_the_docstring(name: str) -> None:
    builtin = {base.__name__ for base in CLASSES[name].__bases__ if base.__module__ == "builtins"} - {"Exception"}
    named = set(re.findall(r"\((\w+(?:Error|Warning))\)$", drawn_tree()[name][1]))
    assert named == builtin


@pytest.mark.parametrize("name", CLASSES)
def test_class_is_documented_and_exported(name: str) -> None:
    assert CLASSES[name].__doc__
    assert getattr(dynamongo, name) is CLASSES[name]
    assert name in dynamongo.__all__


@pytest.mark.parametrize("name", sorted(CLASSES.keys() - {"DynamongoError", "BackendError"}))
def test_class_is_raised_by_some_test(name: str) -> None:
    expected = re.compile(
        rf"(raises|warns)\(\(?[\w, ]*\b{name}\b|isinstance\(.*\b{name}\)|\b{name}\),|\b{name},\s*[a-z\"']"
    )
    sources = [path for path in FilePath(__file__).parent.rglob("test_*.py") if path != FilePath(__file__)]
    contract = FilePath(dynamongo.__file__).parent / "testing"
    assert any(expected.search(path.read_text()) for path in [*sources, *contract.rglob("*.py")])


@pytest.mark.parametrize("name", sorted(CLASSES.keys() - {"TransactionCanceled"}))  # made of its reasons
def test_message_survives_pickling(name: str) -> None:
    error = CLASSES[name]("what went wrong")
    copied = pickle.loads(pickle.dumps(error))
    assert (type(copied), str(copied), vars(copied)) == (type(error), "what went wrong", vars(error))


@pytest.mark.parametrize("name", sorted(name for name in CLASSES if not name.endswith("Warning")))
def test_one_except_clause_catches_every_error(name: str) -> None:
    assert issubclass(CLASSES[name], DynamongoError)


def test_errors_of_python_that_say_the_same_catch_them_too() -> None:
    assert issubclass(SchemaError, TypeError)
    assert issubclass(ValidationError, ValueError)
    assert issubclass(ItemNotFound, LookupError)
    assert issubclass(ScanWarning, UserWarning)


class TestConditionalCheckFailed:
    def test_it_carries_the_item_and_has_a_message_of_its_own(self) -> None:
        error = ConditionalCheckFailedException(item={"a": 1})
        assert (str(error), error.item) == ("The conditional request failed", {"a": 1})
        assert ConditionalCheckFailedException().item is None

    def test_item_survives_pickling(self) -> None:
        copied = pickle.loads(pickle.dumps(ConditionalCheckFailedException("no", item={"a": 1})))
        assert (str(copied), copied.item) == ("no", {"a": 1})


def test_cancelled_transaction_survives_pickling() -> None:
    error = TransactionCanceled((CancellationReason("ConditionalCheckFailed", "no", {"a": 1}),))
    copied = pickle.loads(pickle.dumps(error))
    assert (str(copied), copied.reasons) == (str(error), error.reasons)


class TestCodes:
    def test_class_has_the_code_that_goes_with_it(self) -> None:
        codes = {name: value.code for name, value in CLASSES.items() if issubclass(value, BackendError)}
        assert codes["InvalidRequestError"] == "ValidationException"
        assert codes["TableNotFound"] == "ResourceNotFoundException"
        assert codes["TableExists"] == "ResourceInUseException"
        assert codes["LimitExceededError"] == "LimitExceededException"
        assert codes["ThrottledError"] == "ProvisionedThroughputExceededException"
        assert codes["ServiceError"] == "InternalServerError"

    def test_store_may_say_a_more_exact_one(self) -> None:
        error = ThrottledError("slow down", code="RequestLimitExceeded")
        assert error.code == "RequestLimitExceeded"
        assert pickle.loads(pickle.dumps(error)).code == "RequestLimitExceeded"
        assert ServiceError("down").code == "InternalServerError"


def test_branch_that_no_value_reaches_says_so_if_one_does() -> None:
    with pytest.raises(AssertionError, match=r"^unreachable: 5$"):
        assert_never(5)  # type: ignore[arg-type]  # what is tested
