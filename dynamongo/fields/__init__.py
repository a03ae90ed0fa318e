"""The kinds of field that a model may declare."""

from __future__ import annotations

from typing import TYPE_CHECKING

from dynamongo._support.lazy_imports import make_getattr
from dynamongo.fields.base import Field
from dynamongo.fields.containers import ListField, SetField
from dynamongo.fields.ip_addresses import IPAddressField
from dynamongo.fields.json import JSONField
from dynamongo.fields.maps import DictField
from dynamongo.fields.numeric import DecimalField, FloatField, IntField
from dynamongo.fields.simple import BinaryField, BooleanField, UUIDField
from dynamongo.fields.temporal import DateTimeField
from dynamongo.fields.text import EmailField, StringField
from dynamongo.fields.url import URLField
from dynamongo.fields.version import VersionField

if TYPE_CHECKING:
    from dynamongo.fields.dates import DateField
    from dynamongo.fields.documents import DocumentField
    from dynamongo.fields.durations import TimedeltaField, TimestampField
    from dynamongo.fields.enumeration import EnumField
else:  # few models have any of these
    __getattr__ = make_getattr(
        __name__,
        {
            "dynamongo.fields.dates": ("DateField",),
            "dynamongo.fields.documents": ("DocumentField",),
            "dynamongo.fields.durations": ("TimedeltaField", "TimestampField"),
            "dynamongo.fields.enumeration": ("EnumField",),
        },
    )

__all__ = [
    "BinaryField",
    "BooleanField",
    "DateField",
    "DateTimeField",
    "DecimalField",
    "DictField",
    "DocumentField",
    "EmailField",
    "EnumField",
    "Field",
    "FloatField",
    "IPAddressField",
    "IntField",
    "JSONField",
    "ListField",
    "SetField",
    "StringField",
    "TimedeltaField",
    "TimestampField",
    "URLField",
    "UUIDField",
    "VersionField",
]
