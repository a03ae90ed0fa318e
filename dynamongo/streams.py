"""Records of DynamoDB Streams as changes of models: what an AWS Lambda function gets when items change.

::

    def handler(event, context):
        for change in streams.parse(event, [User, Order]):
            if isinstance(change.new, User) and change.event == "insert":
                welcome(change.new)

`parse` takes events that Lambda receives from DynamoDB Streams or from Kinesis Data Streams for DynamoDB, and what
`get_records` of boto3's client "dynamodbstreams" returns. It makes no request.

Source: "Record" in the DynamoDB Streams API reference, "Using AWS Lambda with Amazon DynamoDB" in the Lambda developer
guide, and "Using Kinesis Data Streams with DynamoDB" in the DynamoDB developer guide.
"""

from __future__ import annotations

import binascii
import datetime as dt
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, Literal, NoReturn, TypeAlias, TypeVar, cast

from dynamongo._support.dataclasses import dataclass
from dynamongo.exceptions import DynamongoError, SchemaError, ValidationError
from dynamongo.expressions.evaluation import holds
from dynamongo.expressions.values import Item, shorten
from dynamongo.expressions.wire_images import read_image
from dynamongo.fields.datetimes import EPOCH, parse_iso
from dynamongo.fields.python_values import decode_map
from dynamongo.operations import StreamView
from dynamongo.operations.table_names import find_arn
from dynamongo.verbs.instance import Instance

__all__ = ["Change", "Event", "StreamRecord", "Unread", "batch_failures", "parse"]

M = TypeVar("M", bound=Instance)

Event: TypeAlias = Literal["insert", "modify", "remove"]
Chooser: TypeAlias = Callable[[dict[str, Any]], "type[Instance] | None"]

_EVENTS: dict[object, Event] = {"INSERT": "insert", "MODIFY": "modify", "REMOVE": "remove"}
_UNITS: dict[object, int] = {"MILLISECOND": 1_000, "MICROSECOND": 1_000_000}


@dataclass(frozen=True, slots=True)
class StreamRecord:
    """What every record of a stream says.

    Attributes:
        event: `"insert"`, `"modify"` or `"remove"`.
        table: The full name of the table.
        keys: The key of the item: by the names of fields, so that it is a strategy for `get_one`; by those of the
            attributes if no model takes the record.
        is_expiry: Whether DynamoDB removed the item because its time to live was over.
        sequence_number: The position of the record in its shard, which `batch_failures` names.
        time: When the item was written, to the second (from Kinesis, to the millisecond or better).
        event_id: The unique identifier of the record.
        view: Which images the stream has; `None` where the record does not say so.
        record: The record as it came.
    """

    event: Event
    table: str
    keys: dict[str, Any]
    is_expiry: bool
    sequence_number: str | None
    time: dt.datetime | None
    event_id: str | None
    view: StreamView | None
    record: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Change(StreamRecord, Generic[M]):
    """A change of an item, as instances of its model.

    Attributes:
        model: The class of the item.
        old: The item before; `None` if there was none, or if the stream does not have old images.
        new: The item after; likewise.
    """

    model: type[M]
    old: M | None
    new: M | None


@dataclass(frozen=True, slots=True)
class Unread(StreamRecord):
    """A record that no model takes, or whose images the model cannot read.

    `old`, `new` and `model` raise the error, so that nobody takes the record for one without an image. A function that
    handles other records all the same asks `isinstance(change, Unread)` first.

    Attributes:
        error: What is wrong.
    """

    error: DynamongoError

    @property
    def model(self) -> NoReturn:
        """Raise the error."""
        raise self.error

    @property
    def old(self) -> NoReturn:
        """Raise the error."""
        raise self.error

    @property
    def new(self) -> NoReturn:
        """Raise the error."""
        raise self.error


def parse(
    event: Mapping[str, Any] | Iterable[Mapping[str, Any]],
    models: type[M] | Iterable[type[M]],
    *,
    choose: Chooser | None = None,
) -> list[Change[M] | Unread]:
    """Return the changes that the records of an event report, one for each record, in their order.

    Guards of unique constraints are no items of a model: their records are left out.

    A record belongs to the models of its table, whose full name has the prefix of the model's connection;
    `User.on_table("users-of-may")` stands for a model on another table. Among several models of one table, `__kind__`
    decides, or the templates of their keys, or `choose`.

    Args:
        event: The event of a Lambda function, the response of `get_records`, or a list of records.
        models: A model, or several.
        choose: A function from the stored attributes of an item (the newer image; for `keys_only`, the key), as Python
            values, to its model; or to `None` if no model takes it.

    Raises:
        ValidationError: It is no such event.
        SchemaError: Several models have the same table, and nothing tells their items apart.

    >>> from dynamongo import Model, StringField
    >>> class User(Model):
    ...     __table__ = "users"
    ...     __hash_key__ = "email"
    ...     email = StringField(required=True)
    >>> image = {"email": {"S": "jane@example.com"}}
    >>> (change,) = parse([{"eventName": "INSERT", "dynamodb": {"Keys": image, "NewImage": image}}], User)
    >>> change.event, change.new
    ('insert', User(email='jane@example.com'))
    """
    known: list[type[M]] = [models] if isinstance(models, type) else list(models)
    for model in known:
        _check_model("models must be a model, or several;", model)
    found = [_read_record(record, known, choose) for record in _list_records(event)]
    return [change for change in found if change is not None]


def batch_failures(changes: Iterable[StreamRecord]) -> dict[str, Any]:
    """Return the response of a Lambda function that reports which records it did not handle; none if all were.

    Lambda repeats the batch from the first of them on, if its event source mapping has `ReportBatchItemFailures`.
    """
    return {"batchItemFailures": [{"itemIdentifier": change.sequence_number} for change in changes]}


def _list_records(event: Any) -> list[Mapping[str, Any]]:
    found: Any = cast("dict[str, Any]", event).get("Records") if isinstance(event, Mapping) else event
    is_several = isinstance(found, Iterable) and not isinstance(found, (str, bytes))
    records: list[Any] = list(cast("Iterable[Any]", found)) if is_several else [found]
    if not all(isinstance(each, Mapping) for each in records) or isinstance(found, Mapping):
        raise ValidationError(
            'an event of DynamoDB Streams is a dict whose "Records" are a list of dicts;'
            f" got {shorten(cast('object', event))}"
        )
    return [_unpack(record) for record in records]


def _unpack(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return the record of DynamoDB in a record of Kinesis; others unchanged."""
    if "kinesis" not in record:
        return record
    try:
        inner: dict[str, Any] = json.loads(binascii.a2b_base64(record["kinesis"]["data"]))
        return {**inner, "SequenceNumber": record["kinesis"]["sequenceNumber"], "isKinesis": True}
    except (KeyError, TypeError, ValueError, RecursionError) as error:
        raise ValidationError(f"not a record of DynamoDB in Kinesis: {shorten(record)}") from error


def _read_record(record: Mapping[str, Any], models: list[type[M]], choose: Chooser | None) -> Change[M] | Unread | None:
    """Return the change that a record reports; `None` for that of a guard of a unique constraint, which is no item."""
    data: Any = record.get("dynamodb")
    if not _is_record(record) or not isinstance(data, Mapping) or "Keys" not in data:
        raise ValidationError(f"not a record of DynamoDB Streams: {shorten(record)}")
    data = cast("Mapping[str, Any]", data)
    table, candidates = _find_models(record, models)
    keys, old, new = (_read_part(data, name) for name in ("Keys", "OldImage", "NewImage"))
    exclusions = [model.__mapper__.guard_exclusion for model in candidates]
    if any(guards is not None and not holds(guards, keys or {}) for guards in exclusions):
        return None
    about: dict[str, Any] = {**_describe(record, data), "table": table, "record": record}
    try:
        if not candidates:
            _refuse_table(table, models, keys or {})
        model = _choose_model(table, candidates, new or old or keys or {}, choose)
        before = None if old is None else _decode(_choose_model(table, candidates, old, choose), old)
        after = None if new is None else _decode(model, new)
        return Change(**about, keys=_decode_keys(model, keys or {}), model=model, old=before, new=after)
    except ValidationError as error:
        return Unread(**about, keys=decode_map(keys or {}), error=error)


def _is_record(record: Mapping[str, Any]) -> bool:
    event, identity, arn = (record.get(name) for name in ("eventName", "userIdentity", "eventSourceARN"))
    has_identity = identity is None or isinstance(identity, Mapping)
    return isinstance(event, str) and event in _EVENTS and has_identity and (arn is None or isinstance(arn, str))


def _read_part(data: Mapping[str, Any], name: str) -> Item | None:
    return read_image(data[name]) if data.get(name) is not None else None


def _describe(record: Mapping[str, Any], data: Mapping[str, Any]) -> dict[str, Any]:
    view = data.get("StreamViewType")
    given: dict[str, object] = record.get("userIdentity") or {}
    identity = {name.lower(): value for name, value in given.items()}  # `get_records` spells it with capitals
    return {
        "event": _EVENTS[record["eventName"]],
        "is_expiry": identity == {"type": "Service", "principalid": "dynamodb.amazonaws.com"},
        "sequence_number": data.get("SequenceNumber", record.get("SequenceNumber")),
        "time": _find_time(record, data),
        "event_id": record.get("eventID"),
        "view": None if view is None else str(view).lower(),
    }


def _find_time(record: Mapping[str, Any], data: Mapping[str, Any]) -> dt.datetime | None:
    time = data.get("ApproximateCreationDateTime")
    if time is None or isinstance(time, dt.datetime):  # as boto3 reads it
        return time
    precision = data.get("ApproximateCreationDateTimePrecision", "MILLISECOND")
    try:
        if isinstance(time, str):  # as the AWS command line prints it
            return parse_iso(time)
        unit = _UNITS[precision] if "isKinesis" in record else 1
        return EPOCH + dt.timedelta(microseconds=round(time * 1_000_000 / unit))
    except (ArithmeticError, KeyError, TypeError, ValueError) as error:
        raise ValidationError(f"not the time of a record: {shorten(time)}, with the precision {precision!r}") from error


def _find_models(record: Mapping[str, Any], models: list[type[M]]) -> tuple[str, list[type[M]]]:
    """Return the name of the record's table, and its models."""
    names = {model.table_name() for model in models}
    arn = record.get("eventSourceARN")
    table: Any = record.get("tableName") if arn is None else arn.partition("/stream/")[0]
    if table is None:  # of `get_records`, whose caller has asked for a stream
        if len(names) != 1:
            raise SchemaError("these records do not name their table: pass models of one table")
        return names.pop(), models
    found = find_arn(table)
    name = table if found is None else found.name
    return name, [model for model in models if model.table_name() in (table, name)]


def _choose_model(table: str, models: list[type[M]], item: Item, choose: Chooser | None) -> type[M]:
    found: Any = _find_by_kind(table, models, item) if choose is None else choose(decode_map(item))
    if found is None:
        reason = "choose() returned None" if choose else _explain_kind(models, item)
        raise ValidationError(f"{_describe_untaken(table, item)}: {reason}")
    _check_model("choose must return a model, or None;", found)
    return cast("type[M]", found)


def _check_model(what: str, given: object) -> None:
    if not (isinstance(given, type) and issubclass(given, Instance)):
        raise SchemaError(f"{what} got {shorten(cast('object', given))}")


def _describe_untaken(table: str, item: Item) -> str:
    return f"no model takes the record of {shorten(decode_map(item))} in the table {table}"


def _refuse_table(table: str, models: list[type[M]], keys: Item) -> NoReturn:
    names = ", ".join(sorted({model.table_name() for model in models}))
    raise ValidationError(f"{_describe_untaken(table, keys)}: the tables of the models are {names}")


def _explain_kind(models: list[type[M]], item: Item) -> str:
    kinds: Any = models[0].__mapper__.kinds  # a model without them takes every item
    kind = kinds.path.attribute
    if kind in item:
        return f"none is of the kind that its {kind} tells"
    return f"it lacks {kind}, which tells the kind: pass a base without __kind__, or choose="


def _find_by_kind(table: str, models: list[type[M]], item: Item) -> type[M] | None:
    """Return the class of the item; `None` if it is of another kind than those of the models."""
    of_kind = {kind for model in models if (kind := model.__mapper__.model_for(item)) is not None}
    # Keys that are made of other fields tell models apart as well.
    found = {model for model in of_kind if (keys := model.__mapper__.key_members) is None or keys.suit(item)} or of_kind
    best = [kind for kind in found if all(issubclass(kind, other) for other in found)]
    if found and not best:
        names = ", ".join(model.__name__ for model in models)
        raise SchemaError(
            f"{names} have the same table, {table}, and nothing tells their items apart: declare __kind__ or other"
            " key templates, or pass choose=, a function from an item to its model"
        )
    return best[0] if best else None


def _decode(model: type[M], image: Item) -> M:
    instance: M = model.__mapper__.decode(image)
    return instance


def _decode_keys(model: type[Instance], stored: Item) -> dict[str, Any]:
    decoded: dict[str, Any] = {}
    for field in model.__mapper__.keys.fields:
        attribute = field.path.attribute
        if attribute not in stored:
            raise ValidationError(f"{field.label} is part of the key, but the table of the record has another key")
        decoded[field.path.name] = field.decode(stored[attribute])
    return decoded
