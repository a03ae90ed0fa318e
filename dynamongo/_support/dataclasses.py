"""Frozen dataclasses with slots: those of the standard library, made later and faster.

`@dataclass(frozen=True, slots=True)` of this module means what that of `dataclasses` means, which is what type checkers
see in its place: the classes can be subclassed, inspected, matched, pickled and replaced as any other dataclass.

It exists because `import dynamongo` should be quick: 41 ms of CPU time on Python 3.11. Importing `dataclasses`, which
imports `inspect`, would add 4 to 5 ms, and each of more than a hundred classes 0.5 ms, since the standard library
generates and compiles six methods for each. Here a class costs 0.03 ms: the constructor is the only method that is
generated, and not before its first use. Instances, of which each call to the store makes several, take half the time.
"""

from __future__ import annotations

import functools
import operator
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, NamedTuple, cast

from dynamongo._support.codegen import is_plain_name

__all__ = ["dataclass", "field", "names_of", "replace"]


class _Unset:
    def __repr__(self) -> str:
        return "<factory>"  # what a signature shows for the default of a field with a `default_factory`


_UNSET: Final[Any] = _Unset()

_MAX_SETTERS: Final = 3
"""How many fields are set through the descriptors of their slots; with more it is faster to change the class twice."""

_change_class: Final[Any] = object.__dict__["__class__"].__set__  # past the `__setattr__` that refuses changes


class _Spec(NamedTuple):
    """The options of one field, as `dataclasses.field` takes them."""

    default: Any = _UNSET
    default_factory: Callable[[], Any] = _UNSET
    init: bool = True
    repr: bool = True
    compare: bool = True

    @property
    def has_default(self) -> bool:
        return self.default is not _UNSET or self.default_factory is not _UNSET


def names_of(value: object) -> tuple[str, ...]:
    """Return the names of the fields of a frozen dataclass or of an instance; an empty tuple for anything else."""
    return tuple(getattr(value, "__specs__", ()))


if TYPE_CHECKING:
    from dataclasses import dataclass, field, replace
else:

    def dataclass(*, frozen: bool, slots: bool, **options: bool) -> Callable[[type], type]:
        """Make a frozen dataclass with slots, as `dataclasses.dataclass` does."""
        del frozen, slots  # there is no other kind here
        return lambda cls: _make_class(cls, **options)

    field = _Spec

    def replace(instance: Any, /, **changes: Any) -> Any:
        """Copy an instance with changes, as `dataclasses.replace` does."""
        specs = type(instance).__specs__
        kept = {name: getattr(instance, name) for name, spec in specs.items() if spec.init and name not in changes}
        return type(instance)(**kept, **changes)


def _make_class(cls: Any, *, init: bool = True, eq: bool = True, repr: bool = True) -> Any:
    """Make the class again, with slots for its fields, since slots cannot be added to a class."""
    given: Mapping[str, Any] = cls.__dict__
    inherited: dict[str, _Spec] = getattr(cls, "__specs__", {})
    own = {name: _spec_of(given.get(name, _UNSET)) for name in _find_fields(cls)}
    specs: dict[str, _Spec] = {**inherited, **own}
    if init:
        _check_fields(cls, specs)
    # A default would conflict with the slot of its name; the other two belong to the old class.
    dropped = {*own, "__dict__", "__weakref__"}
    members: dict[str, Any] = {name: value for name, value in given.items() if name not in dropped}
    members |= {
        **_COMMON_MEMBERS,
        "__slots__": tuple(name for name in own if name not in inherited),
        "__specs__": specs,
        "__match_args__": tuple(name for name, spec in specs.items() if spec.init),
        "__qualname__": cls.__qualname__,
    }
    if cls.__reduce__ is object.__reduce__:  # pickle would set the slots by `setattr`, which a frozen class refuses
        members["__reduce__"] = _reduce_to_values
    if init:
        members["__init__"] = _Constructor()
    if eq:
        names = [name for name, spec in specs.items() if spec.compare]
        members |= {name: made for name, made in _make_equality(names).items() if given.get(name) is None}
    if repr and "__repr__" not in members:
        members["__repr__"] = _represent
    return type(cls)(cls.__name__, cls.__bases__, members)


def _find_fields(cls: Any) -> list[str]:
    return [name for name, kind in cls.__annotations__.items() if "ClassVar" not in str(kind)]


def _spec_of(default: Any) -> _Spec:
    return default if isinstance(default, _Spec) else _Spec(default)


def _check_fields(cls: Any, specs: Mapping[str, _Spec]) -> None:
    """Refuse names and defaults that no constructor can have, on the line that declares them."""
    with_default = None
    for name, (default, factory, is_parameter, *_) in specs.items():
        if not is_plain_name(name) or name.startswith("_") or name == "self":  # it becomes a parameter in source
            raise TypeError(f"a field of {cls.__qualname__} needs a public ASCII name that is no keyword; got {name!r}")
        if isinstance(default, (list, dict, set)):
            raise ValueError(f"mutable default for field {name} of {cls.__qualname__}: use default_factory")  # noqa: TRY004 - the standard library's
        if not is_parameter:
            continue
        if default is not _UNSET or factory is not _UNSET:
            with_default = name
        elif with_default:
            raise TypeError(f"non-default argument {name!r} of {cls.__qualname__} follows default {with_default!r}")


def _make_equality(names: Sequence[str]) -> dict[str, Any]:
    # Instances without fields are all equal: their class stands for their values.
    values_of: Callable[[Any], Any] = operator.attrgetter(*names) if names else type

    def equal(self: object, other: object) -> bool:
        return values_of(self) == values_of(other) if type(self) is type(other) else NotImplemented

    def make_hash(self: object) -> int:
        return hash(values_of(self))

    return {"__eq__": equal, "__hash__": make_hash}


def _represent(self: Any) -> str:
    shown = [f"{name}={getattr(self, name)!r}" for name, spec in self.__specs__.items() if spec.repr]
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _set_attribute(self: Any, name: str, value: object) -> None:
    _refuse_change(self, name)
    object.__setattr__(self, name, value)


def _delete_attribute(self: Any, name: str) -> None:
    _refuse_change(self, name)
    object.__delattr__(self, name)


def _refuse_change(self: Any, name: str) -> None:
    """Refuse to change a field; a subclass that is no dataclass itself may have other attributes."""
    cls: Any = type(cast("object", self))
    if name in cls.__specs__ or "__specs__" in vars(cls):
        from dataclasses import FrozenInstanceError  # noqa: PLC0415 - slow to import, and rarely needed

        raise FrozenInstanceError(f"cannot assign to or delete {name!r} of {cls.__name__}, which is frozen")


def _reduce_to_values(self: Any) -> tuple[Any, ...]:
    return _restore, (type(self), [getattr(self, name) for name in self.__specs__])


def _restore(cls: Any, values: Sequence[Any]) -> Any:
    """Make an instance of values that were checked before they were pickled, without the constructor."""
    made = object.__new__(cls)
    _set_fields(made, tuple(cls.__specs__), values)
    return made


def _set_fields(instance: Any, names: Sequence[str], values: Sequence[Any]) -> None:
    for name, value in zip(names, values, strict=True):
        object.__setattr__(instance, name, value)


class _Constructor:
    """`__init__` of a class until its second use, when it is replaced by a generated one.

    Some classes have one instance, made when dynamongo is imported: to generate their constructors would take 3 % of
    that time.
    """

    _was_used = False

    def __set_name__(self, owner: Any, _: str) -> None:
        self._owner = owner

    def __get__(self, instance: object, _: object = None) -> Any:
        if instance is not None and not self._was_used:
            self._was_used = True
            return functools.partial(_construct, self._owner, instance)
        made = self._owner.__init__ = _generate_constructor(self._owner)
        return made if instance is None else made.__get__(instance)


def _construct(cls: Any, instance: Any, /, *values: Any, **named: Any) -> None:
    """Set the fields of an instance as the generated constructor does, and let that refuse wrong arguments."""
    specs: dict[str, _Spec] = {name: spec for name, spec in cls.__specs__.items() if spec.init}
    given = {**dict(zip(specs, values, strict=False)), **named}
    missing = {name: spec for name, spec in specs.items() if name not in given}
    is_complete = all(spec.has_default for spec in missing.values())
    if not is_complete or given.keys() - specs or len(given) < len(values) + len(named):
        cls.__init__(instance, *values, **named)
        return
    for name, spec in missing.items():
        given[name] = spec.default if spec.default_factory is _UNSET else spec.default_factory()
    _set_fields(instance, tuple(given), tuple(given.values()))
    if hasattr(cls, "__post_init__"):
        instance.__post_init__()


def _generate_constructor(cls: Any) -> Any:
    specs: dict[str, _Spec] = {name: spec for name, spec in cls.__specs__.items() if spec.init}
    names: dict[str, Any] = {}
    for name, spec in specs.items():
        names |= {f"_default_{name}": spec.default, f"_make_{name}": spec.default_factory}
        names[f"_set_{name}"] = getattr(cls, name).__set__
    if len(specs) > _MAX_SETTERS:
        names |= {"_type": type, "_change_class": _change_class, "_Own": cls, "_Open": _make_open_twin(cls)}
        names |= {"_set_fields": _set_fields, "_names": tuple(specs)}
    source = _write_constructor(specs, names, is_checked=hasattr(cls, "__post_init__"))
    scope: dict[str, Any] = {}
    module = sys.modules.get(cls.__module__)  # in which `typing.get_type_hints` looks up the annotations
    exec(source, vars(module) if module else {}, scope)  # noqa: S102 - the source is ours: `_check_fields` saw each name in it
    made = scope["_create"](**names)
    made.__annotations__ = {
        **{name: kind for name, kind in _annotations_of(cls).items() if name in specs},
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


def _write_constructor(specs: Mapping[str, _Spec], names: Mapping[str, Any], *, is_checked: bool) -> str:
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
        if spec.default_factory is not _UNSET
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


def _annotations_of(cls: Any) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for base in reversed(cls.__mro__):
        found.update(getattr(base, "__annotations__", {}))
    return found


class _StandardAttribute:
    """An attribute that `dataclasses` knows a dataclass by, made when somebody asks for it."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, _: object, owner: Any) -> Any:
        cls = next(base for base in owner.__mro__ if "__specs__" in vars(base))
        made = _make_standard(cls)[self._name]
        setattr(cls, self._name, made)
        return made


def _make_standard(cls: Any) -> Mapping[str, Any]:
    """Return the attributes of a dataclass of the standard library with the same fields."""
    import dataclasses  # noqa: PLC0415 - slow to import, and rarely needed

    kinds = _annotations_of(cls)
    given = {name: spec._asdict() for name, spec in cls.__specs__.items()}  # a named tuple's public method
    options = {name: {key: it for key, it in each.items() if it is not _UNSET} for name, each in given.items()}
    fields = [(name, kinds[name], dataclasses.field(**each)) for name, each in options.items()]
    return vars(dataclasses.make_dataclass(cls.__name__, fields, frozen=True))


_COMMON_MEMBERS: Final[dict[str, Any]] = {
    "__dataclass_fields__": _StandardAttribute("__dataclass_fields__"),
    "__dataclass_params__": _StandardAttribute("__dataclass_params__"),
    "__delattr__": _delete_attribute,
    "__replace__": replace,
    "__setattr__": _set_attribute,
}
