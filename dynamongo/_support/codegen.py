"""Functions compiled from generated source, which debuggers and tracebacks show like any other source."""

from __future__ import annotations

import itertools
import keyword
import weakref
from collections.abc import Callable, Mapping
from typing import Any

_numbers = itertools.count(1)


def is_plain_name(name: str) -> bool:
    """Return whether a name can be written into source and keeps its spelling: Python normalizes non-ASCII names."""
    return name.isascii() and name.isidentifier() and not keyword.iskeyword(name)


def make_function(name: str, source: str, names: Mapping[str, Any]) -> Callable[..., Any]:
    r"""Compile the source and return the function `name` that it defines; `names` are its globals.

    `inspect.getsource` finds the source as long as the function lives.

    >>> import inspect
    >>> double = make_function("double", "def double(x):\n    return factor * x\n", {"factor": 2})
    >>> double(21)
    42
    >>> print(inspect.getsource(double), end="")
    def double(x):
        return factor * x
    """
    import linecache  # noqa: PLC0415 - slow to import (it loads the tokenizer), and needed only once a model is declared

    filename = f"<dynamongo {name} {next(_numbers)}>"
    namespace = dict(names)
    exec(compile(source, filename, "exec"), namespace)  # noqa: S102 - the source is ours: values of users are only in `names`
    made: Callable[..., Any] = namespace[name]
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    weakref.finalize(made, linecache.cache.pop, filename, None)
    return made
