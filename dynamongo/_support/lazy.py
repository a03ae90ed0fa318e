"""What is computed on first use: properties, and regular expressions.

Until Python 3.11, `functools.cached_property` holds a lock while it computes: a child process that is forked at that
moment would wait for a thread that it does not have. Here, two threads may compute the value at once; both get the same
one of the two.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar, overload

from dynamongo._support.generics import Generic

T = TypeVar("T")


class lazy_property(Generic[T]):  # noqa: N801 - used as a decorator, like `property`
    """Turn a method without arguments into such a property."""

    def __init__(self, compute: Callable[[Any], T]) -> None:
        self._compute = compute
        self.__doc__ = compute.__doc__

    @overload
    def __get__(self, instance: None, owner: type) -> lazy_property[T]: ...
    @overload
    def __get__(self, instance: object, owner: type) -> T: ...
    def __get__(self, instance: object, owner: type) -> Any:
        if instance is None:
            return self
        return vars(instance).setdefault(self._compute.__name__, self._compute(instance))


class LazyPattern:
    """A regular expression that is compiled on first use: compiling those of all fields takes 4 % of the import."""

    def __init__(self, pattern: str, flags: int = 0) -> None:
        self._pattern = pattern
        self._flags = flags

    @lazy_property
    def match(self) -> Callable[[str], re.Match[str] | None]:
        """The method of the compiled pattern."""
        return self.compiled.match

    @lazy_property
    def fullmatch(self) -> Callable[[str], re.Match[str] | None]:
        """The method of the compiled pattern."""
        return self.compiled.fullmatch

    @lazy_property
    def search(self) -> Callable[[str], re.Match[str] | None]:
        """The method of the compiled pattern."""
        return self.compiled.search

    @lazy_property
    def compiled(self) -> re.Pattern[str]:
        """The compiled pattern."""
        return re.compile(self._pattern, self._flags)
