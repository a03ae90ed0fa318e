"""Fields that hold booleans, binary values and UUIDs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, cast, overload

from dynamongo.expressions.conditions import Operand
from dynamongo.expressions.values import AttributeType, AttributeValue
from dynamongo.fields.base import Field, T
from dynamongo.fields.json_forms import BASE64_PATTERN, JSONSchema, SchemaMode, describe_lengths, read_base64
from dynamongo.fields.operators import as_operand
from dynamongo.fields.python_values import is_boto_binary
from dynamongo.fields.scalars import TextStored, declare_lengths, describe_length, is_length_allowed
from dynamongo.fields.updatable import allows_range

if TYPE_CHECKING:
    import uuid

    from typing_extensions import Unpack

    from dynamongo.fields.options import FieldOptions


class BooleanField(Field[T]):
    """`True` or `False`; 1, 0 and `"true"` are refused. Stored as BOOL."""

    stored_type: AttributeType | None = "BOOL"

    if TYPE_CHECKING:

        @overload
        def __init__(self: BooleanField[bool], *, required: Literal[True], **options: Unpack[FieldOptions]) -> None: ...
        @overload
        def __init__(
            self: BooleanField[bool | None], *, required: bool = ..., **options: Unpack[FieldOptions]
        ) -> None: ...
        def __init__(self: Any, **options: Any) -> None: ...

    def convert(self, value: Any) -> Any:
        return value if type(value) is bool else self.reject(value, "True or False")

    def encode(self, value: Any) -> Any:
        return value

    def decode_value(self, stored: AttributeValue) -> Any:
        return stored if type(stored) is bool else self.reject(stored, "stored as a BOOL")


class BinaryField(Field[T]):
    """Bytes: takes `bytes`, `bytearray` and `memoryview`, holds `bytes`. Stored as binary.

    Args:
        min_length: The least number of bytes.
        max_length: The greatest number of bytes.
        options: The arguments of every field.
    """

    stored_type: AttributeType | None = "B"

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: BinaryField[bytes],
            *,
            required: Literal[True],
            min_length: int | None = ...,
            max_length: int | None = ...,
            **options: Unpack[FieldOptions],
        ) -> None: ...
        @overload
        def __init__(
            self: BinaryField[bytes | None],
            *,
            required: bool = ...,
            min_length: int | None = ...,
            max_length: int | None = ...,
            **options: Unpack[FieldOptions],
        ) -> None: ...

    def __init__(self: Any, *, min_length: int | None = None, max_length: int | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.min_length, self.max_length = declare_lengths(self.label, min_length, max_length)
        self.is_checked |= min_length is not None or max_length is not None

    def convert(self, value: Any) -> Any:
        if not isinstance(value, (bytes, bytearray, memoryview)) and not is_boto_binary(value):
            self.reject(value, "bytes, a bytearray or a memoryview")
        return bytes(cast("bytes", value))

    def from_json(self, value: Any) -> Any:
        return read_base64(self, value)

    def json_schema(self, mode: SchemaMode) -> JSONSchema:
        # Three bytes are four characters of Base64.
        limits = describe_lengths(*(None if each is None else -(-each // 3) * 4 for each in self._limits))
        return {**super().json_schema(mode), "pattern": BASE64_PATTERN, **limits}

    @property
    def _limits(self) -> tuple[int | None, int | None]:
        return self.min_length, self.max_length

    def allows_all_of(self, other: Any) -> bool:
        lengths: Any = (
            self._limits,
            (getattr(other, "min_length", None), getattr(other, "max_length", None)),
        )
        return allows_range(*lengths) and super().allows_all_of(other)

    def check(self, value: Any) -> None:
        if not is_length_allowed(len(value), *self._limits):
            self.reject(value, describe_length(*self._limits, "bytes"))
        super().check(value)

    def encode(self, value: Any) -> Any:
        return value

    def decode_value(self, stored: AttributeValue) -> Any:
        return stored if type(stored) is bytes else self.reject(stored, "stored as binary")

    def encode_part(self, value: Any) -> Operand:
        return as_operand(value) or self.encode(self.convert(value))


class UUIDField(TextStored[T]):
    """A `uuid.UUID`: takes one, or any text that `uuid.UUID` reads. Stored as its text, lower case with hyphens.

    >>> import uuid
    >>> UUIDField().encode(uuid.UUID(int=7))
    '00000000-0000-0000-0000-000000000007'
    """

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: UUIDField[uuid.UUID], *, required: Literal[True], **options: Unpack[FieldOptions]
        ) -> None: ...
        @overload
        def __init__(
            self: UUIDField[uuid.UUID | None], *, required: bool = ..., **options: Unpack[FieldOptions]
        ) -> None: ...
        def __init__(self: Any, **options: Any) -> None: ...

    def convert(self, value: Any) -> Any:
        import uuid  # noqa: PLC0415 - slow to import, and most models have no UUIDs

        if isinstance(value, uuid.UUID):
            return value
        if not isinstance(value, str):
            self.reject(value, "a UUID or the text of one")
        try:
            return uuid.UUID(value)
        except ValueError as error:
            self.reject(value, "a UUID or the text of one", cause=error)

    def encode(self, value: Any) -> AttributeValue:
        return str(value)

    def to_json(self, value: Any) -> Any:
        return str(value)

    def json_schema(self, mode: SchemaMode) -> JSONSchema:
        return {**super().json_schema(mode), "format": "uuid"}

    def parse(self, text: str) -> Any:
        import uuid  # noqa: PLC0415 - as in `convert`

        return uuid.UUID(text)
