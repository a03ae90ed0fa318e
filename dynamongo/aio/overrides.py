"""What the facet `aio` does about verbs that a model overrides in the blocking colour alone."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterable
from typing import Any, NoReturn, TypeVar

from dynamongo.exceptions import SchemaError

V = TypeVar("V", bound=type)


def refuse_overridden(model: str, overridden: Iterable[str], given: V | None, standard: V, argument: str) -> V:
    """Return the class of the awaited verbs, or one that refuses those which would leave out what the model does.

    Args:
        model: The name of the model.
        overridden: The names of the verbs that it overrides.
        given: The class of its awaited verbs, if it has one of its own; what it adds to `standard` is for the model.
        standard: The class of which that is derived.
        argument: The argument of `AsyncFacet` that takes such a class.
    """
    given = given or standard
    own = {name for base in given.__mro__[: given.__mro__.index(standard)] for name in vars(base)}
    refused = {
        name: _refuse(getattr(standard, name), f"{model}.{name}", f"{standard.__name__}.{name}", argument)
        for name in overridden
        if hasattr(standard, name) and name not in own
    }
    if not refused:
        return given
    made: Any = type(given.__name__, (given,), {"__slots__": (), "__doc__": given.__doc__, **refused})
    return made  # type: ignore[no-any-return]  # a class that is made by `type` has no better type


def _refuse(verb: Callable[..., Any], name: str, awaited: str, argument: str) -> Callable[..., NoReturn]:
    @functools.wraps(verb)
    def refuse(*_: Any, **__: Any) -> NoReturn:
        raise SchemaError(
            f"{name} is overridden, and the awaited verb would not call it: override {awaited} as well, in a class"
            f" that the model declares as aio = AsyncFacet({argument}=...)"
        )

    return refuse
