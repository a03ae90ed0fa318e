"""The row that all suites work on: our models of it."""

from __future__ import annotations

from benchmarks.values import key, values
from dynamongo import BooleanField, DateTimeField, DecimalField, DictField, IntField, ListField, Model, StringField

__all__ = ["DeclaredRow", "Row", "key", "values"]


class Row(Model):
    """Nine attributes: two keys, a name, numbers, a boolean, a datetime, a list, and a free map with another in it."""

    __table__ = "rows"
    __hash_key__ = "pk"
    __range_key__ = "sk"
    __billing__ = "on_demand"
    __scans__ = "allow"
    pk = StringField(required=True)
    sk = StringField(required=True)
    name = StringField()
    year = IntField()
    price = DecimalField()
    active = BooleanField()
    created = DateTimeField()
    cities = ListField(StringField)
    meta = DictField()


class DeclaredRow(Row):
    """The same attributes; the members of the maps are declared."""

    meta = DictField(a=DictField(b=IntField(), c=StringField()), score=IntField(), tag=StringField())
