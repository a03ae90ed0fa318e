"""Regular expressions of Python as patterns of JSON Schema, which are those of JavaScript."""

from __future__ import annotations

import re

from dynamongo._support.lazy import LazyPattern

# An escaped character, the start of a group that JavaScript spells otherwise or lacks, and a possessive quantifier.
_PARTS = LazyPattern(r"\\.|\(\?P<\w+>|\(\?P=|\(\?[aiLmsux-]+[:)]|\(\?#|\(\?\(|\(\?>|[*+?}]\+", re.DOTALL)
_TRANSLATED = {r"\A": "^", r"\Z": r"(?![\s\S])", r"\z": r"(?![\s\S])", r"\N": None}

NUMBER = r"^(0|-?([1-9][0-9]*(\.[0-9]*[1-9])?|0\.[0-9]*[1-9]))(?![\s\S])"
"""Numbers as `format_number` writes them."""


def write_pattern(regex: re.Pattern[str]) -> str | None:
    r"""Return the pattern that matches where `regex.match` does; `None` if JavaScript has no such pattern.

    A pattern may match anywhere in a text, and `regex.match` only at its start.

    >>> write_pattern(re.compile(r"(?P<first>[a-z])\d+\Z"))
    '^(?:([a-z])\\d+(?![\\s\\S]))'
    """
    if regex.flags & ~re.UNICODE:
        return None
    parts = _PARTS.compiled
    if None in map(_translate, parts.findall(regex.pattern)):
        return None
    return f"^(?:{parts.sub(lambda match: str(_translate(match[0])), regex.pattern)})"


def _translate(part: str) -> str | None:
    if part.startswith("\\"):
        return _TRANSLATED.get(part, part)
    return "(" if part.startswith("(?P<") else None  # a name would be spelled in another way; its number stays
