"""Iterations that are left and gone on with, on the backend that they began on, and how their work grows."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
from colours import blocking_only

from dynamongo import (
    BudgetExceeded,
    Connection,
    CredentialsError,
    CursorError,
    ExpressionError,
    GlobalIndex,
    IntField,
    LocalIndex,
    Model,
    ResultSet,
    StringField,
)
from dynamongo.backends import Backend, Limits
from dynamongo.backends.memory import MemoryBackend
from dynamongo.expressions.conditions import And

pytestmark = pytest.mark.usefixtures("colour")


class Post(Model):
    __table__ = "posts"
    __hash_key__ = "blog"
    __range_key__ = "day"
    blog = StringField(required=True)
    day = IntField(required=True)
    mark = IntField(required=True)
    author = StringField(required=True)
    by_author = GlobalIndex(hash_key=author, range_key=mark)
    by_mark = LocalIndex(range_key=mark)


A: Any = Post.blog == "a"
ALL = [{"blog": blog, "day": day, "mark": day % 3, "author": "xy"[day % 2]} for blog in "ab" for day in range(12)]


@pytest.fixture(params=["memory", "dynamodb"])
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    made: Backend = MemoryBackend()
    if request.param == "dynamodb":
        made = request.getfixturevalue("dynamodb_backend")
    with Connection.using(made):
        Post.create_table()
        Post.save_many(ALL)
        yield made
        Post.delete_table()


READS: dict[str, dict[str, Any]] = {
    "a query": {"strategy": A},
    "descending": {"strategy": A, "descending": True},
    "pages": {"strategy": A, "page_size": 5},
    "a filter": {"strategy": A & (Post.mark == 1), "page_size": 2},
    "a residual": {"strategy": A & ~(Post.day == 5), "page_size": 4},
    "an index with ties": {"strategy": Post.author == "x", "page_size": 4},
    "an index with ties, descending": {"strategy": Post.author == "x", "descending": True, "page_size": 4},
    "a local index": {"strategy": A & (Post.mark >= 1), "index": Post.by_mark, "page_size": 3},
    "several queries": {"strategy": Post.blog.in_(["b", "a", "nobody"]), "page_size": 5},
    "several queries, descending": {"strategy": Post.blog.in_(["a", "b"]), "descending": True, "page_size": 5},
    "keys": {"strategy": [("b", 3), ("a", 11), ("a", 99), ("a", 0), ("b", 1)]},
    "keys with checks": {"strategy": [("b", 3), A & (Post.day == 1) & (Post.mark == 1), A & (Post.day == 2)]},
    "a scan": {"strategy": None, "scans": "allow", "page_size": 7},
    "a scan with a filter": {"strategy": Post.mark == 2, "scans": "allow", "page_size": 3},
    "a projection": {"strategy": A, "projection": [Post.author], "page_size": 5},
    "a key": {"strategy": ("a", 1)},
}


def identity(post: Post) -> tuple[str, int]:
    return post.blog, post.day


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize("name", READS)
@pytest.mark.parametrize("limit", [None, 3])
def test_iteration_that_is_left_anywhere_continues_after_its_last_item(name: str, limit: int | None) -> None:
    read = READS[name]
    whole = [identity(post) for post in Post.find(**read)]
    first = whole if limit is None else whole[:limit]
    for taken in range(1, len(first) + 1):
        found = Post.find(**read, limit=limit)
        assert [identity(post) for post in itertools.islice(found, taken)] == whole[:taken]
        rest: Iterable[Post] = [] if found.cursor is None else Post.find(**read, cursor=found.cursor)
        assert [identity(post) for post in rest] == whole[taken:]


@blocking_only
def test_repr_names_the_model() -> None:
    assert repr(Post.find(A)) == "<ResultSet of Post, which is read when it is iterated over>"


@pytest.mark.usefixtures("backend")
def test_cursor_is_known_inside_the_loop() -> None:
    found = Post.find(A, page_size=5)
    cursors = [found.cursor for _ in found]
    following = [len(list(Post.find(A, page_size=5, cursor=cursor))) for cursor in cursors[:-1]]
    assert following == list(range(11, 0, -1))
    assert cursors[-1] is found.cursor is None


@pytest.mark.usefixtures("backend")
def test_cursor_before_the_first_item_is_where_the_read_begins() -> None:
    assert Post.find(A).cursor is None
    cursor = Post.find(A, limit=5).page().cursor
    assert Post.find(A, cursor=cursor).cursor == cursor


@pytest.mark.usefixtures("backend")
def test_read_of_keys_continues_inside_a_chunk() -> None:
    keys = [("a" if number % 2 else "b", number // 2) for number in range(24)]
    found = Post.find([*keys, *(("c", number) for number in range(120))])
    taken = [identity(post) for post in itertools.islice(found, 10)]
    rest = Post.find([*keys, *(("c", number) for number in range(120))], cursor=found.cursor)
    assert taken + [identity(post) for post in rest] == keys


@pytest.mark.usefixtures("backend")
def test_segments_have_no_cursor() -> None:
    found = Post.find(segments=2, scans="allow")
    next(iter(found))
    with pytest.raises(CursorError, match="segments"):
        _ = found.cursor
    assert len(list(found)) == 24
    assert found.cursor is None
    with pytest.raises(CursorError, match="segments"):
        Post.find(segments=2, scans="allow", limit=3).page()


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize(
    ("strategy", "what"),
    [(None, "a scan"), (Post.mark == 1, "a scan"), ([("a", 1), ("a", 2)], "a read of several keys")],
)
def test_order_that_cannot_be_kept_is_refused(strategy: Any, what: str) -> None:
    for read in (list, ResultSet.all, ResultSet.first, ResultSet.page, ResultSet.explain, lambda it: list(it.pages())):
        with pytest.raises(ExpressionError, match=f"descending=True needs an order, and {what} has none"):
            read(Post.find(strategy, descending=True, scans="allow"))
    days = [identity(post) for post in Post.get_many(strategy, descending=True, scans="allow")]
    assert days == sorted(days, reverse=True)
    assert Post.explain(strategy, descending=True).descending


def test_order_of_one_item_or_none_is_kept() -> None:
    with Connection.using(MemoryBackend()):
        Post.create_table()
        assert list(Post.find(("a", 1), descending=True)) == []
        assert list(Post.find(Post.blog.in_([]), descending=True)) == []


# Which backend.


def filled(blog: str) -> MemoryBackend:
    backend = MemoryBackend()
    with Connection.using(backend):
        Post.create_table()
        Post.save_many([{"blog": blog, "day": day, "mark": 0, "author": blog} for day in range(4)])
    return backend


LAZY: dict[str, Callable[[ResultSet[Post]], Iterator[Post]]] = {
    "an iteration": iter,
    "all": lambda found: iter(found.all()),
    "pages": lambda found: (post for page in found.pages() for post in page.items),
    "a page": lambda found: iter(found.page().items),
    "targets": lambda found: iter(found.targets()[1]),
}


@pytest.mark.parametrize("name", LAZY)
@pytest.mark.parametrize("segments", [None, 2])
def test_lazy_read_belongs_to_the_backend_it_was_made_on(name: str, segments: int | None) -> None:
    with Connection.using(filled("old")):
        found = Post.find(scans="allow", page_size=1, segments=segments)
    with Connection.using(filled("new")):
        assert {post.blog for post in LAZY[name](found)} == {"old"}
        assert found.count() == 4


def test_writes_of_a_lazy_read_go_where_it_reads() -> None:
    old, new = filled("same"), filled("same")
    with Connection.using(old):
        found = Post.find(Post.blog == "same")
    with Connection.using(new):
        assert found.update(Post.author.set("z")).success_count == 4
        assert {post.author for post in Post.find(Post.blog == "same")} == {"same"}
        assert found.delete().success_count == 4
        assert Post.find(Post.blog == "same").count() == 4
    with Connection.using(old):
        assert Post.find(Post.blog == "same").count() == 0


def test_open_iteration_stays_where_it_began() -> None:
    with Connection.using(filled("old")):
        found = iter(Post.find(Post.blog.in_(["old", "new"]), page_size=1))
        next(found)
    with Connection.using(filled("new")):
        assert [post.blog for post in found] == ["old"] * 3


def test_read_that_was_made_outside_of_a_block_is_not_served_by_the_block() -> None:
    class Own(Post):
        __table__ = "posts"
        __connection__ = Connection(backend=filled("own"))

    found = Own.find(scans="allow")
    with Connection.using(filled("block")):
        assert {post.blog for post in found} == {"own"}


@pytest.mark.parametrize("new_everywhere", [False, True])
@pytest.mark.parametrize("old_everywhere", [False, True])
def test_transaction_belongs_to_the_backend_it_was_made_on(*, old_everywhere: bool, new_everywhere: bool) -> None:
    old, new = filled("old"), filled("new")
    with Connection.using(old, everywhere=old_everywhere):
        transaction = Connection.transaction()
    with Connection.using(new, everywhere=new_everywhere), transaction as tx:
        tx.save(Post, {"blog": "x", "day": 1, "mark": 1, "author": "x"})
    with Connection.using(new):
        assert Post.get_one(("x", 1), default=None) is None
    with Connection.using(old):
        assert Post.get_one(("x", 1)).author == "x"


@pytest.mark.parametrize("everywhere", [False, True])
def test_transaction_that_was_made_outside_of_a_block_is_not_sent_to_the_block(*, everywhere: bool) -> None:
    own, block = filled("own"), filled("block")

    class Own(Post):
        __table__ = "posts"
        __connection__ = Connection(backend=own)

    transaction = Connection.transaction()
    with Connection.using(block, everywhere=everywhere), transaction as tx:
        tx.save(Own, {"blog": "x", "day": 1, "mark": 1, "author": "x"})
        assert Own.get_one(("x", 1), default=None) is None
    with Connection.using(block):
        assert Own.get_one(("x", 1), default=None) is None
    assert Own.get_one(("x", 1)).author == "x"


@pytest.mark.parametrize("everywhere", [False, True])
def test_limits_are_those_of_the_block_that_was_opened_last(*, everywhere: bool) -> None:
    connection = Connection(backend=MemoryBackend())
    with Connection.using(MemoryBackend(), everywhere=not everywhere):
        with Connection.using(Small(), everywhere=everywhere) as small:
            assert connection.limits is small.limits is connection.backend.limits
            assert connection.own_backend is not small
        assert connection.limits is connection.backend.limits is not small.limits


# How it grows.


class Small(MemoryBackend):
    """Takes little at once."""

    limits = Limits(batch_get=10, batch_write=5, concurrency=1)


def test_explanation_counts_requests_by_the_limits_of_the_backend() -> None:
    keys = [("a", day) for day in range(25)]
    with Connection.using(Small()):
        Post.create_table()
        assert Post.explain(keys).requests.at_least == 3
        assert Post.find(keys).explain().requests.at_least == 3
        assert Post.delete_many.explain(keys).requests.at_least == 5
        assert Post.save_many.explain([]).per_request == 5
        with Connection.record() as calls:
            Post.get_many(keys)
        assert calls.requests == 3


def test_explanation_makes_no_backend() -> None:
    connection = Connection(backend="dynamodb", access_key_id="half of the credentials")

    class Own(Post):
        __table__ = "posts"
        __connection__ = connection

    assert Own.explain([("a", day) for day in range(101)]).requests.at_least == 2
    assert Own.delete_many.explain([("a", day) for day in range(26)]).requests.at_least == 2
    with pytest.raises(CredentialsError):
        _ = connection.backend


def calls_of(work: Callable[[], object]) -> int:
    """How many functions are called for it."""
    count = 0

    def look(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(look)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


def any_of(conditions: list[Any]) -> Any:
    made = conditions[0]
    for condition in conditions[1:]:
        made = made | condition
    return made


def keys_of(size: int) -> list[tuple[str, int]]:
    return [("a", day) for day in range(size)]


def checks_of(size: int) -> list[Any]:
    return [A & (Post.day == day) & (Post.mark == 1) for day in range(size)]


GROWING: dict[str, Callable[[int], object]] = {
    "an iteration over keys": lambda size: list(Post.find(keys_of(size))),
    "pages of keys": lambda size: list(Post.find(keys_of(size)).pages()),
    "keys with checks": lambda size: list(Post.find(checks_of(size))),
    "keys_in": lambda size: list(Post.find(Post.keys_in(keys_of(size)))),
    "keys_in with checks": lambda size: list(Post.find(Post.keys_in(checks_of(size)))),
    "keys with checks, ORed": lambda size: list(Post.find(any_of(checks_of(size)))),
    "keys with checks, ORed, and a condition": lambda size: list(
        Post.find(any_of(checks_of(size)) & Post.author.in_([str(number) for number in range(50)]))
    ),
    "keys and an in_": lambda size: list(Post.find(Post.keys_in(keys_of(size)) & Post.mark.in_(list(range(size))))),
    "bounds": lambda size: [
        Post.explain(And(A, *(Post.day > day for day in range(size)), *(Post.day < 9_999 + day for day in range(size))))
    ],
    "several queries": lambda size: list(Post.find(Post.blog.in_([str(number) for number in range(size)]))),
}


@pytest.mark.parametrize("name", GROWING)
def test_twice_as_much_takes_no_more_than_about_twice_the_work(name: str) -> None:
    with Connection.using(Small()):
        Post.create_table()
        Post.save_many([{"blog": "a", "day": day, "mark": 1, "author": "7"} for day in range(400)])
        GROWING[name](25)
        once, twice = (calls_of(lambda size=size: GROWING[name](size)) for size in (200, 400))  # type: ignore[misc]
    assert twice < 2.6 * once


@pytest.mark.usefixtures("backend")
def test_budget_that_stops_segments_raises() -> None:
    with pytest.raises(BudgetExceeded, match=r"max_read_units allow; raise them$") as caught:
        Post.get_many(segments=2, scans="allow", page_size=3, max_pages=2)
    assert (len(caught.value.items), caught.value.cursor) == (6, None)
    assert len(Post.get_many(segments=2, scans="allow", max_pages=9)) == 24


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize("limit", [1, 5, 24, 30])
def test_segments_give_as_many_items_as_the_limit(limit: int) -> None:
    assert len(Post.get_many(segments=3, scans="allow", page_size=2, limit=limit)) == min(limit, 24)
    assert len(list(Post.find(segments=3, scans="allow", page_size=2, limit=limit))) == min(limit, 24)
    assert Post.find(segments=3, scans="allow", page_size=2, limit=limit).count() == min(limit, 24)
    assert Post.find(Post.mark < 2, segments=3, scans="allow", limit=limit).count() == min(limit, 16)
