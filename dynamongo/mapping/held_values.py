"""What instances of models and documents have in common: how they are shown, and what they may be given."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from dynamongo._support.codegen import is_plain_name
from dynamongo.exceptions import ValidationError
from dynamongo.expressions.values import print_value, shorten
from dynamongo.fields.base import Field
from dynamongo.fields.indexes import Index


def pick_values(instance: object, fields: Iterable[str]) -> dict[str, Any]:
    """Return the values of the fields; not what the user keeps on the instance besides."""
    held = vars(instance)
    return {name: held[name] for name in fields if name in held}


def print_instance(instance: object, fields: Mapping[str, Field[Any]]) -> str:
    """Return the instance as the call of its constructor, without absent values."""
    values = pick_values(instance, fields).items()
    shown = {name: value for name, value in values if not fields[name].is_absent(value)}
    odd = {name: value for name, value in shown.items() if not is_plain_name(name)}  # no keyword argument in source
    arguments = [f"{name}={print_value(value)}" for name, value in shown.items() if name not in odd]
    return f"{type(instance).__name__}({', '.join([*arguments, *([f'**{print_value(odd)}'] if odd else [])])})"


def describe_unknown(
    owner: str, fields: Mapping[str, Field[Any]], names: Iterable[object], renamed: Mapping[str, str]
) -> str:
    """Return the message for names that are not those of fields of the class called `owner`.

    Args:
        owner: The name of the class.
        fields: Its fields.
        names: The unknown names.
        renamed: The names of fields by those in which they are stored.
    """
    import difflib  # noqa: PLC0415 - only an error needs it

    unknown = [str(name) for name in names]
    guesses = [
        guess
        for name in unknown
        for guess in ([renamed[name]] if name in renamed else difflib.get_close_matches(name, fields, n=1))
    ]
    meant = ", ".join(f"{owner}.{guess}" for guess in guesses)
    hint = f"did you mean {meant}?" if guesses else f"{owner} has: {', '.join(fields)}"
    return f"unknown field{'s' if len(unknown) > 1 else ''} {', '.join(map(repr, unknown))}; {hint}"


def check_word(cls: type, argument: str, given: object, words: tuple[str, str]) -> None:
    """Raise `ValidationError` if an argument of `to_dict` or its like is none of the words."""
    if given not in words:
        raise ValidationError(f'{cls.__name__}: {argument} must be "{words[0]}" or "{words[1]}"; got {shorten(given)}')


def is_json(cls: type, mode: object) -> bool:
    """Return whether a dict is to have values in JSON; raise `ValidationError` for an unknown mode."""
    check_word(cls, "mode", mode, ("python", "json"))
    return mode == "json"


def takes_attribute(cls: type, name: str) -> bool:
    """Return whether an instance may set an attribute that is no field.

    It may set private names, properties, and values that override those of its class. A misspelled field is none of
    these.
    """
    return name.startswith("_") or _is_assignable(_find_in_class(cls, name))


def _find_in_class(cls: type, name: str) -> object:
    """Return the attribute of the class or a base without binding it, or `None`."""
    return next((vars(base)[name] for base in cls.__mro__ if name in vars(base)), None)


def _is_assignable(attribute: object) -> bool:
    """Return whether an instance may override an attribute of its class: a property or a plain value, not a method."""
    return hasattr(attribute, "__set__") or not (
        attribute is None or callable(attribute) or hasattr(attribute, "__get__") or isinstance(attribute, Index)
    )
