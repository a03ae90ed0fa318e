"""References: documents in themselves, of which each path has a field, made when somebody asks for it.

Clients may send documents of any depth, with any number of different paths, so that both are limited here.
"""

from __future__ import annotations

import weakref
from collections import deque
from typing import Any, Final, Protocol

from dynamongo.exceptions import Problem, ValidationError
from dynamongo.expressions.values import MAX_DEPTH

MOST_BOUND: Final = 1000
"""How many references have fields of their own at a time."""


class Reference(Protocol):
    """A field that stands for a class of documents."""

    def bind_children(self) -> None:
        """Forget the fields of the members."""


_bound: Final[deque[weakref.ref[Any]]] = deque()
"""The references that have fields of their own, the oldest first."""


def check_depth(label: str) -> None:
    """Raise `ValidationError` for a field that is deeper than DynamoDB allows: a document may contain itself."""
    names = label.split(".")  # each level has added one
    if len(names) <= MAX_DEPTH + 1:
        return
    what = "the document contains itself or is nested too deep"
    error = ValidationError(f"{'.'.join(names[:2])}: {what}; DynamoDB allows {MAX_DEPTH} levels")
    error.problems = (Problem((), None, str(error)),)  # so that nobody looks for more of them, level by level
    raise error


def keep_bound(field: Reference) -> None:
    """Let the field keep the fields of its members, and the one that has had them for longest forget them."""
    _bound.append(weakref.ref(field))
    if len(_bound) > MOST_BOUND and (oldest := _bound.popleft()()) is not None:
        oldest.bind_children()
