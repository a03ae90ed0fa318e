"""The key of a model as one function, of the values of its key fields."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from dynamongo._support.lazy import lazy_property
from dynamongo.expressions.values import Item
from dynamongo.fields.base import Field
from dynamongo.mapping.codec_fast_paths import NAMES, make_inline
from dynamongo.mapping.codec_source import Source


class KeyCodec:
    """The key of a model.

    Args:
        fields: Its key fields, hash key first.

    Attributes:
        names: The names of the key attributes, hash key first.
    """

    def __init__(self, fields: Sequence[Field[Any]]) -> None:
        self._fields = tuple(fields)
        self.names = tuple(field.path.attribute for field in fields)

    @lazy_property
    def encode(self) -> Callable[[Sequence[Any]], Item]:
        """Returns the key for the values of the key fields; raises `ValidationError` for one that is no key."""
        return self._write_encode().compile()

    def _write_encode(self) -> Source:
        source = Source("encode", NAMES)
        held = "".join(f"v{number}, " for number in range(len(self.names)))
        lines = ["def encode(values):", f"    {held}= values"]
        for number, field in enumerate(self._fields):
            lines += _write_encode_key(f"v{number}", field, source)
        members = ", ".join(f"{source.name_text(name)}: v{number}" for number, name in enumerate(self.names))
        source.functions.append([*lines, f"    return {{{members}}}"])
        return source


def _write_encode_key(v: str, field: Field[Any], source: Source) -> list[str]:
    """Lines that turn the value in the variable into that of the key attribute; empty ones are left to the field."""
    inline = make_inline(field, v, source)
    by_field = f"{v} = {source.name('field', field)}.encode_key({v})"
    if inline is None or inline.test is None:
        return [f"    {by_field}"]
    taken = "pass" if inline.result == v else f"{v} = {inline.result}"
    return [f"    if {inline.test} and {v}:", f"        {taken}", "    else:", f"        {by_field}"]
