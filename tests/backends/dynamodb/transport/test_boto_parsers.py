"""Parsers that leave attribute values as they are in JSON return what botocore's parser returns, of whatever."""

from __future__ import annotations

import copy
import json
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from botocore.parsers import JSONParser, ResponseParserFactory
from botocore_model import service_model
from hypothesis import given
from hypothesis import strategies as st

from dynamongo.backends.dynamodb.requests import Request
from dynamongo.backends.dynamodb.transport.boto_parsers import pass_responses
from dynamongo.backends.dynamodb.transport.lazy_response import LazyResponse

TEXTS = st.text(max_size=4) | st.sampled_from(["null", ":null", '"B":', "B", "BS", "M", "AA=="])
SCALARS = st.one_of(
    st.builds(lambda text: {"S": text}, TEXTS),
    st.builds(lambda number: {"N": str(number)}, st.integers()),
    st.builds(lambda data: {"B": data}, st.sampled_from(["", "AA==", "/+8="])),
    st.builds(lambda texts: {"SS": texts}, st.lists(TEXTS, min_size=1, max_size=2)),
    st.builds(lambda data: {"BS": data}, st.lists(st.sampled_from(["AA==", "/+8="]), min_size=1, max_size=2)),
    st.sampled_from([{"NULL": True}, {"BOOL": False}, {"NS": ["1", "2"]}]),
)
VALUES: Any = st.recursive(
    SCALARS,
    lambda inner: (
        st.builds(lambda elements: {"L": elements}, st.lists(inner, max_size=3))
        | st.builds(lambda members: {"M": members}, st.dictionaries(TEXTS, inner, max_size=3))
    ),
    max_leaves=8,
)
ITEMS = st.dictionaries(TEXTS, VALUES, max_size=4)
CAPACITY = {"TableName": "t", "CapacityUnits": 1.5, "Table": {"CapacityUnits": 1}, "Unknown": 5}
RESPONSES: dict[str, Any] = {
    "GetItem": st.fixed_dictionaries({}, optional={"ConsumedCapacity": st.just(CAPACITY), "Item": ITEMS}),
    "Query": st.fixed_dictionaries(
        {"ScannedCount": st.integers(), "Items": st.lists(ITEMS, max_size=3), "Count": st.integers()},
        optional={"LastEvaluatedKey": ITEMS},
    ),
    "BatchGetItem": st.fixed_dictionaries(
        {"UnprocessedKeys": st.just({"t": {"ConsistentRead": True, "Keys": [{"id": {"B": "AA=="}}]}})},
        optional={"Responses": st.dictionaries(TEXTS, st.lists(ITEMS, max_size=3), max_size=2)},
    ),
    "BatchWriteItem": st.builds(
        lambda item: {"UnprocessedItems": {"t": [{"PutRequest": {"Item": item}}, {"DeleteRequest": {"Key": item}}]}},
        ITEMS,
    ),
    "TransactGetItems": st.builds(lambda items: {"Responses": [{"Item": item} for item in items]}, st.lists(ITEMS)),
}
ODD = [
    '{"Item": null, "ConsumedCapacity": null}',
    '{"Item": {"a": null}}',
    '{"Item": {"a": {"S": "x", "N": null}}}',
    '{"Item": {"a": {"L": [null, {"B": "AA=="}]}}}',
    '{"Item": {"a": {"M": null}}}',
    '{"Item": {"a": {"S": null}}}',
    '{"Item": {"a": {"B": "?"}}}',
    '{"Item": {"a": {"B": 5}}}',
    '{"Item": {"a": {"BS": null}}}',
    '{"Item": {"a": {"X": 1}, "b": {"B":"AA=="}}}',
    '{"Item": {"a": {}, "b": {"B":"AA=="}}}',
    "{}",
    "",
    "no JSON",
]


class Endpoint:
    """The part of an endpoint that has the parsers."""

    def __init__(self, action: str, *, is_watched: bool) -> None:
        self._response_parser_factory: Any = ResponseParserFactory()
        self._action = action
        pass_responses(self, Request(action, "{}"), is_watched=is_watched)

    def parse(self, body: str, status: int = 200) -> Any:
        """Parse a body as botocore does; an error is its type."""
        parser = self._response_parser_factory.create_parser("json")
        return parse(parser, self._action, body, status)


def parse(parser: Any, action: str, body: str, status: int = 200) -> Any:
    response = {"status_code": status, "headers": {"x-amzn-RequestId": "r"}, "body": body.encode(), "context": {}}
    try:
        return parser.parse(response, service_model().operation_model(action).output_shape)
    except Exception as error:  # noqa: BLE001 - whatever botocore raises
        return type(error)


RESPONSE: Any = st.sampled_from(list(RESPONSES)).flatmap(lambda action: st.tuples(st.just(action), RESPONSES[action]))


@given(RESPONSE)
def test_responses_are_those_of_botocore(given: tuple[str, Any]) -> None:
    action, content = given
    for separators in ((",", ":"), (", ", ": ")):
        body = json.dumps(content, separators=separators)
        expected = parse(JSONParser(), action, body)
        found = Endpoint(action, is_watched=True).parse(body)
        assert found == expected
        assert list(found) == list(expected)


@pytest.mark.parametrize("body", ODD)
@pytest.mark.parametrize("status", [200, 400, 500])
def test_odd_responses_are_those_of_botocore(body: str, status: int) -> None:
    expected = parse(JSONParser(), "GetItem", body, status)
    assert Endpoint("GetItem", is_watched=True).parse(body, status) == expected
    if status != 200:
        assert Endpoint("GetItem", is_watched=False).parse(body, status) == expected


def take(**members: Any) -> dict[str, Any]:
    return members


LOOKS: list[Callable[[Any], Any]] = [
    lambda response: response["Count"],
    lambda response: response.get("ConsumedCapacity"),
    lambda response: (response.get("Items"), response.get("Count")),
    lambda response: (response["Count"], response["Items"], response),
    lambda response: ("Items" in response, "LastEvaluatedKey" in response, "Nothing" in response),
    lambda response: (response.get("Nothing", 5), response),
    lambda response: (response["Responses"], response),
    lambda response: (response.get("UnprocessedKeys"), response.get("UnprocessedItems"), response.get("Item")),
    lambda response: json.dumps(response, default=repr),
    dict,
    lambda response: {**response},
    lambda response: take(**response),
    lambda response: (copy.copy(response), type(copy.copy(response))),
    lambda response: (copy.deepcopy(response), pickle.loads(pickle.dumps(response))),
    lambda response: (list(response), len(response), bool(response), list(reversed(response))),
    lambda response: (list(response.items()), list(response.keys()), list(response.values())),
    lambda response: (repr(response), str(response), response.copy()),
    lambda response: (response | {"a": 1}, {"a": 1} | response, response != {}),
    lambda response: (response.pop("Items", 3), response),
    lambda response: (response.setdefault("Items", 3), response.setdefault("new", 3), response),
    lambda response: (response.update(Items=1), response),
    lambda response: (response.update({}), response),
    lambda response: (response.popitem(), response),
    lambda response: (response.clear(), response),
    lambda response: (response.__setitem__("Count", 1), response, response.__delitem__("Count"), response),
    lambda response: response.__ior__({"Count": 7}),
    lambda response: isinstance(response, dict),
]


@given(RESPONSE, st.sampled_from(LOOKS))
def test_lazy_response_is_a_dict_to_whoever_looks(given: tuple[str, Any], look: Callable[[Any], Any]) -> None:
    action, content = given
    body = json.dumps(content)

    def see(response: Any) -> Any:
        try:
            return look(response)
        except KeyError as error:
            return repr(error)

    lazy = Endpoint(action, is_watched=False).parse(body)
    assert isinstance(lazy, LazyResponse)
    assert see(lazy) == see(parse(JSONParser(), action, body))


def test_response_is_parsed_when_somebody_looks() -> None:
    body = '{"ConsumedCapacity":{"CapacityUnits":1.0},"Count":1,"Items":[{"id":{"S":"a"}}],"ScannedCount":1}'
    lazy = Endpoint("Query", is_watched=False).parse(body)
    assert lazy["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert (dict.__len__(lazy), lazy.is_complete) == (1, False)
    assert lazy.get("ConsumedCapacity") == {"CapacityUnits": 1.0}
    assert (dict.__contains__(lazy, "Items"), lazy.is_complete) == (False, False)
    assert lazy.read()["Items"] == ({"id": "a"},)
    assert lazy["Items"] == [{"id": {"S": "a"}}]
    assert lazy.is_complete


@pytest.mark.parametrize("is_watched", [True, False])
def test_parsers_with_defaults_of_others_stay(*, is_watched: bool) -> None:
    endpoint: Any = Endpoint("GetItem", is_watched=is_watched)
    factory = endpoint._response_parser_factory = ResponseParserFactory()
    factory.set_parser_defaults(blob_parser=lambda text: text)
    pass_responses(endpoint, Request("GetItem", "{}"), is_watched=is_watched)
    assert endpoint._response_parser_factory is factory
