"""Generated ids, against their specifications and other implementations."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import threading
import time
import uuid
from typing import Any

import pytest

import dynamongo
from dynamongo import Connection, Model, StringField, UUIDField, ids, ksuid, ulid, uuid7, uuid7_text
from dynamongo.backends.memory import MemoryBackend

MAKERS = {"uuid7": lambda: str(uuid7()), "uuid7_text": uuid7_text, "ulid": ulid, "ksuid": ksuid}


def test_uuid7_of_the_specification() -> None:
    # RFC 9562, appendix A.6: the time 0x017F22E279B0, rand_a 0xCC3, and rand_b 0x18C4DC0C0C07398F.
    number = ids.compose_uuid7(0x017F22E279B0, 0xCC3 << 62 | 0x18C4DC0C0C07398F)
    assert str(uuid.UUID(int=number)) == "017f22e2-79b0-7cc3-98c4-dc0c0c07398f"


def test_uuid7_has_version_variant_and_time() -> None:
    before = time.time_ns() // 1_000_000
    made = uuid7()
    assert (made.version, made.variant) == (7, uuid.RFC_4122)
    assert before <= made.int >> 80 <= time.time_ns() // 1_000_000 + 1
    assert str(uuid.UUID(text := uuid7_text())) == text
    assert uuid.UUID(text).version == 7


def test_ulid_of_the_specification() -> None:
    # github.com/ulid/spec: `ulid(1469918176385)` begins with 01ARYZ6S41, and the largest ULID is 7ZZZ...
    assert ids.format_ulid(1469918176385, 0) == "01ARYZ6S410000000000000000"
    assert ids.format_ulid((1 << 48) - 1, (1 << 80) - 1) == "7ZZZZZZZZZZZZZZZZZZZZZZZZZ"
    assert ids.format_ulid(0, 0) == "0" * 26


def test_ksuid_of_the_specification() -> None:
    # README of segmentio/ksuid.
    assert ids.format_ksuid(1_507_608_047, 0xB5A1CD34B5F99D1154FB6853345C9735) == "0ujtsYcgvSTl8PAuAdqWYSMnLOv"
    assert ids.format_ksuid(1_400_000_000, 0) == "0" * 27
    assert ids.format_ksuid(1_400_000_000 + (1 << 32) - 1, (1 << 128) - 1) == "aWgEPTl1tmebfsQzFP4bxwgy80V"


def test_other_libraries_read_them() -> None:
    now = time.time()
    other_ulid = pytest.importorskip("ulid")
    text = ulid()
    read = other_ulid.ULID.from_str(text)
    assert abs(read.timestamp - now) < 5
    assert ids.format_ulid(read.milliseconds, int.from_bytes(read.bytes[6:], "big")) == text == str(read)


def test_svix_ksuid_reads_them() -> None:
    other = pytest.importorskip("ksuid")
    text = ksuid()
    read = other.Ksuid.from_base62(text)
    assert abs(read.timestamp - time.time()) < 5
    assert ids.format_ksuid(int(read.timestamp), int.from_bytes(read.payload, "big")) == text == str(read)


def test_uuid6_reads_them() -> None:
    other = pytest.importorskip("uuid6")
    made = uuid7()
    read = other.UUID(int=made.int)
    assert (read.version, abs(read.time / 1000 - time.time()) < 5) == (7, True)


@pytest.mark.skipif(not hasattr(uuid, "uuid7"), reason="uuid.uuid7 is of Python 3.14")
def test_python_makes_the_same_layout() -> None:
    python: Any = uuid
    first, ours, last = python.uuid7(), uuid7(), python.uuid7()
    assert first.int >> 80 <= ours.int >> 80 <= (last.int >> 80) + 1


@pytest.mark.parametrize("name", ["uuid7", "uuid7_text", "ulid"])
def test_ids_of_a_process_grow(name: str) -> None:
    make = MAKERS[name]
    made = [make() for _ in range(5_000)]
    assert made == sorted(set(made))
    assert len({text[:10] for text in made}) < 5_000  # some were made in the same millisecond


def test_ids_grow_while_the_clock_is_set_back_and_when_a_millisecond_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    times = iter([5_000_000, 5_000_000, 3_000_000, 4_000_000, 9_000_000])
    monkeypatch.setattr("dynamongo.ids.time.time_ns", lambda: next(times))
    starts = iter([2, 0, 7])
    monkeypatch.setattr(ids, "random_number", lambda bits: next(starts))
    sequence = ids.NumberSequence(random_bits=2, bits=2)
    # 3 is the last number of two bits, so that millisecond 6 begins before its time.
    assert [sequence.take() for _ in range(5)] == [(5, 2), (5, 3), (6, 0), (6, 1), (9, 7)]


@pytest.mark.parametrize("name", MAKERS)
def test_ids_of_threads_differ(name: str) -> None:
    make, made = MAKERS[name], list[list[str]]()
    threads = [threading.Thread(target=lambda: made.append([make() for _ in range(500)])) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(itertools.chain.from_iterable(made))) == 4_000


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs os.fork")
def test_ids_of_a_child_differ_from_those_of_its_parent() -> None:
    # With the time standing still, as if all happened in one millisecond.
    program = """
import os, time, warnings
warnings.simplefilter("ignore")
from dynamongo import ids
ids.time = type("Still", (), {"time_ns": lambda: 10**18, "time": lambda: 10**9})
makers = ids.uuid7_text, ids.ulid, ids.ksuid
[make() for make in makers]
reading, writing = os.pipe()
child = os.fork()
made = [make() for _ in range(50) for make in makers]
if not child:
    os.write(writing, " ".join(made).encode())
    os._exit(0)
os.waitpid(child, 0)
others = os.read(reading, 100_000).decode().split()
print(len(made), len({*made, *others}))
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["150", "300"]


def test_models_take_them_as_defaults() -> None:
    class Event(Model):
        __table__ = "events"
        __hash_key__ = "stream"
        __range_key__ = "id"
        stream = StringField(required=True)
        id = StringField(default=ulid, immutable=True)
        trace = UUIDField(default=uuid7)
        other = StringField(default=uuid7_text)
        job = StringField(default=ksuid)

    with Connection.using(MemoryBackend()):
        Event.create_table()
        events = [Event(stream="a").save() for _ in range(5)]
        assert Event.get_many(Event.stream == "a") == events
        assert len({event.job for event in events}) == 5


def test_they_are_imported_late() -> None:
    program = "import sys, dynamongo; print('dynamongo.ids' in sys.modules, 'ulid' in dir(dynamongo))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]
    assert dynamongo.ulid is ids.ulid
