"""Values that come first in a condition, sizes beside sizes, and what no condition can say."""

from __future__ import annotations

import datetime as dt
import enum
import itertools
import operator
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest

from dynamongo import (
    BinaryField,
    Connection,
    DateTimeField,
    DictField,
    EnumField,
    ExpressionError,
    Field,
    GlobalIndex,
    IntField,
    ListField,
    Model,
    SetField,
    StringField,
    TimestampField,
    ValidationError,
    if_not_exists,
    list_append,
    literal,
)
from dynamongo.backends.memory import MemoryBackend
from dynamongo.expressions.conditions import (
    EQ,
    GE,
    GT,
    LE,
    And,
    AnyCondition,
    BeginsWith,
    Between,
    Comparison,
    Contains,
    In,
    Or,
    Path,
    Size,
)
from dynamongo.operations import Get, Query, Scan


class Color(enum.Enum):
    RED = "r"
    GREEN = "g"


class Job(Model):
    __table__ = "jobs"
    __hash_key__ = "owner"
    __range_key__ = "starts"
    __billing__ = "on_demand"
    owner = StringField(required=True)
    starts = DateTimeField(required=True)
    ends = DateTimeField()
    by_state = GlobalIndex(hash_key="state", range_key="prefix")
    at = TimestampField()
    prefix = StringField(max_length=9)
    mark = BinaryField()
    state = StringField()
    color = EnumField(Color)
    low = IntField(min_value=0)
    high = IntField()
    padded = IntField(format="text", width=4)
    tags = ListField(StringField)
    more = ListField(StringField)
    groups = SetField(StringField)
    counts = ListField(IntField)
    place = DictField(street=StringField(), floor=IntField())
    free = Field()


NOON = dt.datetime(2024, 5, 1, 12, tzinfo=dt.timezone.utc)
LOW, HIGH, PREFIX, STATE = Path("low"), Path("high"), Path("prefix"), Path("state")
TAGS, GROUPS = Size(Path("tags")), Size(Path("groups"))


@pytest.fixture(params=["memory", "dynamodb"])
def job(request: pytest.FixtureRequest) -> Iterator[Job]:
    backend = MemoryBackend() if request.param == "memory" else request.getfixturevalue("dynamodb_backend")
    with Connection.using(backend, table_prefix=f"literals-{id(request)}-"):
        Job.create_table()
        hour = dt.timedelta(hours=1)
        values: dict[str, Any] = {"low": 2, "high": 7, "padded": 42, "prefix": "/a/", "mark": b"\x01", "state": "on"}
        yield Job(
            owner="jo", starts=NOON - hour, ends=NOON + hour, at=NOON, color=Color.RED,
            tags=["x", "y"], more=["z"], groups={"on", "off"}, counts=[1, 2], place={"street": "one", "floor": 3},
            **values,
        ).save()  # fmt: skip
        Job.delete_table()


NODES: dict[str, tuple[AnyCondition, AnyCondition]] = {
    "less": (literal(3) < Job.low, Comparison(LOW, GT, 3)),
    "equal": (literal(3) == Job.low, Comparison(LOW, EQ, 3)),
    "field first": (Job.low >= literal(3), Comparison(LOW, GE, 3)),
    "two values": (literal(3) >= literal(2), Comparison(3, GE, 2)),
    "size of a field": (literal(3) <= Job.tags.size(), Comparison(TAGS, GE, 3)),
    "two sizes": (Job.tags.size() > Job.groups.size(), Comparison(TAGS, GT, GROUPS)),
    "size and field": (Job.tags.size() == Job.low, Comparison(TAGS, EQ, LOW)),
    "field and size": (Job.low == Job.tags.size(), Comparison(LOW, EQ, TAGS)),
    "size of a value": (Job.tags.size() == literal("abc").size(), Comparison(TAGS, EQ, 3)),
    "between fields": (literal(3).between(Job.low, Job.high), And(Comparison(LOW, LE, 3), Comparison(HIGH, GE, 3))),
    "between field and value": (literal(3).between(1, Job.high), And(Comparison(3, GE, 1), Comparison(HIGH, GE, 3))),
    "between values": (literal(3).between(1, 4), Between(3, 1, 4)),
    "between sizes": (Job.low.between(Job.tags.size(), Job.groups.size()), Between(LOW, TAGS, GROUPS)),
    "size between": (Job.tags.size().between(Job.low, literal(4)), Between(TAGS, LOW, 4)),
    "in fields": (literal(3).in_([Job.low, Job.high, 4]), In(3, (LOW, HIGH, 4))),
    "in several forms": (
        literal(3).in_([Job.low, Job.padded]),
        Or(Comparison(LOW, EQ, 3), Comparison(Path("padded"), EQ, "0003")),
    ),
    "in nothing": (literal(3).in_([]), In(3, ())),
    "in sizes": (Job.low.in_([Job.tags.size(), literal(2)]), In(LOW, (TAGS, 2))),
    "begins with": (literal("/a/b").begins_with(Job.prefix), BeginsWith("/a/b", PREFIX)),
    "begins with, longer than the field": (literal("/" * 99).begins_with(Job.prefix), BeginsWith("/" * 99, PREFIX)),
    "contains a text": (literal("on and off").contains(Job.state), Contains("on and off", STATE)),
    "contains an element": (literal({"on"}).contains(Job.state), Contains(["on"], STATE)),
    "contains an enum": (literal([Color.RED]).contains(Job.color), Contains(["r"], Path("color"))),
    "contains a size": (literal([1, 2]).contains(Job.tags.size()), Contains([1, 2], TAGS)),
    "field contains field": (Job.tags.contains(Job.state), Contains(Path("tags"), STATE)),
    "field contains element": (Job.tags.contains(Job.more[0]), Contains(Path("tags"), Path("more", 0))),
    "field begins with element": (Job.state.begins_with(Job.tags[1]), BeginsWith(STATE, Path("tags", 1))),
    "field contains literal": (Job.tags.contains(literal("x")), Contains(Path("tags"), "x")),
}


@pytest.mark.parametrize(("built", "node"), NODES.values(), ids=list(NODES))
def test_literal_is_encoded_as_the_field_beside_it_stores_it(built: AnyCondition, node: AnyCondition) -> None:
    assert built == node


HOLDING: dict[str, Callable[[], AnyCondition]] = {
    "between": lambda: literal(NOON).between(Job.starts, Job.ends),
    "of another kind": lambda: literal(NOON).in_([Job.starts, Job.at]),
    "begins with": lambda: literal("/a/b").begins_with(Job.prefix),
    "begins with, as bytes": lambda: literal(b"\x01\x02").begins_with(Job.mark),
    "not in the list": lambda: ~literal(["off"]).contains(Job.state),
    "in the long list": lambda: literal([*map(str, range(500)), "on"]).contains(Job.state),
    "sizes": lambda: Job.tags.size() == Job.groups.size(),
    "member": lambda: Job.groups.contains(Job.state),
    "size in the list": lambda: literal([2, 3]).contains(Job.tags.size()),
    "two values": lambda: literal(3).between(1, 4) & (literal("a") != "b"),
    "field of any type": lambda: ~(literal("x") == Job.free),
}


@pytest.mark.parametrize("condition", HOLDING.values(), ids=list(HOLDING))
def test_item_is_found_written_and_matched(job: Job, condition: Callable[[], AnyCondition]) -> None:
    wanted = condition()
    assert wanted.matches(job)
    assert wanted.explain(job).holds
    assert Job.get_many((Job.owner == "jo") & wanted) == [job]
    assert Job.get_many(~wanted & (Job.owner == "jo")) == []
    assert Job.find(wanted, scans="allow").all() == [job]
    assert job.update(Job.high.set(8), condition=wanted).high == 8


@pytest.mark.parametrize(
    "mistake",
    [
        lambda: literal(None),
        lambda: literal(Job.low),
        lambda: literal(-1) == Job.low,
        lambda: literal("x") == Job.low,
        lambda: literal([Color.RED, "blue"]).contains(Job.color),
        lambda: literal(5).contains(Job.low),
        lambda: literal(5).begins_with(Job.prefix),
        lambda: literal([Job.low]).contains(Job.high),
        lambda: literal("5").contains(Job.low),
        lambda: literal("5").begins_with(Job.tags.size()),
        lambda: literal(5).size(),
        lambda: literal("abc").in_(cast("Any", "abc")),
        lambda: literal("x") > Job.tags.size(),
        lambda: Job.low.set(cast("Any", Job.tags.size())),
    ],
)
def test_what_no_condition_can_say_is_refused(mistake: Callable[[], Any]) -> None:
    with pytest.raises((ExpressionError, ValidationError)):
        mistake()


@pytest.mark.parametrize(
    "mistake",
    [
        lambda: literal(5) == Job.low + 1,
        lambda: Job.low + 1 == 5,
        lambda: Job.low > cast("Any", Job.high - 1),
        lambda: Job.tags.size() == Job.low + 1,
        lambda: literal(5).in_([Job.low + 1]),
        lambda: literal([5]).contains(Job.low + 1),
        lambda: Job.low.between(1, cast("Any", Job.high - 1)),
        lambda: Job.low.in_([cast("Any", Job.high - 1)]),
    ],
)
def test_condition_that_would_compute_says_what_to_do(mistake: Callable[[], Any]) -> None:
    with pytest.raises(ExpressionError, match=r"cannot compute, .* only in updates: compute with the values"):
        mistake()


def test_literal_plans_a_key() -> None:
    key = (literal("jo") == Job.owner) & (literal(NOON) == Job.starts)
    assert [type(each) for each in Job.explain(key).operations] == [Get]
    plan = Job.explain((Job.owner == "jo") & literal(NOON).between(Job.starts, Job.ends))
    (query,) = plan.operations
    assert isinstance(query, Query)
    assert query.key_condition.parts[1] == (Job.starts <= NOON)
    assert query.filter == (Job.ends >= NOON)


def test_index_that_may_lack_an_item_is_not_read() -> None:
    sure = Job.explain((Job.state == "on") & (literal("/a/b").begins_with(Job.prefix)))
    assert [type(each) for each in sure.operations] == [Query]
    unsure = Job.explain((Job.state == "on") & literal("/a/").in_([Job.prefix, Job.owner]))
    assert [type(each) for each in unsure.operations] == [Scan]
    assert any("items without `prefix` are not in it" in each.reason for each in unsure.rejected)


def test_literals_in_updates(job: Job) -> None:
    job.update(
        Job.low.set(literal(5)),
        Job.high.set(literal(10) - Job.low),
        Job.prefix.set(if_not_exists(Job.prefix, literal("p"))),
        Job.tags.set(list_append(literal(["w"]), list_append(Job.tags, Job.more))),
        Job.padded.set_if_not_exists(literal(1)),
    )
    assert (job.low, job.high, job.prefix, job.tags, job.padded) == (5, 8, "/a/", ["w", "x", "y", "z"], 42)


def _operands() -> dict[str, Callable[[], Any]]:
    """What can be in each place of a condition: of numbers, of texts and of lists."""
    return {
        "field": lambda: Job.low,
        "nested": lambda: Job.place.floor,
        "element": lambda: Job.counts[1],
        "size": Job.tags.size,
        "number": lambda: literal(2),
        "text field": lambda: Job.state,
        "text member": lambda: Job.place.street,
        "text element": lambda: Job.tags[0],
        "text": lambda: literal("on"),
        "list": lambda: Job.tags,
        "list of texts": lambda: literal(["x", "on"]),
    }


FORMS: dict[str, Callable[[Any, Any], Any]] = {
    **{name: getattr(operator, name) for name in ("eq", "ne", "lt", "le", "gt", "ge")},
    "contains": lambda one, other: one.contains(other),
    "begins_with": lambda one, other: one.begins_with(other),
    "in": lambda one, other: one.in_([other, literal(7)]),
    "between": lambda one, other: one.between(other, literal(3)),
    "between, other way round": lambda one, other: one.between(literal(1), other),
    "exists": lambda one, other: one.exists() & other.not_exists(),
    "type": lambda one, other: one.attribute_type("S") | other.attribute_type("N"),
}


def test_every_operand_in_every_place_means_the_same_everywhere(job: Job) -> None:
    built = 0
    for (name, form), first, second in itertools.product(FORMS.items(), _operands().values(), _operands().values()):
        try:
            condition = form(first(), second())
        except (AttributeError, ExpressionError, ValidationError):
            continue  # what the types of the fields rule out
        built += 1
        found = bool(Job.get_many((Job.owner == "jo") & condition))
        assert found == condition.matches(job), (name, str(condition))
    assert built > 550
