"""What a `DictField` remembers of a map that it converted or read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from dynamongo.expressions.values import AttributeValue, normalize_item


class HeldDict(dict[str, Any]):
    """A dict that a `DictField` converted or read: it gains no defaults again, and keeps undeclared members.

    Stored members without a field are not shown, and are saved again with the dict.
    """

    _undeclared: Mapping[str, AttributeValue] = {}
    """The stored members without a field, as attribute values."""


def hold(members: Mapping[str, Any], undeclared: Mapping[str, AttributeValue]) -> HeldDict:
    """Return a dict of the members, which remembers those that were stored without a field."""
    held = HeldDict(members)
    if undeclared:  # in new containers, so that nobody can change those of the store
        vars(held)["_undeclared"] = normalize_item(undeclared)
    return held


def undeclared_in(value: object) -> Mapping[str, AttributeValue]:
    """Return the stored members without a field that come with a map."""
    return vars(value).get("_undeclared", {}) if isinstance(value, HeldDict) else {}
