"""Classes of documents: what a `DocumentField` needs to know of a `Document`, a dataclass or a pydantic model.

Each kind of class has one adapter, which says what its members are, makes an instance of members, and reads them.
pydantic is never imported here: whoever declares a model with it has done that.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import Annotated, Any, Final, cast, get_type_hints

from dynamongo._support.dataclasses import dataclass
from dynamongo._support.lazy import lazy_property
from dynamongo.exceptions import SchemaError
from dynamongo.expressions.values import shorten
from dynamongo.fields.base import Field
from dynamongo.fields.document_classes import BaseDocument, make_part, make_part_class
from dynamongo.fields.partial_map import PartialDocument
from dynamongo.fields.type_hints import split_none

UNDECLARED: Final = "__undeclared__"
"""Under this name, the `__dict__` of a document has the stored members that its class does not declare."""

_OF_NUMBERS: Final = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
_KEYWORDS: Final[dict[object, tuple[str, ...]]] = {
    "integer": _OF_NUMBERS,
    "number": _OF_NUMBERS,
    "string": ("minLength", "maxLength", "pattern"),
    "array": ("minItems", "maxItems"),
}
"""The keywords of JSON Schema that constrain values, by their types."""


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a document.

    Attributes:
        hint: Its type, with what annotates it.
        has_default: Whether the class has a value for a document without it.
        validate: What the class checks of this member alone; `None` for nothing.
        constrain: What adds these checks to the JSON Schema of the member, as far as one can express them.
    """

    hint: Any
    has_default: bool
    validate: Callable[[Any], object] | None = None
    constrain: Callable[[dict[str, Any]], None] | None = None


class DocumentType(ABC):
    """What is known of a class of documents.

    Args:
        kind: The class.
    """

    takes_others = False
    """Whether instances may have members that the class does not declare, and show them."""

    def __init__(self, kind: Any) -> None:
        self.kind = kind

    has_rules: Any = False
    """Whether the class may refuse members that are valid by themselves."""

    @abstractmethod
    def read(self, document: Any) -> dict[str, Any]:
        """Return the members of an instance."""

    def make_part(self, members: Mapping[str, Any], loaded: Iterable[str], label: str) -> Any:
        """Return the value of a document of which only members with these names were read; messages call it `label`."""
        return PartialDocument({name: each for name, each in members.items() if each is not None}, loaded, label)


class DeclaredType(DocumentType):
    """A class that derives from `Document`.

    Attributes:
        fields: The fields of its members by name, which belong to no model.
        construct: The function from keyword arguments to the values of a new instance; `None` for an unknown name.
    """

    construct: Callable[[Mapping[str, Any]], Any]

    def __init__(self, kind: Any) -> None:
        super().__init__(kind)
        self.fields: dict[str, Field[Any]] = {}

    def read(self, document: Any) -> dict[str, Any]:
        held: dict[str, Any] = document.__dict__
        return {name: held[name] for name in self.fields if name in held}

    def build(self, members: Mapping[str, Any]) -> Any:
        """Return an instance that holds these values, without its constructor, which would check them."""
        document = self.kind.__new__(self.kind)
        document.__dict__.update(members)
        return document

    def make_part(self, members: Mapping[str, Any], loaded: Iterable[str], label: str) -> Any:
        absent = dict.fromkeys(name for name in loaded if name in self.fields)
        return make_part(self.kind, label, {**absent, **members})

    @lazy_property
    def part_class(self) -> Any:
        """The class of documents that were read in part."""
        return make_part_class(self.kind)


class ForeignType(DocumentType):
    """A class of another library, whose members get fields for their types.

    Attributes:
        members: Its members by name.
        optional: The names of those that may be `None`.
    """

    def __init__(self, kind: Any) -> None:
        super().__init__(kind)
        self.members = self._find_members()
        self.optional = frozenset(name for name, member in self.members.items() if split_none(member.hint)[1])

    @abstractmethod
    def _find_members(self) -> dict[str, Member]:
        """Return the members by name."""

    def build(self, members: Mapping[str, Any]) -> Any:
        """Return an instance; raises whatever the class raises for members that it does not take."""
        return self.kind(**members)

    def read(self, document: Any) -> dict[str, Any]:
        return {name: getattr(document, name) for name in self.members}

    def constrain(self, schemas: Mapping[str, dict[str, Any]]) -> None:
        """Add what the class itself checks of its members to their JSON Schemas."""
        for name, member in self.members.items():
            if member.constrain is not None:
                member.constrain(schemas[name])


class _DataclassType(ForeignType):
    def _find_members(self) -> dict[str, Member]:
        import dataclasses  # noqa: PLC0415 - imported already, by whoever declared the class

        try:
            hints = get_type_hints(self.kind, include_extras=True)
        except NameError as error:  # of annotations that are text, as after `from __future__ import annotations`
            raise SchemaError(
                f"{self.kind.__name__} has a member whose type cannot be found ({error}): define the type in the module"
                " of the class, not in a function or under `if TYPE_CHECKING`"
            ) from error
        unset = dataclasses.MISSING
        return {
            field.name: Member(hints[field.name], field.default is not unset or field.default_factory is not unset)
            for field in dataclasses.fields(self.kind)
            if field.init  # the class computes the others
        }

    @property
    def has_rules(self) -> bool:
        return hasattr(self.kind, "__post_init__") or hasattr(self.kind, "__pydantic_validator__")


class _PydanticType(ForeignType):
    def __init__(self, kind: Any) -> None:
        super().__init__(kind)
        self.takes_others = kind.model_config.get("extra") == "allow"
        has_aliases = any(info.alias or info.validation_alias for info in kind.model_fields.values())
        self._options = {"by_name": True} if has_aliases else {}

    def _find_members(self) -> dict[str, Member]:
        infos: Mapping[str, Any] = self.kind.model_fields
        return {
            name: Member(_annotate(info, info.metadata), not info.is_required(), *_find_constraints(info))
            for name, info in infos.items()
        }

    @property
    def has_rules(self) -> bool:
        known = self.kind.__pydantic_decorators__
        return bool(known.field_validators or known.model_validators or known.root_validators or known.validators)

    def build(self, members: Mapping[str, Any]) -> Any:
        return self.kind.model_validate(dict(members), **self._options)

    def read(self, document: Any) -> dict[str, Any]:
        return {**super().read(document), **(document.model_extra or {})}


def _annotate(info: Any, notes: Iterable[Any]) -> Any:
    parts = (info.annotation, *notes)
    return cast("Any", Annotated)[parts] if len(parts) > 1 else info.annotation


def _find_constraints(info: Any) -> tuple[Callable[[Any], object] | None, Callable[[dict[str, Any]], None] | None]:
    """Return what checks the constraints of one member, so that an update of it alone is checked, and its schema."""
    rules = [note for note in info.metadata if not isinstance(note, Field)]
    if not rules:
        return None, None
    from pydantic import TypeAdapter  # noqa: PLC0415 - imported already, as above

    adapter: Any = TypeAdapter(_annotate(info, rules))

    def check(value: Any) -> None:
        adapter.validate_python(value)

    return check, lambda schema: _add_keywords(schema, adapter.json_schema())


def _add_keywords(schema: dict[str, Any], constrained: Mapping[str, Any]) -> None:
    """Add the constraints of pydantic's schema of a member to ours, which may describe several forms."""
    given: list[dict[str, Any]] = constrained.get("anyOf", [constrained])
    for form in schema.get("anyOf", [schema]):
        allowed = _KEYWORDS.get(form.get("type"), ())
        known = {keyword: limit for each in given for keyword, limit in each.items() if keyword in allowed}
        form.update({keyword: limit for keyword, limit in known.items() if keyword not in form})


def find_document_type(label: str, kind: Any) -> DocumentType:
    """Return what is known of the class; raise `SchemaError` if it is not one of documents."""
    expected = "a Document, a dataclass, or a model of pydantic"
    if not isinstance(kind, type):
        raise SchemaError(f"{label} takes {expected}; got {shorten(kind)}")
    if issubclass(kind, BaseDocument):
        if not hasattr(kind, "__document__"):
            raise SchemaError(f"{label} takes a class that derives from {kind.__name__}; got {kind.__name__} itself")
        return kind.__document__
    known = cast("Any", kind)
    is_dataclass = hasattr(known, "__dataclass_fields__")
    if not is_dataclass and not (hasattr(known, "model_fields") and hasattr(known, "model_validate")):
        raise SchemaError(f"{label} takes {expected}; got the class {kind.__name__}")
    if not kind.__dictoffset__:
        raise SchemaError(
            f"{label}: the instances of {kind.__name__} have no __dict__, in which stored members that it does not"
            " declare could be kept: declare it without slots=True"
        )
    return _DataclassType(kind) if is_dataclass else _PydanticType(kind)
