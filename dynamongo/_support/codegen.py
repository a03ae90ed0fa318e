"""Functions made of source that was generated, which debuggers and tracebacks show as they show any other."""

from __future__ import annotations

import itertools
import keyword
import weakref
from collections.abc import Callable, Mapping
from typing import Any

_numbers = itertools.count(1)


def is_plain_name(name: str) -> bool:
    """Whether a name can stand in source as it is, and means itself there: Python normalizes what is not ASCII."""
    return name.isascii() and name.isidentifier() and not keyword.iskeyword(name)


def make_function(name: str, source: str, names: Mapping[str, Any]) -> Callable[..., Any]:
    r"""The function `name` that the source defines, in which `names` are known.

    Its source can be looked at as long as the function lives: `inspect.getsource` finds it.

    >>> import inspect
    >>> double = make_function("double", "def double(x):\n    return factor * x\n", {"factor": 2})
    >>> double(21)
    42
    >>> print(inspect.getsource(double), end="")
    def double(x):
        return factor * x
    """
    import linecache  # noqa: PLC0415 - it loads the tokenizer, and no model may ever be declared

    filename = f"<dynamongo {name} {next(_numbers)}>"
    namespace = dict(names)
    exec(compile(source, filename, "exec"), namespace)  # noqa: S102 - the source is ours: values are in `names` alone
    made: Callable[..., Any] = namespace[name]
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    weakref.finalize(made, linecache.cache.pop, filename, None)
    return made
