"""Functions compiled from generated source, which debuggers and tracebacks show like any other source."""

from __future__ import annotations

import itertools
import keyword
import weakref
from collections import deque
from collections.abc import Callable, Mapping
from types import CodeType
from typing import Any, cast

PLAIN_CALLS = 40
"""After how many calls a function is compiled: what they would gain by it is less than the time that it takes."""

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
    import linecache  # noqa: PLC0415 - slow to import (it loads the tokenizer), and nothing is compiled for a few calls

    try:
        while _dead:
            linecache.cache.pop(_dead.popleft(), None)
    except IndexError:  # another thread took the last one
        pass
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


def compile_later(
    owner: object,
    name: str,
    plain: Callable[..., Any],
    compile_it: Callable[[], Callable[..., Any]],
    weigh: Callable[..., int] | None = None,
) -> Callable[..., Any]:
    """Return a function that does what `plain` does, and after some calls what it was compiled to does.

    Most programs that live for a second, such as a test or the first request of a function on AWS Lambda, make a few
    calls of each function. To compile it would take longer than all of them.

    Args:
        owner: The object that has the function as an attribute. Once it is compiled, it has the compiled function.
        name: The name of that attribute.
        plain: What is called at first.
        compile_it: Returns the compiled function, which must do the same.
        weigh: Returns for how many calls a call counts, given its arguments; by default, one.
    """
    left = PLAIN_CALLS
    compiled: Callable[..., Any] | None = None

    def call(*arguments: Any) -> Any:
        nonlocal left, compiled
        if compiled is None:
            left -= 1 if weigh is None else weigh(*arguments)
            if left >= 0:
                return plain(*arguments)
            compiled = compile_it()
            if vars(owner).get(name) is call:  # not where the owner has dropped it meanwhile
                vars(owner)[name] = compiled
        return compiled(*arguments)

    return call
