"""What the classes of awaited verbs have in common: the model that they are bound to."""

from __future__ import annotations

from typing import Any, TypeVar

from dynamongo._support.generics import Generic
from dynamongo.planning.strategy_types import K
from dynamongo.verbs.instance import Instance

M = TypeVar("M", bound=Instance)


class AsyncModelVerbs(Generic[M, K]):
    """Awaited verbs of a model.

    Args:
        model: The model.
    """

    __slots__ = ("_model",)

    def __init__(self, model: type[M]) -> None:
        self._model = model

    @property
    def model(self) -> type[M]:
        """The model."""
        return self._model

    def __reduce__(self) -> tuple[Any, ...]:
        return getattr, (self._model, "aio")  # its class may be made for the model

    def __repr__(self) -> str:
        return f"<the verbs of {self._model.__name__}, awaited>"
