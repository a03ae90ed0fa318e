"""PynamoDB: it reads only datetimes that it wrote, so that this one is text."""

import sys

from pynamodb.attributes import BooleanAttribute, ListAttribute, MapAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.models import Model


class Row(Model):
    """The row, with a free map."""

    class Meta:
        """Where the table is."""

        table_name = "rows"
        host = sys.argv[2]

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    name = UnicodeAttribute()
    year = NumberAttribute()
    price = NumberAttribute()
    active = BooleanAttribute()
    created = UnicodeAttribute()
    cities = ListAttribute(of=UnicodeAttribute)
    meta = MapAttribute()


assert Row.get("p00000", "s0000001").name == "John 1"
print("PynamoDB", flush=True)
sys.stdin.read()
