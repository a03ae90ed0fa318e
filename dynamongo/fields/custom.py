"""Fields that users write: a subclass of a field overrides `encode` and `decode`, and everything goes through them.

Both are wrapped when the class is created, so that whoever calls them (keys, conditions, elements, updates) gets a
valid attribute value from the one, and a value that can be saved again from the other. What nothing would call is
refused at the same moment.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from types import FunctionType
from typing import Any, cast

from dynamongo.exceptions import SchemaError, ValidationError
from dynamongo.expressions.values import ATTRIBUTE_TYPES, describe_error, shorten

_LIBRARY = __name__.partition(".")[0]
_METHODS = ("encode", "decode", "convert", "check")
_OTHER_NAMES = {
    "encode": ("serialize", "to_db", "to_dynamodb", "to_primitive", "to_stored", "get_prep_value", "get_db_prep_value"),
    "decode": ("deserialize", "to_python", "from_db", "from_dynamodb", "from_stored", "from_db_value"),
}
"""What other libraries call the two methods."""

_CONTAINER_TYPES = ("L", "M", "SS", "NS", "BS")
_MISTAKES = (ValueError, TypeError, AttributeError, LookupError, ArithmeticError)
"""What a method raises for a value that it was not written for."""


def adopt(cls: Any) -> None:
    """Prepare a class of fields that a user wrote; raise `SchemaError` for what would be ignored in it."""
    if _is_of_library(cls):
        return
    _refuse_ignored(cls)
    own = {name: _find_own(cls, name) for name in _METHODS}
    cls.overridden = frozenset(name for name, method in own.items() if method is not None)
    for name, wrap in (("encode", _wrap_encode), ("decode", _wrap_decode)):
        method = own[name]
        if method is not None and not hasattr(method, "is_wrapped"):
            if not isinstance(method, FunctionType):
                raise SchemaError(f"{cls.__name__}.{name} must be a method; got {shorten(method)}")
            setattr(cls, name, wrap(method))


def _is_of_library(cls: type) -> bool:
    return cls.__module__.partition(".")[0] == _LIBRARY


def _find_own(cls: type, name: str) -> Any:
    """What the class has under the name, unless it is the library's own."""
    owner = next((base for base in cls.__mro__ if name in vars(base)), None)
    return None if owner is None or _is_of_library(owner) else vars(owner)[name]


def _refuse_ignored(cls: Any) -> None:
    for method, names in _OTHER_NAMES.items():
        for name in names:
            if _find_own(cls, name) is not None and _find_own(cls, method) is None:
                raise SchemaError(f"{cls.__name__}.{name} is called by nothing: a field overrides {method}() instead")
    if not isinstance(cls.stored_type, property):
        _check_stored_type(cls)
    if _find_own(cls, "apply_defaults") is not None and _find_own(cls, "applies_defaults") is None:
        raise SchemaError(f"{cls.__name__}.apply_defaults is called only with `applies_defaults = True` beside it")


def _check_stored_type(cls: Any) -> None:
    if cls.stored_type not in (None, *ATTRIBUTE_TYPES):
        raise SchemaError(
            f"{cls.__name__}.stored_type must be one of {', '.join(ATTRIBUTE_TYPES)}, or None;"
            f" got {shorten(cls.stored_type)}"
        )
    library = next(base for base in cls.__mro__ if _is_of_library(base))
    if _find_own(cls, "encode") is None and library.stored_type not in (None, cls.stored_type):
        raise SchemaError(
            f"{cls.__name__} says stored_type = {cls.stored_type!r}, and stores what {library.__name__} does: override"
            " encode() and decode()"
        )
    if cls.has_parts and cls.stored_type in (None, *_CONTAINER_TYPES) and _find_own(cls, "encode") is not None:
        raise SchemaError(
            f"{cls.__name__}.encode would be bypassed by updates of one element or member: write a field for these"
            ' instead, say stored_type = "S" (or another type that has no parts), or derive from Field'
        )


def _wrap_encode(method: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    @functools.wraps(method)
    def encode(self: Any, value: Any) -> Any:
        encoded = _call(self, method, value, "does not accept")
        return self.check_encoded(value, encoded) if _has(self, "encode", encode) else encoded

    encode.is_wrapped = True  # type: ignore[attr-defined]  # tells it from what a user wrote
    return encode


def _wrap_decode(method: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    @functools.wraps(method)
    def decode(self: Any, stored: Any) -> Any:
        value = _call(self, method, stored, "cannot be read from")
        return self.check_decoded(stored, value) if _has(self, "decode", decode) else value

    decode.is_wrapped = True  # type: ignore[attr-defined]  # tells it from what a user wrote
    return decode


def _has(field: Any, name: str, method: Any) -> bool:
    """Whether the method is that of the class of the field, and not one that it calls as `super()`."""
    return getattr(type(cast("object", field)), name) is method


def _call(field: Any, method: Callable[[Any, Any], Any], given: Any, refusal: str) -> Any:
    try:
        return method(field, given)
    except ValidationError:
        raise
    except _MISTAKES as error:
        raise ValidationError(f"{field.label} {refusal} {shorten(given)}: {describe_error(error)}") from error
