"""The key codec: one function from the values of the key fields to a key, which is compiled after some calls."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from dynamongo._support.codegen import compile_later
from dynamongo._support.lazy import lazy_property
from dynamongo._support.lazy_imports import LazyModule
from dynamongo.expressions.values import Item
from dynamongo.fields.base import Field

if TYPE_CHECKING:
    from dynamongo.mapping.codec import fast_paths as codec_fast_paths
    from dynamongo.mapping.codec import source as codec_source
    from dynamongo.mapping.codec.source import Source
else:  # only compilation needs them
    codec_fast_paths = LazyModule("dynamongo.mapping.codec.fast_paths")
    codec_source = LazyModule("dynamongo.mapping.codec.source")


class KeyCodec:
    """Encodes keys of one model.

    Args:
        fields: Its key fields, hash key first.

    Attributes:
        names: The names of the key attributes, hash key first.
        field_names: The names of the key fields.
    """

    def __init__(self, fields: Sequence[Field[Any]]) -> None:
        self._fields = tuple(fields)
        self.names = tuple(field.path.attribute for field in fields)
        self.field_names = tuple(field.path.name for field in fields)

    @lazy_property
    def encode(self) -> Callable[[Sequence[Any]], Item]:
        """The function from the values of the key fields, in their order, to the key.

        It raises `ValidationError` for a value that does not suit its field.
        """
        return compile_later(self, "encode", self._encode_plainly, self.compile)

    def reset(self) -> None:
        """Drop the compiled function, after a rule of a field has changed."""
        vars(self).pop("encode", None)

    def compile(self) -> Callable[[Sequence[Any]], Item]:
        """Return `encode`, compiled."""
        return self._write_encode().compile()

    def _encode_plainly(self, values: Sequence[Any]) -> Item:
        return {
            name: field.encode_key(value) for name, field, value in zip(self.names, self._fields, values, strict=True)
        }

    def _write_encode(self) -> Source:
        """Return the source of `encode`, such as this one of a key `email`, a `StringField`.

        The last line returns `{"email": v0}` when it is compiled; see `Source.name_text`::

            def encode(values):
                v0, = values
                if type(v0) is str and (v0.isascii() or has_utf8_form(v0)) and v0:
                    pass
                else:
                    v0 = field0.encode_key(v0)
                return {'name1': v0}
        """
        source = codec_source.Source("encode", codec_fast_paths.NAMES)
        held = "".join(f"v{number}, " for number in range(len(self.names)))
        lines = ["def encode(values):", f"    {held}= values"]
        for number, field in enumerate(self._fields):
            lines += _write_encode_key(f"v{number}", field, source)
        members = ", ".join(f"{source.name_text(name)}: v{number}" for number, name in enumerate(self.names))
        source.functions.append([*lines, f"    return {{{members}}}"])
        return source


def _write_encode_key(v: str, field: Field[Any], source: Source) -> list[str]:
    """Return the lines that encode the value in the variable `v`; the field itself refuses empty ones."""
    fast = codec_fast_paths.make_fast_path(field, v, source)
    by_field = f"{v} = {source.name('field', field)}.encode_key({v})"
    if fast is None or fast.test is None:
        return [f"    {by_field}"]
    taken = "pass" if fast.result == v else f"{v} = {fast.result}"
    # `and v` leaves an empty value to the field, which refuses it, and also the number 0, which the field accepts.
    return [f"    if {fast.test} and {v}:", f"        {taken}", "    else:", f"        {by_field}"]
