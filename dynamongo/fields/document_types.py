"""Classes of documents: what a `DocumentField` needs to know of a dataclass or of a pydantic model.

Each kind of class has one adapter, which says what its members are, makes an instance of members, and reads them.
pydantic is never imported here: whoever declares a model with it has done that.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import Any, Final, cast, get_type_hints

from dynamongo._support.dataclasses import dataclass
from dynamongo.exceptions import SchemaError
from dynamongo.expressions.values import shorten

UNDECLARED: Final = "__undeclared__"
"""Under this name, the `__dict__` of a document has the stored members that its class does not declare."""


@dataclass(frozen=True, slots=True)
class Member:
    """A member of a document.

    Attributes:
        hint: Its type, with what annotates it.
        has_default: Whether the class has a value for a document without it.
        validate: What the class checks of this member alone; `None` for nothing.
    """

    hint: Any
    has_default: bool
    validate: Callable[[Any], object] | None = None


class DocumentType(ABC):
    """What is known of a class of documents.

    Args:
        kind: The class.
    """

    takes_others = False
    """Whether instances may have members that the class does not declare, and show them."""

    def __init__(self, kind: Any) -> None:
        self.kind = kind
        self.members = self._find_members()
        if not self.members:
            raise SchemaError(f"{kind.__name__} has no members; use a DictField() for maps of any members")

    @abstractmethod
    def _find_members(self) -> dict[str, Member]:
        """Return the members by name."""

    @property
    @abstractmethod
    def has_rules(self) -> bool:
        """Whether the class may refuse members that are valid by themselves."""

    def build(self, members: Mapping[str, Any]) -> Any:
        """Return an instance; raises whatever the class raises for members that it does not take."""
        return self.kind(**members)

    def read(self, document: Any) -> dict[str, Any]:
        """Return the members of an instance."""
        return {name: getattr(document, name) for name in self.members}


class _DataclassType(DocumentType):
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


class _PydanticType(DocumentType):
    def __init__(self, kind: Any) -> None:
        super().__init__(kind)
        self.takes_others = kind.model_config.get("extra") == "allow"
        has_aliases = any(info.alias or info.validation_alias for info in kind.model_fields.values())
        self._options = {"by_name": True} if has_aliases else {}

    def _find_members(self) -> dict[str, Member]:
        infos: Mapping[str, Any] = self.kind.model_fields
        return {
            name: Member(info.annotation, not info.is_required(), _make_validator(info)) for name, info in infos.items()
        }

    @property
    def has_rules(self) -> bool:
        known = self.kind.__pydantic_decorators__
        return bool(known.field_validators or known.model_validators or known.root_validators or known.validators)

    def build(self, members: Mapping[str, Any]) -> Any:
        return self.kind.model_validate(dict(members), **self._options)

    def read(self, document: Any) -> dict[str, Any]:
        return {**super().read(document), **(document.model_extra or {})}


def _make_validator(info: Any) -> Callable[[Any], object] | None:
    """Return what checks the constraints of one member, so that an update of it alone is checked, too."""
    if not info.metadata:
        return None
    from typing import Annotated  # noqa: PLC0415 - most members have no constraints

    from pydantic import TypeAdapter  # noqa: PLC0415 - imported already, as above

    parts = (info.annotation, *info.metadata)
    adapter: Any = TypeAdapter(cast("Any", Annotated)[parts])

    def check(value: Any) -> None:
        adapter.validate_python(value)

    return check


def find_document_type(label: str, kind: Any) -> DocumentType:
    """Return what is known of the class; raise `SchemaError` if it is neither a dataclass nor a pydantic model."""
    if not isinstance(kind, type):
        raise SchemaError(f"{label} takes a dataclass, or a model of pydantic; got {shorten(kind)}")
    if not hasattr(kind, "__dictoffset__") or not kind.__dictoffset__:
        raise SchemaError(
            f"{label}: the instances of {kind.__name__} have no __dict__, in which stored members that it does not"
            " declare could be kept: declare it without slots=True"
        )
    if hasattr(kind, "__dataclass_fields__"):
        return _DataclassType(kind)
    if hasattr(kind, "model_fields") and hasattr(kind, "model_validate"):
        return _PydanticType(kind)
    raise SchemaError(f"{label} takes a dataclass, or a model of pydantic; got the class {kind.__name__}")
