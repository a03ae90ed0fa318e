"""The forms of an instance besides that of Python: dicts, JSON, and the items of DynamoDB and of boto3."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

from dynamongo._support.lazy_imports import LazyModule
from dynamongo.exceptions import ValidationError
from dynamongo.fields import python_values
from dynamongo.fields.json_forms import Decimals, SchemaMode
from dynamongo.mapping.held_values import check_word, is_json
from dynamongo.mapping.mapper import Mapper
from dynamongo.mapping.records import Recorded

if TYPE_CHECKING:
    from typing_extensions import Self

    from dynamongo.expressions import wire_images
    from dynamongo.mapping import json_documents
    from dynamongo.mapping.rules import base as rules
    from dynamongo.verbs import pydantic_forms
else:  # most programs need one of them, or none
    json_documents = LazyModule("dynamongo.mapping.json_documents")
    rules = LazyModule("dynamongo.mapping.rules.base")
    pydantic_forms = LazyModule("dynamongo.verbs.pydantic_forms")
    wire_images = LazyModule("dynamongo.expressions.wire_images")

DictMode: TypeAlias = Literal["python", "json"]


class Forms(Recorded):
    """The conversions between instances and other forms of an item."""

    __slots__ = ()
    __mapper__: ClassVar[Mapper[Any]]

    @classmethod
    def from_dict(cls, values: Mapping[str, Any], *, mode: DictMode = "python") -> Self:
        """Return an instance with the values of a dict, as the constructor does.

        Args:
            values: The values by the names of fields.
            mode: `"json"` for values as `to_dict(mode="json")` returns them: text for a date, Base64 for bytes. Python
                values are taken, too.

        Raises:
            ValidationError: A value does not suit its field, or a name is unknown.
        """
        mapper: Mapper[Self] = cls.__mapper__
        return mapper.build(json_documents.read_values(mapper, values) if is_json(cls, mode) else values)

    def to_dict(
        self, only: Iterable[str] | None = None, *, mode: DictMode = "python", decimals: Decimals = "text"
    ) -> dict[str, Any]:
        """Return the values of the declared fields in a new dict; a missing value is `None` or an empty container.

        For a partly read item, the dict contains what was read.

        Args:
            only: The names of the fields to include; by default, all.
            mode: `"json"` for what `json.dumps` takes, and `from_dict(..., mode="json")` takes back: text for dates,
                times, durations (ISO 8601), UUIDs and bytes (Base64), values of enumerations, sorted lists for sets.
            decimals: In that mode, the form of Decimals: `"text"`, which is exact for every reader, or `"number"`.

        Raises:
            ValidationError: A name in `only` is unknown, or so is `mode` or `decimals`, or JSON would round a number.
        """
        fields = type(self).__mapper__.fields
        if isinstance(only, str):
            raise ValidationError(f"{type(self).__name__}.to_dict: only must be a list of field names; got {only!r}")
        names = [name for name in fields if name in vars(self)] if only is None else list(only)
        type(self).__mapper__.check_names(names)
        if is_json(type(self), mode):
            check_word(type(self), "decimals", decimals, ("text", "number"))
            return json_documents.to_document(fields, {name: getattr(self, name) for name in names}, decimals)
        return json_documents.copy_values(type(self).__name__, {name: getattr(self, name) for name in names})

    @classmethod
    def from_json(cls, text: str | bytes) -> Self:
        """Return an instance of a JSON text, as `from_dict(json.loads(text), mode="json")`, but with exact numbers.

        Raises:
            ValidationError: It is not the text of an object, a value does not suit its field, or a name is unknown.
        """
        return cls.from_dict(json_documents.parse_document(cls.__name__, text), mode="json")

    def to_json(self, only: Iterable[str] | None = None, *, decimals: Decimals = "text", **options: Any) -> str:
        """Return the JSON text of `to_dict(mode="json")`.

        Args:
            only: As for `to_dict`.
            decimals: As for `to_dict`.
            options: Arguments of `json.dumps`, such as `indent`.
        """
        return json_documents.dump_document(self.to_dict(only, mode="json", decimals=decimals), options)

    @classmethod
    def json_schema(cls, mode: SchemaMode = "validation") -> dict[str, Any]:
        """Return the JSON Schema (draft 2020-12) of the model's documents, with the constraints of its fields.

        What it allows, `from_dict(..., mode="json")` takes and `save` stores, unless it breaks a rule that no schema
        can express, such as a validator, or the limits of a Decimal that is given as text.

        Args:
            mode: `"validation"` for what clients send, where fields with a default may be left out; or
                `"serialization"` for what `to_dict(mode="json")` returns for a whole item.

        Raises:
            ValidationError: The mode is another.
        """
        check_word(cls, "mode", mode, ("validation", "serialization"))
        return json_documents.describe_model(cls.__mapper__, mode)

    @classmethod
    def from_item(cls, item: Mapping[str, Any]) -> Self:
        """Return an instance of a stored item, given as attribute values under the names in which they are stored.

        Takes what boto3's resources and `TypeDeserializer` make of an item, too: their `Binary`, Decimals and sets.

        Raises:
            ValidationError: A value could not have been stored by its field.
        """
        mapper: Mapper[Self] = cls.__mapper__
        return mapper.decode(python_values.encode_item(item))

    def to_item(self) -> dict[str, Any]:
        """Return what a save would store, as attribute values, which `put_item` of boto3's resources takes.

        It calls no hooks, and an instance that is stored keeps the times of its last write.

        Raises:
            ValidationError: A value does not suit its field, or a required one is missing.
            AttributeNotLoaded: The item was only partly read.
        """
        return python_values.decode_map(rules.encode_unsaved(type(self).__mapper__, self))

    def __whole_item__(self) -> dict[str, Any]:
        """Return the same with what only the key of the item tells, for local evaluation of conditions."""
        mapper = type(self).__mapper__
        item = rules.encode_unsaved(mapper, self)
        told = {} if mapper.key_templates is None else mapper.key_templates.tell_unstored(item)
        return python_values.decode_map({**item, **told})

    @classmethod
    def from_dynamodb_json(cls, image: Mapping[str, Any] | str | bytes) -> Self:
        """Return an instance of an item in DynamoDB JSON, such as `{"email": {"S": "jane@example.com"}}`.

        Args:
            image: A dict or its text: an image of a stream's record, a line of an export to S3 (`{"Item": ...}`), or
                what the AWS command line prints for an item. Binary values are Base64, or bytes.

        Raises:
            ValidationError: It is not DynamoDB JSON of one item, or a value could not have been stored by its field.
        """
        mapper: Mapper[Self] = cls.__mapper__
        return mapper.decode(wire_images.read_image(image))

    def to_dynamodb_json(self, *, binary: Literal["base64", "bytes"] = "base64") -> dict[str, dict[str, Any]]:
        """Return what a save would store, in DynamoDB JSON; raises as `to_item`.

        Args:
            binary: `"base64"` for what `json.dumps` takes, or `"bytes"` for boto3's client, which encodes them itself.
        """
        return wire_images.write_image(rules.encode_unsaved(type(self).__mapper__, self), binary)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: Any) -> Any:
        """Return how pydantic validates and serializes the model: as a field, or as a body or response of FastAPI."""
        del source, handler
        return pydantic_forms.make_core_schema(cls)

    @classmethod
    def __get_pydantic_json_schema__(cls, core_schema: Any, handler: Any) -> Any:
        """Return the JSON Schema that pydantic shows for the model."""
        del core_schema
        return cls.json_schema(handler.mode)
