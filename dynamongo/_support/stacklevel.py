"""Stack levels: the line outside this package that a warning points at, and what that line has called."""

from __future__ import annotations

import os
import sys
from types import FrameType

_PACKAGE = os.path.join(os.path.dirname(os.path.dirname(__file__)), "")  # noqa: PTH118, PTH120 - pathlib is slow to import
"""The folder of this package, with a separator at its end, so that it is no prefix of `dynamongo_shop`."""


def caller_level() -> int:
    """Return the `stacklevel` of the first caller outside this package, for `warnings.warn` in the calling function."""
    frame: FrameType | None = sys._getframe()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # `inspect` is slow to import
    level = 0
    while frame is not None and frame.f_code.co_filename.startswith(_PACKAGE):
        frame, level = frame.f_back, level + 1
    return level


def find_entry() -> FrameType:
    """Return the frame of the function of this package that the first caller outside it has called."""
    entry = sys._getframe()  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]  # as above
    while (caller := entry.f_back) is not None and caller.f_code.co_filename.startswith(_PACKAGE):
        entry = caller
    return entry
