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
from typing import Any

from dynamongo._support.stacklevel import find_entry


def read_annotations(cls: type) -> Mapping[str, Any]:
    """Return the annotations in the body of a class, not those of its bases; `evaluate` makes types of them."""
    if sys.version_info < (3, 14):
        given: Mapping[str, Any] = vars(cls).get("__annotations__", {})
        return given
    try:
        # `cls.__annotations__` may be those of the metaclass, or of a base.
        known: Mapping[str, Any] = vars(type)["__annotations__"].__get__(cls)
    except Exception:  # noqa: BLE001 - whatever one annotation raises; the others are what they would be
        annotationlib: Any = import_module("annotationlib")  # which earlier versions, and their checkers, do not have
        known = annotationlib.get_annotations(cls, format=annotationlib.Format.FORWARDREF)
    return known


def evaluate(hint: Any, cls: type) -> Any:
    """Return the type that an annotation in the body of a class names; raises what its text raises, as `NameError`.

    Parts of a type may still be text, as in `ListField["Node"]`.
    """
    text = getattr(hint, "__forward_arg__", hint)
    return evaluate(eval(text, {}, _names_for(cls)), cls) if isinstance(text, str) else hint  # noqa: S307 - code of the module


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
    if isinstance(hint, type) and not hasattr(hint, "__args__"):  # in Python 3.10, `list[str]` is a type
        text = hint.__name__
    text = re.sub(r"ForwardRef\('([^']*)'[^)]*\)", r"\1", str(text))
    return re.sub(r"(?:[\w<>]+\.)+(?=\w)|~(?=\w)", "", text)  # a `~` is that of a type variable
