"""Codec: from a model to a request's JSON, and back."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator

from benchmarks.rows import Row, is_installed, pydynox_row, pynamodb_row, pynamodb_values, values
from benchmarks.timing import OURS, Curve, Effort, Measurement, Side, compare, repeat
from dynamongo.backends.dynamodb_json import decode_item, render_item

GIVEN, PYNAMODB_GIVEN = values(17), pynamodb_values(17)


def run(effort: Effort) -> Iterator[Measurement | Curve]:
    """Encode and decode one row."""
    row, mapper = Row(**GIVEN), Row.__mapper__
    wire = json.loads(render_item(mapper.encode(row)))
    assert mapper.decode(decode_item(wire)) == row
    encode = [Side(OURS, repeat(lambda: render_item(mapper.encode(row))))]
    decode = [Side(OURS, repeat(lambda: mapper.decode(decode_item(wire))))]
    construct = [Side(OURS, repeat(lambda: Row(**GIVEN)))]
    if is_installed("pynamodb"):
        pynamodb = pynamodb_row()
        theirs = pynamodb(**PYNAMODB_GIVEN)
        stored = theirs.serialize()
        assert pynamodb.from_raw_data(stored).name == row.name
        encode.append(Side("PynamoDB", repeat(theirs.serialize)))
        decode.append(Side("PynamoDB", repeat(lambda: pynamodb.from_raw_data(stored))))
        construct.append(Side("PynamoDB", repeat(lambda: pynamodb(**PYNAMODB_GIVEN))))
    if is_installed("pydynox"):
        core = importlib.import_module("pydynox.pydynox_core")
        pydynox = pydynox_row()
        other = pydynox(**PYNAMODB_GIVEN)
        sent = core.item_to_dynamo(other.to_dict())
        assert pydynox.from_dict(core.item_from_dynamo(sent)).name == row.name
        encode.append(Side("pydynox", repeat(lambda: core.item_to_dynamo(other.to_dict()))))
        decode.append(Side("pydynox", repeat(lambda: pydynox.from_dict(core.item_from_dynamo(sent)))))
        construct.append(Side("pydynox", repeat(lambda: pydynox(**PYNAMODB_GIVEN))))
    types = importlib.import_module("boto3.dynamodb.types")
    dump, load = types.TypeSerializer().serialize, types.TypeDeserializer().deserialize
    item = mapper.encode(row)
    encode.append(Side("boto3", repeat(lambda: {name: dump(value) for name, value in item.items()})))
    decode.append(Side("boto3", repeat(lambda: {name: load(value) for name, value in wire.items()})))
    yield compare("encode: model to wire", encode, effort, {"PynamoDB": 0.25, "pydynox": 0.60})
    yield compare("decode: wire to model", decode, effort, {"PynamoDB": 0.18, "pydynox": 0.25})
    yield compare("construct", construct, effort)
