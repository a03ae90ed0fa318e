"""Functions made of source that was generated, which debuggers and tracebacks show as they show any other."""

from __future__ import annotations

import itertools
import keyword
import weakref
from collections.abc import Callable, Mapping
from types import CodeType
from typing import Any

_numbers = itertools.count(1)


def is_plain_name(name: str) -> bool:
    """Whether a name can stand in source as it is, and means itself there: Python normalizes what is not ASCII."""
    return name.isascii() and name.isidentifier() and not keyword.iskeyword(name)


def make_function(
    name: str, source: str, names: Mapping[str, Any], texts: Mapping[str, str] | None = None
) -> Callable[..., Any]:
    r"""Return the function `name` that the source defines.

    Its source can be looked at as long as the function lives: `inspect.getsource` finds it.

    Args:
        name: The name of the function.
        source: What defines it.
        names: The objects that the source knows by name.
        texts: What takes the place of string literals in the source: as constants of the code, texts cost less than
            as names, and can still be anything.

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
    code = compile(source, filename, "exec")
    exec(_put_in(code, texts) if texts else code, namespace)  # noqa: S102 - the source is ours: what is not is in `names` and `texts`
    made: Callable[..., Any] = namespace[name]
    linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
    weakref.finalize(made, linecache.cache.pop, filename, None)
    return made


def _put_in(constant: Any, texts: Mapping[str, str]) -> Any:
    """Return a constant of code, or code, with the texts in it."""
    if isinstance(constant, CodeType):
        return constant.replace(co_consts=tuple([_put_in(each, texts) for each in constant.co_consts]))
    if type(constant) is tuple:
        several: tuple[Any, ...] = constant
        return tuple([_put_in(each, texts) for each in several])
    return texts.get(constant, constant) if type(constant) is str else constant
