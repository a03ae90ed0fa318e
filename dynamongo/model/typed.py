"""`TypedModel`: models whose constructors type checkers know."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from dynamongo.mapping.typed_fields import TypedFields
from dynamongo.model.model import Model
from dynamongo.planning.strategy_types import K


class TypedModel(TypedFields, Model[K]):
    """A `Model` whose annotations tell type checkers which arguments its constructor takes.

    The rule is that of dataclasses: each annotated field is an argument, by its name. With `default=` it may be left
    out, with `default=None` as well, and so may a list or set with a value in the body; any other has to be given,
    even if it may be `None`. A `default` does not exclude `None`: `IntField(required=True, default=1)` does.

    - `email: EmailField[str]`, without a value, is short for `EmailField(required=True)`;
      `year: IntField[int | None]` for `IntField()`; `cities: ListField[str]` for `ListField(StringField)`;
      `colour: EnumField[Colour]` for `EnumField(Colour, required=True)`; `home: DocumentField[Address]` for
      `DocumentField(Address, required=True)`.
    - What the library sets is no argument: `ClassVar` says so, as in `slug: ClassVar = StringField(computed=...)`.
      That is for computed fields, keys with templates, and times with `auto=`.
    - A `VersionField` and indexes are not annotated.

    At run time it is a model like any other: the constructor takes every field, and `required` is checked when the
    instance is saved.

    An annotation that contradicts its value raises `SchemaError`, as does one that is not that of a field. What an
    annotation without a value names has to exist at run time, not under `if TYPE_CHECKING` alone.

    >>> from dynamongo import Connection, EmailField, IntField, StringField
    >>> from dynamongo.backends.memory import MemoryBackend
    >>> class User(TypedModel[str]):
    ...     __table__ = "users"
    ...     __hash_key__ = "email"
    ...     email: EmailField[str]
    ...     name: StringField[str] = StringField(required=True, max_length=80)
    ...     year: IntField[int | None] = IntField(default=None)
    >>> with Connection.using(MemoryBackend()):
    ...     User.create_table()
    ...     User(email="jane@example.com", name="Jane").save()
    ...     User.get_one("jane@example.com").year
    User(email='jane@example.com', name='Jane')
    """

    __abstract__ = True

    if TYPE_CHECKING:  # of any such model; each has a constructor of its own

        def __init__(self, /, **values: Any) -> None: ...
