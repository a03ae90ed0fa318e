"""The contract, on every backend that ships with dynamongo."""

from __future__ import annotations

import asyncio
import contextlib
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, TypeVar

import pytest

from dynamongo.backends import Backend
from dynamongo.backends.dynamodb import DynamoDBBackend
from dynamongo.backends.memory import MemoryBackend
from dynamongo.operations import Operation
from dynamongo.testing.contract import Awaited, BackendContract, TaskContract
from dynamongo.testing.contract.aliasing import AliasingContract
from dynamongo.testing.contract.base import names_of_tests
from dynamongo.testing.contract.batches import BatchContract
from dynamongo.testing.contract.concurrency import ConcurrencyContract
from dynamongo.testing.contract.isolation import IsolationContract
from dynamongo.testing.contract.tokens import TokenContract
from dynamongo.testing.contract.transactions import TransactWriteContract
from dynamongo.testing.contract.traps import TrapContract

MADE_UP: dict[str, Any] = {"access_key_id": "made-up", "secret_access_key": "made-up", "region": "us-east-2"}

R = TypeVar("R")


def fails(test: str, *names: str) -> tuple[str, ...]:
    """The ids of these cases of the test."""
    return tuple(f"{test}[{name}]" for name in names)


# From what the emulator (dynoxide 1.2.1) does otherwise than DynamoDB, to the tests that show it.
EMULATOR_ERRORS: dict[str, tuple[str, ...]] = {
    "SET of an element beyond the end of a list pads the list with NULL; DynamoDB appends": fails(
        "test_update",
        "set far after the end",
        "set after the end of an empty list",
        "two set after the end, in the order of their positions",
        "set after the end and remove",
    ),
    "REMOVE of several elements counts positions after each removal; DynamoDB in the old list": fails(
        "test_update", "remove of two neighbours", "remove of two elements", "remove of all elements"
    ),
    "REMOVE and DELETE do nothing where a parent is missing or of another kind; DynamoDB refuses the path": (
        *fails(
            "test_refused_update_leaves_the_item_unchanged",
            "remove in a missing map",
            "remove in a missing list",
            "remove in a string",
            "remove in a list as in a map",
            "remove in a map as in a list",
            "remove inside a missing element",
            "delete in a missing map",
            "delete in a list as in a map",
        ),
        *fails(
            "test_refused_update_creates_no_item",
            "remove in a missing map",
            "remove in a missing list",
            "delete in a missing map",
        ),
    ),
    "SET and ADD create the missing element that their path leads through; DynamoDB refuses the path": fails(
        "test_refused_update_leaves_the_item_unchanged",
        "set inside a missing element",
        "set inside the element after the last",
        "add in a missing element",
    ),
    "SET and ADD turn a NULL that their path leads through into a map; DynamoDB refuses the path": fails(
        "test_refused_update_leaves_the_item_unchanged", "set in null"
    ),
    "ADD and DELETE compare the numbers of a set as text; DynamoDB by value": fails(
        "test_update", "add to a number set", "add of a member that is there", "delete from a number set"
    ),
    "UPDATED_OLD and UPDATED_NEW return the whole list; DynamoDB the elements that were named": fails(
        "test_update_returns_the_paths_it_names", "set of an element", "set of two elements", "set inside an element"
    ),
    "ALL_OLD of an item that was missing returns its key; DynamoDB returns nothing": (
        "test_missing_item_has_no_old_item",
    ),
    "a key condition of another type, or an empty one, finds nothing; DynamoDB refuses it": (
        "test_number_has_no_beginning",
        "test_empty_key_condition_is_refused",
        *fails(
            "test_key_condition_of_another_type_is_refused",
            "hash key",
            "range key =",
            "range key <",
            "range key between",
            "range key begins with",
        ),
    ),
    "a cursor outside of what the query reads is accepted; DynamoDB refuses it": (
        "test_cursor_of_another_partition_is_refused",
        "test_cursor_outside_the_range_condition_is_refused",
    ),
    "a cursor with an empty value is accepted; DynamoDB refuses an empty value of a key wherever it stands": fails(
        "test_cursor_must_be_a_key", "empty value"
    ),
    "a query of a table without range key begins again at the cursor": (
        "test_query_of_a_table_without_range_key_ends_after_its_item",
    ),
    "the item that would cross 1 MB is counted as scanned and not returned": (
        "test_page_of_1_mb_counts_what_it_returns",
    ),
    "a batch get compares the numbers of its keys as text; DynamoDB by value": (
        "test_batch_get_refuses_a_number_given_in_two_forms",
    ),
    "index keys may have any length; DynamoDB holds them to the 2,048 and 1,024 bytes of a table's keys": (
        "test_index_key_that_is_too_long_is_refused",
    ),
    "a cursor of another partition of an index is accepted; DynamoDB refuses it": (
        "test_cursor_of_another_partition_of_the_index_is_refused",
    ),
    "a global index gives nothing for attributes that it does not hold; DynamoDB refuses to be asked": (
        "test_global_index_refuses_a_projection_outside_of_it",
    ),
    "a filter sees nothing of attributes that an index does not hold; DynamoDB refuses it": (
        "test_filter_on_attributes_outside_the_index_is_refused",
    ),
    "a local index gives nothing for attributes that it does not hold; DynamoDB fetches them from the table": fails(
        "test_local_index_fetches_other_attributes",
        "attribute",
        "part of an attribute",
        "attribute beside one that is held",
        "key of another index",
    ),
    "a scan of a local index that is asked for whole items gives what the index holds": fails(
        "test_scan_of_a_local_index_fetches_whole_items_too", "by_ls_keys", "by_ls_some"
    ),
    "what a local index would have fetched from the table is not charged for": (
        "test_fetch_from_the_table_costs_every_fetched_item",
    ),
    "an index may hold more than 20 attributes beside its keys, and those of a table more than 100; one attribute"
    " may be named twice, and its name may be longer than 255 bytes": (
        *fails(
            "test_index_is_refused",
            "21 attributes in one",
            "101 attributes in all",
            "attribute twice",
            "attribute with a name of 256 bytes",
        ),
        "test_new_index_with_too_many_attributes_is_refused",
    ),
    "names of attributes may be empty or longer than 65,535 bytes": ("test_attribute_name_is_refused",),
    "the name of the attribute that items expire by may be longer than 255 bytes": fails(
        "test_attribute_of_expiry_is_refused", "256 bytes"
    ),
    "expiry can be started when it is on, and stopped when it is off or goes by another attribute; DynamoDB answers"
    " `TimeToLive is already enabled`, `already disabled` and `active on a different AttributeName`": (
        "test_enabled_expiry_cannot_be_enabled",
        "test_disabled_expiry_cannot_be_disabled",
        "test_expiry_by_another_attribute_cannot_be_disabled",
    ),
    "UpdateTable does not know encryption, and takes several settings at once; DynamoDB changes one for each request": (
        *fails("test_setting_is_changed_and_the_others_stay", "encryption"),
        "test_encryption_returns_to_the_default_once",
        *fails(
            "test_settings_are_changed_one_at_a_time",
            "all of them",
            "table class and encryption",
            "table class and protection",
        ),
    ),
    "there are no backups, and so no point-in-time recovery": (
        "test_recovery_is_off_until_it_is_switched_on",
        *fails("test_recovery_of_other_periods_is_refused", "0 days", "36 days"),
        "test_period_is_refused_where_recovery_is_switched_off",
        *fails("test_settings_of_a_missing_table", "recovery", "its description"),
    ),
    "a segment ends at a cursor whose item is gone, which a scan of the whole does not; DynamoDB goes on after it, and"
    " nothing would be safe to delete during a parallel scan if it did not": (
        "test_reading_of_a_segment_continues_after_a_deleted_item",
    ),
    "a cursor of another segment is accepted; DynamoDB refuses it": ("test_cursor_of_another_segment_is_refused",),
    "a value that is nested too deep, or a path that cannot be parsed, cancels a transaction; DynamoDB refuses the"
    " request before it looks at any item": fails(
        "test_transaction_with_a_malformed_action_is_refused",
        "put of too deep a value",
        "condition with an invalid path",
        "update of an invalid path",
    ),
    "a projection may take one attribute for a map and for a list; DynamoDB finds that the paths conflict": (
        "test_member_and_element_of_one_attribute_are_refused",
    ),
    "Get is charged for what the projection returns; DynamoDB charges for the whole item": (
        "test_get_costs_what_is_read_not_what_is_returned",
    ),
    "a key may have more than four hash or range attributes, one of them twice, and that of a local index three; two"
    " hash attributes alone are refused": (
        *fails("test_key_of_an_index_may_have_several_attributes", "2 and 0"),
        *fails(
            "test_long_key_is_refused",
            "5 hash attributes",
            "5 range attributes",
            "range attribute twice",
            "hash attribute as range attribute",
            "local index with two range attributes",
        ),
    ),
    "of a key with several attributes, items need only the first hash and the first range attribute, and the others may"
    " have any value; they are not projected, and their changes cost nothing": (
        "test_item_that_lacks_one_attribute_of_eight_is_not_in_the_index",
        "test_value_that_cannot_be_in_a_long_key_is_refused",
        "test_attributes_of_a_long_key_share_its_limit_of_size",
        "test_new_index_with_a_long_key_holds_the_items_that_have_it",
        "test_scan_of_a_long_key_returns_every_member_once",
        "test_index_returns_all_attributes_of_its_long_key",
        "test_cursor_has_every_attribute_of_a_long_key",
        *fails(
            "test_long_key_follows_every_write",
            "put without the last range attribute of four",
            "update that removes the second hash attribute",
        ),
        *fails(
            "test_write_costs_what_it_writes_under_a_long_key",
            "put of an item that lacks an attribute",
            "update of the second hash attribute",
            "update of the second range attribute",
            "update that takes the item out",
        ),
    ),
    "a key condition takes the first hash attribute and the first range attribute of a key, and no others": (
        "test_every_hash_attribute_needs_equality",
        "test_range_attributes_before_the_last_one_need_equality",
        "test_long_key_condition_selects_items_in_order",
        "test_long_key_condition_of_another_type_is_refused",
        "test_query_compares_eight_attributes",
        "test_filter_of_a_query_may_not_name_a_long_key",
        "test_filter_of_a_query_of_a_long_key_may_name_other_attributes",
        "test_long_keys_are_paged_once_each",
        "test_reading_of_a_long_key_continues_after_a_deleted_item",
    ),
}

NEVER_SENT_BY_BOTO3: dict[str, tuple[str, ...]] = {
    "the token of a transaction may be empty": fails("test_token_of_another_length_is_refused", "0"),
}


# What the request cannot say, so that the store is not to blame.
def test_no_test_of_the_contract_hides_another_one() -> None:
    names = Counter(name for part in BackendContract.__mro__ for name in vars(part) if name.startswith("test_"))
    assert [name for name, count in names.items() if count > 1] == []


def test_every_one_of_the_forty_traps_has_its_tests() -> None:
    assert sorted(BackendContract.traps) == list(range(1, 41))
    named = {name for names in BackendContract.traps.values() for name in names}
    assert sorted(named - set(names_of_tests(BackendContract))) == []
    assert sorted(set(names_of_tests(TrapContract)) - named) == []


class TestMemory(BackendContract):
    @pytest.fixture
    def backend(self) -> Iterator[MemoryBackend]:
        backend = MemoryBackend()
        yield backend
        backend.close()


class Parts(
    BatchContract,
    TransactWriteContract,
    TokenContract,
    IsolationContract,
    AliasingContract,
    ConcurrencyContract,
):
    """What the way to the store may have to do with; by default, the rest of the contract is not repeated, awaited."""


class TestPartsOfMemoryAwaited(Parts):
    @pytest.fixture
    def backend(self) -> Iterator[Awaited]:
        with Awaited(MemoryBackend()) as backend:
            yield backend


@pytest.mark.slow
class TestMemoryAwaited(BackendContract):
    @pytest.fixture
    def backend(self) -> Iterator[Awaited]:
        with Awaited(MemoryBackend()) as backend:
            yield backend


class TestMemoryInTasks(TaskContract):
    @pytest.fixture
    def backend(self) -> MemoryBackend:
        return MemoryBackend()


class TestThreadsInTasks(TaskContract):
    """A backend that has no `execute_async`: what a cancelled task was waiting for goes on in its thread."""

    aftermath = 0.05

    @pytest.fixture
    def backend(self) -> Backend:
        class Blocking(MemoryBackend):
            def execute(self, operation: Operation[R], seconds: float | None = None) -> R:
                return super().execute(operation, seconds)

        return Blocking()


class TestDynamoDB(BackendContract):
    writes_per_thread = 20

    known_failures: ClassVar[Mapping[str, str]] = {
        name: reason for reason, names in (EMULATOR_ERRORS | NEVER_SENT_BY_BOTO3).items() for name in names
    }

    @pytest.fixture
    def backend(self, dynamodb_backend: DynamoDBBackend) -> DynamoDBBackend:
        assert dynamodb_backend.describe_transport().startswith("direct: ")
        return dynamodb_backend


@pytest.fixture(scope="module")
def awaited_backend(server_url: str) -> Iterator[Awaited]:
    """The backend of an emulator, awaited; connections that stay open serve all of its tests."""
    backend = DynamoDBBackend(**MADE_UP, endpoint_url=server_url)
    with Awaited(backend) as awaited:
        yield awaited
        assert backend.describe_transport().startswith("direct: ")


class TestPartsOfDynamoDBAwaited(Parts):
    writes_per_thread = 20

    known_failures: ClassVar[Mapping[str, str]] = {
        name: reason for name, reason in TestDynamoDB.known_failures.items() if name in set(names_of_tests(Parts))
    }

    @pytest.fixture
    def backend(self, awaited_backend: Awaited) -> Awaited:
        return awaited_backend


@pytest.mark.slow
class TestDynamoDBAwaited(TestDynamoDB):
    @pytest.fixture
    def backend(self, awaited_backend: Awaited) -> Awaited:
        return awaited_backend


class TestDynamoDBInTasks(TaskContract):
    aftermath = 0.05

    @pytest.fixture
    def backend(self, server_url: str) -> Iterator[Backend]:
        with contextlib.closing(DynamoDBBackend(**MADE_UP, endpoint_url=server_url)) as backend:
            yield backend


@pytest.mark.slow
class TestDynamoDBInTasksOnUvloop(TestDynamoDBInTasks):
    @staticmethod
    def new_loop() -> asyncio.AbstractEventLoop:
        loop: asyncio.AbstractEventLoop = pytest.importorskip("uvloop").new_event_loop()
        return loop


@pytest.mark.slow
class TestDynamoDBThroughBoto3(TestDynamoDB):
    known_failures: ClassVar[Mapping[str, str]] = {
        name: reason for reason, names in EMULATOR_ERRORS.items() for name in names
    }

    @pytest.fixture
    def backend(self, boto3_backend: DynamoDBBackend) -> DynamoDBBackend:
        assert boto3_backend.describe_transport().startswith("boto3")
        return boto3_backend
