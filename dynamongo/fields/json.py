"""JSON documents, stored as text."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal, NoReturn, TypeAlias, cast

from dynamongo._support.lazy import lazy_property
from dynamongo.exceptions import SchemaError
from dynamongo.expressions.values import AttributeValue, describe_error, shorten
from dynamongo.fields.formats import Format
from dynamongo.fields.json_forms import JSONSchema, SchemaMode, as_floats
from dynamongo.fields.partial_map import refuse_part
from dynamongo.fields.scalars import TextStored

if TYPE_CHECKING:
    from typing_extensions import Unpack

    from dynamongo.fields.options import FieldOptions

    JSON: TypeAlias = str | float | Mapping[str, Any] | list[Any] | tuple[Any, ...]


class JSONField(TextStored[Any, "JSON"]):
    """Any JSON value except `None`, stored as JSON text: one string, whatever its depth.

    Takes dicts with `str` keys, lists, tuples (which are read as lists), `str`, `int`, `float`, `bool`, and `None`
    inside them. NaN and infinity are refused. Use a `DictField` to store a map, for conditions on its members.

    The text has no white space, and its keys are in the order of the document, so that a form or a schema comes back as
    it was. Conditions compare texts: `1` and `1.0` differ, and so do two orders of keys, unless they are sorted.

    Args:
        sort_keys: Whether the keys are stored in alphabetical order, so that `==` finds a document in any order; those
            of a key of the table or an index always are.
        format: `"json.dumps"`, to store the text that `json.dumps` of Python returns, with its white space, as PynamoDB
            and pydynox do. Any text of JSON is read, whatever the format.
        required: As for every field.
        options: The other arguments of every field.

    >>> JSONField().encode({"b": [1, None], "a": 0.5})
    '{"b":[1,null],"a":0.5}'
    """

    def __init__(
        self,
        *,
        sort_keys: bool = False,
        format: Literal["json.dumps"] | None = None,
        required: bool = False,
        **options: Unpack[FieldOptions[Any, JSON]],
    ) -> None:
        super().__init__(required=required, **options)
        if sort_keys and format is not None:
            raise SchemaError(
                f"{self.label}: format={format!r} keeps the keys in their order, so it excludes sort_keys"
            )
        self.sort_keys = sort_keys
        if format is not None:
            self.declare_format(format, _FORMATS)

    def convert(self, value: Any) -> Any:
        if value is None:
            self.reject(value, "a JSON value; None stands for an absent attribute")
        text = self._encode_text(value)
        self._check_keys(value)  # after `dump`, which refuses a value that contains itself
        try:
            return _CODEC.load(text)  # a copy, as it would be read: with lists for tuples
        except RecursionError as error:
            self.reject(value, "a JSON value that is nested less deeply", cause=error)

    def _encode_text(self, value: Any) -> str:
        try:
            text = _CODEC.dump(value)
        except (TypeError, ValueError, RecursionError) as error:
            self.reject(value, f"a JSON value ({describe_error(error)})", cause=error)
        return self.convert_text(text, "text")

    def _check_keys(self, value: Any) -> None:
        """Refuse keys that `json` would convert to strings, since `{1: ...}` would be read as `{"1": ...}`.

        Values that were read in part are refused, too.
        """
        pending = [value]
        while pending:
            part = pending.pop()
            refuse_part(part)
            if isinstance(part, dict):
                members = cast("dict[Any, Any]", part)
                for key in members:
                    if not isinstance(key, str):
                        self.reject(value, f"a JSON value with str keys (not {shorten(key)})")
                pending += members.values()
            elif isinstance(part, (list, tuple)):
                pending += cast("list[Any]", part)

    def encode(self, value: Any) -> AttributeValue:
        if self.stored_format is not None:
            return self.stored_format.encode(value)
        return _CODEC.dump_sorted(value) if self.sort_keys or self.keeps_order else _CODEC.dump(value)

    def to_json(self, value: Any) -> Any:
        return value

    def from_json(self, value: Any) -> Any:
        return as_floats(value)

    def json_schema(self, mode: SchemaMode) -> JSONSchema:
        del mode
        return {"not": {"type": "null"}}

    def parse(self, text: str) -> Any:
        try:
            value = _CODEC.load_strictly(text)
        except RecursionError as error:
            self.reject(text, "stored as the text of a JSON value that is nested less deeply", cause=error)
        if value is None:
            self.reject(text, "stored as the text of a JSON value other than null")
        is_usual = "\\u" not in text and text.count("[") + text.count("{") < _USUAL_DEPTH
        return value if is_usual else self.convert(value)  # lone surrogates and deep nesting could not be saved again


def refuse_constant(name: str) -> NoReturn:
    """Raise `ValueError` for NaN or an infinity, which `json` writes and reads although JSON has none."""
    raise ValueError(f"{name} is not valid JSON")


def _parse_float(text: str) -> float:
    number = float(text)
    return number if math.isfinite(number) else refuse_constant(text)


class _Codec:
    """The functions of `json`, which is imported on first use: that takes 3 % of the import of dynamongo."""

    @lazy_property
    def dump(self) -> Callable[[Any], str]:
        from json import JSONEncoder  # noqa: PLC0415 - as the class says

        return JSONEncoder(allow_nan=False, ensure_ascii=False, separators=(",", ":")).encode

    @lazy_property
    def dump_sorted(self) -> Callable[[Any], str]:
        from json import JSONEncoder  # noqa: PLC0415 - as the class says

        return JSONEncoder(allow_nan=False, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode

    @lazy_property
    def dump_as_python(self) -> Callable[[Any], str]:
        from json import JSONEncoder  # noqa: PLC0415 - as the class says

        return JSONEncoder(allow_nan=False).encode

    @lazy_property
    def load(self) -> Callable[[str], Any]:
        from json import loads  # noqa: PLC0415 - as the class says

        return loads

    @lazy_property
    def load_strictly(self) -> Callable[[str], Any]:
        from json import JSONDecoder  # noqa: PLC0415 - as the class says

        return JSONDecoder(parse_constant=refuse_constant, parse_float=_parse_float).decode


def _dump_as_python(value: Any) -> str:
    return _CODEC.dump_as_python(value)


def _read_nothing(stored: AttributeValue) -> None:
    """Leave every text to `parse`."""


_FORMATS = {"json.dumps": Format("S", _dump_as_python, _read_nothing, "JSON text")}
_CODEC = _Codec()
_USUAL_DEPTH = 100
