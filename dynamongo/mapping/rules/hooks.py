"""Hooks and validators: methods of a model that every verb calls which saves, reads or deletes whole items.

The decorators mark a function, and return it as it is; `find_hooks` finds the marked methods of a class. What calls
them are the rules of `mapping.rules.hook_rules`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import FunctionType
from typing import Any, Final, Literal, TypeAlias, TypeVar, cast, overload

from dynamongo._support.dataclasses import dataclass
from dynamongo.exceptions import SchemaError
from dynamongo.expressions.values import shorten
from dynamongo.mapping.declaration.model import is_ours
from dynamongo.mapping.rules.base import MARKS

Method = TypeVar("Method", bound=Callable[[Any], object])

Event: TypeAlias = Literal["before_save", "after_read", "before_delete", "validator"]
UpdatePolicy: TypeAlias = Literal["allow", "refuse"]
"""Whether updates by expression, which call no hook, may change the fields that a hook is about."""

_PAUSES: Final = 0x20 | 0x80 | 0x200
"""The flags of generators, coroutines and asynchronous generators; `inspect` has names for them, and a long import."""


@dataclass(frozen=True, slots=True)
class Mark:
    """What a decorator says of a method."""

    event: Event
    fields: tuple[str, ...] = ()
    """The names of the fields that it is about; none for the whole item."""

    refuses_updates: bool = False
    """Whether updates by expression must not change these fields, or anything if there are none."""


@dataclass(frozen=True, slots=True)
class Hook:
    """A marked method of a model."""

    name: str
    mark: Mark


@overload
def before_save(method: Method, /) -> Method: ...
@overload
def before_save(*fields: str, updates: UpdatePolicy = "allow") -> Callable[[Method], Method]: ...
def before_save(*given: Any, updates: UpdatePolicy = "allow") -> Any:
    """Call the method before its item is saved, by whichever verb: it may change the instance, or refuse it.

    It is called once for each save that somebody asks for, before generated and derived values are computed, validators
    run and fields validate. An instance is refused by a `ValueError`. Updates by expression cannot call it.

    Args:
        given: The method; or the names of the fields that it is about, where that matters for `updates`.
        updates: `"refuse"` to refuse updates by expression of these fields, or of any if none are named.

    >>> from dynamongo import Model, StringField
    >>> class Page(Model):
    ...     __table__ = "pages"
    ...     __hash_key__ = "url"
    ...     url = StringField(required=True)
    ...     title = StringField(required=True)
    ...     @before_save
    ...     def strip_title(self) -> None:
    ...         self.title = self.title.strip()
    """
    return _decorate("before_save", given, updates)


def after_read(method: Method) -> Method:
    """Call the method after its item was read, by whichever verb, with the instance.

    Of an item that was read in part, other attributes raise `AttributeNotLoaded`; `is_loaded` tells which were read.
    A `ValueError` makes the item an `UnreadableItem`.
    """
    return cast("Method", _decorate("after_read", (method,), "allow"))


def before_delete(method: Method) -> Method:
    """Call the method before its item is deleted, by whichever verb. A `ValueError` refuses that.

    Where only the key of the item is known, as in `User.delete_one("jane@example.com")`, the instance has nothing else:
    other attributes raise `AttributeNotLoaded`.
    """
    return cast("Method", _decorate("before_delete", (method,), "allow"))


@overload
def validator(method: Method, /) -> Method: ...
@overload
def validator(*fields: str, updates: UpdatePolicy = "allow") -> Callable[[Method], Method]: ...
def validator(*given: Any, updates: UpdatePolicy = "allow") -> Any:
    """Call the method before its item is saved, to check what concerns several fields: it raises `ValueError`.

    It may also return `False`. It is called after everything that changes the instance, and its error is told together
    with all others of the item, as `ValidationError`.

    Args:
        given: The method; or the names of the fields that it compares: messages name them, and it is not asked while
            one of them is wrong by itself.
        updates: `"refuse"` to refuse updates by expression of these fields, or of any if none are named.

    >>> from dynamongo import IntField, Model
    >>> class Range(Model):
    ...     __table__ = "ranges"
    ...     __hash_key__ = "start"
    ...     start = IntField(required=True)
    ...     end = IntField(required=True)
    ...     @validator("start", "end", updates="refuse")
    ...     def in_order(self) -> None:
    ...         if self.end < self.start:
    ...             raise ValueError("end is before start")
    """
    return _decorate("validator", given, updates)


def _decorate(event: Event, given: tuple[Any, ...], updates: object) -> Any:
    if updates not in ("allow", "refuse"):
        raise SchemaError(f'@{event}: updates must be "allow" or "refuse"; got {shorten(updates)}')
    if len(given) == 1 and not isinstance(given[0], str):
        return _mark(given[0], Mark(event))
    if not all(isinstance(name, str) for name in given):
        raise SchemaError(f"@{event} takes the names of fields; got {shorten(given)}")
    mark = Mark(event, given, updates == "refuse")

    def decorate(method: Any) -> Any:
        return _mark(method, mark)

    return decorate


def _mark(method: Any, mark: Mark) -> Any:
    if not isinstance(method, FunctionType):
        raise SchemaError(f"@{mark.event} decorates methods, and stands below other decorators; got {shorten(method)}")
    name, code = method.__qualname__, method.__code__
    if code.co_flags & _PAUSES:
        raise SchemaError(
            f"@{mark.event} {name} must be a plain function, since verbs of both colours call it before they send"
            " anything, and cannot await it: do what has to be awaited before the verb, or after it"
        )
    if not code.co_argcount - len(method.__defaults__ or ()) <= 1 <= code.co_argcount:
        raise SchemaError(f"@{mark.event} {name} must take self alone")
    vars(method)[MARKS] = (*vars(method).get(MARKS, ()), mark)
    return method


def find_hooks(model: type, fields: Mapping[str, object]) -> list[Hook]:
    """Return the marked methods of a class, those of its bases first.

    A method that overrides a marked one takes its place, whether it is marked or not; `None` drops it.

    Raises:
        SchemaError: Something else hides a marked method, or one names a field that the class does not have.
    """
    found: dict[tuple[Event, str], Mark] = {}
    for base in reversed(model.__mro__):
        for name, value in () if is_ours(base) else vars(base).items():
            for mark in _marks_of(model, name, value):
                found[mark.event, name] = mark
    hooks = [Hook(name, mark) for (_, name), mark in found.items() if _find_method(model, name) is not None]
    for hook in hooks:
        if unknown := [name for name in hook.mark.fields if name not in fields]:
            raise SchemaError(
                f"{model.__name__}.{hook.name} is about {', '.join(unknown)}, which is no field of {model.__name__}"
            )
    return hooks


def _marks_of(model: type, name: str, value: Any) -> tuple[Mark, ...]:
    if isinstance(value, FunctionType):
        return cast("tuple[Mark, ...]", vars(value).get(MARKS, ()))
    # Of a static or class method, a property, or one that is cached: the decorator was above that of the hook.
    wrapped = getattr(value, "__func__", None) or getattr(value, "fget", None) or getattr(value, "func", None)
    if isinstance(wrapped, FunctionType) and MARKS in vars(wrapped):
        raise SchemaError(f"{model.__name__}.{name} is no plain method; hooks and validators take self")
    return ()


def _find_method(model: type, name: str) -> object:
    method = getattr(model, name)
    if method is not None and not callable(method):
        raise SchemaError(
            f"{model.__name__}.{name} hides a hook or validator of a base class: override it by a method, or by None to"
            f" drop it; got {shorten(method)}"
        )
    return method
