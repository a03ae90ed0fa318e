"""The results of verbs for many items."""

from __future__ import annotations

import dataclasses
import pickle

import pytest

from dynamongo import (
    BatchResult,
    BulkWriteError,
    ConditionalCheckFailedException,
    Failure,
    ValidationError,
    WrittenButUnreadable,
)


def test_counts_are_those_of_the_lists() -> None:
    error = ConditionalCheckFailedException("there is one already")
    result = BatchResult(["a", "b"], [Failure("c", error)])
    assert (result.success, result.success_count) == (["a", "b"], 2)
    assert (result.fail, result.fail_count) == (["c"], 1)


def test_empty_result_counts_nothing() -> None:
    result: BatchResult[str] = BatchResult([], [])
    assert (result.success, result.fail, result.success_count, result.fail_count) == ([], [], 0, 0)


def test_reason_names_the_kind_of_error_and_its_text() -> None:
    failure = Failure("c", ValidationError("User.email is required"))
    assert failure.reason == "ValidationError: User.email is required"


def test_results_are_values() -> None:
    error = ValidationError("wrong")
    assert BatchResult(["a"], [Failure("b", error)]) == BatchResult(["a"], [Failure("b", error)])
    assert BatchResult(["a"], [Failure("b", error)]) != BatchResult(["a"], [Failure("c", error)])


def test_results_cannot_be_changed() -> None:
    result: BatchResult[str] = BatchResult([], [])
    with pytest.raises(dataclasses.FrozenInstanceError):
        result.success = ["a"]  # type: ignore[misc]  # what is tested


class TestTruth:
    """A result is true if all went well."""

    def test_of_successes_and_of_nothing(self) -> None:
        assert BatchResult(["a"], [])
        assert BatchResult([], [])
        BatchResult(["a"], []).raise_if_failed()

    def test_of_failures(self) -> None:
        error = ValidationError("wrong")
        result = BatchResult(["a"], [Failure("b", error), Failure("c", ValidationError("too"))])
        assert not result
        with pytest.raises(BulkWriteError) as caught:
            result.raise_if_failed()
        assert str(caught.value) == "2 of 3 items were not written; first error: ValidationError: wrong"
        assert caught.value.result is result
        assert caught.value.__cause__ is error

    def test_of_unreadable_writes(self) -> None:
        result = BatchResult(["a"], [], [Failure("b", WrittenButUnreadable("odd"))])
        assert not result
        with pytest.raises(
            BulkWriteError, match="0 of 2 items were not written, 1 written but unreadable; first error: "
        ):
            result.raise_if_failed()

    def test_error_survives_pickling_with_its_result(self) -> None:
        with pytest.raises(BulkWriteError) as caught:
            BatchResult(["a"], [Failure("b", ValidationError("wrong"))]).raise_if_failed()
        copied = pickle.loads(pickle.dumps(caught.value))
        assert (str(copied), copied.result.success) == (str(caught.value), ["a"])
