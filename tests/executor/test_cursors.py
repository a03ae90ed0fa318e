"""Cursors: keys that are changed, cursors that expire, and those that somebody has made up."""

from __future__ import annotations

import base64
import copy
import json
import pickle
import time
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dynamongo import Connection, IntField, Model, StringField
from dynamongo.backends.memory import MemoryBackend
from dynamongo.exceptions import ConfigurationError, CursorError, DynamongoError
from dynamongo.executor import ReadPosition, cursors

OLD, NEW, OTHER = b"old-key-" * 4, b"new-key-" * 4, b"another-" * 4


class Visit(Model):
    __table__ = "visits"
    __hash_key__ = "city"
    __range_key__ = "day"
    city = StringField()
    day = IntField()


@pytest.fixture
def store() -> Iterator[MemoryBackend]:
    backend = MemoryBackend()
    with Connection.using(backend):
        Visit.create_table()
        Visit.save_many([Visit(city="Oslo", day=day) for day in range(1, 6)])
        yield backend
    Connection.set_config()


def first_cursor(**settings: Any) -> str:
    Connection.set_config(**settings)
    cursor = Visit.find(Visit.city == "Oslo", limit=2).page().cursor
    assert cursor is not None
    return cursor


def read_on(cursor: Any, **settings: Any) -> list[int | None]:
    Connection.set_config(**settings)
    return [visit.day for visit in Visit.find(Visit.city == "Oslo", cursor=cursor)]


@pytest.mark.usefixtures("store")
class TestKeys:
    def test_cursor_signed_with_the_old_key_is_accepted(self) -> None:
        cursor = first_cursor(cursor_key=OLD)
        assert read_on(cursor, cursor_key=[NEW, OLD]) == [3, 4, 5]
        assert read_on(cursor, cursor_key=(OTHER, NEW, OLD)) == [3, 4, 5]

    def test_first_key_signs(self) -> None:
        cursor = first_cursor(cursor_key=[NEW, OLD])
        assert read_on(cursor, cursor_key=NEW) == [3, 4, 5]
        with pytest.raises(CursorError, match="not signed with this connection's cursor_key"):
            read_on(cursor, cursor_key=OLD)

    def test_cursor_signed_with_a_dropped_key_is_refused(self) -> None:
        with pytest.raises(CursorError, match="not signed with this connection's cursor_key"):
            read_on(first_cursor(cursor_key=OLD), cursor_key=[NEW, OTHER])

    @pytest.mark.parametrize("keys", [[], (), [NEW, b"short"], [NEW, "text" * 8], [NEW, None], {NEW}, bytearray(NEW)])
    def test_each_key_has_at_least_16_bytes(self, keys: Any) -> None:
        with pytest.raises(ConfigurationError, match="or a list of such keys, of which the first signs"):
            Connection(cursor_key=keys)

    def test_keys_are_not_shown(self) -> None:
        connection = Connection(cursor_key=[NEW, OLD])
        assert "key-" not in f"{connection!r} {connection._settings!r} {connection.cursor_rules!r}"


@pytest.mark.usefixtures("store")
class TestExpiry:
    @pytest.fixture
    def clock(self, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[float]]:
        now = [1_800_000_000.5]
        with monkeypatch.context() as patch:
            patch.setattr(time, "time", lambda: now[0])
            yield now

    def test_cursor_is_valid_until_its_ttl_expires(self, clock: list[float]) -> None:
        settings: dict[str, Any] = {"cursor_key": NEW, "cursor_ttl": 60}
        cursor = first_cursor(**settings)
        clock[0] += 60
        assert read_on(cursor, **settings) == [3, 4, 5]
        clock[0] += 1
        with pytest.raises(CursorError, match="the cursor has expired; start again at the first page; got") as caught:
            read_on(cursor, **settings)
        assert caught.value.client_message == "The cursor has expired; start again at the first page."

    def test_expiry_applies_without_a_ttl_of_the_connection(self, clock: list[float]) -> None:
        cursor = first_cursor(cursor_key=NEW, cursor_ttl=60)
        assert read_on(cursor, cursor_key=NEW) == [3, 4, 5]
        clock[0] += 61
        with pytest.raises(CursorError, match="has expired"):
            read_on(cursor, cursor_key=NEW)

    def test_cursor_without_an_expiry_is_refused_by_a_connection_with_a_ttl(self) -> None:
        cursor = first_cursor(cursor_key=NEW)
        with pytest.raises(CursorError, match="the cursor has no expiry, which cursor_ttl requires"):
            read_on(cursor, cursor_key=NEW, cursor_ttl=60)

    @pytest.mark.parametrize("ttl", [0, -1, True, "60", float("nan"), float("inf")])
    def test_ttl_is_a_number_of_seconds(self, ttl: Any) -> None:
        with pytest.raises(
            ConfigurationError, match="cursor_ttl must be a number of seconds > 0 and <= 1000000000; got"
        ):
            Connection(cursor_key=NEW, cursor_ttl=ttl)

    def test_ttl_needs_a_key(self) -> None:
        with pytest.raises(ConfigurationError, match="cursor_ttl needs a cursor_key"):
            Connection(cursor_ttl=60)


def forge(cursor: str, *parts: Any) -> str:
    """A cursor of the same read with another step, key and expiry."""
    version, fingerprint, *_ = json.loads(base64.urlsafe_b64decode(cursor + "=="))
    return base64.urlsafe_b64encode(json.dumps([version, fingerprint, *parts]).encode()).decode().rstrip("=")


KEY: Any = {"city": ["S", "Oslo"], "day": ["N", "2"]}
DEEP = base64.urlsafe_b64encode(b"[" * 50_000).decode().rstrip("=")
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda each: st.lists(each, max_size=4) | st.dictionaries(st.sampled_from(["city", "day", "x"]), each, max_size=3),
)


@pytest.mark.usefixtures("store")
class TestMadeUp:
    def test_well_forged_cursor_is_accepted(self) -> None:
        assert read_on(forge(first_cursor(), 0, KEY)) == [3, 4, 5]

    @pytest.mark.parametrize(
        "parts",
        [
            (1, KEY),
            (-1, KEY),
            (10**30, KEY),
            (True, KEY),
            (0.0, KEY),
            (None, KEY),
            (0, 1),
            (0, -1),
            (0, []),
            (0, "text"),
            (0, {}),
            (0, {"city": ["S", "Oslo"]}),
            (0, KEY | {"more": ["S", "x"]}),
            (0, KEY | {"day": ["N", "many"]}),
            (0, KEY | {"day": ["N", "1e999"]}),
            (0, KEY | {"day": ["N", "NaN"]}),
            (0, KEY | {"day": ["N", 2]}),
            (0, KEY | {"day": ["B", "é"]}),
            (0, KEY | {"day": ["L", "x"]}),
            (0, KEY | {"day": ["N"]}),
            (0, KEY | {"day": None}),
            (0, KEY | {"city": ["S", "\ud800"]}),
            (0,),
            (),
            (0, KEY, "soon"),
            (0, KEY, True),
        ],
    )
    def test_cursor_that_the_read_cannot_have_returned_is_refused(self, parts: tuple[Any, ...]) -> None:
        forged = forge(first_cursor(), *parts)
        with pytest.raises(CursorError, match="cursor must be one that an earlier read returned; got ") as caught:
            read_on(forged)
        assert caught.value.cursor == forged

    def test_deeply_nested_cursor_is_refused(self) -> None:
        with pytest.raises(CursorError, match="cursor must be one"):
            read_on(DEEP)

    @pytest.mark.parametrize("after", [-1, 5, 10**30, True, KEY, "1"])
    def test_position_in_a_list_of_keys_must_exist(self, after: Any) -> None:
        keys = [("Oslo", day) for day in range(1, 6)]
        cursor = cursors.encode_cursor(cursors.fingerprint_of(Visit.find(keys).explain()), ReadPosition(0, 2))
        assert cursor is not None
        assert len(Visit.find(keys, cursor=cursor).all()) == 3
        with pytest.raises(CursorError, match="cursor must be one"):
            Visit.find(keys, cursor=forge(cursor, 0, after)).all()

    def test_key_of_another_type_or_partition_is_refused_by_the_store(self) -> None:
        for key in (KEY | {"day": ["S", "2"]}, KEY | {"city": ["S", "Rome"]}):
            with pytest.raises(DynamongoError):
                read_on(forge(first_cursor(), 0, key))

    def test_no_forged_cursor_raises_a_foreign_error(self) -> None:
        cursor = first_cursor()

        @given(st.lists(JSON, max_size=4))
        def check(parts: list[Any]) -> None:
            try:
                read_on(forge(cursor, *parts))
            except DynamongoError:
                return

        check()

    def test_error_has_the_cursor_and_a_message_for_clients(self) -> None:
        with pytest.raises(CursorError, match=r"got 'made up'") as caught:
            read_on("made up")
        error = caught.value
        assert (error.cursor, error.client_message) == (
            "made up",
            "The cursor is not valid for this request; start again at the first page.",
        )
        for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
            assert (str(twin), twin.cursor, twin.client_message) == (str(error), error.cursor, error.client_message)

    def test_long_cursor_is_shortened_in_messages(self) -> None:
        with pytest.raises(CursorError) as caught:
            read_on("x" * 100_000)
        assert len(str(caught.value)) < 300
