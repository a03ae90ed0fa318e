"""Modules that are imported when they are first used, as `lazy import` of Python 3.15 does.

`import dynamongo` takes the time that a function on AWS Lambda, a command-line tool or a test run waits for. What most
programs never use, or not at the start, is imported by the call that needs it. Such a module is declared at the head of
the module that uses it, so that type checkers and import-linter see an import like any other::

    if TYPE_CHECKING:
        from dynamongo.model import result_set
    else:
        result_set = LazyModule("dynamongo.model.result_set")

A fork waits for these imports: a child process that is forked while another thread imports a module could never import
it, since it inherits the lock of the module, but not the thread that would release it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Mapping
from importlib import import_module
from typing import Any

from dynamongo._support.forks import IMPORTS, make_lock

_importing = make_lock(IMPORTS)


class LazyModule:
    """Stands for a module, and imports it when one of its attributes is first read.

    Attributes are read from the module once, as `from module import name` does, and then kept.

    Args:
        name: The full name of the module.
    """

    def __init__(self, name: str) -> None:
        self._name = name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # asked by tools such as `inspect.unwrap`, which must not import anything
            raise AttributeError(name)
        value = getattr(_import(self._name), name)
        setattr(self, name, value)
        return value

    def __repr__(self) -> str:
        return f"<lazy module {self._name!r}>"


def make_getattr(package: str, names: Mapping[str, Collection[str]]) -> Callable[[str], Any]:
    """Return the `__getattr__` of a package that imports some of its public names on first use.

    Args:
        package: The full name of the package.
        names: The names by the full name of the module that each comes from.
    """
    modules = {name: module for module, its_names in names.items() for name in its_names}

    def get(name: str) -> Any:
        if name not in modules:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        value = getattr(_import(modules[name]), name)
        setattr(sys.modules[package], name, value)  # from now on it is found without this function
        return value

    return get


def _import(name: str) -> Any:
    with _importing:
        return import_module(name)
