"""Frozen dataclasses behave as those of the standard library, which the tests compare them with."""

from __future__ import annotations

import copy
import dataclasses
import importlib
import inspect
import pickle
import subprocess
import sys
from collections.abc import Callable
from typing import Any, ClassVar, Generic, TypeVar, get_type_hints

import pytest

from dynamongo import (
    BatchResult,
    CancellationReason,
    Difference,
    Failure,
    Page,
    Plan,
    Progress,
    RetryPolicy,
    ThrottlingReason,
    ValidationError,
    WriteOutcome,
    WritePlan,
)
from dynamongo._support import dataclasses as lean
from dynamongo.backends.base import Limits
from dynamongo.backends.memory import Fault
from dynamongo.operations import Capacity, Get, PageResult, Put
from dynamongo.schema import KeyAttribute, KeySchema, TableSchema

T = TypeVar("T")
MODULES = (dataclasses, lean)


def declare(module: Any) -> dict[str, Any]:
    """The same classes, made by one module or the other."""
    dataclass: Callable[..., Any] = module.dataclass
    field: Callable[..., Any] = module.field

    @dataclass(frozen=True, slots=True)
    class Empty:
        pass

    @dataclass(frozen=True, slots=True)
    class Point:
        x: int
        y: int = 0
        label: str | None = field(default=None, repr=False)
        seen: list[int] = field(default_factory=list, compare=False)

        @property
        def sum(self) -> int:
            return self.x + self.y

    @dataclass(frozen=True, slots=True)
    class Point3D(Point):
        z: int = 0

    @dataclass(frozen=True, slots=True)
    class Checked(Generic[T]):
        value: T
        double: Any = field(init=False, compare=False)

        def __post_init__(self) -> None:
            if self.value is None:
                raise ValueError("nothing")
            object.__setattr__(self, "double", (self.value, self.value))

    @dataclass(frozen=True, slots=True, init=False)
    class Several:
        parts: tuple[int, ...]

        def __init__(self, *parts: int) -> None:
            object.__setattr__(self, "parts", parts)

    @dataclass(frozen=True, slots=True, eq=False)
    class Alone:
        x: int

    @dataclass(frozen=True, slots=True)
    class Shown:
        x: int

        def __repr__(self) -> str:
            return f"<{self.x}>"

    @dataclass(frozen=True, slots=True)
    class Wide:  # noqa: PLW1641 - the decorator adds `__hash__`
        zero: ClassVar[int] = 0
        a: int
        b: int = 2
        c: int = 3
        d: int = 4

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Wide) and self.a == other.a

    return {each.__name__: each for each in (Empty, Point, Point3D, Checked, Several, Alone, Shown, Wide)}


THEIRS, OURS = map(declare, MODULES)

MADE: list[Callable[[dict[str, Any]], Any]] = [
    lambda of: of["Empty"](),
    lambda of: of["Point"](1),
    lambda of: of["Point"](1, 2),
    lambda of: of["Point"](y=2, x=1),
    lambda of: of["Point"](1, label="a"),
    lambda of: of["Point"](1, seen=[3]),
    lambda of: of["Point"](1.0),
    lambda of: of["Point3D"](1, 2, z=3),
    lambda of: of["Checked"](1),
    lambda of: of["Several"](1, 2),
    lambda of: of["Shown"](1),
    lambda of: of["Wide"](1, d=5),
]


@pytest.mark.parametrize("make", MADE)
def test_instances_look_alike(make: Callable[[dict[str, Any]], Any]) -> None:
    assert repr(make(OURS)) == repr(make(THEIRS))
    assert dataclasses.asdict(make(OURS)) == dataclasses.asdict(make(THEIRS))


@pytest.mark.parametrize("make", MADE)
def test_first_instances_are_as_those_of_the_generated_constructor(make: Callable[[dict[str, Any]], Any]) -> None:
    fresh = declare(lean)
    kind = vars(type(make(fresh)))
    assert not inspect.isfunction(kind["__init__"]) or type(make(fresh)).__name__ == "Several"
    made = [make(fresh) for _ in range(60)]
    assert inspect.isfunction(kind["__init__"])
    assert made == [made[0]] * 60
    assert {repr(each) for each in made} == {repr(make(THEIRS))}


def test_equality_is_the_same_and_equal_instances_have_one_hash() -> None:
    ours, theirs = [make(OURS) for make in MADE], [make(THEIRS) for make in MADE]
    for place, mine in enumerate(ours):
        for other, his in enumerate(ours):
            assert (mine == his) is (theirs[place] == theirs[other]), (mine, his)
            assert mine != his or hash(mine) == hash(his)
    assert ours[1] != (1, 0, None)
    assert OURS["Alone"](1) != OURS["Alone"](1)


@pytest.mark.parametrize(
    "make",
    [
        lambda of: of["Point"](),
        lambda of: of["Point"](1, 2, "a", [], 5),
        lambda of: of["Point"](1, z=2),
        lambda of: of["Point"](1, x=2),
        lambda of: of["Checked"](1, double=2),
        lambda of: of["Empty"](1),
        lambda of: of["Empty"](x=1),
    ],
)
def test_arguments_that_do_not_fit_are_refused(make: Callable[[dict[str, Any]], Any]) -> None:
    for of in (THEIRS, OURS, declare(lean)):
        with pytest.raises(TypeError):
            make(of)


def test_refusal_of_arguments_names_the_class() -> None:
    with pytest.raises(TypeError, match=r"^RetryPolicy\.__init__\(\) got an unexpected keyword argument 'attempt'"):
        RetryPolicy(attempt=3)  # type: ignore[call-arg]  # pyright: ignore[reportCallIssue]


def test_check_after_the_constructor_is_called() -> None:
    assert OURS["Checked"](2).double == (2, 2)
    with pytest.raises(ValueError, match="nothing"):
        OURS["Checked"](None)


def test_defaults_are_made_for_each_instance() -> None:
    first, second = OURS["Point"](1), OURS["Point"](1)
    first.seen.append(5)
    assert second.seen == []


@pytest.mark.parametrize("make", MADE)
def test_instances_cannot_be_changed(make: Callable[[dict[str, Any]], Any]) -> None:
    made = make(OURS)
    for name in ("x", "new"):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(made, name, 1)
        with pytest.raises(dataclasses.FrozenInstanceError):
            delattr(made, name)
    assert hasattr(made, "__dict__") == hasattr(make(THEIRS), "__dict__")


@pytest.mark.parametrize("module", MODULES)
def test_copy_with_changes_is_made_by_both_modules(module: Any) -> None:
    changed = module.replace(OURS["Point"](1, 2, "a", [3]), y=5)
    assert (changed.x, changed.y, changed.label, changed.seen) == (1, 5, "a", [3])
    with pytest.raises(ValueError, match="nothing"):
        module.replace(OURS["Checked"](1), value=None)


@pytest.mark.parametrize("make", MADE)
def test_copies_are_equal(make: Callable[[dict[str, Any]], Any]) -> None:
    made = make(OURS)
    assert copy.copy(made) == copy.deepcopy(made) == made
    assert type(copy.copy(made)) is type(made)


def test_pickled_values_come_back() -> None:
    assert pickle.loads(pickle.dumps(RetryPolicy(attempts=3))) == RetryPolicy(attempts=3)


def test_patterns_take_the_same_fields() -> None:
    for name, ours in OURS.items():
        assert ours.__match_args__ == THEIRS[name].__match_args__


def test_signature_is_that_of_the_constructor() -> None:
    for name, ours in OURS.items():
        theirs = inspect.signature(THEIRS[name]).parameters
        found = inspect.signature(ours).parameters
        assert str(inspect.signature(ours)) == str(inspect.signature(THEIRS[name]))
        assert list(map(str, found.values())) == list(map(str, theirs.values()))


@pytest.mark.parametrize("name", OURS)
def test_type_hints_are_those_of_the_fields(name: str) -> None:
    ours, theirs = OURS[name], THEIRS[name]
    assert get_type_hints(ours) == get_type_hints(theirs)
    assert get_type_hints(ours.__init__) == get_type_hints(theirs.__init__)
    assert [(each.name, each.type, each.init) for each in dataclasses.fields(ours)] == [
        (each.name, each.type, each.init) for each in dataclasses.fields(theirs)
    ]


def test_generic_class_may_be_made_of_its_alias() -> None:
    assert OURS["Checked"][int](1) == OURS["Checked"](1)


def test_names_are_those_of_the_fields() -> None:
    assert lean.names_of(OURS["Point3D"](1)) == ("x", "y", "label", "seen", "z")
    assert lean.names_of(OURS["Empty"]) == lean.names_of({"x": 1}) == ()
    assert [each.name for each in dataclasses.fields(OURS["Point"])] == ["x", "y", "label", "seen"]


@pytest.mark.parametrize("of", [THEIRS, OURS])
@pytest.mark.parametrize("base", ["Point", "Wide"])
def test_subclass_may_call_the_constructor_of_its_base(of: dict[str, Any], base: str) -> None:
    def construct(self: Any, values: list[int]) -> None:
        super(named, self).__init__(*values)
        object.__setattr__(self, "total", sum(values))

    named: Any = type("Named", (of[base],), {"__init__": construct, "name": property(lambda self: f"<{self.total}>")})
    made = named([1, 2])
    assert (made.name, made.total, type(made)) == ("<3>", 3, named)
    assert list(inspect.signature(named).parameters) == ["values"]
    assert made == named([1, 2])
    assert type(of[base](1)) is of[base]


def test_subclass_that_is_no_dataclass_may_have_other_attributes() -> None:
    made = type("Noted", (OURS["Point"],), {})(1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        made.x = 5
    made.note = "new"
    assert made.note == "new"
    del made.note
    assert not hasattr(made, "note")


@pytest.mark.parametrize("slots", [False, True])
@pytest.mark.parametrize("base", ["Point", "Wide"])
def test_subclass_may_be_a_dataclass_of_the_standard_library(base: str, *, slots: bool) -> None:
    def declare_on(of: dict[str, Any]) -> Any:
        body = {"__annotations__": {"more": "int"}, "more": 7}
        return dataclasses.dataclass(frozen=True, slots=slots)(type("More", (of[base],), body))

    ours, theirs = declare_on(OURS), declare_on(THEIRS)
    assert repr(ours(1, more=8)) == repr(theirs(1, more=8))
    assert str(inspect.signature(ours)) == str(inspect.signature(theirs))


def test_subclass_of_a_frozen_class_is_frozen() -> None:
    for of in (OURS, THEIRS):
        with pytest.raises(TypeError, match="cannot inherit non-frozen dataclass from a frozen one"):
            dataclasses.dataclass(type("Open", (of["Point"],), {"__annotations__": {}}))


@pytest.mark.parametrize("module", MODULES)
def test_wrong_declaration_is_refused_when_the_class_is_made(module: Any) -> None:
    late = type("Late", (), {"__annotations__": {"a": "int", "b": "int"}, "a": 1})
    with pytest.raises(TypeError, match=r"non-default argument 'b'.* follows default"):
        module.dataclass(frozen=True, slots=True)(late)
    shared = type("Shared", (), {"__annotations__": {"a": "list"}, "a": []})
    with pytest.raises(ValueError, match=r"mutable default.* for field a .*use default_factory"):
        module.dataclass(frozen=True, slots=True)(shared)


PUBLIC_MODULES = (
    *("dynamongo", "dynamongo.backends.base", "dynamongo.backends.dynamodb", "dynamongo.backends.memory"),
    *("dynamongo.operations", "dynamongo.schema", "dynamongo.expressions.conditions", "dynamongo.expressions.updates"),
)
PUBLIC = {
    member
    for module in map(importlib.import_module, PUBLIC_MODULES)
    for name, member in vars(module).items()
    if not name.startswith("_") and isinstance(member, type) and lean.names_of(member)
}


@pytest.mark.parametrize("cls", sorted(PUBLIC, key=repr), ids=lambda cls: cls.__qualname__)
def test_public_class_can_be_inspected(cls: Any) -> None:
    names = [each.name for each in dataclasses.fields(cls)]
    assert names == list(lean.names_of(cls))
    assert names == [name for name in get_type_hints(cls) if name in names]
    hints = get_type_hints(cls.__init__)
    if cls.__match_args__ != ("parts",) and cls.__name__ != "Path":  # whose constructors take any number of arguments
        assert tuple(inspect.signature(cls).parameters) == cls.__match_args__
        assert tuple(hints) == (*cls.__match_args__, "return")


EXAMPLES: list[Any] = [
    *(RetryPolicy(attempts=3), Limits(), Capacity(1.5), Progress(2), WriteOutcome(0, "a"), ThrottlingReason("slow")),
    *(Page([1], None, 1, 2, Capacity()), BatchResult([1], []), Failure("a", ValidationError("no")), Plan(())),
    *(Difference("billing", "users"), CancellationReason("None"), WritePlan("Put users"), Fault.slow(1.0)),
    *(Get("users", {"id": 1}), Put("users", {"id": 1}), PageResult((), 0, 0)),
    TableSchema("users", KeySchema(KeyAttribute("id", "S"))),
]


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: type(example).__name__)
def test_public_class_is_as_a_dataclass_of_the_standard_library(example: Any) -> None:
    cls: Any = type(example)
    values = {each.name: getattr(example, each.name) for each in dataclasses.fields(cls) if each.init}

    def construct(self: Any, **given: Any) -> None:
        super(derived, self).__init__(**given)

    derived: Any = type(f"My{cls.__name__}", (cls,), {"__init__": construct, "__module__": __name__})
    made = derived(**values)
    assert {name: getattr(made, name) for name in values} == values
    assert dataclasses.replace(example, **values) == dataclasses.replace(example) == example
    assert dataclasses.asdict(example).keys() == {each.name for each in dataclasses.fields(cls)}
    assert type(dataclasses.replace(made)) is derived
    if cls is not Failure:  # errors have no equality
        assert pickle.loads(pickle.dumps(example)) == copy.copy(example) == example


def test_public_classes_match_patterns() -> None:
    match Get("users", {"id": 1}, consistent=True):
        case Get(table, {"id": number}, _, consistent):
            assert (table, number, consistent) == ("users", 1, True)
        case _:
            pytest.fail("the pattern does not match")


def test_importing_the_library_does_not_import_the_standard_module() -> None:
    code = "import sys, dynamongo, dynamongo.backends.memory; print('dataclasses' in sys.modules)"
    found = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert found.stdout == "False\n"
