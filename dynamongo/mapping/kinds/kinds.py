"""Kinds: how the items of several models in one table are told apart, and the class of each item.

A model says by `__kind__` which value its items have in the attribute that `__kind_field__` names. Reads then find only
its own items, and those of the classes derived from it, each as an instance of its class. A base that names the
attribute but has no kind of its own reads every item.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Final, NoReturn, TypeVar, cast

from dynamongo.exceptions import DynamongoError, ExpressionError, SchemaError, ValidationError
from dynamongo.expressions.conditions import EQ, AnyCondition, Comparison, In, NotExists, Or, Path
from dynamongo.expressions.updates import AnyUpdate, SetUpdate, Update
from dynamongo.expressions.values import AttributeValue, Item, check_name, print_shortened, shorten
from dynamongo.fields.base import Field
from dynamongo.mapping.declaration.options import refuse, table_of

U = TypeVar("U", bound=Update)

DEFAULT_FIELD: Final = "kind"
"""Where the kind is stored if no `__kind_field__` says otherwise."""


class Kinds:
    """The kinds of the items that a model reads.

    Args:
        model: The model.
        path: Where the kind of an item is stored.
        own: The stored values that mean the model's own kind, the one to write first; `None` stands for items without
            the attribute. Empty for a base that reads every item.
        is_key: Whether it is stored in a part of the key.

    Attributes:
        path: The same.
        own: The same.
        condition: What all items of these kinds satisfy; `None` for a base that reads every item.
    """

    condition: AnyCondition | None
    _guard: AnyCondition | None

    def __init__(self, model: type, path: Path, own: tuple[AttributeValue, ...], *, is_key: bool = False) -> None:
        self.path = path
        self.own = own
        self._name = model.__name__
        self._is_key = is_key
        self._models: dict[AttributeValue, type] = dict.fromkeys(own, model)
        self._other = None if own else model  # the class of items of other kinds
        self._take_kinds()

    @property
    def written(self) -> AttributeValue:
        """What is written for the model's own kind; `None` for nothing."""
        return self.own[0] if self.own else None

    @property
    def is_open(self) -> bool:
        """Whether items of every kind are read."""
        return self._other is not None

    @property
    def is_mixed(self) -> bool:
        """Whether the class of an item depends on its kind."""
        return self.is_open or len(set(self._models.values())) > 1

    @property
    def are_told(self) -> bool:
        """Whether no item without the attribute is read."""
        return not self.is_open and None not in self._models

    @property
    def models(self) -> Mapping[AttributeValue, type]:
        """The classes by the stored values."""
        return self._models

    def find(self, item: Item) -> type | None:
        """Return the class of an item; `None` if it is of another kind."""
        stored = item.get(self.path.attribute)
        if type(stored) is str or type(stored) in (int, Decimal) or stored is None:
            return self._models.get(stored, self._other)
        return self._other  # a set, for example; `True` equals 1, but not in DynamoDB

    def ours_or(self, is_missing: AnyCondition) -> AnyCondition | None:
        """Return the condition that there is no item, or one of these kinds; `None` if every item is read."""
        if self._guard is None and self.condition is not None:
            self._guard = Or(is_missing, self.condition)  # every write checks it
        return self._guard

    def check_update(self, update: Update) -> None:
        """Refuse an update that would make an item of another kind."""
        if update.path.attribute != self.path.attribute or self.is_open:
            return
        if not isinstance(update, SetUpdate) or update.value not in self.own:
            self.refuse("cannot be changed by an update", ExpressionError)

    def add_to(self, updates: tuple[AnyUpdate, ...]) -> tuple[AnyUpdate, ...]:
        """Return the updates of an upsert with one that stores the kind of a new item."""
        return self._set(updates, if_not_exists=True)

    def rewrite(self, item: Item, updates: tuple[U, ...]) -> tuple[U | SetUpdate, ...]:
        """Return the updates of a migration with one that stores the kind as it is written now."""
        if self.written is None or item.get(self.path.attribute) == self.written:
            return updates
        # A declared field of the kind knows nothing of kinds: it would only remove a NULL.
        others = tuple(each for each in updates if each.path.attribute != self.path.attribute)
        return self._set(others, if_not_exists=False)

    def _set(self, updates: tuple[U, ...], *, if_not_exists: bool) -> tuple[U | SetUpdate, ...]:
        value, attribute = self.written, self.path.attribute
        if value is None or self._is_key or any(each.path.attribute == attribute for each in updates):
            return updates
        return (*updates, SetUpdate(self.path, value, if_not_exists))

    def refuse(self, what: str, error: type[DynamongoError] = ValidationError) -> NoReturn:
        """Raise the error for a value that is not the model's own kind."""
        own = print_shortened(self.written)
        raise error(f"{self._name}.{self.path.name} {what}: it tells the kind of an item, which is {own} here")

    def check(self, model: type, values: tuple[AttributeValue, ...]) -> None:
        """Raise `SchemaError` if one of the values is the kind of another class than the model."""
        for value in values:
            known = self._models.get(value)
            if known is not None and _name_of(known) != _name_of(model):
                refuse(model, "__kind__", f"is {shorten(value)}, which is already the kind of {known.__name__}")

    def add(self, model: type, values: tuple[AttributeValue, ...]) -> None:
        """Add the kind of a derived class. One that is declared again takes the place of the first."""
        self._models.update(dict.fromkeys(values, model))
        self._take_kinds()

    def _take_kinds(self) -> None:
        self.condition = None if self.is_open else _make_condition(self.path, tuple(self._models))
        self._guard = None


def find_kinds(model: type, fields: Mapping[str, Field[Any]]) -> Kinds | None:
    """Return the kinds that a class declares, or `None` if it declares none.

    A declared field of the kind gets the kind as its default.

    Raises:
        SchemaError: `__kind__` or `__kind_field__` has an invalid value.
    """
    name = getattr(model, "__kind_field__", None)
    path, field = _find_path(model, DEFAULT_FIELD if name is None else name, fields)
    given: Any = getattr(model, "__kind__", None)
    if given is None and field is not None and _is_constant(field):
        given = cast("tuple[Any, ...]", field.choices)
    if given is None:
        return None if name is None else Kinds(model, path, ())
    own = tuple(_encode(model, field, value) for value in _as_several(model, given))
    if field is not None:
        field.set_default(_as_several(model, given)[0])
    return Kinds(model, path, own, is_key=field is not None and field.is_key)


def join_family(model: type, kinds: Kinds, declared: Mapping[str, object]) -> None:
    """Add the kind of a class to those of its bases, if the class itself declares it.

    Args:
        model: The class.
        kinds: Its kinds, which are those of no derived class yet.
        declared: The namespace of the class body.

    Raises:
        SchemaError: Another class derived from one of the bases has the same kind.
    """
    if declared.get("__kind__") is None and not isinstance(declared.get(kinds.path.name), Field):
        return  # a class that inherits its kind is another view of the same items
    families = [known for base in model.__mro__[1:] if (known := _kinds_of_table(base, model)) is not None]
    families = [known for known in families if known.path == kinds.path]
    for known in families:
        known.check(model, kinds.own)
    for known in families:
        known.add(model, kinds.own)


def _kinds_of_table(base: type, model: type) -> Kinds | None:
    mapper: Any = vars(base).get("__mapper__")
    is_same = table_of(base) == table_of(model)
    return mapper.kinds if mapper is not None and is_same else None


def _find_path(model: type, name: object, fields: Mapping[str, Field[Any]]) -> tuple[Path, Field[Any] | None]:
    """Return where the kind is stored: in the field of that name, or else in the attribute."""
    attributes = {field.path.attribute: field for field in fields.values()}
    try:
        checked = check_name(name)
    except ValidationError as error:
        raise SchemaError(f"{model.__name__}.__kind_field__ must name a field or an attribute: {error}") from error
    field = fields.get(checked, attributes.get(checked))
    return (Path(checked), None) if field is None else (field.path, field)


def _is_constant(field: Field[Any]) -> bool:
    """Return whether every item has the same value in the field."""
    choices = field.choices or ()
    return field.required and len(choices) == 1 and field.has_constant_default


def _as_several(model: type, given: Any) -> tuple[Any, ...]:
    several = tuple(cast("Iterable[Any]", given)) if isinstance(given, (tuple, list)) else (given,)
    if not several or several == (None,):
        refuse(model, "__kind__", f"must be the value that its items are stored with, such as 'order'; got {given!r}")
    return several


def _encode(model: type, field: Field[Any] | None, value: Any) -> AttributeValue:
    """Return what is stored for one value of `__kind__`."""
    stored = value
    if field is not None and value is not None:
        try:
            stored = field.encode(field.validate(value))
        except ValidationError as error:
            raise SchemaError(f"{model.__name__}.__kind__ does not suit its field: {error}") from error
    if stored is not None and (type(stored) not in (str, int, Decimal) or stored == ""):
        refuse(model, "__kind__", f"must be stored as a number or a text that is not empty; got {shorten(value)}")
    return cast("AttributeValue", stored)


def _make_condition(path: Path, values: tuple[AttributeValue, ...]) -> AnyCondition:
    found = Comparison(path, EQ, values[0]) if len(values) == 1 else In(path, values)
    return Or(NotExists(path), found) if None in values else found  # NULL counts as no kind, too


def _name_of(model: type) -> tuple[str, str]:
    return model.__module__, model.__qualname__
