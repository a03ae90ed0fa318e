"""Time to live: the attribute by which items expire; and that an expired item stays until the store deletes it."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from dynamongo.exceptions import InvalidRequestError, TableNotFound
from dynamongo.expressions.conditions import EQ, LT, Comparison, Exists, Path
from dynamongo.expressions.updates import SetUpdate
from dynamongo.expressions.values import AttributeValue, Item
from dynamongo.operations import (
    BatchGet,
    DescribeTimeToLive,
    KeyCondition,
    Operation,
    Query,
    Scan,
    TimeToLive,
    UpdateTimeToLive,
)
from dynamongo.testing.contract.base import ContractBase, proves
from dynamongo.testing.contract.table import Table, cases

KEY: Item = {"pk": "a"}
EXPIRES = Path("expires")

NAMES: dict[str, str] = {"reserved word": "ttl", "dot": "x.y", "key of the table": "pk", "255 bytes": "x" * 255}
BAD_NAMES: dict[str, str] = {"empty": "", "256 bytes": "x" * 256}

# DynamoDB never deletes an item that expired more than five years ago; these are of both kinds.
PASSED: dict[str, AttributeValue] = {
    "a minute ago": -60,
    "an hour ago": -3600,
    "ten years ago": -10 * 365 * 86400,
}
BY_TABLE: dict[str, Callable[[str], Operation[Any]]] = {
    "update": lambda table: UpdateTimeToLive(table, "expires"),
    "describe": DescribeTimeToLive,
}
NO_TIMES: dict[str, AttributeValue] = {"no time": "1", "null": None, "0": 0, "negative": -1}


class ExpiryContract(ContractBase):
    """UpdateTimeToLive, DescribeTimeToLive and expired items."""

    @proves("22.1")
    def test_items_of_a_new_table_do_not_expire(self, table: Table) -> None:
        assert table.execute(DescribeTimeToLive(table.name)) == TimeToLive(None)

    @proves("22.2")
    @cases("attribute", NAMES)
    def test_attribute_of_expiry_is_described(self, table: Table, attribute: str) -> None:
        assert table.execute(UpdateTimeToLive(table.name, attribute)) == TimeToLive(attribute)
        assert table.execute(DescribeTimeToLive(table.name)) == TimeToLive(attribute)

    @proves(cases={"22.3": ["256 bytes"], "22.4": ["empty"]})
    @cases("attribute", BAD_NAMES)
    def test_attribute_of_expiry_is_refused(self, table: Table, attribute: str) -> None:
        with pytest.raises(InvalidRequestError):
            table.execute(UpdateTimeToLive(table.name, attribute))
        assert table.execute(DescribeTimeToLive(table.name)) == TimeToLive(None)

    @proves("22.5")
    def test_expiry_can_be_disabled(self, table: Table) -> None:
        table.execute(UpdateTimeToLive(table.name, "expires"))
        assert table.execute(UpdateTimeToLive(table.name, "expires", enabled=False)) == TimeToLive(None)
        assert table.execute(DescribeTimeToLive(table.name)) == TimeToLive(None)

    @proves("22.6")
    def test_second_attribute_of_expiry_is_refused(self, table: Table) -> None:
        table.execute(UpdateTimeToLive(table.name, "expires"))
        with pytest.raises(InvalidRequestError):
            table.execute(UpdateTimeToLive(table.name, "other"))
        assert table.execute(DescribeTimeToLive(table.name)) == TimeToLive("expires")

    @proves("22.7")
    def test_expiry_by_another_attribute_cannot_be_disabled(self, table: Table) -> None:
        table.execute(UpdateTimeToLive(table.name, "expires"))
        with pytest.raises(InvalidRequestError):
            table.execute(UpdateTimeToLive(table.name, "other", enabled=False))
        assert table.execute(DescribeTimeToLive(table.name)) == TimeToLive("expires")

    @proves("22.7")
    def test_enabled_expiry_cannot_be_enabled(self, table: Table) -> None:
        table.execute(UpdateTimeToLive(table.name, "expires"))
        with pytest.raises(InvalidRequestError):
            table.execute(UpdateTimeToLive(table.name, "expires"))

    @proves("22.7")
    def test_disabled_expiry_cannot_be_disabled(self, table: Table) -> None:
        with pytest.raises(InvalidRequestError):
            table.execute(UpdateTimeToLive(table.name, "expires", enabled=False))

    @proves("22.8")
    def test_expiry_of_a_table_ends_with_it(self, table: Table) -> None:
        table.execute(UpdateTimeToLive(table.name, "expires"))
        table.drop()
        table.create()
        assert table.execute(DescribeTimeToLive(table.name)) == TimeToLive(None)

    @proves("22.9")
    @cases("operation", BY_TABLE)
    def test_expiry_of_a_missing_table(self, table: Table, operation: Callable[[str], Operation[Any]]) -> None:
        with pytest.raises(TableNotFound):
            table.execute(operation(table.name + "-missing"))

    @proves("22.10")
    @cases("seconds", PASSED)
    def test_expired_item_is_read_like_any_other(self, table: Table, seconds: int) -> None:
        table.execute(UpdateTimeToLive(table.name, "expires"))
        item: Item = {**KEY, "expires": int(time.time()) + seconds}
        table.put(item)
        by_key = KeyCondition(Comparison(Path("pk"), EQ, "a"))
        past = Comparison(EXPIRES, LT, int(time.time()))
        assert table.get(KEY) == item
        assert table.transact_get(KEY) == (item,)
        assert table.execute(BatchGet(table.name, (KEY,))).items == (item,)
        assert table.execute(Query(table.name, by_key)).items == (item,)
        assert table.execute(Scan(table.name, filter=past)).items == (item,)

    @proves("22.11")
    def test_expired_item_is_written_like_any_other(self, table: Table) -> None:
        table.execute(UpdateTimeToLive(table.name, "expires"))
        table.put({**KEY, "expires": int(time.time()) - 60, "v": 1})
        later = int(time.time()) + 3600
        table.update(KEY, SetUpdate(EXPIRES, later), condition=Exists(Path("v")))
        assert table.items() == [{**KEY, "expires": later, "v": 1}]
        table.update(KEY, SetUpdate(EXPIRES, 1))
        assert table.delete(KEY, condition=Exists(EXPIRES), return_old=True) == {**KEY, "expires": 1, "v": 1}

    @proves("22.12")
    @cases("value", NO_TIMES)
    def test_value_that_is_not_a_time_is_stored_like_any_other(self, table: Table, value: AttributeValue) -> None:
        table.execute(UpdateTimeToLive(table.name, "expires"))
        table.put({**KEY, "expires": value})
        assert table.items() == [{**KEY, "expires": value}]
