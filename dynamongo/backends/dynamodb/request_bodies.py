"""Bodies of requests: the JSON that DynamoDB is sent for each operation.

Source: "Actions" in the DynamoDB API reference.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from json.encoder import encode_basestring_ascii as quote
from typing import Final, TypeAlias

from dynamongo._support.dataclasses import replace
from dynamongo._support.unions import assert_never
from dynamongo.backends.dynamodb.expressions import (
    Placeholders,
    render_condition,
    render_key_condition,
    render_projection,
    render_updates,
)
from dynamongo.backends.dynamodb_json import render_item
from dynamongo.exceptions import InvalidRequestError
from dynamongo.expressions.conditions import AnyCondition, Path
from dynamongo.expressions.limits import MAX_EXPRESSION_BYTES, check_limits
from dynamongo.expressions.sizes import item_size
from dynamongo.expressions.updates import check_update_request
from dynamongo.expressions.values import MAX_ITEM_BYTES, Item
from dynamongo.operations import (
    Action,
    BatchDelete,
    BatchGet,
    BatchPut,
    BatchWrite,
    ConditionCheck,
    Delete,
    Get,
    Put,
    Query,
    ReturnValues,
    Scan,
    TransactGet,
    TransactWrite,
    UpdateItem,
)

_Members: TypeAlias = list[str]
"""The members of a JSON object, each as JSON: the names are DynamoDB's and need no escapes."""

_CAPACITY: Final = '"ReturnConsumedCapacity":"TOTAL"'


def dump(value: object) -> str:
    """Return the JSON of anything but an attribute value, even of a type that only DynamoDB will refuse."""
    return quote(value) if type(value) is str else json.dumps(value, separators=(",", ":"))


def _render(members: Iterable[str]) -> str:
    """Return the JSON object of these members."""
    return f"{{{','.join(members)}}}"


def _render_list(elements: Iterable[str]) -> str:
    return f"[{','.join(elements)}]"


def render_get(operation: Get) -> str:
    """Return the body of a GetItem request."""
    return _render((*_get_members(operation), _CAPACITY))


def _get_members(get: Get) -> _Members:
    members = [f'"TableName":{dump(get.table)},"Key":{render_item(get.key)}']
    return _add_reading(members, get.projection, consistent=get.consistent)


def render_batch_get(operation: BatchGet) -> str:
    """Return the body of a BatchGetItem request."""
    keys = [f'"Keys":{_render_list(map(render_item, operation.keys))}']
    of_table = _add_reading(keys, operation.projection, consistent=operation.consistent)
    return _render((f'"RequestItems":{{{quote(operation.table)}:{_render(of_table)}}}', _CAPACITY))


def _add_reading(members: _Members, projection: tuple[Path, ...], *, consistent: bool) -> _Members:
    """Add the projection and the consistency of a read."""
    if projection:
        placeholders = Placeholders()
        members += (_project(projection, placeholders), *placeholders.to_members())
    if consistent:
        members.append('"ConsistentRead":true')
    return members


def _project(projection: tuple[Path, ...], placeholders: Placeholders) -> str:
    return _express("ProjectionExpression", render_projection(projection, placeholders))


def _express(parameter: str, text: str) -> str:
    """Return the member that holds an expression, or raise with DynamoDB's message if it is too long.

    The text is ASCII, since names and values are placeholders, so its length is in bytes.
    """
    if len(text) > MAX_EXPRESSION_BYTES:
        problem = f"Expression size has exceeded the maximum allowed size; expression size: {len(text)}"
        raise InvalidRequestError(f"Invalid {parameter}: {problem}")
    return f'"{parameter}":{quote(text)}'


def _express_condition(parameter: str, condition: AnyCondition, placeholders: Placeholders) -> str:
    check_limits(condition, parameter)
    return _express(parameter, render_condition(condition, placeholders))


def render_query(operation: Query) -> str:
    """Return the body of a Query request."""
    placeholders = Placeholders()
    members = [_express("KeyConditionExpression", render_key_condition(operation.key_condition, placeholders))]
    if operation.descending:
        members.append('"ScanIndexForward":false')
    return _render([*members, *_page_members(operation, placeholders)])


def render_scan(operation: Scan) -> str:
    """Return the body of a Scan request."""
    members = _page_members(operation, Placeholders())
    if operation.segment is not None:
        members.append(f'"Segment":{json.dumps(operation.segment)}')
    if operation.total_segments is not None:
        members.append(f'"TotalSegments":{json.dumps(operation.total_segments)}')
    return _render(members)


def _page_members(operation: Query | Scan, placeholders: Placeholders) -> _Members:
    members = [f'"TableName":{dump(operation.table)}', _CAPACITY]
    if operation.projection:
        members.append(_project(operation.projection, placeholders))
    if operation.filter is not None:
        members.append(_express_condition("FilterExpression", operation.filter, placeholders))
    if operation.index is not None:
        members.append(f'"IndexName":{dump(operation.index)}')
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


def render_put(operation: Put) -> str:
    """Return the body of a PutItem request."""
    return _render_write(_put_members(operation), _old(operation))


def render_delete(operation: Delete) -> str:
    """Return the body of a DeleteItem request."""
    return _render_write(_key_members(operation), _old(operation))


def render_update(operation: UpdateItem) -> str:
    """Return the body of an UpdateItem request."""
    return _render_write(_update_members(operation), operation.returns)


def _render_write(members: _Members, returns: ReturnValues) -> str:
    if returns != "NONE":
        members.append(f'"ReturnValues":{dump(returns)}')
    members.append(_CAPACITY)
    return _render(members)


def _old(operation: Put | Delete) -> ReturnValues:
    return "ALL_OLD" if operation.return_old else "NONE"


def _put_members(operation: Put) -> _Members:
    return _add_condition([f'"Item":{_render_stored(operation.item)}'], operation, None)


def _render_stored(item: Item) -> str:
    """Return the JSON of an item that is to be stored, or raise with DynamoDB's message if it is too large.

    The JSON of an item is longer than what DynamoDB counts of it, so that nearly no item has to be measured.
    """
    text = render_item(item)
    if len(text) > MAX_ITEM_BYTES and item_size(item) > MAX_ITEM_BYTES:
        raise InvalidRequestError("Item size has exceeded the maximum allowed size")
    return text


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
    """Add what a write and the like action of a transaction have in common."""
    members.append(f'"TableName":{dump(operation.table)}')
    if operation.return_item_on_failure:
        members.append('"ReturnValuesOnConditionCheckFailure":"ALL_OLD"')
    if operation.condition is not None:
        placeholders = placeholders or Placeholders()
        members.append(_express_condition("ConditionExpression", operation.condition, placeholders))
    if placeholders is not None:
        members += placeholders.to_members()
    return members


def render_batch_write(operation: BatchWrite) -> str:
    """Return the body of a BatchWriteItem request."""
    writes = _render_list([_render_batched(write) for write in operation.writes])
    return _render((f'"RequestItems":{{{quote(operation.table)}:{writes}}}', _CAPACITY))


def _render_batched(write: BatchPut | BatchDelete) -> str:
    if isinstance(write, BatchPut):  # not `match`, which would look up the names of its attributes for each item
        return f'{{"PutRequest":{{"Item":{_render_stored(write.item)}}}}}'
    return f'{{"DeleteRequest":{{"Key":{render_item(write.key)}}}}}'


def render_transact_write(operation: TransactWrite) -> str:
    """Return the body of a TransactWriteItems request. Without a token, boto3 adds one, against its own retries."""
    members = [f'"TransactItems":{_render_list(map(_render_action, operation.actions))}', _CAPACITY]
    if operation.token is not None:
        members.append(f'"ClientRequestToken":{dump(operation.token)}')
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


def render_transact_get(operation: TransactGet) -> str:
    """Return the body of a TransactGetItems request."""
    gets = _render_list([f'{{"Get":{_render(_members_in_transaction(get))}}}' for get in operation.gets])
    return _render((f'"TransactItems":{gets}', _CAPACITY))


def _members_in_transaction(get: Get) -> _Members:
    """Return the members of a get that also reads its witness, and does not ask for consistency."""
    return _get_members(replace(get, projection=get.projection + _find_witness(get), consistent=False))


def _find_witness(get: Get) -> tuple[Path, ...]:
    """Return the key attribute, if any, that a get of a transaction has to add to its projection.

    TransactGetItems returns the same for a missing item and for one that has nothing of the projection. Every item has
    its key, so only a missing item returns nothing then. Paths of a projection must not overlap.
    """
    asked = {path.elements[0] for path in get.projection}
    if not asked or any(Path(name) in get.projection for name in get.key):
        return ()
    return tuple(Path(name) for name in get.key if name not in asked)[:1]
