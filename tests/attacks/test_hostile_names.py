"""Names are data: whatever a field, a class or a member is called, it works or is refused, and is never executed.

Models are made of data here, as from a schema file, so that names can be what Python cannot say.
"""

from __future__ import annotations

import builtins
import copy
import keyword
import pickle
import unicodedata
import uuid
from collections.abc import Iterator
from typing import Any

import pytest

from dynamongo import (
    Connection,
    DictField,
    Field,
    GlobalIndex,
    IntField,
    ListField,
    Model,
    SchemaError,
    SetField,
    StringField,
    ValidationError,
)
from dynamongo._support.dataclasses import dataclass
from dynamongo.backends.base import Backend
from dynamongo.backends.memory import MemoryBackend
from dynamongo.expressions.conditions import (
    AnyCondition,
    BeginsWith,
    Comparison,
    Contains,
    Exists,
    In,
    IsType,
    Not,
    NotExists,
    Path,
)
from dynamongo.expressions.evaluation import holds
from dynamongo.expressions.filters import generate_filter

CALL = "hit('called')"
ENDINGS = [
    "{}",
    "'{}",
    '"{}',
    "'''{}",
    '"""{}',
    "'){}",
    '"){}',
    "']{}",
    '"]{}',
    "]){}",
    "}}{}",
    "){}",
    "\\{}",
    "\\'{}",
    "{{{}}}",
]
STARTS = [
    "{}",
    "x\n{}",
    "x\r{}",
    "x\r\n    {}",
    "x\n\t{}",
    "x\x0c{}",
    "x\x85{}",
    "x\u2028{}",
    "x;{}",
    "x#\n{}",
    "x or {}",
    "x: {}",
]
TAILS = ["", "#", "\n#"]
INJECTIONS = [
    start.format(ending.format(CALL)) + TAILS[(row + column) % 3]
    for row, start in enumerate(STARTS)
    for column, ending in enumerate(ENDINGS)
]
PLAIN_BUT_ODD = [
    *["order-id", "A|B|C", "user.name", "1st", "aws:x", "it's", 'a"b', "a\\b", "[0]", "a[0]"],
    *["a.b.c", "#n0", ":v0", "#", ":", "{}", "{0}", "{name}", "%s", "%(x)s", "$x", "${x}", "*args"],
    *["with space", " ", "  x  ", "a\nb", "\x00", "a\x00b", "\x7f", "lambda x: x", "**kwargs", "\U0001f600"],
    *[
        "\u202e",
        "\ufeff",
        "e\u0301",
        "\ufb01",
        "\uff53\uff45\uff4c\uff46",
        "\xaax",
        "\u017felf",
        "\U0001d4b3",
        "\u210cit",
    ],
    *["\u0130", "\xdf", "\uff11"],
]
GENERATED = [
    *["v", "v0", "v0_", "v0e", "m", "get", "given", "absent", "item", "items", "add", "make", "cls"],
    *["fill", "note", "taken", "instance", "instances", "error", "locate", "record_of", "ABSENT"],
    *["encode_by", "validate_by", "default_of", "name0", "field0", "id_field", "low0", "encode_key"],
    *["refuse_missing", "HeldDict", "Decimal", "UTC", "datetime", "c0", "select", "MISSING", "build"],
    *["encode", "decode", "encode0", "type", "len", "str", "int", "float", "list", "dict", "set", "hit"],
    *["self", "other", "print", "exec", "eval", "__", "open"],
]
PYTHON = [*keyword.kwlist, *keyword.softkwlist]
DUNDERS = sorted(
    {name for name in dir(type) + dir(object) if name.startswith("__")} - {"__qualname__"}
    | {"__import__", "__builtins__", "__x"}
)
NAMES = list(dict.fromkeys([*INJECTIONS, *PLAIN_BUT_ODD, *GENERATED, *PYTHON, *DUNDERS]))
TAKEN = {name for name in NAMES if hasattr(Model, name)}  # a field of that name would hide a method
FIELD_NAMES = [name for name in NAMES if not name.startswith("_") and name not in TAKEN]

hits: list[str] = []


@pytest.fixture(autouse=True)
def _nothing_is_executed() -> Iterator[None]:
    """What the names call exists, and is not called."""
    hits.clear()
    vars(builtins)["hit"] = hits.append
    yield
    del vars(builtins)["hit"]
    assert hits == []


class Text(str):
    """No plain str, so that a field has to convert it."""

    __slots__ = ()


Meta: Any = type(Model)


def model_of(fields: dict[str, Any], name: str = "Made", **options: Any) -> Any:
    body = {"__module__": __name__, "__table__": f"names-{uuid.uuid4().hex}", "__hash_key__": "id", **options}
    return Meta(name, (Model,), {**body, "id": StringField(required=True), **fields})


def field_of(model: Any, name: str) -> Any:
    return getattr(model, name)


def test_there_are_hundreds_of_names() -> None:
    assert len(FIELD_NAMES) > 300
    assert sum(unicodedata.normalize("NFKC", name) != name for name in FIELD_NAMES) > 5


@pytest.mark.parametrize("name", FIELD_NAMES, ids=ascii)
def test_a_field_of_any_name_is_validated_stored_and_read(name: str) -> None:
    with Connection.using(MemoryBackend()):
        model = model_of({name: StringField(max_length=5)})
        with pytest.raises(ValidationError):
            model(**{"id": "1", name: 5})
        with pytest.raises(ValidationError):
            model.from_dict({"id": "1", f"{name}?": "x"})
        model.create_table()
        saved = model(**{"id": "1", name: Text("x")}).save()
        assert (vars(saved), saved.to_dict()) == ({"id": "1", name: "x"}, {"id": "1", name: "x"})
        for copied in (model.get_one("1"), copy.copy(saved), copy.deepcopy(saved), model.from_dict(saved.to_dict())):
            assert copied == saved
        assert eval(repr(saved), {"Made": model}) == saved
        setattr(saved, name, "y")
        assert getattr(saved.save(only_changed=True).reload(), name) == "y"
        delattr(saved, name)
        assert getattr(saved, name) is None


def use_everywhere(model: Any, name: str) -> None:
    """Read and change the one item, whose field of that name holds `"x"`, by that name."""
    field, id_ = field_of(model, name), field_of(model, "id")
    item = model.get_one("1")
    for condition in (field == "x", field.begins_with("x"), field.in_(["x", "z"]), field.exists(), field.size() == 1):
        assert model.get_one((id_ == "1") & condition) == item
        assert model.get_many(condition, scans="allow") == [item]
    assert model.get_many(~(field == "x"), scans="allow") == []
    assert getattr(model.get_one("1", projection=[field]), name) == "x"
    assert model.find(id_ == "1", projection=[name], as_dicts=True).all() == [{name: "x"}]
    assert f"{model.table_name()}.by_odd" in str(model.explain(field == "x"))
    assert model.get_many(field == "x", index="by_odd") == [item]
    page = next(iter(model.find(field == "x", index="by_odd", page_size=1).pages()))
    assert page.cursor is not None
    assert list(model.find(field == "x", index="by_odd", cursor=page.cursor)) == []
    assert getattr(model.update_one((id_ == "1") & (field == "x"), field.set("y")), name) == "y"
    assert getattr(model.update_from_dict("1", {name: "x"}), name) == "x"
    with Connection.transaction() as tx:
        tx.update(model, (id_ == "1") & (field == "x"), field.set("y"))
    with model.batch() as batch:
        batch.save(model(**{"id": "1", name: "x"}))
    assert model.save_many([{"id": "1", name: "x"}]).fail_count == 0
    assert model.get_one({"id": "1"}) == item


@pytest.mark.parametrize("name", FIELD_NAMES[::7] + PLAIN_BUT_ODD, ids=ascii)
def test_a_name_means_itself_wherever_it_is_used(name: str) -> None:
    with Connection.using(MemoryBackend()):
        use_names(name)


def test_names_mean_themselves_on_a_server(dynamodb_backend: Backend) -> None:
    with Connection.using(dynamodb_backend):
        for name in (
            "order-id",
            "A|B|C",
            "with space",
            "1st",
            "aws:x",
            "it's",
            "a.b",
            "from",
            f'x"""\n{CALL}#',
            "ﬁ",
            "😀",
        ):
            use_names(name)


def use_names(name: str) -> None:
    model = model_of({name: StringField(), "by_odd": GlobalIndex(hash_key=name, range_key="id")})
    model.create_table()
    model(**{"id": "1", name: "x"}).save()
    use_everywhere(model, name)


@pytest.mark.parametrize("name", PLAIN_BUT_ODD, ids=ascii)
def test_a_key_may_have_any_name(name: str) -> None:
    with Connection.using(MemoryBackend()):
        model = model_of({name: StringField(required=True), "n": IntField()}, __hash_key__=name, __range_key__="id")
        model.create_table()
        model(**{name: "a", "id": "1"}).save()
        for strategy in (("a", "1"), {name: "a", "id": "1"}, model(**{name: "a", "id": "1"})):
            assert getattr(model.get_one(strategy), name) == "a"
        assert [each.id for each in model.find(field_of(model, name) == "a")] == ["1"]
        assert model.update_one(("a", "1"), field_of(model, "n").add(1)).n == 1
        assert model.delete_many([("a", "1")]).fail_count == 0


def test_all_names_at_once_are_members_of_a_map_and_attributes_of_an_item() -> None:
    members = {name: StringField() for name in NAMES}
    nested = {"any": Field(), "map": DictField(members), "maps": ListField(DictField(members)), "free": DictField()}
    values: dict[str, Any] = {name: f"{number}" for number, name in enumerate(NAMES)}
    with Connection.using(MemoryBackend()):
        model = model_of({**nested, **{name: StringField() for name in FIELD_NAMES if name != "map"}})
        model.create_table()
        attributes = {name: values[name] for name in FIELD_NAMES}
        saved = model(id="1", any=values, map=values, maps=[values], free=values, **attributes).save()
        read = model.get_one("1")
        assert read == saved
        assert (read.map, read.maps, read.free, read.any) == (values, [values], values, values)
        with pytest.raises(ValidationError):
            model(id="2", map={NAMES[0]: 5})


@pytest.mark.parametrize("name", NAMES, ids=ascii)
def test_a_condition_on_any_name_means_the_same_compiled_and_not(name: str) -> None:
    path = Path(name, name)
    items: list[dict[str, Any]] = [{}, {name: "x"}, {name: {name: "x"}}, {name: {name: 1}}, {name: {name: ["x"]}}]
    conditions: list[AnyCondition] = [
        Comparison(path, "=", "x") | Comparison(Path(name), "<>", "x"),
        BeginsWith(path, "x") & Exists(Path(name)),
        In(path, ("x", 1)) | Contains(path, "x"),
        Not(IsType(path, "S")) & NotExists(Path("x", name)),
        Comparison(path, "=", Path(name)),
    ]
    for condition in conditions:
        assert generate_filter(condition)(items) == [item for item in items if holds(condition, item)]


@pytest.mark.parametrize("name", [name for name in NAMES if "\0" not in name], ids=ascii)
def test_a_class_may_have_any_name(name: str) -> None:
    model = model_of({"tags": SetField(StringField), "map": DictField(a=IntField())}, name)
    item = model.__mapper__.encode(model(id="1", tags={"a"}, map={"a": 1}))
    assert model.__mapper__.decode(item).to_dict()["tags"] == {"a"}
    with pytest.raises(ValidationError):
        model(id=5)


@pytest.mark.parametrize(
    "name", [*DUNDERS, "_x", "", "x" * 70_000, "\ud800", *sorted(TAKEN)], ids=lambda name: ascii(name)[:20]
)
def test_a_name_that_cannot_be_a_field_is_refused_at_the_declaration(name: str) -> None:
    with pytest.raises(SchemaError):
        model_of({name: StringField()})


def test_a_key_of_a_dict_that_is_no_str_is_an_unknown_name() -> None:
    with pytest.raises(ValidationError, match="unknown field '1'; Made has: id"):
        model_of({}).from_dict({"id": "a", 1: 2})


make_dataclass: Any = dataclass(frozen=True, slots=True)


@pytest.mark.parametrize("name", ["hit('x')", "a b", "ﬁ", "class", "_hidden", "x=hit('x')", "x\n"])
def test_a_frozen_dataclass_refuses_names_that_would_be_source(name: str) -> None:
    with pytest.raises(TypeError, match=r"public ASCII name|must be identifiers"):
        make_dataclass(type("Made", (), {"__annotations__": {name: int}}))(1)


def test_source_has_no_name_in_it() -> None:
    model = model_of({"needle": StringField(default="haystack"), "needles": DictField(needle=IntField())}, "Needle")
    assert "eedle" not in model.__mapper__.codec.show()
    assert "haystack" not in model.__mapper__.codec.show()
    assert generate_filter(Comparison(Path("needle", "needle"), "=", "haystack"))([]) == []


def test_a_pickled_instance_has_its_odd_names() -> None:
    order = Order(**{"id": "1", "order-id": "x"})
    assert pickle.loads(pickle.dumps(order)) == order


Order = Meta(
    "Order",
    (Model,),
    {
        "__module__": __name__,
        "__table__": "orders",
        "__hash_key__": "id",
        "id": StringField(),
        "order-id": StringField(),
    },
)
