"""Annotated fields: `email: EmailField[str]` in a class body makes the field, and no annotation lies about its value.

Whatever else is annotated there would be an argument of the constructor to type checkers, and is refused.
"""

from __future__ import annotations

import re
import typing
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, ClassVar, Final, NoReturn, TypeVar, cast, get_args, get_origin

from dynamongo._support.annotations import describe, evaluate, read_annotations
from dynamongo._support.generics import Generic
from dynamongo.exceptions import SchemaError
from dynamongo.expressions.values import print_shortened
from dynamongo.fields.base import Field
from dynamongo.fields.containers import ListField, SetField
from dynamongo.fields.dates import DateField
from dynamongo.fields.documents import DocumentField
from dynamongo.fields.durations import TimedeltaField, TimestampField
from dynamongo.fields.enumeration import EnumField
from dynamongo.fields.maps import DictField
from dynamongo.fields.numeric import DecimalField, FloatField, IntField
from dynamongo.fields.simple import BinaryField, BooleanField, UUIDField
from dynamongo.fields.temporal import DateTimeField
from dynamongo.fields.text import EmailField, LimitedText, StringField
from dynamongo.fields.type_hints import make_field, split_none
from dynamongo.fields.type_parameters import T
from dynamongo.fields.url import URLField
from dynamongo.mapping.declaration.options import refuse

_OF_ONE_TYPE: Final[tuple[Any, ...]] = (
    *(BinaryField, BooleanField, DateField, DateTimeField, DecimalField, DictField, DocumentField, EnumField),
    *(FloatField, IntField, ListField, SetField, StringField, UUIDField),
)
"""The fields that `make_field` returns for their types of values, and for no others."""

_LIKE: Final[Mapping[Any, Any]] = {
    **{kind: kind for kind in (*_OF_ONE_TYPE, TimedeltaField)},
    EmailField: StringField,
    URLField: StringField,
    TimestampField: DateTimeField,
}
"""The fields that hold values of one type, and those that `make_field` returns for it."""

_MAY_BE_EMPTY: Final[tuple[Any, ...]] = (ListField, SetField)
"""The fields that are never `None`, and need no value."""

_CLASS_VARIABLE: Final = re.compile(r"[\s('\"]*(\w+\.)*ClassVar\b")


def find_annotated(cls: type, body: Mapping[str, Any]) -> dict[str, Field[Any]]:
    """Return the fields that a class body declares, with those that its annotations make, in the order of declaration.

    Args:
        cls: The class.
        body: The attributes in its body, and their values.

    Raises:
        SchemaError: An annotation contradicts its value, or is not that of a field.
    """
    made: dict[str, dict[str, Field[Any]]] = {}  # by the name of what stands before them
    before = ""
    for name, hint in read_annotations(cls).items():
        if name.startswith("__"):
            continue
        annotation = _Annotation(cls, name, hint)
        if annotation.is_of_class():
            annotation.check_class_variable()
        elif name in body:
            annotation.check(body[name])
            before = name
        else:
            made.setdefault(before, {})[name] = annotation.make_field()
    fields = made.get("", {})
    for name, value in body.items():
        if isinstance(value, Field):
            fields[name] = value
        fields |= made.get(name, {})
    return fields


def refuse_annotated(base: type, typed: str) -> None:
    """Raise `SchemaError` if a base that is not typed has annotations that would make fields in a typed class."""
    for name, hint in read_annotations(base).items():
        if name not in vars(base) and _Annotation(base, name, hint).is_of_field():
            refuse(base, name, f"is annotated, but has no value: derive {base.__name__} from {typed}, or give it one")


class _Annotation:
    """The annotation of one attribute in the body of a class."""

    def __init__(self, cls: type, name: str, hint: Any) -> None:
        self._cls = cls
        self._name = name
        self._hint = hint
        self._error: Exception | None = None
        try:
            self._type = self._evaluate(hint)
        except Exception as error:  # noqa: BLE001 - whatever the code of an annotation may raise
            self._type, self._error = Any, error  # perhaps only type checkers know it, which is enough for a value

    def is_of_class(self) -> bool:
        """Return whether it is a `ClassVar`, whatever that contains."""
        if isinstance(self._hint, str) and _CLASS_VARIABLE.match(self._hint):  # with names that only type checkers know
            return True
        return self._type is ClassVar or get_origin(self._type) is ClassVar

    def is_of_field(self) -> bool:
        """Return whether it names a field, as far as its names are known."""
        return _find_kind(self._type) is not None

    def make_field(self) -> Field[Any]:
        """Return the field that it stands for."""
        value_type, error = self._find_value_type(), self._error
        if error is not None:
            self._refuse(
                f"which cannot be evaluated ({error}): define or import what it names before the class, not under"
                f" `if TYPE_CHECKING`; or give the field itself, as in {self._name}: ... = StringField()",
                error,
            )
        kind = _find_kind(self._type)
        if kind is None:
            self._refuse_other()
        if isinstance(value_type, TypeVar) or (get_origin(value_type) and getattr(value_type, "__parameters__", ())):
            self._refuse(f"which leaves the type of its values open: write {kind.__name__}[...]")
        return self._make(kind, value_type)

    def check(self, value: object) -> None:
        """Raise `SchemaError` if it contradicts its value."""
        kind = _find_kind(self._type)
        if isinstance(value, Field):
            if self._type not in (Any, object):
                self._check_field(cast("Field[Any]", value), kind)
        elif _find_kind(value) is None and not hasattr(cast("object", type(value)), "__document__"):
            # Classes of fields and documents are mistaken for fields, of which `find_fields` knows more.
            self._refuse_value(value, kind)

    def check_class_variable(self) -> None:
        """Raise `SchemaError` if it declares a field that nothing gives to the model, as `ClassVar[VersionField]`."""
        inner = (*get_args(self._type), None)[0]
        is_abstract = vars(self._cls).get("__abstract__", not hasattr(self._cls, "__abstract__"))  # or a document
        kind = None if is_abstract or hasattr(self._cls, self._name) else _find_kind(inner)
        if kind is not None:
            self._refuse(f"and has no value: write {self._name}: ClassVar = {kind.__name__}(...)")

    def _evaluate(self, hint: Any) -> Any:
        hint = evaluate(hint, self._cls)
        return self._evaluate(get_args(hint)[0]) if get_origin(hint) in (Annotated, Final) else hint

    def _find_value_type(self) -> Any:
        """Return the type of the values of the field; `Any` if it is unknown."""
        try:
            arguments = [evaluate(each, self._cls) for each in get_args(self._type)]
            if any(isinstance(each, Field) for each in arguments):
                raise NameError("a field of the class hides a type of the same name")  # noqa: TRY301 - as `evaluate` does
        except Exception as error:  # noqa: BLE001 - as above
            self._error = error
            return Any
        kind = _find_kind(self._type)
        return Any if kind is None else _find_value_type(kind, arguments)

    def _make(self, kind: Any, value_type: Any) -> Field[Any]:
        inner, is_optional = split_none(value_type)
        options = {} if is_optional or issubclass(kind, _MAY_BE_EMPTY) else {"required": True}
        made = None if inner is Any else self._make_usual(kind, evaluate(inner, self._cls), options)
        if made is not None:
            return made
        try:
            field: Field[Any] = kind(**options)
        except TypeError as error:
            fix = f"{self._name}: {describe(self._hint)} = {kind.__name__}(...)"
            self._refuse(f"which needs arguments ({error}): give the field itself, as in {fix}", error)
        return field

    def _make_usual(self, kind: Any, inner: Any, options: Mapping[str, Any]) -> Field[Any] | None:
        """Return the field that members of this type have in a document; `None` if it is of another class."""
        if kind not in _LIKE:
            return None
        made = make_field(self._label, inner, self._make_document, **options)
        if type(made) is not _LIKE[kind]:
            self._refuse(f"which holds no {describe(inner)}: write {type(made).__name__}[{describe(inner)}]")
        # A `TimedeltaField()` counts seconds, and that of a member microseconds.
        return made if kind in _OF_ONE_TYPE else None

    def _make_document(self, document: Any, **options: Any) -> Field[Any]:
        return DocumentField(document.__name__ if document is self._cls else document, **options)

    def _check_field(self, field: Field[Any], kind: Any) -> None:
        taken = LimitedText if kind is StringField else kind  # as for type checkers: email addresses and URLs are texts
        if kind is None or not isinstance(field, taken):
            self._refuse(f"and its value is a {type(field).__name__}: write {self._name}: {type(field).__name__}[...]")
        # A field of one's own, such as `Money`, does not say that a value is never `None`.
        value_type = self._find_value_type() if get_args(self._type) else Any
        may_be_none = not field.required and field.derived is None and field.missing_value() is None
        if may_be_none and not isinstance(value_type, TypeVar) and not split_none(value_type)[1]:
            self._refuse(
                f"and may be None: write required=True, or {kind.__name__}[{describe(value_type)} | None] if it may"
            )

    def _refuse_value(self, value: object, kind: Any) -> NoReturn:
        """Refuse what is given instead of a field."""
        if kind is None:
            self._refuse_other()
        fix = f"write {self._name}: {describe(self._hint)} = {kind.__name__}({self._suggest_argument(value)})"
        self._refuse(f"and its value is {print_shortened(value)}, which is no field: {fix}")

    def _suggest_argument(self, value: object) -> str:
        if isinstance(value, type):  # as `Colour` instead of `EnumField(Colour)`
            return value.__name__
        if type(value) not in (str, int, float, bool, type(None)):
            return "..."
        required = "" if value is None or split_none(self._find_value_type())[1] else "required=True, "
        return f"{required}default={print_shortened(value)}"

    def _refuse_other(self) -> NoReturn:
        """Refuse what is no field, which type checkers would take for an argument of the constructor."""
        of_class = "ClassVar" if self._type is Final else f"ClassVar[{describe(self._type)}]"
        fixes = [] if self._name.startswith("_") else _suggest(self._type)
        if not fixes or _find_kind(split_none(self._type)[0]) is None:
            fixes.append(f"{of_class} for an attribute of the class")
        self._refuse(f"which is no field: write {self._name}: {', or '.join(fixes)}")

    def _refuse(self, fault: str, cause: Exception | None = None) -> NoReturn:
        raise SchemaError(f"{self._label} is annotated as {describe(self._hint)}, {fault}") from cause

    @property
    def _label(self) -> str:
        return f"{self._cls.__name__}.{self._name}"


def _find_kind(hint: Any) -> Any:
    """Return the class of the field that an annotation names; `None` if it names something else."""
    kind: Any = get_origin(hint) or hint
    is_field = isinstance(kind, type) and Field in kind.__mro__
    return kind if is_field else None


def _find_value_type(kind: Any, arguments: Sequence[Any]) -> Any:
    """Return the type of the values of a field, as class statements tell it: `list[str]` of `ListField[str]`."""
    for base in getattr(kind, "__orig_bases__", ()):
        origin = _find_kind(base)
        if origin is not None:
            known = dict(zip(_find_parameters(kind), arguments, strict=False))  # the others have defaults
            return _substitute(_find_value_type(origin, get_args(base)), known)
    return arguments[0] if arguments else T


def _find_parameters(kind: Any) -> Sequence[Any]:
    """Return the type variables of a generic class, in the order in which an annotation gives their values."""
    aliases = [base for base in kind.__orig_bases__ if get_origin(base) is not None]
    declared = [alias for alias in aliases if get_origin(alias) in (Generic, typing.Generic)] or aliases
    return list(dict.fromkeys(each for alias in declared for each in alias.__parameters__))


def _substitute(hint: Any, known: Mapping[Any, Any]) -> Any:
    if isinstance(hint, TypeVar):
        return known.get(hint, hint)
    parameters = getattr(hint, "__parameters__", ())
    return hint[tuple(known.get(each, each) for each in parameters)] if parameters else hint


def _suggest(hint: Any) -> list[str]:
    """Return how to annotate the field for values of a type, if there is one."""
    inner = split_none(hint)[0]
    kind, held = _find_kind(inner), (*get_args(inner), Any)[0]
    if kind is not None:  # as in `StringField[str] | None`
        return [f"{kind.__name__}[{describe(held)}{'' if issubclass(kind, _MAY_BE_EMPTY) else ' | None'}]"]
    try:
        kind = type(make_field("", inner, DocumentField))
    except SchemaError:
        return []
    return [f"{kind.__name__}[{describe(held if kind in _MAY_BE_EMPTY and get_args(inner) else hint)}]"]
