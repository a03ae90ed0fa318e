"""`TypeVar` with a default, which Python's own has from 3.13 on."""

from __future__ import annotations

import typing
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from typing_extensions import TypeVar as TypeVar  # noqa: PLC0414 - to be imported from here
else:  # only type checkers need to know more than the name

    def TypeVar(name: str, **options: Any) -> typing.TypeVar:  # noqa: N802 - stands for the class
        del options
        return typing.TypeVar(name)
