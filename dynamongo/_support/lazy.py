"""`lazy_property`: a value that is computed when it is first asked for, and kept.

`functools.cached_property` holds a lock meanwhile, until Python 3.11: a process that is forked then would wait for a
thread that it does not have. Here two threads that are first at once both compute the value, and share one of the two.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

T = TypeVar("T")


class lazy_property(Generic[T]):  # noqa: N801 - used as a decorator, like `property`
    """Makes a method without arguments such a value."""

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
