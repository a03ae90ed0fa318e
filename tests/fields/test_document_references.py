"""Documents in themselves, as deep, as wrong and as many as a client may send them."""

from __future__ import annotations

import gc
import itertools
import random
import time
from collections.abc import Callable
from typing import Any

import pytest

from dynamongo import (
    Document,
    DocumentField,
    DynamongoError,
    IntField,
    ListField,
    Model,
    SetField,
    StringField,
    ValidationError,
)
from dynamongo.expressions.values import MAX_DEPTH
from dynamongo.fields import document_references


class Node(Document):
    name = StringField(required=True)
    number = IntField()
    marks = SetField(StringField)
    left: Any = DocumentField("Node")
    right: Any = DocumentField("Node")
    children: Any = ListField(DocumentField("Node"))


class Tree(Model):
    __table__ = "trees"
    __hash_key__ = "id"
    id = StringField(required=True)
    root = DocumentField(Node)


def nest(levels: int, member: str, innermost: dict[str, Any]) -> dict[str, Any]:
    value = innermost
    for _ in range(levels):
        value = {"name": "a", member: [value] if member == "children" else value}
    return value


def as_node(value: dict[str, Any]) -> Node:
    """Make the documents one by one, as a program does, and the innermost wrong by a change that nobody sees."""
    inner = {name: [as_node(each) for each in value[name]] for name in ("children",) if name in value}
    node = Node(name=value.get("name"), **inner, **{name: as_node(value[name]) for name in ("left",) if name in value})
    vars(node)["number"] = value.get("number")
    return node


TAKE: dict[str, Callable[[dict[str, Any]], object]] = {
    "constructor": lambda value: Tree(id="a", root=value),
    "json": lambda value: Tree.from_dict({"id": "a", "root": value}, mode="json"),
    "save": lambda value: Tree(id="a", root=as_node(value)).save(),
    "item": lambda value: Tree.from_item({"id": "a", "root": value}),
    "document": lambda value: Node(name="a", children=[value]),
    "update": Tree.root.set,
    "condition": lambda value: Tree.root == value,
}


@pytest.mark.parametrize("verb", TAKE)
@pytest.mark.parametrize(("member", "step"), [("left", "left"), ("children", "children[0]")])
def test_what_is_wrong_deep_inside_is_found_in_one_pass(verb: str, member: str, step: str) -> None:
    levels = 14
    start = time.process_time()
    with pytest.raises(ValidationError) as caught:
        TAKE[verb](nest(levels, member, {"name": "a", "number": "x"}))
    assert time.process_time() - start < 5  # two attempts at each level would take minutes
    assert ".".join([step] * levels) + ".number must be " in str(caught.value)


@pytest.mark.parametrize("verb", sorted(TAKE.keys() - {"save"}))
@pytest.mark.parametrize("member", ["left", "children"])
def test_depth_is_limited(verb: str, member: str) -> None:
    with pytest.raises(ValidationError, match=f"nested too deep; DynamoDB allows {MAX_DEPTH} levels"):
        TAKE[verb](nest(2_000, member, {"name": "a"}))


def test_document_in_itself_is_refused_at_a_save() -> None:
    node = Node(name="a")
    node.left = node.right = node
    node.children = [node, node]
    for verb in (lambda: Tree(id="a", root=node).save(), lambda: Tree.root == node, lambda: Tree.root.set(node)):
        with pytest.raises(ValidationError, match=r"^Tree\.root: the document contains itself"):
            verb()


def test_fields_of_any_number_of_paths_do_not_stay() -> None:
    def grow() -> int:
        dice = random.Random(1)
        for _ in range(document_references.MOST_BOUND // 5):
            value: dict[str, Any] = {"name": "a"}
            for _ in range(14):
                value = {"name": "a", dice.choice(["left", "right"]): value}
            root = Tree.from_dict({"id": "a", "root": value}, mode="json").root
            assert root is not None
            assert root.to_dict(mode="json")["name"] == "a"
        gc.collect()
        return sum(1 for each in gc.get_objects() if isinstance(each, DocumentField) and each.is_reference)

    # Each has three references below it.
    assert grow() < 6 * document_references.MOST_BOUND
    path = Tree.root
    for name in itertools.islice(itertools.cycle(["left", "right"]), MAX_DEPTH - 1):
        path = getattr(path, name)
    assert str(path.name.path).count("right") == MAX_DEPTH // 2 - 1
    with pytest.raises(DynamongoError, match="nested too deep"):
        _ = path.left.left.name


def test_empty_set_is_no_problem_beside_another_one() -> None:
    with pytest.raises(ValidationError) as caught:
        Tree(id="a", root=Node(children=[Node()])).save()
    assert [each.path for each in caught.value.problems] == ["root.name", "root.children[0].name"]
