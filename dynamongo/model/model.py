"""`Model`: the class that users derive from.

Its verbs are defined in three classes by theme: reading, writing, and the table. A verb prepares a call (an operation
or executor steps), `perform` executes it on the model's connection, and the call turns the result into instances.
`__mapper__` knows everything about the class.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from dynamongo._support.lazy_imports import LazyModule
from dynamongo.aio.facet import AsyncFacet, guard_facet
from dynamongo.exceptions import ValidationError
from dynamongo.expressions.conditions import Condition
from dynamongo.mapping.records import set_record
from dynamongo.model.instance_verbs import InstanceVerbs
from dynamongo.model.many_verbs import ManyVerbs
from dynamongo.model.read_verbs import ReadVerbs
from dynamongo.model.table_verbs import TableVerbs
from dynamongo.model.write_verbs import WriteVerbs
from dynamongo.planning.strategy_types import K

if TYPE_CHECKING:
    from dynamongo.aio.facet import facet_of
    from dynamongo.mapping.problems import given as given_problems
    from dynamongo.model import result_set
    from dynamongo.model.result_set import ResultSet
    from dynamongo.verbs import across
    from dynamongo.verbs.across import AcrossArguments
    from dynamongo.verbs.instance import Instance
else:  # few programs need one of these
    across = LazyModule("dynamongo.verbs.across")
    result_set = LazyModule("dynamongo.model.result_set")
    given_problems = LazyModule("dynamongo.mapping.problems.given")

_VERBS = (
    name
    for base in (ReadVerbs, WriteVerbs, ManyVerbs, InstanceVerbs, TableVerbs)
    for name in vars(base)
    if not name.startswith("_")
)
_GUARDED = frozenset(["aio", *_VERBS])
"""What the awaited verbs of a model depend on: the facet, and which of its verbs the model overrides."""


class Model(ReadVerbs[K], InstanceVerbs[K], ManyVerbs[K], TableVerbs):
    """Base of all models, which describe a table and its items.

    A model sets these attributes, and declares a field for at least each key:

    - `__table__`: the table's name, to which the connection adds its prefix; or an ARN, or a callable that returns one
      of these for each request (`on_table` and `on` are for other tables of the model);
    - `__hash_key__` and, if the table has one, `__range_key__`: names of fields (AWS also calls them partition key
      and sort key);
    - `__read_units__`, `__write_units__`: what `create_table` provisions, in capacity units per second (8 each by
      default);
    - `__billing__`: `"provisioned"` (the default of `create_table`), or `"on_demand"`, which needs no units;
    - `__ttl__`: the name of a field with the second at which an item expires, such as a `TimestampField`, or `None`
      for none; if it is not set, `update_table` keeps the table's setting, as it does with billing and units;
    - `__tags__` and `__stream__`: the tags and the stream that `create_table` requests;
    - `__table_class__` (`"standard"` or `"infrequent_access"`), `__encryption__` (`"aws_owned"`, `"aws_managed"`, or
      the id or ARN of a key of AWS KMS), `__point_in_time_recovery__` (`True`, `False`, or 1 to 35 days) and
      `__deletion_protection__`: settings of the table; one that is `None` or not set stays as it is in the table;
    - `__scans__`: the scan policy, instead of the connection's;
    - `__connection__`: a `Connection`, instead of the default one;
    - `__kind__` and `__kind_field__`: which of the items in the table are its own, where others are there as well: the
      value (or a tuple of values) that these have in that field or attribute, `"kind"` by default;
    - `__abstract__ = True`: the class is a base for models, and has no table.

    Options can be assigned later, and take effect at once, for derived models too. Keys, fields and indexes are fixed:
    assigning one raises `SchemaError`.

    An instance is built from keyword arguments. Values are validated at once, as are assignments; `required` is checked
    when the instance is saved, so that an instance with only its key can say which item is meant. `None` stands for an
    attribute that the item does not have.

    >>> from dynamongo import Connection, EmailField, IntField
    >>> from dynamongo.backends.memory import MemoryBackend
    >>> class User(Model):
    ...     __table__ = "users"
    ...     __hash_key__ = "email"
    ...     email = EmailField(required=True)
    ...     year_of_birth = IntField(min_value=1900)
    >>> with Connection.using(MemoryBackend()):
    ...     User.create_table()
    ...     saved = User.save_one({"email": "jane@example.com", "year_of_birth": 1990})
    ...     User.get_one((User.email == "jane@example.com") & (User.year_of_birth < 2000))
    User(email='jane@example.com', year_of_birth=1990)
    """

    __abstract__ = True

    if TYPE_CHECKING:

        @facet_of
        def aio(self) -> K:
            """Await the verbs: `await User.aio.get_one(...)`, `await user.aio.save()`."""
            ...

    else:
        aio = AsyncFacet()

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        bases = cls.__mro__[: cls.__mro__.index(Model)]
        if changed := _GUARDED.intersection(itertools.chain.from_iterable(map(vars, bases))):
            guard_facet(cls, changed)

    def __init__(self, /, **values: Any) -> None:
        mapper = type(self).__mapper__
        try:
            held = mapper.codec.build(values)
        except ValidationError as error:  # of the first wrong value
            raise given_problems.explain_given(mapper, values, error) from error.__cause__
        if held is None:
            given_problems.refuse_unknown(mapper, values)
        else:
            mapper.codec.fill(self, held)
        set_record(self, None)

    @classmethod
    def __find_across__(
        cls, models: Sequence[type[Instance]], condition: Condition | None, arguments: AcrossArguments
    ) -> ResultSet[Any]:
        """Return what `Connection.find_across` returns; the model is the first of those that it takes."""
        return across.prepare_across(result_set.ResultSet, models, condition, arguments)
