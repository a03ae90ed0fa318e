"""Frozen dataclasses: those of the standard library, at a tenth of the cost of their making.

`@dataclass(frozen=True, slots=True)` of this module means what that of `dataclasses` means, which is what type checkers
see in its place. A hundred classes are made when dynamongo is imported, and the standard library would generate and
compile six methods for each; here it is the constructor alone, when it is first called. Several instances are made for
each call to the store, and are made in half the time: as instances of an open twin of their class, which then become
instances of the class itself.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from dynamongo._support.codegen import is_plain_name

__all__ = ["dataclass", "field", "names_of", "replace"]

_NOTHING: Final[Any] = object()


class _Spec(NamedTuple):
    """What is said of one field, as `dataclasses.field` takes it."""

    default: Any = _NOTHING
    default_factory: Callable[[], Any] = _NOTHING
    init: bool = True
    repr: bool = True
    compare: bool = True


def names_of(value: object) -> tuple[str, ...]:
    """The names of the fields of a frozen dataclass, or of an instance of one; none of anything else."""
    return tuple(getattr(value, "__specs__", ()))


if TYPE_CHECKING:
    from dataclasses import dataclass, field, replace
else:

    def dataclass(*, frozen: bool, slots: bool, **options: bool) -> Callable[[type], type]:
        """As `dataclasses.dataclass`, for classes that are frozen and have slots."""
        del frozen, slots  # there is no other kind here
        return lambda cls: _make_class(cls, **options)

    field = _Spec

    def replace(instance: Any, /, **changes: Any) -> Any:
        """As `dataclasses.replace`."""
        specs = type(instance).__specs__
        kept = {name: getattr(instance, name) for name, spec in specs.items() if spec.init and name not in changes}
        return type(instance)(**kept, **changes)


def _make_class(cls: Any, *, init: bool = True, eq: bool = True, repr: bool = True) -> Any:
    """The class once more, with slots for its fields."""
    given: Mapping[str, Any] = cls.__dict__
    own: dict[str, _Spec] = {name: _spec_of(given.get(name, _NOTHING)) for name in cls.__annotations__}
    specs: dict[str, _Spec] = {**getattr(cls, "__specs__", {}), **own}
    members: dict[str, Any] = {
        name: value for name, value in given.items() if name not in {*own, "__dict__", "__weakref__"}
    }
    members |= {
        "__slots__": tuple(own),
        "__specs__": specs,
        "__match_args__": tuple(name for name, spec in specs.items() if spec.init),
        "__qualname__": cls.__qualname__,
        "__dataclass_fields__": _Fields(),
        "__delattr__": _refuse_change,
        "__replace__": replace,
        "__setattr__": _refuse_change,
    }
    if cls.__reduce__ is object.__reduce__:
        members["__reduce__"] = _reduce
    if init:
        members |= {"__new__": _make_on_first_call, "__signature__": _Signature()}
    if eq:
        members |= _make_equality([name for name, spec in specs.items() if spec.compare])
    if repr and "__repr__" not in members:
        members["__repr__"] = _represent
    return type(cls)(cls.__name__, cls.__bases__, members)


def _spec_of(default: Any) -> _Spec:
    return default if isinstance(default, _Spec) else _Spec(default)


def _make_equality(names: Sequence[str]) -> dict[str, Any]:
    values_of: Callable[[Any], Any] = operator.attrgetter(*names) if names else type

    def equal(self: object, other: object) -> bool:
        return values_of(self) == values_of(other) if type(self) is type(other) else NotImplemented

    def make_hash(self: object) -> int:
        return hash(values_of(self))

    return {"__eq__": equal, "__hash__": make_hash}


def _represent(self: Any) -> str:
    shown = [f"{name}={getattr(self, name)!r}" for name, spec in self.__specs__.items() if spec.repr]
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _refuse_change(self: object, name: str, *_: object) -> None:
    from dataclasses import FrozenInstanceError  # noqa: PLC0415 - nobody else has to wait for it

    raise FrozenInstanceError(f"{type(self).__name__} cannot be changed: {name}")


def _reduce(self: Any) -> tuple[Any, ...]:
    return _restore, (type(self), [getattr(self, name) for name in self.__specs__])


def _restore(cls: Any, values: Sequence[Any]) -> Any:
    """A copy of an instance, whose values were checked when that was made."""
    made = object.__new__(cls)
    for name, value in zip(cls.__specs__, values, strict=True):
        object.__setattr__(made, name, value)
    return made


# The constructor.


def _make_on_first_call(cls: Any, *arguments: Any, **named: Any) -> Any:
    """Generate the constructor of the class, and call it."""
    owner = next(each for each in cls.__mro__ if "__specs__" in vars(each))
    owner.__new__ = _make_constructor(owner)
    return cls.__new__(cls, *arguments, **named)


def _make_constructor(cls: Any) -> Any:
    given: Mapping[str, Any] = cls.__dict__
    generic: dict[str, Any] = {name: given[name] for name in ("__orig_bases__",) if name in given}
    members: dict[str, Any] = {"__slots__": cls.__slots__, "__setattr__": object.__setattr__, **generic}
    open_twin = type(cls)(cls.__name__, cls.__bases__, members)
    names: dict[str, Any] = {"_make": object.__new__, "_Open": open_twin, "_Own": cls, "_NOTHING": _NOTHING}
    names["_copy_as"] = _copy_as
    source = _write_constructor(cls.__specs__, names, is_checked=hasattr(cls, "__post_init__"))
    exec(source, names)  # noqa: S102 - the source is ours: of what is not, it has names of fields alone, which were checked
    made = names["__new__"]
    made.__qualname__ = cls.__qualname__  # what Python calls it where arguments do not fit
    return made


def _copy_as(cls: Any, instance: Any) -> Any:
    """An instance of a class that is derived from a frozen one, and may have a layout of its own."""
    made = object.__new__(cls)
    for name, spec in instance.__specs__.items():
        if spec.init:
            object.__setattr__(made, name, getattr(instance, name))
    return made


def _write_constructor(specs: Mapping[str, _Spec], names: dict[str, Any], *, is_checked: bool) -> str:
    """The source.

    That of a class with two fields is ::

        def __new__(_cls, table, consistent=_default_consistent):
            _self = _make(_Open)
            _self.table = table
            _self.consistent = consistent
            _self.__class__ = _Own
            if _cls is not _Own:
                _self = _copy_as(_cls, _self)
            return _self
    """
    parameters: list[str] = []
    lines: list[str] = []
    for name, spec in specs.items():
        if not spec.init:
            continue
        _check_name(name)
        names |= {f"_default_{name}": spec.default, f"_make_{name}": spec.default_factory}
        is_made = spec.default_factory is not _NOTHING
        has_default = is_made or spec.default is not _NOTHING
        parameters.append(f"{name}=_default_{name}" if has_default else name)
        lines.append(f"    _self.{name} = {f'_make_{name}() if {name} is _NOTHING else {name}' if is_made else name}")
    head = [f"def __new__(_cls, {', '.join(parameters)}):", "    _self = _make(_Open)"]
    tail = ["    _self.__class__ = _Own", "    if _cls is not _Own:", "        _self = _copy_as(_cls, _self)"]
    check = ["    _self.__post_init__()"] if is_checked else []
    return "\n".join([*head, *lines, *tail, *check, "    return _self"])


def _check_name(name: str) -> None:
    """Refuse what cannot stand in source as it is: the name of a field becomes that of a parameter."""
    if not is_plain_name(name) or name.startswith("_"):
        raise TypeError(f"a field of a frozen dataclass needs a public ASCII name that is no keyword; got {name!r}")


# What is asked of a class now and then.


class _Signature:
    """The signature of the constructor, for `help`."""

    def __get__(self, _: object, owner: Any) -> Any:
        from inspect import Parameter, Signature, get_annotations  # noqa: PLC0415 - it takes longer than all of this

        kinds: dict[str, Any] = {}
        for base in reversed(owner.__mro__):
            kinds |= get_annotations(base)
        parameters: list[Parameter] = []
        for name, spec in owner.__specs__.items():
            default = spec.default if spec.default_factory is _NOTHING else spec.default_factory()
            shown = Parameter.empty if default is _NOTHING else default
            if spec.init:
                parameters.append(
                    Parameter(name, Parameter.POSITIONAL_OR_KEYWORD, default=shown, annotation=kinds[name])
                )
        return Signature(parameters)


class _Fields:
    """The fields as `dataclasses` has them, by which its functions know the class for one of theirs."""

    def __get__(self, _: object, owner: Any) -> Any:
        import dataclasses  # noqa: PLC0415 - as above

        given = {name: spec._asdict() for name, spec in owner.__specs__.items()}
        options = {name: {key: it for key, it in each.items() if it is not _NOTHING} for name, each in given.items()}
        fields = [(name, Any, dataclasses.field(**each)) for name, each in options.items()]
        return vars(dataclasses.make_dataclass(owner.__name__, fields))["__dataclass_fields__"]
