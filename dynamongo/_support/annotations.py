"""The annotations of a class: Python 3.14 evaluates them when they are read, earlier versions with the class body.

In either case they may be text (after `from __future__ import annotations`, or quoted), or contain names that are not
defined yet, such as that of the class itself.
"""

from __future__ import annotations

import builtins
import re
import sys
from collections import ChainMap
from collections.abc import Mapping
from importlib import import_module
from types import GenericAlias
from typing import Any, get_args, get_origin

from dynamongo._support.stacklevel import find_entry


def read_annotations(cls: type) -> Mapping[str, Any]:
    """Return the annotations in the body of a class, not those of its bases; `evaluate` makes types of them."""
    if sys.version_info < (3, 14):
        given: Mapping[str, Any] = vars(cls).get("__annotations__", {})
        return given
    try:
        # `cls.__annotations__` may be those of the metaclass, or of a base.
        known: Mapping[str, Any] = vars(type)["__annotations__"].__get__(cls)
    except Exception:  # noqa: BLE001 - whatever one annotation raises; then all are text, of which each can be tried
        annotationlib: Any = import_module("annotationlib")  # which earlier versions, and their checkers, do not have
        known = annotationlib.get_annotations(cls, format=annotationlib.Format.STRING)
    return known


def evaluate(hint: Any, cls: type) -> Any:
    """Return the type that an annotation in the body of a class names; raises what its text raises, as `NameError`.

    Parts of parts may still be text, as in `ListField[list["Node"]]`.
    """
    text = getattr(hint, "__forward_arg__", hint)
    if isinstance(text, str):
        return evaluate(eval(text, {}, _names_for(cls)), cls)  # noqa: S307 - code of the module
    hint = expand_alias(hint)
    if isinstance(hint, GenericAlias) and any(isinstance(each, str) for each in hint.__args__):
        origin: Any = hint.__origin__
        return origin[tuple(evaluate(each, cls) for each in hint.__args__)]
    return hint


def expand_alias(hint: Any) -> Any:
    """Return the type for which a name of a `type` statement stands, as Python has them from 3.12 on."""
    value = None if isinstance(hint, type) else getattr(hint, "__value__", None)
    if value is None:
        return hint
    arguments = get_args(hint)  # as in `Opt[str]` after `type Opt[T] = T | None`
    return expand_alias(value[arguments] if arguments else value)


def is_class(hint: Any) -> bool:
    """Return whether a type is a class, and not a generic one with its parameters, such as `list[str]`."""
    return isinstance(hint, type) and get_origin(hint) is None  # in Python 3.10, `list[str]` is a type


def _names_for(cls: type) -> Mapping[str, Any]:
    """Return the names that an annotation may have, while the class is made: also those in the function around it."""
    caller: Any = find_entry().f_back
    module = getattr(sys.modules.get(cls.__module__), "__dict__", {})
    body = dict(vars(cls))
    nested = {name: value for name, value in body.items() if isinstance(value, type)}
    # Other attributes come last, since fields may have the names of types: `date = DateField()`.
    outside = (caller.f_locals, caller.f_globals, module, dict(vars(builtins)))
    return ChainMap({cls.__name__: cls}, nested, *outside, body)


def describe(hint: Any) -> str:
    """Return an annotation without the modules of its names: `StringField[str | None]`."""
    text = getattr(hint, "__forward_arg__", hint)
    if is_class(hint):
        text = hint.__name__
    text = re.sub(r"ForwardRef\('([^']*)'[^)]*\)", r"\1", str(text))
    return re.sub(r"(?:[\w<>]+\.)+(?=\w)|~(?=\w)", "", text)  # a `~` is that of a type variable
