"""Functions compiled from generated source, which debuggers and tracebacks show like any other source."""

from __future__ import annotations

import itertools
import keyword
import weakref
from collections import deque
from collections.abc import Callable, Mapping
from types import CodeType
from typing import Any, cast

_numbers = itertools.count(1)
_dead: deque[str] = deque()
"""The names of sources whose functions are gone. A finalizer must not drop them from `linecache.cache` itself: it may
run while `linecache.checkcache` goes through the cache."""


def is_plain_name(name: str) -> bool:
    """Return whether a name can be written into source and keeps its spelling: Python normalizes non-ASCII names."""
    return name.isascii() and name.isidentifier() and not keyword.iskeyword(name)


def make_function(
    name: str, source: str, names: Mapping[str, Any], texts: Mapping[str, str] | None = None
) -> Callable[..., Any]:
    r"""Compile the source and return the function `name` that it defines.

    `inspect.getsource` finds the source as long as the function lives.

    Args:
        name: The name of the function.
        source: The source that defines it.
        names: The globals of the function.
        texts: Texts to put in the place of string literals of the source: constants of the code are faster than
            globals, and a text can be anything.

    >>> import inspect
    >>> double = make_function("double", "def double(x):\n    return factor * x\n", {"factor": 2})
    >>> double(21)
    42
    >>> print(inspect.getsource(double), end="")
    def double(x):
        return factor * x
    """
    import linecache  # noqa: PLC0415 - slow to import (it loads the tokenizer), and needed only once a model is declared

    while _dead:
        linecache.cache.pop(_dead.popleft(), None)
    filename = f"<dynamongo {name} {next(_numbers)}>"
    namespace = dict(names)
    code = compile(source, filename, "exec")
    exec(_put_in(code, texts) if texts else code, namespace)  # noqa: S102 - the source is ours: values of users are only in `names` and `texts`
    made: Callable[..., Any] = namespace[name]
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    weakref.finalize(made, _dead.append, filename)
    return made


def _put_in(constant: Any, texts: Mapping[str, str]) -> Any:
    """Return a constant of code, or code, with the texts in it."""
    if isinstance(constant, CodeType):
        return constant.replace(co_consts=tuple([_put_in(each, texts) for each in constant.co_consts]))
    if type(constant) is tuple:
        return tuple([_put_in(each, texts) for each in cast("tuple[Any, ...]", constant)])
    return texts.get(constant, constant) if type(constant) is str else constant
