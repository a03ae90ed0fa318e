"""Requests: what each operation is called on boto3's client, and with which arguments.

Source: "Actions" in the DynamoDB API reference.
"""

from __future__ import annotations

from typing import Any, Final, TypeAlias

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
from dynamongo.conditions import Condition, Path
from dynamongo.exceptions import InvalidRequestError, assert_never
from dynamongo.frozen import dataclass
from dynamongo.limits import MAX_EXPRESSION_BYTES, check_limits
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
from dynamongo.updates import check_updates
from dynamongo.wire import encode_item

_Arguments: TypeAlias = dict[str, Any]

_CAPACITY: Final = {"ReturnConsumedCapacity": "TOTAL"}


@dataclass(frozen=True, slots=True)
class Request:
    """One call of boto3's client.

    Attributes:
        action: DynamoDB's name of the action, such as `"GetItem"`.
        method: The client's name of it, such as `"get_item"`.
        arguments: The keyword arguments.
    """

    action: str
    method: str
    arguments: dict[str, Any]


def build_request(operation: AnyOperation) -> Request:
    """The request that does the operation.

    Raises:
        ExpressionError: A condition or update that DynamoDB would refuse without reading an item.
        InvalidRequestError: An expression whose text is too long for DynamoDB.
        ValidationError: A Python object that is no attribute value.
    """
    match operation:
        case Get():
            return Request("GetItem", "get_item", _build_get(operation))
        case BatchGet():
            return Request("BatchGetItem", "batch_get_item", _build_batch_get(operation))
        case Query():
            return Request("Query", "query", _build_query(operation))
        case Scan():
            return Request("Scan", "scan", _build_scan(operation))
        case Put():
            return Request("PutItem", "put_item", _build_put(operation))
        case Delete():
            return Request("DeleteItem", "delete_item", _build_delete(operation))
        case UpdateItem():
            return Request("UpdateItem", "update_item", _build_update(operation))
        case BatchWrite():
            return Request("BatchWriteItem", "batch_write_item", _build_batch_write(operation))
        case TransactWrite():
            return Request("TransactWriteItems", "transact_write_items", _build_transact_write(operation))
        case TransactGet():
            return Request("TransactGetItems", "transact_get_items", _build_transact_get(operation))
        case CreateTable():
            return Request("CreateTable", "create_table", render_table(operation))
        case CreateIndex():
            return Request("UpdateTable", "update_table", render_new_index(operation))
        case DeleteIndex():
            return Request("UpdateTable", "update_table", render_dropped_index(operation))
        case UpdateThroughput():
            return Request("UpdateTable", "update_table", render_new_throughput(operation))
        case UpdateIndexThroughput():
            return Request("UpdateTable", "update_table", render_new_index_throughput(operation))
        case DeleteTable(table):
            return Request("DeleteTable", "delete_table", {"TableName": table})
        case DescribeTable(table):
            return Request("DescribeTable", "describe_table", {"TableName": table})
        case UpdateTimeToLive():
            return Request("UpdateTimeToLive", "update_time_to_live", _build_update_time_to_live(operation))
        case DescribeTimeToLive(table):
            return Request("DescribeTimeToLive", "describe_time_to_live", {"TableName": table})
        case _:
            assert_never(operation)


def _build_get(operation: Get) -> _Arguments:
    key = {"TableName": operation.table, "Key": encode_item(operation.key)}
    return key | _read_arguments(operation.projection, consistent=operation.consistent) | _CAPACITY


def _build_batch_get(operation: BatchGet) -> _Arguments:
    keys = {"Keys": [encode_item(key) for key in operation.keys]}
    of_table = keys | _read_arguments(operation.projection, consistent=operation.consistent)
    return {"RequestItems": {operation.table: of_table}} | _CAPACITY


def _read_arguments(projection: tuple[Path, ...], *, consistent: bool) -> _Arguments:
    placeholders = Placeholders()
    arguments = _project(projection, placeholders) | placeholders.to_arguments()
    return arguments | {"ConsistentRead": True} if consistent else arguments


def _project(projection: tuple[Path, ...], placeholders: Placeholders) -> _Arguments:
    return _express("ProjectionExpression", render_projection(projection, placeholders)) if projection else {}


def _express(parameter: str, text: str) -> _Arguments:
    """The argument that holds an expression, refused in DynamoDB's words where it is too long, whatever the server.

    The text is ASCII, since names and values are placeholders: its length is that in bytes.
    """
    if len(text) > MAX_EXPRESSION_BYTES:
        problem = f"Expression size has exceeded the maximum allowed size; expression size: {len(text)}"
        raise InvalidRequestError(f"Invalid {parameter}: {problem}")
    return {parameter: text}


def _express_condition(parameter: str, condition: Condition | None, placeholders: Placeholders) -> _Arguments:
    if condition is None:
        return {}
    check_limits(condition)
    return _express(parameter, render_condition(condition, placeholders))


def _build_query(operation: Query) -> _Arguments:
    placeholders = Placeholders()
    arguments = _express("KeyConditionExpression", render_key_condition(operation.key_condition, placeholders))
    if operation.descending:
        arguments["ScanIndexForward"] = False
    return arguments | _page_arguments(operation, placeholders)


def _build_scan(operation: Scan) -> _Arguments:
    arguments = _page_arguments(operation, Placeholders())
    if operation.segment is not None:
        arguments["Segment"] = operation.segment
    if operation.total_segments is not None:
        arguments["TotalSegments"] = operation.total_segments
    return arguments


def _page_arguments(operation: Query | Scan, placeholders: Placeholders) -> _Arguments:
    arguments: _Arguments = {"TableName": operation.table} | _project(operation.projection, placeholders) | _CAPACITY
    arguments |= _express_condition("FilterExpression", operation.filter, placeholders)
    if operation.index is not None:
        arguments["IndexName"] = operation.index
    if operation.limit is not None:
        arguments["Limit"] = operation.limit
    if operation.cursor is not None:
        arguments["ExclusiveStartKey"] = encode_item(operation.cursor)
    if operation.consistent:
        arguments["ConsistentRead"] = True
    if operation.count_only:
        arguments["Select"] = "COUNT"
    elif operation.fetch:
        arguments["Select"] = "ALL_ATTRIBUTES"
    return arguments | placeholders.to_arguments()


def _build_put(operation: Put) -> _Arguments:
    return _put_arguments(operation) | _return_values("ALL_OLD" if operation.return_old else "NONE") | _CAPACITY


def _build_delete(operation: Delete) -> _Arguments:
    return _key_arguments(operation) | _return_values("ALL_OLD" if operation.return_old else "NONE") | _CAPACITY


def _build_update(operation: UpdateItem) -> _Arguments:
    return _update_arguments(operation) | _return_values(operation.returns) | _CAPACITY


def _return_values(returns: ReturnValues) -> _Arguments:
    return {} if returns == "NONE" else {"ReturnValues": returns}


def _put_arguments(operation: Put) -> _Arguments:
    return {"Item": encode_item(operation.item)} | _action_arguments(operation, Placeholders())


def _key_arguments(operation: Delete | ConditionCheck) -> _Arguments:
    return {"Key": encode_item(operation.key)} | _action_arguments(operation, Placeholders())


def _update_arguments(operation: UpdateItem) -> _Arguments:
    placeholders = Placeholders()
    arguments: _Arguments = {"Key": encode_item(operation.key)}
    if operation.updates:
        check_updates(operation.updates, operation.key)
        arguments |= _express("UpdateExpression", render_updates(operation.updates, placeholders))
    return arguments | _action_arguments(operation, placeholders)


def _action_arguments(operation: Action, placeholders: Placeholders) -> _Arguments:
    """What a write has in common with the action of a transaction that is like it."""
    arguments: _Arguments = {"TableName": operation.table}
    arguments |= _express_condition("ConditionExpression", operation.condition, placeholders)
    if operation.return_item_on_failure:
        arguments["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
    return arguments | placeholders.to_arguments()


def _build_batch_write(operation: BatchWrite) -> _Arguments:
    return {"RequestItems": {operation.table: [_build_write(write) for write in operation.writes]}} | _CAPACITY


def _build_write(write: BatchPut | BatchDelete) -> _Arguments:
    match write:
        case BatchPut(item):
            return {"PutRequest": {"Item": encode_item(item)}}
        case BatchDelete(key):
            return {"DeleteRequest": {"Key": encode_item(key)}}
        case _:
            assert_never(write)


def _build_transact_write(operation: TransactWrite) -> _Arguments:
    """Where there is no token, boto3 makes one, so that its own retries do not write twice."""
    arguments: _Arguments = {"TransactItems": [_build_action(action) for action in operation.actions]} | _CAPACITY
    return arguments if operation.token is None else arguments | {"ClientRequestToken": operation.token}


def _build_action(action: Action) -> _Arguments:
    match action:
        case Put():
            return {"Put": _put_arguments(action)}
        case Delete():
            return {"Delete": _key_arguments(action)}
        case UpdateItem():
            return {"Update": _update_arguments(action)}
        case ConditionCheck():
            return {"ConditionCheck": _key_arguments(action)}
        case _:
            assert_never(action)


def _build_transact_get(operation: TransactGet) -> _Arguments:
    return {"TransactItems": [{"Get": _get_arguments(get)} for get in operation.gets]} | _CAPACITY


def _get_arguments(get: Get) -> _Arguments:
    projection = get.projection + _find_witness(get)
    return {"TableName": get.table, "Key": encode_item(get.key)} | _read_arguments(projection, consistent=False)


def _find_witness(get: Get) -> tuple[Path, ...]:
    """The key attribute, if any, that a projected get of a transaction asks for beyond what is wanted.

    TransactGetItems answers alike for a missing item and for one that has nothing of the projection. Every item has
    its key, so nothing comes back for a missing one alone. Paths of a projection must not overlap.
    """
    asked = {path.elements[0] for path in get.projection}
    if not asked or any(Path(name) in get.projection for name in get.key):
        return ()
    return tuple(Path(name) for name in get.key if name not in asked)[:1]


def _build_update_time_to_live(operation: UpdateTimeToLive) -> _Arguments:
    specification = {"AttributeName": operation.attribute, "Enabled": operation.enabled}
    return {"TableName": operation.table, "TimeToLiveSpecification": specification}
