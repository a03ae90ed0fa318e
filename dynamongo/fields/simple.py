"""Fields that hold booleans, binary values and UUIDs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, cast, overload

from dynamongo._support.lazy_imports import LazyModule
from dynamongo.exceptions import ExpressionError
from dynamongo.expressions.conditions import Operand
from dynamongo.expressions.values import AttributeType, AttributeValue
from dynamongo.fields.computed_values import is_between
from dynamongo.fields.formats import FormattedField
from dynamongo.fields.json_forms import BASE64_PATTERN, JSONSchema, SchemaMode, describe_lengths, read_base64
from dynamongo.fields.operands import as_operand
from dynamongo.fields.python_values import is_boto_binary
from dynamongo.fields.scalars import TextStored, declare_lengths, describe_length
from dynamongo.fields.type_parameters import T
from dynamongo.fields.updatable import allows_range

if TYPE_CHECKING:
    import uuid

    from typing_extensions import Unpack

    from dynamongo.expressions.conditions import AnyCondition
    from dynamongo.fields import scalar_formats
    from dynamongo.fields.operands import Comparand
    from dynamongo.fields.options import FieldOptions

    Bytes: TypeAlias = bytes | bytearray | memoryview
    BooleanFormat: TypeAlias = Literal["number", "text"] | Mapping[bool, str] | Mapping[bool, int]
    BinaryFormat: TypeAlias = Literal["base64", "base64-binary"]
    UUIDFormat: TypeAlias = Literal["hex", "upper", "hex-upper", "urn", "binary"]
else:  # most models have no formats
    scalar_formats = LazyModule("dynamongo.fields.scalar_formats")


class BooleanField(FormattedField[T, bool, Literal["BOOL"]]):
    """`True` or `False`; 1, 0 and `"true"` are refused. Stored as BOOL.

    Args:
        format: How other programs store it: `"number"` (1 and 0), `"text"` (`true` and `false`), or a map of both
            values, such as `{True: "Y", False: "N"}`. A BOOL is read as well. Unlike a BOOL, these can be keys.
        options: The arguments of every field.
    """

    stored_type: AttributeType | None = "BOOL"
    reads_one_form = True
    can_expire_items = False
    has_sums = False

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: BooleanField[bool],
            *,
            required: Literal[True],
            format: BooleanFormat | None = ...,
            **options: Unpack[FieldOptions[bool, bool]],
        ) -> None: ...
        @overload
        def __init__(
            self: BooleanField[bool | None],
            *,
            required: bool = ...,
            format: BooleanFormat | None = ...,
            **options: Unpack[FieldOptions[bool, bool]],
        ) -> None: ...

    def __init__(self: Any, *, format: Any = None, **options: Any) -> None:
        super().__init__(**options)
        if isinstance(format, Mapping):
            members = {True: "True", False: "False"}
            given = cast("Mapping[Any, Any]", format)
            self.take_format(given, scalar_formats.declare_map(self.label, given, members))
        elif format is not None:
            self.declare_format(format, scalar_formats.BOOLEANS)

    def convert(self, value: Any) -> Any:
        return value if type(value) is bool else self.reject(value, "True or False")

    def json_schema(self, mode: SchemaMode) -> JSONSchema:
        del mode
        return {"type": "boolean"}

    def encode(self, value: Any) -> Any:
        return value if self.stored_format is None else self.stored_format.encode(value)

    def decode_value(self, stored: AttributeValue) -> Any:
        return stored if type(stored) is bool else self.decode_other(stored, "stored as a BOOL")


class BinaryField(FormattedField[T, "Bytes", Literal["B"]]):
    """Bytes: takes `bytes`, `bytearray` and `memoryview`, holds `bytes`. Stored as binary.

    Args:
        min_length: The least number of bytes.
        max_length: The greatest number of bytes.
        format: How other programs store it: `"base64"` as a string, in base64; `"base64-binary"` as binary that is the
            base64 of the value, as PynamoDB before version 6 does, and after it with `legacy_encoding=True`.
        options: The arguments of every field.
    """

    stored_type: AttributeType | None = "B"
    reads_one_form = True

    if TYPE_CHECKING:

        def contains(self, value: Bytes | Comparand[Bytes]) -> AnyCondition: ...
        def begins_with(self, value: Bytes | Comparand[Bytes]) -> AnyCondition: ...

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: BinaryField[bytes],
            *,
            required: Literal[True],
            min_length: int | None = ...,
            max_length: int | None = ...,
            format: BinaryFormat | None = ...,
            **options: Unpack[FieldOptions[bytes, Bytes]],
        ) -> None: ...
        @overload
        def __init__(
            self: BinaryField[bytes | None],
            *,
            required: bool = ...,
            min_length: int | None = ...,
            max_length: int | None = ...,
            format: BinaryFormat | None = ...,
            **options: Unpack[FieldOptions[bytes, Bytes]],
        ) -> None: ...

    def __init__(
        self: Any,
        *,
        min_length: int | None = None,
        max_length: int | None = None,
        format: Any = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        if format is not None:
            self.declare_format(format, scalar_formats.BINARIES)
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
        del mode
        return {"type": "string", "contentEncoding": "base64", "pattern": BASE64_PATTERN, **limits}

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
        if not is_between(len(value), *self._limits):
            self.reject(value, describe_length(*self._limits, "bytes"))
        super().check(value)

    def encode(self, value: Any) -> Any:
        return value if self.stored_format is None else self.stored_format.encode(value)

    def decode_value(self, stored: AttributeValue) -> Any:
        if type(stored) is bytes and self.format != "base64-binary":
            return stored
        return self.decode_other(stored, "stored as binary")

    def encode_part(self, value: Any) -> Operand:
        if self.stored_format is not None:
            raise ExpressionError(f"{self.label} stores base64, whose parts are not those of its values")
        return as_operand(value) or self.encode(self.convert(value))


class UUIDField(TextStored[T, "uuid.UUID | str"]):
    """A `uuid.UUID`: takes one, or any text that `uuid.UUID` reads. Stored as its text, lower case with hyphens.

    Args:
        format: How other programs store it: `"hex"` (without hyphens), `"upper"` (in upper case), `"hex-upper"`,
            `"urn"` (`urn:uuid:...`) or `"binary"` (its 16 bytes). Unless it is a key, the text of any other format is
            read as well.
        options: The arguments of every field.

    >>> import uuid
    >>> UUIDField().encode(uuid.UUID(int=7))
    '00000000-0000-0000-0000-000000000007'
    """

    if TYPE_CHECKING:

        @overload
        def __init__(
            self: UUIDField[uuid.UUID],
            *,
            required: Literal[True],
            format: UUIDFormat | None = ...,
            **options: Unpack[FieldOptions[uuid.UUID, uuid.UUID | str]],
        ) -> None: ...
        @overload
        def __init__(
            self: UUIDField[uuid.UUID | None],
            *,
            required: bool = ...,
            format: UUIDFormat | None = ...,
            **options: Unpack[FieldOptions[uuid.UUID, uuid.UUID | str]],
        ) -> None: ...

    def __init__(self: Any, *, format: Any = None, **options: Any) -> None:
        super().__init__(**options)
        if format is not None:
            self.declare_format(format, scalar_formats.UUIDS)

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
        return str(value) if self.stored_format is None else self.stored_format.encode(value)

    def to_json(self, value: Any) -> Any:
        return str(value)

    def json_schema(self, mode: SchemaMode) -> JSONSchema:
        del mode
        return {"type": "string", "format": "uuid"}

    def parse(self, text: str) -> Any:
        import uuid  # noqa: PLC0415 - as in `convert`

        return uuid.UUID(text)

    def encode_part(self, value: Any) -> Operand:
        return value if self.stored_type == "B" and type(value) is bytes else super().encode_part(value)
