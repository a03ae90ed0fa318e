"""Custom fields: a subclass of a field that overrides `encode` and `decode`.

Both methods are wrapped when the class is created. So all callers (keys, conditions, elements, updates) get a valid
attribute value from `encode`, and a value that can be saved again from `decode`. Methods and attributes that dynamongo
would ignore are refused at the same time.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import FunctionType
from typing import Any, cast

from dynamongo.exceptions import SchemaError, ValidationError
from dynamongo.expressions.values import ATTRIBUTE_TYPES, AttributeValue, describe_error, shorten, type_of
from dynamongo.fields import python_values

_LIBRARY = __name__.partition(".")[0]
_METHODS = ("encode", "decode", "convert", "check")
_JSON_METHODS = ("to_json", "from_json", "json_schema")
_OTHER_NAMES = {
    "encode": ("serialize", "to_db", "to_dynamodb", "to_primitive", "to_stored", "get_prep_value", "get_db_prep_value"),
    "decode": ("deserialize", "to_python", "from_db", "from_dynamodb", "from_stored", "from_db_value"),
}
"""The names of the two methods in other libraries."""

_CONTAINER_TYPES = ("L", "M", "SS", "NS", "BS")
_MISTAKES = (ValueError, TypeError, AttributeError, LookupError, ArithmeticError)
"""The errors of a method that gets a value it was not written for."""


def adopt(cls: Any) -> None:
    """Wrap the methods of a custom field; raise `SchemaError` for what would be ignored in its class."""
    if _is_of_library(cls):
        return
    _refuse_ignored(cls)
    own = {name: _find_own(cls, name) for name in _METHODS}
    cls.overridden = frozenset(name for name, method in own.items() if method is not None)
    if "reads_one_form" not in vars(cls):
        cls.reads_one_form = False  # who knows what the class reads
    for name, (refusal, check) in _WRAPPED.items():
        method = own[name]
        if method is not None and not hasattr(method, "is_wrapped"):
            if not isinstance(method, FunctionType):
                raise SchemaError(f"{cls.__name__}.{name} must be a method; got {shorten(method)}")
            setattr(cls, name, _wrap(name, method, refusal, check))
    _settle_json(cls)


def _settle_json(cls: Any) -> None:
    """Convert the field to JSON through what it stores: its values may differ from those of the library's field."""
    if not cls.overridden & {"encode", "decode"}:
        return
    for name in _JSON_METHODS:
        if _find_own(cls, name) is None:
            bases: list[type] = list(reversed(cls.__mro__))
            setattr(cls, name, next(vars(base)[name] for base in bases if name in vars(base)))  # of `StoredJSON`


def _is_of_library(cls: type) -> bool:
    return cls.__module__.partition(".")[0] == _LIBRARY


def _find_own(cls: type, name: str) -> Any:
    """Return what the class has under the name, unless it inherits it from the library."""
    owner = next((base for base in cls.__mro__ if name in vars(base)), None)
    return None if owner is None or _is_of_library(owner) else vars(owner)[name]


def _refuse_ignored(cls: Any) -> None:
    for method, names in _OTHER_NAMES.items():
        for name in names:
            if _find_own(cls, name) is not None and _find_own(cls, method) is None:
                raise SchemaError(f"{cls.__name__}.{name} is never called: override {method}() instead")
    if not isinstance(cls.stored_type, property):  # `_check_encoded` compares its value for each instance
        _check_stored_type(cls)
    if _find_own(cls, "apply_defaults") is not None and _find_own(cls, "applies_defaults") is None:
        raise SchemaError(
            f"{cls.__name__}.apply_defaults is called only if the class also sets `applies_defaults = True`"
        )


def _check_stored_type(cls: Any) -> None:
    if cls.stored_type not in (None, *ATTRIBUTE_TYPES):
        raise SchemaError(
            f"{cls.__name__}.stored_type must be one of {', '.join(ATTRIBUTE_TYPES)}, or None;"
            f" got {shorten(cls.stored_type)}"
        )
    library = next(base for base in cls.__mro__ if _is_of_library(base))
    if _find_own(cls, "encode") is None and library.stored_type not in (None, cls.stored_type):
        raise SchemaError(
            f"{cls.__name__} declares stored_type = {cls.stored_type!r} but encodes values as {library.__name__} does:"
            " override encode() and decode()"
        )
    if cls.has_parts and cls.stored_type in (None, *_CONTAINER_TYPES) and _find_own(cls, "encode") is not None:
        raise SchemaError(
            f"{cls.__name__}.encode would be bypassed by updates of one element or member: write a field for the"
            ' elements instead, set stored_type = "S" (or another type without parts), or derive from Field'
        )


def _wrap(name: str, method: Callable[[Any, Any], Any], refusal: str, check: Callable[..., Any]) -> Any:
    @functools.wraps(method)
    def wrapped(self: Any, given: Any) -> Any:
        result = _call(self, method, given, refusal)
        is_outermost = getattr(type(cast("object", self)), name) is wrapped  # else an override called it as `super()`
        return check(self, given, result) if is_outermost else result

    wrapped.is_wrapped = True  # type: ignore[attr-defined]  # a mark, which an inherited method has already
    return wrapped


def _call(field: Any, method: Callable[[Any, Any], Any], given: Any, refusal: str) -> Any:
    try:
        return method(field, given)
    except ValidationError:  # a ValueError, too, which has its message already
        raise
    except _MISTAKES as error:
        raise ValidationError(f"{field.label} {refusal} {shorten(given)}: {describe_error(error)}") from error


def _check_encoded(field: Any, value: Any, encoded: Any) -> AttributeValue:
    """Return what `encode` returned in canonical form; raise `ValidationError` if it is not of the `stored_type`."""
    try:
        stored = python_values.encode(encoded)
    except ValidationError as error:
        raise ValidationError(
            f"{field.label}: encode({shorten(value)}) did not return an attribute value: {error}"
        ) from error
    if stored is None or field.stored_type not in (None, type_of(stored)):
        raise ValidationError(
            f"{field.label}: encode({shorten(value)}) must return what is stored as {field.stored_type or 'a value'};"
            f" got {shorten(encoded)}"
        )
    return stored


def _check_decoded(field: Any, stored: AttributeValue, value: Any) -> Any:
    """Return what `decode` returned as `validate` would; raise `ValidationError` for what could not be saved again."""
    if value is None:
        return value
    coerced = field.coerce(value)
    if field.is_key:
        field.check_key_form(stored, coerced)
    return coerced


def decode_unchecked(field: Any, encoded: AttributeValue) -> Any:
    """Decode what the field itself has just encoded, without the checks of `decode`."""
    if "decode" not in field.overridden:
        return field.decode_value(encoded)
    cls: Any = type(cast("object", field))
    return cls.decode.__wrapped__(field, encoded)


def decode_given(field: Any, encoded: AttributeValue) -> Any:
    """Decode what the user gave in stored form; raise `ValidationError` if the field could not have stored it."""
    if "decode" not in field.overridden:
        return field.decode_value(encoded)
    cls: Any = type(cast("object", field))
    return _call(field, cls.decode.__wrapped__, encoded, "does not accept")


_WRAPPED: dict[str, tuple[str, Callable[..., Any]]] = {
    "encode": ("does not accept", _check_encoded),
    "decode": ("cannot be read from", _check_decoded),
}
"""For each method that is wrapped: how its refusal of a value is worded, and what checks its result."""
