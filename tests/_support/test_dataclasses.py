"""Frozen dataclasses are those of the standard library, which each test compares them with."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import pickle
from collections.abc import Callable
from typing import Any, Generic, TypeVar

import pytest

from dynamongo import RetryPolicy
from dynamongo._support import dataclasses as lean

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

    return {each.__name__: each for each in (Empty, Point, Point3D, Checked, Several, Alone, Shown)}


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
]


@pytest.mark.parametrize("make", MADE)
def test_instances_look_alike(make: Callable[[dict[str, Any]], Any]) -> None:
    assert repr(make(OURS)) == repr(make(THEIRS))
    assert dataclasses.asdict(make(OURS)) == dataclasses.asdict(make(THEIRS))


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
    ],
)
def test_arguments_that_do_not_fit_are_refused(make: Callable[[dict[str, Any]], Any]) -> None:
    for of in (THEIRS, OURS):
        with pytest.raises(TypeError):
            make(of)


def test_refusal_of_arguments_names_the_class() -> None:
    with pytest.raises(TypeError, match=r"^RetryPolicy\(\) got an unexpected keyword argument 'attempt'"):
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
        assert [(each.name, each.annotation) for each in found.values()] == [
            (each.name, each.annotation) for each in theirs.values()
        ]
    assert inspect.signature(OURS["Point"]).parameters["y"].default == 0


def test_generic_class_may_be_made_of_its_alias() -> None:
    assert OURS["Checked"][int](1) == OURS["Checked"](1)


def test_names_are_those_of_the_fields() -> None:
    assert lean.names_of(OURS["Point3D"](1)) == ("x", "y", "label", "seen", "z")
    assert lean.names_of(OURS["Empty"]) == lean.names_of({"x": 1}) == ()
    assert [each.name for each in dataclasses.fields(OURS["Point"])] == ["x", "y", "label", "seen"]


def test_derived_class_may_have_a_layout_of_its_own() -> None:
    named = type("Named", (OURS["Point"],), {"name": property(lambda self: f"{self.x}/{self.y}")})
    made = named(1, 2)
    assert (made.name, made.sum, type(made)) == ("1/2", 3, named)
    assert made == named(1, 2) != OURS["Point"](1, 2)
    assert type(OURS["Point"](1)) is OURS["Point"]
