"""Originals: whether a function or class is what its library defines, whenever it was replaced.

A function is the original if its code equals the code in its module's file, even if its code object was replaced.
"""

from __future__ import annotations

import functools
import operator
import sys
from collections.abc import Iterator
from types import CodeType, FunctionType
from typing import TYPE_CHECKING, Any, Final, cast

if TYPE_CHECKING:
    from importlib.abc import InspectLoader

LIBRARIES: Final = frozenset({"botocore", "urllib3", "http"})


class Originals:
    """Functions of libraries that may be bypassed as long as all of them are the originals. Threads may share it.

    Args:
        places: The class and the name of each.
    """

    def __init__(self, *places: tuple[type, str]) -> None:
        self._places = places
        self._known: tuple[object, ...] = ()

    def are_in_place(self) -> bool:
        """Return whether they are. Once that is known, they have to be the same objects with the same code."""
        functions = [vars(owner).get(name) for owner, name in self._places]
        found = (*functions, *[getattr(function, "__code__", None) for function in functions])
        if self._known and all(map(operator.is_, found, self._known)):  # proxies equal what they wrap
            return True
        if not all(map(is_original, functions)):
            return False
        self._known = found
        return True


def is_original(found: Any) -> bool:
    """Return whether a function, including what it wraps, or a class is as its library defines it."""
    while type(found) is FunctionType:  # `isinstance` would accept a proxy
        module = str(found.__globals__.get("__name__"))
        if module.partition(".")[0] not in LIBRARIES or _identify(found.__code__) not in _codes_of(module):
            return False
        inner = getattr(found, "__wrapped__", None)
        if inner is None:
            return True
        found = inner
    return isinstance(found, type) and found.__module__.partition(".")[0] in LIBRARIES


@functools.cache
def _codes_of(module: str) -> frozenset[tuple[object, ...]]:
    """Return all code in a module's file, which is loaded again without being executed; nothing if that fails."""
    try:
        code = _load_code(module)
    except (AttributeError, ImportError, KeyError, OSError, StopIteration, ValueError):
        code = None
    return frozenset(map(_identify, _walk_code(code))) if code is not None else frozenset()


def _load_code(module: str) -> CodeType | None:
    """Return the code of a module. Its `__spec__` is not used, since `six` replaces that of http.client."""
    parent = module.rpartition(".")[0]
    path = sys.modules[parent].__path__ if parent else None
    specs = (finder.find_spec(module, path) for finder in sys.meta_path)
    found = next(spec for spec in specs if spec is not None)
    return cast("InspectLoader", found.loader).get_code(module)


def _walk_code(code: CodeType) -> Iterator[CodeType]:
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _walk_code(constant)


def _identify(code: CodeType) -> tuple[object, ...]:
    """Return what two equal code objects share; `co_code` is free of what the interpreter has specialized."""
    return code.co_name, code.co_firstlineno, code.co_code, code.co_names, code.co_varnames
