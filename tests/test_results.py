"""The results of verbs for many items."""

from __future__ import annotations

import dataclasses

import pytest

from dynamongo import BatchResult, ConditionalCheckFailedException, Failure, ValidationError


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
