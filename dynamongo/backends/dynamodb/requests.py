"""Requests: what DynamoDB is sent for each operation, as JSON, and what boto3's client is called with.

Source: "Actions" in the DynamoDB API reference.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterable
from json.encoder import encode_basestring_ascii as quote
from typing import Any, Final, TypeAlias, cast

from botocore import xform_name

from dynamongo._support.dataclasses import replace
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

_Members: TypeAlias = list[str]
"""The members of a JSON object, each as JSON: the names are DynamoDB's and need no escapes."""

_CAPACITY: Final = '"ReturnConsumedCapacity":"TOTAL"'


class Request:
    """One call of DynamoDB.

    A plain class takes half the time of a frozen one to instantiate, which happens for every request.

    Attributes:
        action: DynamoDB's name of the action, such as `"GetItem"`.
        body: What is sent: a JSON object.
    """

    __slots__ = ("action", "body")

    def __init__(self, action: str, body: str) -> None:
        self.action = action
        self.body = body

    @property
    def method(self) -> str:
        """The name of the method of boto3's client, such as `"get_item"`."""
        return xform_name(self.action)

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
    kind = type(operation)
    action, render = _ACTIONS[kind if kind in _ACTIONS else next(base for base in kind.__mro__ if base in _ACTIONS)]
    return Request(action, render(operation))


def _dump(value: object) -> str:
    """The JSON of what is no attribute value, which may be of a type that is for DynamoDB to refuse."""
    return quote(value) if type(value) is str else json.dumps(value, separators=(",", ":"))


def _render(members: Iterable[str]) -> str:
    """Return the JSON object of these members."""
    return f"{{{','.join(members)}}}"


def _render_list(elements: Iterable[str]) -> str:
    return f"[{','.join(elements)}]"


def _render_get(operation: Get) -> str:
    return _render((*_get_members(operation), _CAPACITY))


def _get_members(get: Get) -> _Members:
    members = [f'"TableName":{_dump(get.table)},"Key":{render_item(get.key)}']
    return _add_reading(members, get.projection, consistent=get.consistent)


def _render_batch_get(operation: BatchGet) -> str:
    keys = [f'"Keys":{_render_list(map(render_item, operation.keys))}']
    of_table = _add_reading(keys, operation.projection, consistent=operation.consistent)
    return _render((f'"RequestItems":{{{quote(operation.table)}:{_render(of_table)}}}', _CAPACITY))


def _add_reading(members: _Members, projection: tuple[Path, ...], *, consistent: bool) -> _Members:
    """Add what is read, and how."""
    if projection:
        placeholders = Placeholders()
        members += (_project(projection, placeholders), *placeholders.to_members())
    if consistent:
        members.append('"ConsistentRead":true')
    return members


def _project(projection: tuple[Path, ...], placeholders: Placeholders) -> str:
    return _express("ProjectionExpression", render_projection(projection, placeholders))


def _express(parameter: str, text: str) -> str:
    """The member that holds an expression, refused in DynamoDB's words where it is too long, whatever the server.

    The text is ASCII, since names and values are placeholders: its length is that in bytes.
    """
    if len(text) > MAX_EXPRESSION_BYTES:
        problem = f"Expression size has exceeded the maximum allowed size; expression size: {len(text)}"
        raise InvalidRequestError(f"Invalid {parameter}: {problem}")
    return f'"{parameter}":{quote(text)}'


def _express_condition(parameter: str, condition: Condition, placeholders: Placeholders) -> str:
    check_limits(condition, parameter)
    return _express(parameter, render_condition(condition, placeholders))


def _render_query(operation: Query) -> str:
    placeholders = Placeholders()
    members = [_express("KeyConditionExpression", render_key_condition(operation.key_condition, placeholders))]
    if operation.descending:
        members.append('"ScanIndexForward":false')
    return _render([*members, *_page_members(operation, placeholders)])


def _render_scan(operation: Scan) -> str:
    members = _page_members(operation, Placeholders())
    if operation.segment is not None:
        members.append(f'"Segment":{json.dumps(operation.segment)}')
    if operation.total_segments is not None:
        members.append(f'"TotalSegments":{json.dumps(operation.total_segments)}')
    return _render(members)


def _page_members(operation: Query | Scan, placeholders: Placeholders) -> _Members:
    members = [f'"TableName":{_dump(operation.table)}', _CAPACITY]
    if operation.projection:
        members.append(_project(operation.projection, placeholders))
    if operation.filter is not None:
        members.append(_express_condition("FilterExpression", operation.filter, placeholders))
    if operation.index is not None:
        members.append(f'"IndexName":{_dump(operation.index)}')
    if operation.limit is not None:
        members.append(f'"Limit":{json.dumps(operation.limit)}')
    if operation.cursor is not None:
        members.append(f'"ExclusiveStartKey":{render_item(operation.cursor)}')
    if operation.consistent:
        members.append('"ConsistentRead":true')
    if operation.count_only:
        members.append('"Select":"COUNT"')
    elif operation.fetch:
        members.append('"Select":"ALL_ATTRIBUTES"')
    return [*members, *placeholders.to_members()]


def _render_put(operation: Put) -> str:
    return _render_write(_put_members(operation), _old(operation))


def _render_delete(operation: Delete) -> str:
    return _render_write(_key_members(operation), _old(operation))


def _render_update(operation: UpdateItem) -> str:
    return _render_write(_update_members(operation), operation.returns)


def _render_write(members: _Members, returns: ReturnValues) -> str:
    if returns != "NONE":
        members.append(f'"ReturnValues":{_dump(returns)}')
    members.append(_CAPACITY)
    return _render(members)


def _old(operation: Put | Delete) -> ReturnValues:
    return "ALL_OLD" if operation.return_old else "NONE"


def _put_members(operation: Put) -> _Members:
    return _add_condition([f'"Item":{render_item(operation.item)}'], operation, None)


def _key_members(operation: Delete | ConditionCheck) -> _Members:
    return _add_condition([f'"Key":{render_item(operation.key)}'], operation, None)


def _update_members(operation: UpdateItem) -> _Members:
    members = [f'"Key":{render_item(operation.key)}']
    if not operation.updates:
        return _add_condition(members, operation, None)
    check_update_request(operation.updates, operation.key)
    placeholders = Placeholders()
    members.append(_express("UpdateExpression", render_updates(operation.updates, placeholders)))
    return _add_condition(members, operation, placeholders)


def _add_condition(members: _Members, operation: Action, placeholders: Placeholders | None) -> _Members:
    """Add what a write has in common with the action of a transaction that is like it."""
    members.append(f'"TableName":{_dump(operation.table)}')
    if operation.return_item_on_failure:
        members.append('"ReturnValuesOnConditionCheckFailure":"ALL_OLD"')
    if operation.condition is not None:
        placeholders = placeholders or Placeholders()
        members.append(_express_condition("ConditionExpression", operation.condition, placeholders))
    if placeholders is not None:
        members += placeholders.to_members()
    return members


def _render_batch_write(operation: BatchWrite) -> str:
    writes = _render_list([_render_batched(write) for write in operation.writes])
    return _render((f'"RequestItems":{{{quote(operation.table)}:{writes}}}', _CAPACITY))


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
    members = [f'"TransactItems":{_render_list(map(_render_action, operation.actions))}', _CAPACITY]
    if operation.token is not None:
        members.append(f'"ClientRequestToken":{_dump(operation.token)}')
    return _render(members)


def _render_action(action: Action) -> str:
    match action:
        case Put():
            return f'{{"Put":{_render(_put_members(action))}}}'
        case Delete():
            return f'{{"Delete":{_render(_key_members(action))}}}'
        case UpdateItem():
            return f'{{"Update":{_render(_update_members(action))}}}'
        case ConditionCheck():
            return f'{{"ConditionCheck":{_render(_key_members(action))}}}'
        case _:
            assert_never(action)


def _render_transact_get(operation: TransactGet) -> str:
    gets = _render_list([f'{{"Get":{_render(_members_in_transaction(get))}}}' for get in operation.gets])
    return _render((f'"TransactItems":{gets}', _CAPACITY))


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


def _name_table(operation: DeleteTable | DescribeTable | DescribeTimeToLive) -> dict[str, Any]:
    return {"TableName": operation.table}


def _time_to_live(operation: UpdateTimeToLive) -> dict[str, Any]:
    specification = {"AttributeName": operation.attribute, "Enabled": operation.enabled}
    return {"TableName": operation.table, "TimeToLiveSpecification": specification}


def _dumping(describe: Callable[[Any], object]) -> Callable[[Any], str]:
    return lambda operation: _dump(describe(operation))


_ACTIONS: Final[dict[type, tuple[str, Callable[[Any], str]]]] = {
    Get: ("GetItem", _render_get),
    BatchGet: ("BatchGetItem", _render_batch_get),
    Query: ("Query", _render_query),
    Scan: ("Scan", _render_scan),
    Put: ("PutItem", _render_put),
    Delete: ("DeleteItem", _render_delete),
    UpdateItem: ("UpdateItem", _render_update),
    BatchWrite: ("BatchWriteItem", _render_batch_write),
    TransactWrite: ("TransactWriteItems", _render_transact_write),
    TransactGet: ("TransactGetItems", _render_transact_get),
    CreateTable: ("CreateTable", _dumping(render_table)),
    CreateIndex: ("UpdateTable", _dumping(render_new_index)),
    DeleteIndex: ("UpdateTable", _dumping(render_dropped_index)),
    UpdateThroughput: ("UpdateTable", _dumping(render_new_throughput)),
    UpdateIndexThroughput: ("UpdateTable", _dumping(render_new_index_throughput)),
    DeleteTable: ("DeleteTable", _dumping(_name_table)),
    DescribeTable: ("DescribeTable", _dumping(_name_table)),
    UpdateTimeToLive: ("UpdateTimeToLive", _dumping(_time_to_live)),
    DescribeTimeToLive: ("DescribeTimeToLive", _dumping(_name_table)),
}
"""DynamoDB's action for each operation, and what renders its body: one lookup, where a `match` would try several."""
