"""Bodies: what is read item by item is what is read at once, whatever the items look like."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import values

from dynamongo.backends.dynamodb.transport import page_decoder
from dynamongo.backends.dynamodb.transport.page_decoder import parse_body
from dynamongo.backends.dynamodb_json import decode_item, render_item
from dynamongo.exceptions import ServiceError
from dynamongo.expressions.values import Item
from dynamongo.operations import ItemReader, ReadItems

raw_decode = json.JSONDecoder().raw_decode
MISLEADING: list[Item] = [
    {"S": "a"},
    {"M": {"M": {"M": {}}}},
    {"Items": [{"Items": {}}]},
    {"id": 1, "text": 'a}},{"b":{"S":"c"}},{"Items":[{"'},
    {"id": 2, "list": [{"a": 1}, {"b": {"c": "d"}}, [{}], {"e": 'f"'}]},
    {'"': 3, "\\": "\\", "}},{": '"}},{"'},
    {},
    {"ä": "ü", "\n": b"\n"},
]
"""Items that have in them what the end of an item looks like."""


def write_list(items: list[Item]) -> str:
    return f"[{','.join(map(render_item, items))}]"


def write_page(items: list[Item], *, first: bool = True) -> str:
    rest = '"Count":1,"LastEvaluatedKey":{"Items":{"L":[]}}'
    return f'{{"Items":{write_list(items)},{rest}}}' if first else f'{{{rest},"Items":{write_list(items)}}}'


def write_batch(items: list[Item], table: str = "table", *, first: bool = True) -> str:
    found = f'"Responses":{{"{table}":{write_list(items)}}}'
    left = f'"UnprocessedKeys":{{"Responses":{{"Keys":{write_list(MISLEADING)}}}}}'
    return f"{{{found},{left}}}" if first else f"{{{left},{found}}}"


def decoded(content: Any, *names: str) -> Any:
    """The content with the items of that list decoded."""
    for name in names[:-1]:
        content = content[name]
    items = content.pop(names[-1])
    return items if isinstance(items, tuple) else tuple(map(decode_item, items))


def check(action: str, text: str, *names: str) -> bool:
    """Compare with what is read at once, and tell whether it was read item by item."""
    found, expected = parse_body(action, text), json.loads(text)
    holder = found
    for name in names[:-1]:
        holder = holder[name]
    is_one_by_one = isinstance(holder[names[-1]], tuple)
    assert decoded(found, *names) == decoded(expected, *names)
    assert found == expected
    return is_one_by_one


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("item", MISLEADING, ids=repr)
def test_items_may_look_like_anything(item: Item, *, first: bool) -> None:
    items: list[Item] = [{"id": 1}, {"id": 2}, item, item, *MISLEADING * 100]
    for action in ("Query", "Scan"):
        assert check(action, write_page(items, first=first), "Items")
    check("BatchGetItem", write_batch(items, first=first), "Responses", "table")


@settings(max_examples=50)
@given(st.lists(st.dictionaries(st.text(min_size=1), values(), max_size=3), max_size=8))
def test_items_may_hold_anything(items: list[Item]) -> None:
    check("Scan", write_page(items), "Items")
    check("Scan", write_page(items, first=False), "Items")
    check("BatchGetItem", write_batch(items), "Responses", "table")
    check("BatchGetItem", write_batch(items, first=False), "Responses", "table")


def test_list_is_read_item_by_item_and_the_rest_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    items: list[Item] = [{"id": number, "name": "x" * 20} for number in range(1_000)]
    ends: list[int] = []

    def watch(text: str, start: int = 0) -> tuple[Any, int]:
        parsed, end = raw_decode(text, start)
        ends.append(end - start)
        return parsed, end

    monkeypatch.setattr(page_decoder, "_raw_decode", watch)
    assert decoded(parse_body("Scan", write_page(items)), "Items") == tuple(items)
    assert ends[:-1] == [len(render_item(item)) for item in items]


def test_table_may_have_the_name_of_a_member() -> None:
    items: list[Item] = [{"id": number, "name": "x" * 50} for number in range(500)]
    for name in ("Responses", "Items", "Keys", "UnprocessedKeys"):
        assert check("BatchGetItem", write_batch(items, name), "Responses", name)
        check("BatchGetItem", write_batch(items, name, first=False), "Responses", name)


@pytest.mark.parametrize("action", ["Scan", "BatchGetItem", "PutItem"])
def test_spaces_do_no_harm(action: str) -> None:
    content: dict[str, Any] = {"Items": [{"id": {"N": str(number)}} for number in range(1_000)], "Count": 1_000}
    for text in (json.dumps(content, indent=1), json.dumps(content), json.dumps(content).replace(": [", ":[")):
        found = parse_body(action, text)
        assert decoded(found, "Items") == decoded(content.copy(), "Items")
        assert found == {"Count": 1_000}


@pytest.mark.parametrize("end", [-1, -2, -100, 10_000, 20_000])
def test_page_that_is_cut_off_is_no_json(end: int) -> None:
    text = write_page([{"id": number} for number in range(2_000)])
    with pytest.raises(ValueError, match="line 1"):
        parse_body("Scan", text[:end])


def test_value_of_an_unknown_type_is_refused() -> None:
    items = ",".join(['{"id":{"S":"a"}}'] * 2_000)
    with pytest.raises(ServiceError, match=r"unknown attribute value in the attribute new: a str of type X"):
        parse_body("Scan", f'{{"Items":[{{"new":{{"X":"1"}}}},{items}]}}')


def test_items_are_read_with_a_reader_or_left_by_it() -> None:
    items: list[Item] = [{"id": number, "name": "x" * number} for number in range(4)]
    reader = ItemReader(lambda wire, text: (wire, text) if wire["id"]["N"] != "2" else None, dict, ())
    for action, text, names in (
        ("Scan", write_page(items), ["Items"]),
        ("BatchGetItem", write_batch(items), ["Responses", "table"]),
    ):
        content = parse_body(action, text, reader)
        for name in names:
            content = content[name]
        assert isinstance(content, ReadItems)
        assert list(content) == items
        read = [(json.loads(render_item(item)), render_item(item)) for item in items]
        assert content.finish(lambda item: item["id"]) == [*read[:2], 2, read[3]]


def test_value_of_an_unknown_type_is_refused_although_a_reader_would_leave_it() -> None:
    reader = ItemReader(lambda wire, text: None, dict, ())
    with pytest.raises(ServiceError, match=r"unknown attribute value in the attribute new: a str of type X"):
        parse_body("Query", '{"Items":[{"id":{"S":"a"}},{"new":{"X":"1"}}]}', reader)


def test_rest_behind_white_space_is_read_without_the_reader() -> None:
    reader = ItemReader(lambda wire, text: text, dict, ())
    found = parse_body("Query", '{"Items":[{"id":{"S":"a"}}, {"id":{"S":"b"}}]}', reader)
    assert found == {"Items": ({"id": "a"}, {"id": "b"})}
