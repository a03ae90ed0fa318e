"""Frozen dataclasses with slots: those of the standard library, made later and faster.

`@dataclass(frozen=True, slots=True)` of this module means what that of `dataclasses` means, which is what type checkers
see in its place: the classes can be subclassed, inspected, matched, pickled and replaced as any other dataclass.

It exists because `import dynamongo` should be quick: 41 ms of CPU time on Python 3.11. Importing `dataclasses`, which
imports `inspect`, would add 4 to 5 ms, and each of more than a hundred classes 0.5 ms, since the standard library
generates and compiles six methods for each. Here a class costs 0.03 ms: the constructor is the only method that is
generated, and not before it is used often. Instances, of which each call to the store makes several, then take half the
time.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Final, cast

from dynamongo._support.codegen import is_plain_name
from dynamongo._support.constructors import UNSET, Constructor, FieldSpec, annotations_of, set_fields

__all__ = ["dataclass", "field", "names_of", "replace"]


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

    field = FieldSpec

    def replace(instance: Any, /, **changes: Any) -> Any:
        """Copy an instance with changes, as `dataclasses.replace` does."""
        specs = type(instance).__specs__
        kept = {name: getattr(instance, name) for name, spec in specs.items() if spec.init and name not in changes}
        return type(instance)(**kept, **changes)


def _make_class(cls: Any, *, init: bool = True, eq: bool = True, repr: bool = True) -> Any:
    """Make the class again, with slots for its fields, since slots cannot be added to a class."""
    given: Mapping[str, Any] = cls.__dict__
    inherited: dict[str, FieldSpec] = getattr(cls, "__specs__", {})
    own = {name: _spec_of(given.get(name, UNSET)) for name in _find_fields(cls)}
    specs: dict[str, FieldSpec] = {**inherited, **own}
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
    methods = _make_methods(cls, specs, init=init, eq=eq, repr=repr)
    return type(cls)(cls.__name__, cls.__bases__, members | methods)


def _make_methods(cls: Any, specs: Mapping[str, FieldSpec], *, init: bool, eq: bool, repr: bool) -> dict[str, Any]:
    given: Mapping[str, Any] = cls.__dict__
    made: dict[str, Any] = {}
    if cls.__reduce__ is object.__reduce__:  # pickle would set the slots by `setattr`, which a frozen class refuses
        made["__reduce__"] = _reduce_to_values
    if init:
        made["__init__"] = Constructor()
    if eq:
        names = [name for name, spec in specs.items() if spec.compare]
        made |= {name: method for name, method in _make_equality(names).items() if given.get(name) is None}
    if repr and "__repr__" not in given:
        made["__repr__"] = _represent
    return made


def _find_fields(cls: Any) -> list[str]:
    return [name for name, kind in cls.__annotations__.items() if "ClassVar" not in str(kind)]


def _spec_of(default: Any) -> FieldSpec:
    return default if isinstance(default, FieldSpec) else FieldSpec(default=default)


def _check_fields(cls: Any, specs: Mapping[str, FieldSpec]) -> None:
    """Refuse names and defaults that no constructor can have, on the line that declares them."""
    with_default = None
    for name, spec in specs.items():
        if not is_plain_name(name) or name.startswith("_") or name == "self":  # it becomes a parameter in source
            raise TypeError(f"a field of {cls.__qualname__} needs a public ASCII name that is no keyword; got {name!r}")
        if isinstance(spec.default, (list, dict, set)):
            raise ValueError(f"mutable default for field {name} of {cls.__qualname__}: use default_factory")  # noqa: TRY004 - the standard library's
        if not spec.init:
            continue
        if spec.has_default:
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
    set_fields(made, tuple(cls.__specs__), values)
    return made


class _StandardAttribute:
    """An attribute by which `dataclasses` recognizes a dataclass, made on first access."""

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

    kinds = annotations_of(cls)
    fields = [(name, kinds[name], dataclasses.field(**spec.as_options())) for name, spec in cls.__specs__.items()]
    return vars(dataclasses.make_dataclass(cls.__name__, fields, frozen=True))


_COMMON_MEMBERS: Final[dict[str, Any]] = {
    "__dataclass_fields__": _StandardAttribute("__dataclass_fields__"),
    "__dataclass_params__": _StandardAttribute("__dataclass_params__"),
    "__delattr__": _delete_attribute,
    "__replace__": replace,
    "__setattr__": _set_attribute,
}
