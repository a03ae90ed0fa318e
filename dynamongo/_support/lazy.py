"""`lazy_property`: a property that is computed on first access, and cached.

Until Python 3.11, `functools.cached_property` holds a lock while it computes: a child process that is forked at that
moment would wait for a thread that it does not have. Here, two threads may compute the value at once; both get the same
one of the two.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

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
