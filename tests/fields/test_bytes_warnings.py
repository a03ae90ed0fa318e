"""`python -bb` turns comparisons of str with bytes into errors; fields make none."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import enum
from dynamongo.expressions.conditions import Path
from dynamongo.exceptions import SchemaError, ValidationError
from dynamongo.fields import *

Colour = enum.Enum("Colour", {"red": "red", "blue": "blue"})

def refuses(call, error=ValidationError):
    try:
        call()
    except error:
        return
    raise AssertionError("nothing was refused")

fields = [
    StringField(choices=["red"]), EmailField(), URLField(), UUIDField(), IPAddressField(), EnumField(Colour),
    EnumField(Colour, by_name=True), DateTimeField("%Y"), DateField("%Y"), JSONField(choices=["red"]), IntField(),
    FloatField(), DecimalField(), BooleanField(), TimedeltaField(), TimestampField(), Field(choices=["red"]),
    ListField(StringField, choices=[["red"]]), SetField(StringField, choices=[["red"]]), DictField(red=StringField()),
]
for field in fields:
    bound = field.bind("User", Path("red"))
    bound.check_declaration()
    for value in (b"red", [b"red"], {b"red": b"red"}, {b"red"}, ["red", b"red"]):
        refuses(lambda: bound.validate(value))
    if field.stored_type == "S":
        bound.is_key = True
        refuses(lambda: bound.decode(b"red"))
refuses(lambda: BinaryField(choices=[b"red"]).validate("red"))
refuses(lambda: Field().bind("User", Path("red")).add_to_set(["red", b"red"]))
refuses(lambda: TimedeltaField(b"days"), SchemaError)
refuses(lambda: DateTimeField(tzd=b"allow"), SchemaError)
"""


def test_no_field_compares_str_with_bytes() -> None:
    ran = subprocess.run([sys.executable, "-bb", "-c", PROGRAM], capture_output=True, text=True, check=False)
    assert (ran.returncode, ran.stderr) == (0, "")
