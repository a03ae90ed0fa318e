"""Requests: the action and the body for each operation, and the arguments for the method of boto3's client."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any, Final, cast

from dynamongo.backends.dynamodb.request_bodies import (
    dump,
    render_batch_get,
    render_batch_write,
    render_delete,
    render_get,
    render_put,
    render_query,
    render_scan,
    render_transact_get,
    render_transact_write,
    render_update,
)
from dynamongo.backends.dynamodb.table_settings import render_new_backups, render_new_settings
from dynamongo.backends.dynamodb.tables import (
    render_dropped_index,
    render_new_index,
    render_new_index_throughput,
    render_new_throughput,
    render_table,
    render_table_name,
    render_time_to_live,
)
from dynamongo.operations import (
    AnyOperation,
    BatchGet,
    BatchWrite,
    CreateIndex,
    CreateTable,
    Delete,
    DeleteIndex,
    DeleteTable,
    DescribeContinuousBackups,
    DescribeTable,
    DescribeTimeToLive,
    Get,
    ItemReader,
    Put,
    Query,
    Scan,
    TransactGet,
    TransactWrite,
    UpdateContinuousBackups,
    UpdateIndexThroughput,
    UpdateItem,
    UpdateTableSettings,
    UpdateThroughput,
    UpdateTimeToLive,
)


class Request:
    """One call of DynamoDB.

    A plain class takes half the time of a frozen one to instantiate, which happens for every request.

    Attributes:
        action: DynamoDB's name of the action, such as `"GetItem"`.
        body: What is sent: a JSON object.
        reader: What reads the items of the response, if the operation has a reader.
    """

    __slots__ = ("action", "body", "reader")

    def __init__(self, action: str, body: str, reader: ItemReader | None = None) -> None:
        self.action = action
        self.body = body
        self.reader = reader

    @property
    def method(self) -> str:
        """The name of the method of boto3's client, such as `"get_item"`."""
        from botocore import xform_name  # noqa: PLC0415 - imported already: boto3's client asks for it

        return xform_name(self.action)

    @property
    def arguments(self) -> dict[str, Any]:
        """The body as the arguments of the client's method, which takes binary values as `bytes`."""
        has_binary = '"B":' in self.body or '"BS":' in self.body  # without them, the hook takes five times the time
        arguments: dict[str, Any] = json.loads(self.body, object_hook=_restore_binary if has_binary else None)
        return arguments


def _restore_binary(wire: dict[str, Any]) -> dict[str, Any]:
    """Decode a JSON object if it is a binary value or a set of them, and return any other unchanged.

    An attribute named `B` or `BS` is not mistaken for one, since its value is an object, not text.
    """
    match wire:
        case {"B": str(text)} if len(wire) == 1:
            return {"B": base64.b64decode(text)}
        case {"BS": [str(), *_] as texts} if len(wire) == 1:
            return {"BS": [base64.b64decode(text) for text in cast("list[str]", texts)]}
        case _:
            return wire


def build_request(operation: AnyOperation) -> Request:
    """Return the request for an operation.

    Raises:
        ExpressionError: A condition or update that DynamoDB would refuse without reading an item.
        InvalidRequestError: An expression whose text is too long for DynamoDB.
        ValidationError: A Python object that is no attribute value.
    """
    kind = type(operation)
    action, render = _ACTIONS[kind if kind in _ACTIONS else next(base for base in kind.__mro__ if base in _ACTIONS)]
    return Request(action, render(operation), getattr(operation, "reader", None))


def _dump_with(render: Callable[[Any], object]) -> Callable[[Any], str]:
    return lambda operation: dump(render(operation))


_ACTIONS: Final[dict[type, tuple[str, Callable[[Any], str]]]] = {
    Get: ("GetItem", render_get),
    BatchGet: ("BatchGetItem", render_batch_get),
    Query: ("Query", render_query),
    Scan: ("Scan", render_scan),
    Put: ("PutItem", render_put),
    Delete: ("DeleteItem", render_delete),
    UpdateItem: ("UpdateItem", render_update),
    BatchWrite: ("BatchWriteItem", render_batch_write),
    TransactWrite: ("TransactWriteItems", render_transact_write),
    TransactGet: ("TransactGetItems", render_transact_get),
    CreateTable: ("CreateTable", _dump_with(render_table)),
    CreateIndex: ("UpdateTable", _dump_with(render_new_index)),
    DeleteIndex: ("UpdateTable", _dump_with(render_dropped_index)),
    UpdateThroughput: ("UpdateTable", _dump_with(render_new_throughput)),
    UpdateIndexThroughput: ("UpdateTable", _dump_with(render_new_index_throughput)),
    UpdateTableSettings: ("UpdateTable", _dump_with(render_new_settings)),
    UpdateContinuousBackups: ("UpdateContinuousBackups", _dump_with(render_new_backups)),
    DescribeContinuousBackups: ("DescribeContinuousBackups", _dump_with(render_table_name)),
    DeleteTable: ("DeleteTable", _dump_with(render_table_name)),
    DescribeTable: ("DescribeTable", _dump_with(render_table_name)),
    UpdateTimeToLive: ("UpdateTimeToLive", _dump_with(render_time_to_live)),
    DescribeTimeToLive: ("DescribeTimeToLive", _dump_with(render_table_name)),
}
"""DynamoDB's action for each operation, and what renders its body: one lookup, where a `match` would try several."""
