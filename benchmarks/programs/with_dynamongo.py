"""dynamongo: `get URL session` passes a session of boto3's."""

import sys
import time
from typing import Any

from dynamongo import (
    BooleanField,
    Connection,
    DateTimeField,
    DecimalField,
    DictField,
    IntField,
    ListField,
    Model,
    StringField,
)


def make_row(connection: Connection) -> Any:
    """Declare the row, with a free map."""

    class Row(Model):
        __table__ = "rows"
        __hash_key__ = "pk"
        __range_key__ = "sk"
        __connection__ = connection
        pk = StringField(required=True)
        sk = StringField(required=True)
        name = StringField()
        year = IntField()
        price = DecimalField()
        active = BooleanField()
        created = DateTimeField()
        cities = ListField(StringField)
        meta = DictField()

    return Row


def get(url: str, *, with_session: bool) -> None:
    """Get a row, and print how the request was sent."""
    if with_session:
        import boto3  # noqa: PLC0415 - the other programs of dynamongo do without

        connection = Connection(endpoint_url=url, session=boto3.Session())
    else:
        connection = Connection(endpoint_url=url)
    assert make_row(connection).get_one(("p00000", "s0000001")).name == "John 1"
    backend: Any = connection.backend
    print(backend.describe_transport(), flush=True)
    sys.stdin.read()


def test() -> None:
    """Run the first test."""
    from benchmarks.values import TEN  # noqa: PLC0415 - only tests have the path
    from dynamongo.backends.memory import MemoryBackend  # noqa: PLC0415 - only tests import it

    started = time.process_time()
    row = make_row(Connection(backend=MemoryBackend()))
    row.create_table()
    for given in TEN:
        row.save_one(row(**given))
    for given in TEN:
        row.get_one((given["pk"], given["sk"]))
    print((time.process_time() - started) * 1e3)


if sys.argv[1] == "get":
    get(sys.argv[2], with_session="session" in sys.argv)
else:
    test()
