"""Constructors of frozen dataclasses: a slow one for the first instances of a class, then a generated one.

`tests/_support/test_dataclasses.py` compares both with those of the standard library.
"""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from dynamongo._support.lazy import lazy_property


class _Unset:
    def __repr__(self) -> str:
        return "<factory>"  # what a signature shows for the default of a field with a `default_factory`


UNSET: Final[Any] = _Unset()

_MAX_SETTERS: Final = 3
"""How many fields are set through the descriptors of their slots; with more it is faster to change the class twice."""

_PLAIN_USES: Final = 50
"""How many instances of a class are made before its constructor is generated."""

_change_class: Final[Any] = object.__dict__["__class__"].__set__  # past the `__setattr__` that refuses changes


class FieldSpec:
    """The options of one field, as `dataclasses.field` takes them."""

    __slots__ = ("compare", "default", "default_factory", "init", "repr")

    def __init__(
        self,
        *,
        default: Any = UNSET,
        default_factory: Callable[[], Any] = UNSET,
        init: bool = True,
        repr: bool = True,
        compare: bool = True,
    ) -> None:
        self.default = default
        self.default_factory = default_factory
        self.init = init
        self.repr = repr
        self.compare = compare

    @property
    def has_default(self) -> bool:
        """Whether a constructor needs no value."""
        return self.default is not UNSET or self.default_factory is not UNSET

    def as_options(self) -> dict[str, Any]:
        """Return the arguments of `dataclasses.field`."""
        options = {name: getattr(self, name) for name in self.__slots__}
        return {name: value for name, value in options.items() if value is not UNSET}


class Constructor:
    """`__init__` of a class for its first uses; then it is replaced by a generated one.

    To generate one takes as long as a hundred uses of this one. Most classes of a short program, such as a test or a
    function on AWS Lambda, have a few instances, and some have only one, made when dynamongo is imported.
    """

    def __init__(self) -> None:
        self._uses_left = _PLAIN_USES

    def __set_name__(self, owner: Any, _: str) -> None:
        self._owner = owner

    def __get__(self, instance: object, _: object = None) -> Any:
        # `inspect.signature` passes the class. Of two threads at once, both may count down.
        if isinstance(instance, self._owner) and self._uses_left > 0:
            self._uses_left -= 1
            return functools.partial(self._construct, instance)
        made = self._generate()
        return made if instance is None else made.__get__(instance)

    def _construct(self, instance: Any, /, *values: Any, **named: Any) -> None:
        """Set the fields of an instance as the generated constructor does, and let that refuse wrong arguments."""
        positions, setters, defaults, required = self._fields
        given = len(values)
        held = [*values, *defaults[given:]]
        missing, is_wrong = required - given, given > len(defaults)
        for name, value in named.items():
            position = positions.get(name, -1)
            if position < given:  # there is no such field, or its value was given by position, too
                is_wrong = True
                break
            missing -= position < required
            held[position] = value
        if is_wrong or missing > 0:
            self._generate()(instance, *values, **named)
            return
        for set_field, value in zip(setters, held, strict=True):
            set_field(instance, value.default_factory() if type(value) is FieldSpec else value)
        if hasattr(self._owner, "__post_init__"):
            instance.__post_init__()

    @lazy_property
    def _fields(self) -> tuple[dict[str, int], list[Callable[[Any, Any], None]], list[Any], int]:
        """The positions of the parameters by name, their setters and defaults, and how many have no default.

        A `FieldSpec` is the default that a factory makes.
        """
        specs = _parameters_of(self._owner)
        setters = [getattr(self._owner, name).__set__ for name in specs]
        defaults = [spec.default if spec.default_factory is UNSET else spec for spec in specs.values()]
        required = sum(not spec.has_default for spec in specs.values())  # they come first
        return {name: position for position, name in enumerate(specs)}, setters, defaults, required

    def _generate(self) -> Any:
        made = self._owner.__init__ = _generate_constructor(self._owner)
        return made


def _parameters_of(cls: Any) -> dict[str, FieldSpec]:
    return {name: spec for name, spec in cls.__specs__.items() if spec.init}


def _generate_constructor(cls: Any) -> Any:
    specs = _parameters_of(cls)
    names: dict[str, Any] = {}
    for name, spec in specs.items():
        names |= {f"_default_{name}": spec.default, f"_make_{name}": spec.default_factory}
        names[f"_set_{name}"] = getattr(cls, name).__set__
    if len(specs) > _MAX_SETTERS:
        names |= {"_type": type, "_change_class": _change_class, "_Own": cls, "_Open": _make_open_twin(cls)}
        names |= {"_set_fields": set_fields, "_names": tuple(specs)}
    source = _write_constructor(specs, names, is_checked=hasattr(cls, "__post_init__"))
    scope: dict[str, Any] = {}
    module = sys.modules.get(cls.__module__)  # in which `typing.get_type_hints` looks up the annotations
    exec(source, vars(module) if module else {}, scope)  # noqa: S102 - the source is ours: `_check_fields` saw each name in it
    made = scope["_create"](**names)
    made.__annotations__ = {
        **{name: kind for name, kind in annotations_of(cls).items() if name in specs},
        "return": None,
    }
    made.__qualname__ = f"{cls.__qualname__}.__init__"
    made.__module__ = cls.__module__
    return made


def _make_open_twin(cls: Any) -> Any:
    """Make a class of the same layout whose instances can be changed."""
    given: Mapping[str, Any] = cls.__dict__
    # `Generic` refuses a subclass without `__orig_bases__`, which say what its type variables are.
    generic: dict[str, Any] = {name: given[name] for name in ("__orig_bases__",) if name in given}
    members: dict[str, Any] = {"__slots__": cls.__slots__, "__setattr__": object.__setattr__, **generic}
    return type(cls)(cls.__name__, cls.__bases__, members)


def _write_constructor(specs: Mapping[str, FieldSpec], names: Mapping[str, Any], *, is_checked: bool) -> str:
    """Write the source.

    That of a class with two fields is ::

        def _create(_set_table, _set_consistent, _default_consistent, ...):
            def __init__(self, table, consistent=_default_consistent):
                _set_table(self, table)
                _set_consistent(self, consistent)
            return __init__

    With more fields, the instance is one of the open twin meanwhile, whose attributes can be assigned as any other's ::

                if _type(self) is not _Own:  # an instance of a subclass may have another layout
                    _set_fields(self, _names, (table, index, ...))
                else:
                    _change_class(self, _Open)
                    self.table = table
                    ...
                    self.__class__ = _Own
    """
    parameters = ["self", *(f"{name}=_default_{name}" if spec.has_default else name for name, spec in specs.items())]
    lines = [
        f"if {name} is _default_{name}: {name} = _make_{name}()"
        for name, spec in specs.items()
        if spec.default_factory is not UNSET
    ]
    lines += _write_assignments(list(specs))
    if is_checked:
        lines.append("self.__post_init__()")
    head = [f"def _create({', '.join(names)}):", f"    def __init__({', '.join(parameters)}):"]
    return "\n".join([*head, *(f"        {line}" for line in lines), "    return __init__"])


def _write_assignments(names: Sequence[str]) -> list[str]:
    if len(names) <= _MAX_SETTERS:
        return [f"_set_{name}(self, {name})" for name in names] or ["pass"]
    assignments = [f"    self.{name} = {name}" for name in names]
    of_subclass = ["if _type(self) is not _Own:", f"    _set_fields(self, _names, ({', '.join(names)},))"]
    return [*of_subclass, "else:", "    _change_class(self, _Open)", *assignments, "    self.__class__ = _Own"]


def annotations_of(cls: Any) -> dict[str, Any]:
    """Return the annotations of a class and its bases."""
    found: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        found.update(getattr(base, "__annotations__", {}))
    return found


def set_fields(instance: Any, names: Sequence[str], values: Sequence[Any]) -> None:
    """Set fields of a frozen instance."""
    for name, value in zip(names, values, strict=True):
        object.__setattr__(instance, name, value)
