"""Callers: the line outside of this package that a warning is about."""

from __future__ import annotations

import os
import sys
from types import FrameType

_PACKAGE = os.path.join(os.path.dirname(os.path.dirname(__file__)), "")  # noqa: PTH118, PTH120 - pathlib takes long to import
"""The folder of this package, with a separator at its end: without it, it would begin `dynamongo_shop` too."""


def caller_level() -> int:
    """The stack level of the first caller outside this package, as `warnings.warn` counts from where it is called."""
    frame: FrameType | None = sys._getframe()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # `inspect` takes long to import
    level = 0
    while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame, level = frame.f_back, level + 1
    return level
