"""`TypeVar` with a default, which Python's own has from 3.13 on, and `Generic`, for classes with such parameters.

Only type checkers need to know more than the names of parameters, so both do as little as they can at run time.
"""

from __future__ import annotations

import typing
from types import GenericAlias
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing import Generic as Generic  # noqa: PLC0414 - to be imported from here

    from typing_extensions import TypeVar as TypeVar  # noqa: PLC0414 - to be imported from here
else:

    def TypeVar(name: str, **options: Any) -> typing.TypeVar:  # noqa: N802 - stands for the class
        del options
        return typing.TypeVar(name)

    class Generic:
        """Python's own takes as long as the rest of a class statement, compiles text, and counts the parameters."""

        __slots__ = ()
        __class_getitem__ = classmethod(GenericAlias)
