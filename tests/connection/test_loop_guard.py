"""The guard: a blocking call on a running event loop is reported once, unless it does no I/O or blocks nobody."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
import types
import warnings
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

import pytest
from attacks.awaited import LOOPS, find_loop

from dynamongo import (
    BlockingCallForbidden,
    BlockingCallWarning,
    ConfigurationError,
    Connection,
    GlobalIndex,
    IntField,
    Model,
    StringField,
)
from dynamongo.backends import Limits
from dynamongo.backends.memory import MemoryBackend
from dynamongo.connection.connection import default_connection

T = TypeVar("T")


class Note(Model):
    __table__ = "notes"
    __hash_key__ = "title"
    __scans__ = "allow"
    title = StringField()
    stars = IntField()
    by_stars = GlobalIndex(hash_key="stars")


class Rating(Note):
    __table__ = "ratings"
    __unique__ = ("stars",)


class Remote(MemoryBackend):
    """Stands for a backend that does I/O, with threads for bulk verbs; counts the requests."""

    is_local = False
    limits = Limits(batch_get=2, concurrency=4)

    def __init__(self) -> None:
        super().__init__()
        self.requests = 0

    def execute(self, operation: Any, seconds: float | None = None) -> Any:
        self.requests += 1
        return super().execute(operation, seconds)


TITLES = [str(number) for number in range(60)]


@pytest.fixture(autouse=True)
def backend() -> Iterator[Remote]:
    backend = Remote()
    with Connection.using(backend):
        Note.create_table()
        Rating.create_table()
        Note.save_many([Note(title=title, stars=1) for title in TITLES])
        backend.requests = 0
        yield backend
    Connection.set_config()


@pytest.fixture
def forbidden() -> None:
    Connection.set_config(blocking_calls="forbid")


async def call(function: Callable[[], T]) -> T:
    return function()


def warnings_of(function: Callable[[], object]) -> list[warnings.WarningMessage]:
    """Return what is warned about when the function is called on an event loop, however often."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        asyncio.run(call(function))
    return caught


def drain(items: Any) -> None:
    for _ in items:
        pass


def write_batch() -> None:
    with Note.batch() as batch:
        for title in TITLES:
            batch.save({"title": title})


def write_together() -> None:
    with Connection.transaction() as tx:
        tx.save(Note(title="a"))


NOTES = [Note(title=title) for title in TITLES]

CALLS: dict[str, tuple[Callable[[], object], str]] = {
    "get_one": (lambda: Note.get_one("1"), "await Note.aio.get_one(...)"),
    "get_raw": (lambda: Note.get_raw("1"), "await Note.aio.get_raw(...)"),
    "exists": (lambda: Note.exists("1"), "await Note.aio.exists(...)"),
    "get_one of a condition": (
        lambda: Note.get_one((Note.title == "1") & (Note.stars == 1)),
        "await Note.aio.get_one(...)",
    ),
    "get_many of keys": (lambda: Note.get_many(TITLES), "await Note.aio.get_many(...)"),
    "get_many of pages": (lambda: Note.get_many(page_size=7), "await Note.aio.get_many(...)"),
    "get_many of segments": (lambda: Note.get_many(segments=4), "await Note.aio.get_many(...)"),
    "save_one": (lambda: Note.save_one({"title": "a"}), "await Note.aio.save_one(...)"),
    "create_one": (lambda: Note.create_one({"title": "a"}), "await Note.aio.create_one(...)"),
    "upsert_one": (lambda: Note.upsert_one("a", Note.stars.set(1)), "await Note.aio.upsert_one(...)"),
    "update_one": (lambda: Note.update_one("1", Note.stars.set(1)), "await Note.aio.update_one(...)"),
    "update_from_dict": (
        lambda: Note.update_from_dict({"title": "1", "stars": 2}),
        "await Note.aio.update_from_dict(...)",
    ),
    "delete_one": (lambda: Note.delete_one("1"), "await Note.aio.delete_one(...)"),
    "save_many": (lambda: Note.save_many(NOTES), "await Note.aio.save_many(...)"),
    "delete_many of keys": (lambda: Note.delete_many(TITLES), "await Note.aio.delete_many(...)"),
    "delete_many of a condition": (lambda: Note.delete_many(Note.stars > 0), "await Note.aio.delete_many(...)"),
    "update_many": (lambda: Note.update_many(TITLES, Note.stars.set(2)), "await Note.aio.update_many(...)"),
    "save_iter": (lambda: drain(Note.save_iter(NOTES)), "async for outcome in Note.aio.save_iter(...)"),
    "delete_iter": (lambda: drain(Note.delete_iter(TITLES)), "async for outcome in Note.aio.delete_iter(...)"),
    "update_iter": (
        lambda: drain(Note.update_iter(TITLES, Note.stars.set(2))),
        "async for outcome in Note.aio.update_iter(...)",
    ),
    "an iteration over pages": (
        lambda: drain(Note.find(page_size=7)),
        "async for item in Note.aio.find(...)",
    ),
    "an iteration over segments": (lambda: drain(Note.find(segments=4)), "async for item in Note.aio.find(...)"),
    "first": (lambda: Note.find().first(), "await Note.aio.find(...).first(...)"),
    "one": (lambda: Note.find(Note.title == "1").one(), "await Note.aio.find(...).one(...)"),
    "all": (lambda: Note.find(page_size=7).all(), "await Note.aio.find(...).all(...)"),
    "count": (lambda: Note.find(page_size=7).count(), "await Note.aio.find(...).count(...)"),
    "page": (lambda: Note.find(page_size=7).page(), "await Note.aio.find(...).page(...)"),
    "pages": (
        lambda: drain(Note.find(page_size=7).pages()),
        "async for page in Note.aio.find(...).pages()",
    ),
    "delete of a result set": (lambda: Note.find().delete(), "await Note.aio.find(...).delete(...)"),
    "update of a result set": (
        lambda: Note.find().update(Note.stars.set(3)),
        "await Note.aio.find(...).update(...)",
    ),
    "batch": (write_batch, "async with Note.aio.batch() as batch"),
    "save": (lambda: Note(title="a").save(), "await note.aio.save(...)"),
    "create": (lambda: Note(title="a").create(), "await note.aio.create(...)"),
    "update": (lambda: Note(title="1").update(Note.stars.set(1)), "await note.aio.update(...)"),
    "upsert": (lambda: Note(title="1").upsert(Note.stars.set(1)), "await note.aio.upsert(...)"),
    "delete": (lambda: Note(title="1").delete(), "await note.aio.delete(...)"),
    "reload": (lambda: Note(title="1").reload(), "await note.aio.reload(...)"),
    "transaction": (write_together, "async with Connection.aio.transaction() as tx"),
    "transact_get": (
        lambda: Connection.transact_get([(Note, "1")]),
        "await Connection.aio.transact_get(...)",
    ),
    "table_exists": (Note.table_exists, "await Note.aio.table_exists(...)"),
    "describe": (Note.describe, "await Note.aio.describe(...)"),
    "compare_table": (Note.compare_table, "await Note.aio.compare_table(...)"),
    "check_unique": (lambda: drain(Rating.check_unique()), "async for page in Rating.aio.check_unique(...)"),
    "update_table": (Note.update_table, "await Note.aio.update_table(...)"),
    "create_table": (Note.create_table, "await Note.aio.create_table(...)"),
    "delete_table": (Note.delete_table, "await Note.aio.delete_table(...)"),
}


class TestWarning:
    @pytest.mark.parametrize("name", CALLS)
    def test_call_warns_once_with_its_awaited_form(self, name: str, backend: Remote) -> None:
        function, form = CALLS[name]
        if name == "create_table":
            Note.delete_table()
        found = warnings_of(function)
        (message,) = [str(each.message) for each in found if each.category is BlockingCallWarning]
        assert message == (
            "a blocking call on a running event loop stops all its tasks until the store answers: use"
            f" `{form}`, or call it in a thread (`asyncio.to_thread`). Set blocking_calls='allow' if that is intended"
        )
        assert [each.filename for each in found] == [__file__]
        assert backend.requests > 0

    def test_every_verb_of_models_is_among_the_calls(self) -> None:
        verbs = {name for name in dir(Note.aio) if not name.startswith("_")} - {"explain", "find", "keys_in", "model"}
        assert verbs <= {name.split()[0] for name in CALLS}

    def test_python_shows_it_once_per_call_site(self) -> None:
        def read() -> None:
            for _ in range(3):
                Note.get_one("1")
            Note.get_one("1")

        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("default")
            asyncio.run(call(read))
        assert len(caught) == 2

    def test_it_names_the_line_of_the_caller(self) -> None:
        (warning,) = warnings_of(lambda: Note.get_one("1"))
        assert warning.lineno == sys._getframe().f_lineno - 1

    def test_it_may_be_turned_into_an_error(self, backend: Remote) -> None:
        with pytest.raises(BlockingCallWarning):  # as the configuration of these tests does
            asyncio.run(call(lambda: Note.get_one("1")))
        assert backend.requests == 0

    def test_model_may_have_a_connection_of_its_own(self) -> None:
        class Own(Note):
            __connection__ = Connection(backend=Remote(), blocking_calls="allow")

        with Connection.using(Remote()):
            Own.create_table()
            assert warnings_of(lambda: Own.get_one("1", None)) == []
            assert len(warnings_of(Note.table_exists)) == 1

    @pytest.mark.parametrize("name", LOOPS)
    def test_loops_of_others_are_seen(self, name: str) -> None:
        loop = find_loop(name)()
        try:
            with pytest.warns(BlockingCallWarning):
                loop.run_until_complete(call(lambda: Note.get_one("1")))
        finally:
            loop.close()

    def test_callback_of_a_loop_is_a_call_on_it(self) -> None:
        async def work() -> None:
            asyncio.get_running_loop().call_soon(Note.get_one, "1")
            await asyncio.sleep(0)

        with pytest.warns(BlockingCallWarning):
            asyncio.run(work())


class TestForbidden:
    @pytest.mark.parametrize("name", CALLS)
    def test_call_is_refused_before_anything_is_sent(self, name: str, backend: Remote, forbidden: None) -> None:
        function, form = CALLS[name]
        with pytest.raises(BlockingCallForbidden) as caught:
            asyncio.run(call(function))
        assert str(caught.value) == (
            "a blocking call on a running event loop stops all its tasks until the store answers: use"
            f" `{form}`, or call it in a thread (`asyncio.to_thread`). Blocking calls are forbidden here, so nothing"
            " was sent"
        )
        assert backend.requests == 0

    def test_calls_without_a_loop_are_allowed(self, forbidden: None) -> None:
        assert Note.get_one("1").title == "1"

    def test_setting_can_be_changed(self, forbidden: None) -> None:
        Connection.set_config(blocking_calls="allow")
        assert warnings_of(lambda: Note.get_one("1")) == []
        Connection.set_config()
        assert len(warnings_of(lambda: Note.get_one("1"))) == 1

    @pytest.mark.parametrize("policy", ["never", "", False, []])
    def test_other_policies_are_refused(self, policy: Any) -> None:
        with pytest.raises(ConfigurationError, match=r"^blocking_calls must be one of warn, forbid, allow; got "):
            Connection(blocking_calls=policy)


class TestNoReport:
    """Calls that block no event loop, or for no time worth mentioning."""

    @pytest.fixture(autouse=True)
    def forbid(self) -> None:
        Connection.set_config(blocking_calls="forbid")

    def test_awaited_verbs(self) -> None:
        async def work() -> None:
            await Note.aio.get_one("1")
            assert await Note.aio.table_exists()
            async with Connection.aio.transaction() as tx:
                tx.save(Note(title="a"))
            await Connection.aio.transact_get([(Note, "a")])

        asyncio.run(work())

    def test_nothing_is_sent(self) -> None:
        def work() -> None:
            assert Note.get_many([]) == []
            assert Note.save_many([]).success_count == 0
            assert Connection.transact_get([]) == []
            with Connection.transaction():
                pass
            Note.find(Note.stars == 1).explain()

        asyncio.run(call(work))

    @pytest.mark.parametrize("name", ["get_one", "save_many", "an iteration over pages", "transaction"])
    def test_worker_threads_of_the_loop(self, name: str) -> None:
        asyncio.run(asyncio.to_thread(CALLS[name][0]))

    def test_iterator_that_is_made_on_the_loop_and_read_in_a_thread(self) -> None:
        async def work() -> None:
            assert len(await asyncio.to_thread(list, Note.save_iter(NOTES))) == len(NOTES)
            assert len(await asyncio.to_thread(list, Note.find())) == len(NOTES)

        asyncio.run(work())

    def test_other_threads_while_a_loop_runs(self) -> None:
        async def work() -> None:
            thread = threading.Thread(target=lambda: found.append(Note.get_one("1")))
            thread.start()
            await asyncio.to_thread(thread.join)

        found: list[Note] = []
        with Connection.using(default_connection.backend, everywhere=True):
            asyncio.run(work())
        assert len(found) == 1

    @pytest.mark.parametrize("name", ["get_one", "save_many", "an iteration over pages", "transaction"])
    def test_memory_backend(self, name: str) -> None:
        with Connection.using(MemoryBackend()):
            Note.create_table()
            Note.save_many(NOTES)
            asyncio.run(call(CALLS[name][0]))

    def test_notebook(self, monkeypatch: pytest.MonkeyPatch) -> None:
        # Its cells run on the loop of the kernel, which has nothing else to do.
        monkeypatch.setitem(sys.modules, "ipykernel", types.ModuleType("ipykernel"))
        asyncio.run(call(lambda: Note.get_one("1")))

    def test_loop_that_has_ended(self) -> None:
        asyncio.run(asyncio.sleep(0))
        assert Note.get_one("1").title == "1"


PROGRAM = """
import sys
from dynamongo import BlockingCallForbidden, Connection, Model, StringField
from dynamongo.backends.memory import MemoryBackend

class Remote(MemoryBackend):
    is_local = False

class Note(Model):
    __table__ = "notes"
    __hash_key__ = "title"
    title = StringField()

Connection.set_config(backend=Remote(), blocking_calls="forbid")
Note.create_table()
assert Note.get_one("a", None) is None
assert "asyncio" not in sys.modules
import asyncio
assert Note.get_one("a", None) is None

async def read():
    Note.get_one("a", None)

for _ in range(2):
    try:
        asyncio.run(read())
    except BlockingCallForbidden:
        print("forbidden")
"""


def test_asyncio_may_be_imported_later() -> None:
    result = subprocess.run([sys.executable, "-c", PROGRAM], check=True, capture_output=True, text=True)
    assert result.stdout == "forbidden\nforbidden\n"
