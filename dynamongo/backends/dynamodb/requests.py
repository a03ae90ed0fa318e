"""Requests: what DynamoDB is sent for each operation, as JSON, and what boto3's client is called with.

Source: "Actions" in the DynamoDB API reference.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable
from json.encoder import encode_basestring_ascii as quote
from typing import Any, Final, TypeAlias, cast

from dynamongo._support.dataclasses import dataclass, replace
from dynamongo._support.unions import assert_never
from dynamongo.backends.dynamodb.expressions import (
    Placeholders,
    render_condition,
    render_key_condition,
    render_projection,
    render_updates,
)
from dynamongo.backends.dynamodb.tables import (
    render_dropped_index,
    render_new_index,
    render_new_index_throughput,
    render_new_throughput,
    render_table,
)
from dynamongo.backends.dynamodb_json import render_item
from dynamongo.exceptions import InvalidRequestError
from dynamongo.expressions.conditions import Condition, Path
from dynamongo.expressions.limits import MAX_EXPRESSION_BYTES, check_limits
from dynamongo.expressions.updates import check_update_request
from dynamongo.operations import (
    Action,
    AnyOperation,
    BatchDelete,
    BatchGet,
    BatchPut,
    BatchWrite,
    ConditionCheck,
    CreateIndex,
    CreateTable,
    Delete,
    DeleteIndex,
    DeleteTable,
    DescribeTable,
    DescribeTimeToLive,
    Get,
    Put,
    Query,
    ReturnValues,
    Scan,
    TransactGet,
    TransactWrite,
    UpdateIndexThroughput,
    UpdateItem,
    UpdateThroughput,
    UpdateTimeToLive,
)

_Members: TypeAlias = dict[str, str]
"""The members of a JSON object, with their values as JSON."""

_CAPACITY: Final = {"ReturnConsumedCapacity": '"TOTAL"'}


@dataclass(frozen=True, slots=True)
class Request:
    """One call of DynamoDB.

    Attributes:
        action: DynamoDB's name of the action, such as `"GetItem"`.
        method: The name of the method of boto3's client, such as `"get_item"`.
        body: What is sent: a JSON object.
    """

    action: str
    method: str
    body: str

    @property
    def arguments(self) -> dict[str, Any]:
        """The body as the arguments of the client's method, which takes binary values as `bytes`."""
        arguments: dict[str, Any] = json.loads(self.body, object_hook=_restore_binary)
        return arguments


def _restore_binary(wire: dict[str, Any]) -> dict[str, Any]:
    """A JSON object, with the content of a binary value as it was before it became Base64.

    What else there is by these names, an attribute for one, holds objects.
    """
    match wire:
        case {"B": str(text)} if len(wire) == 1:
            return {"B": base64.b64decode(text)}
        case {"BS": [str(), *_] as texts} if len(wire) == 1:
            return {"BS": [base64.b64decode(text) for text in cast("list[str]", texts)]}
        case _:
            return wire


def build_request(operation: AnyOperation) -> Request:
    """The request that does the operation.

    Raises:
        ExpressionError: A condition or update that DynamoDB would refuse without reading an item.
        InvalidRequestError: An expression whose text is too long for DynamoDB.
        ValidationError: A Python object that is no attribute value.
    """
    match operation:
        case Get():
            return Request("GetItem", "get_item", _render(_get_members(operation) | _CAPACITY))
        case BatchGet():
            return Request("BatchGetItem", "batch_get_item", _render_batch_get(operation))
        case Query():
            return Request("Query", "query", _render_query(operation))
        case Scan():
            return Request("Scan", "scan", _render_scan(operation))
        case Put():
            return Request("PutItem", "put_item", _render_write(_put_members(operation), _old(operation)))
        case Delete():
            return Request("DeleteItem", "delete_item", _render_write(_key_members(operation), _old(operation)))
        case UpdateItem():
            return Request("UpdateItem", "update_item", _render_write(_update_members(operation), operation.returns))
        case BatchWrite():
            return Request("BatchWriteItem", "batch_write_item", _render_batch_write(operation))
        case TransactWrite():
            return Request("TransactWriteItems", "transact_write_items", _render_transact_write(operation))
        case TransactGet():
            return Request("TransactGetItems", "transact_get_items", _render_transact_get(operation))
        case CreateTable():
            return Request("CreateTable", "create_table", _dump(render_table(operation)))
        case CreateIndex():
            return Request("UpdateTable", "update_table", _dump(render_new_index(operation)))
        case DeleteIndex():
            return Request("UpdateTable", "update_table", _dump(render_dropped_index(operation)))
        case UpdateThroughput():
            return Request("UpdateTable", "update_table", _dump(render_new_throughput(operation)))
        case UpdateIndexThroughput():
            return Request("UpdateTable", "update_table", _dump(render_new_index_throughput(operation)))
        case DeleteTable(table):
            return Request("DeleteTable", "delete_table", _dump({"TableName": table}))
        case DescribeTable(table):
            return Request("DescribeTable", "describe_table", _dump({"TableName": table}))
        case UpdateTimeToLive():
            return Request("UpdateTimeToLive", "update_time_to_live", _dump(_time_to_live(operation)))
        case DescribeTimeToLive(table):
            return Request("DescribeTimeToLive", "describe_time_to_live", _dump({"TableName": table}))
        case _:
            assert_never(operation)


def _dump(value: object) -> str:
    """The JSON of what is no attribute value, which may be of a type that is for DynamoDB to refuse."""
    return quote(value) if type(value) is str else json.dumps(value, separators=(",", ":"))


def _render(members: _Members) -> str:
    """A JSON object, whose names are DynamoDB's and need no escapes."""
    rendered = [f'"{name}":{value}' for name, value in members.items()]
    return f"{{{','.join(rendered)}}}"


def _render_list(elements: Iterable[str]) -> str:
    return f"[{','.join(elements)}]"


def _get_members(get: Get) -> _Members:
    members = {"TableName": _dump(get.table), "Key": render_item(get.key)}
    return _add_reading(members, get.projection, consistent=get.consistent)


def _render_batch_get(operation: BatchGet) -> str:
    keys = {"Keys": _render_list(map(render_item, operation.keys))}
    of_table = _add_reading(keys, operation.projection, consistent=operation.consistent)
    return _render({"RequestItems": f"{{{quote(operation.table)}:{_render(of_table)}}}"} | _CAPACITY)


def _add_reading(members: _Members, projection: tuple[Path, ...], *, consistent: bool) -> _Members:
    """Add what is read, and how."""
    if projection:
        placeholders = Placeholders()
        members |= _project(projection, placeholders)
        members |= placeholders.to_members()
    if consistent:
        members["ConsistentRead"] = "true"
    return members


def _project(projection: tuple[Path, ...], placeholders: Placeholders) -> _Members:
    return _express("ProjectionExpression", render_projection(projection, placeholders))


def _express(parameter: str, text: str) -> _Members:
    """The member that holds an expression, refused in DynamoDB's words where it is too long, whatever the server.

    The text is ASCII, since names and values are placeholders: its length is that in bytes.
    """
    if len(text) > MAX_EXPRESSION_BYTES:
        problem = f"Expression size has exceeded the maximum allowed size; expression size: {len(text)}"
        raise InvalidRequestError(f"Invalid {parameter}: {problem}")
    return {parameter: quote(text)}


def _express_condition(parameter: str, condition: Condition, placeholders: Placeholders) -> _Members:
    check_limits(condition, parameter)
    return _express(parameter, render_condition(condition, placeholders))


def _render_query(operation: Query) -> str:
    placeholders = Placeholders()
    members = _express("KeyConditionExpression", render_key_condition(operation.key_condition, placeholders))
    if operation.descending:
        members["ScanIndexForward"] = "false"
    return _render(members | _page_members(operation, placeholders))


def _render_scan(operation: Scan) -> str:
    members = _page_members(operation, Placeholders())
    if operation.segment is not None:
        members["Segment"] = json.dumps(operation.segment)
    if operation.total_segments is not None:
        members["TotalSegments"] = json.dumps(operation.total_segments)
    return _render(members)


def _page_members(operation: Query | Scan, placeholders: Placeholders) -> _Members:
    members: _Members = {"TableName": _dump(operation.table), **_CAPACITY}
    if operation.projection:
        members |= _project(operation.projection, placeholders)
    if operation.filter is not None:
        members |= _express_condition("FilterExpression", operation.filter, placeholders)
    if operation.index is not None:
        members["IndexName"] = _dump(operation.index)
    if operation.limit is not None:
        members["Limit"] = json.dumps(operation.limit)
    if operation.cursor is not None:
        members["ExclusiveStartKey"] = render_item(operation.cursor)
    if operation.consistent:
        members["ConsistentRead"] = "true"
    if operation.count_only:
        members["Select"] = '"COUNT"'
    elif operation.fetch:
        members["Select"] = '"ALL_ATTRIBUTES"'
    return members | placeholders.to_members()


def _render_write(members: _Members, returns: ReturnValues) -> str:
    if returns != "NONE":
        members["ReturnValues"] = _dump(returns)
    return _render(members | _CAPACITY)


def _old(operation: Put | Delete) -> ReturnValues:
    return "ALL_OLD" if operation.return_old else "NONE"


def _put_members(operation: Put) -> _Members:
    return _add_condition({"Item": render_item(operation.item)}, operation, None)


def _key_members(operation: Delete | ConditionCheck) -> _Members:
    return _add_condition({"Key": render_item(operation.key)}, operation, None)


def _update_members(operation: UpdateItem) -> _Members:
    members = {"Key": render_item(operation.key)}
    if not operation.updates:
        return _add_condition(members, operation, None)
    check_update_request(operation.updates, operation.key)
    placeholders = Placeholders()
    members |= _express("UpdateExpression", render_updates(operation.updates, placeholders))
    return _add_condition(members, operation, placeholders)


def _add_condition(members: _Members, operation: Action, placeholders: Placeholders | None) -> _Members:
    """Add what a write has in common with the action of a transaction that is like it."""
    members["TableName"] = _dump(operation.table)
    if operation.return_item_on_failure:
        members["ReturnValuesOnConditionCheckFailure"] = '"ALL_OLD"'
    if operation.condition is not None:
        placeholders = placeholders or Placeholders()
        members |= _express_condition("ConditionExpression", operation.condition, placeholders)
    return members if placeholders is None else members | placeholders.to_members()


def _render_batch_write(operation: BatchWrite) -> str:
    writes = _render_list([_render_batched(write) for write in operation.writes])
    return _render({"RequestItems": f"{{{quote(operation.table)}:{writes}}}"} | _CAPACITY)


def _render_batched(write: BatchPut | BatchDelete) -> str:
    match write:
        case BatchPut(item):
            return f'{{"PutRequest":{{"Item":{render_item(item)}}}}}'
        case BatchDelete(key):
            return f'{{"DeleteRequest":{{"Key":{render_item(key)}}}}}'
        case _:
            assert_never(write)


def _render_transact_write(operation: TransactWrite) -> str:
    """Where there is no token, boto3 makes one, so that its own retries do not write twice."""
    members = {"TransactItems": _render_list(map(_render_action, operation.actions)), **_CAPACITY}
    if operation.token is not None:
        members["ClientRequestToken"] = _dump(operation.token)
    return _render(members)


def _render_action(action: Action) -> str:
    match action:
        case Put():
            return _render({"Put": _render(_put_members(action))})
        case Delete():
            return _render({"Delete": _render(_key_members(action))})
        case UpdateItem():
            return _render({"Update": _render(_update_members(action))})
        case ConditionCheck():
            return _render({"ConditionCheck": _render(_key_members(action))})
        case _:
            assert_never(action)


def _render_transact_get(operation: TransactGet) -> str:
    gets = _render_list([_render({"Get": _render(_members_in_transaction(get))}) for get in operation.gets])
    return _render({"TransactItems": gets} | _CAPACITY)


def _members_in_transaction(get: Get) -> _Members:
    """Those of a get that reads the key attribute beyond what is wanted, and does not say that it is consistent."""
    return _get_members(replace(get, projection=get.projection + _find_witness(get), consistent=False))


def _find_witness(get: Get) -> tuple[Path, ...]:
    """The key attribute, if any, that a projected get of a transaction asks for beyond what is wanted.

    TransactGetItems answers alike for a missing item and for one that has nothing of the projection. Every item has
    its key, so nothing comes back for a missing one alone. Paths of a projection must not overlap.
    """
    asked = {path.elements[0] for path in get.projection}
    if not asked or any(Path(name) in get.projection for name in get.key):
        return ()
    return tuple(Path(name) for name in get.key if name not in asked)[:1]


def _time_to_live(operation: UpdateTimeToLive) -> dict[str, Any]:
    specification = {"AttributeName": operation.attribute, "Enabled": operation.enabled}
    return {"TableName": operation.table, "TimeToLiveSpecification": specification}
