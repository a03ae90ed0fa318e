"""Generated ids, as defaults of fields: `id = StringField(required=True, default=ulid)`.

All of them begin with the time of the machine (not that of a backend), so that they sort by it. They are unique without
coordination, among threads and after a fork too. They are no secrets: they tell their time, and those of one
millisecond follow each other.

============  ===================================================  ==========  =============================
function      looks like                                           sorts by    specified in
============  ===================================================  ==========  =============================
uuid7         `UUID('01939f4c-7a3e-7b21-8c54-0f6a1d2e9b77')`        generation  RFC 9562, version 7
uuid7_text    `'01939f4c-7a3e-7b21-8c54-0f6a1d2e9b77'`              generation  the same
ulid          `'01JEFMRYHYAX2P71VK3DVG1EXQ'`                        generation  github.com/ulid/spec
ksuid         `'2pl4ys9KMwzYYbVKH5gk1vHpgQn'`                       second      github.com/segmentio/ksuid
============  ===================================================  ==========  =============================
"""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING, Final

from dynamongo._support.forks import INNERMOST, make_lock

if TYPE_CHECKING:
    from uuid import UUID

_CROCKFORD: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_BASE_62: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_KSUID_EPOCH: Final = 1_400_000_000


class NumberSequence:
    """Numbers that grow within a millisecond, and start at random in each.

    Args:
        random_bits: How many random bits they start with.
        bits: How many bits they may have.
    """

    def __init__(self, random_bits: int, bits: int) -> None:
        self._random_bits = random_bits
        self._limit = 1 << bits
        self._lock = make_lock(INNERMOST)
        self._process = self._time = self._number = -1

    def take(self) -> tuple[int, int]:
        """Return the time in milliseconds since 1970, and the next number in it.

        The time stands still while the clock is set back, and is ahead of it when a millisecond has no numbers left.
        """
        with self._lock:
            now, process = time.time_ns() // 1_000_000, os.getpid()
            if process != self._process:  # a child must not continue with the numbers of its parent
                self._process, self._time = process, -1
            number = self._number + 1 if now <= self._time else self._limit
            if number == self._limit:
                self._time, number = max(now, self._time + 1), random_number(self._random_bits)
            self._number = number
            return self._time, number


# One bit of the counter starts as 0, so that a millisecond has room for 2 ** 41 ids and more.
_uuids: Final = NumberSequence(random_bits=41, bits=42)
_ulids: Final = NumberSequence(random_bits=80, bits=80)


def uuid7() -> UUID:
    """Return a new UUID of version 7, greater than those that this process made before: `UUIDField(default=uuid7)`.

    The bits after the time are a counter of 42 bits and 32 random ones, as in `uuid.uuid7` of Python 3.14.

    Source: RFC 9562, sections 5.7 and 6.2 (method 1).
    """
    from uuid import UUID  # noqa: PLC0415 - slow to import, and most models have no UUIDs

    return UUID(int=_make_uuid7())


def uuid7_text() -> str:
    """Return the text of a new UUID of version 7: `StringField(default=uuid7_text)`."""
    digits = f"{_make_uuid7():032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"


def ulid() -> str:
    """Return a new ULID: 26 characters that sort after those that this process made before.

    Source: the ULID specification, with its monotonicity within a millisecond.
    """
    return format_ulid(*_ulids.take())


def ksuid() -> str:
    """Return a new KSUID: 27 characters that sort by the second in which they were made, and at random within it.

    Source: segmentio/ksuid.
    """
    return format_ksuid(int(time.time()), random_number(128))


def _make_uuid7() -> int:
    milliseconds, counter = _uuids.take()
    return compose_uuid7(milliseconds, counter << 32 | random_number(32))


def compose_uuid7(milliseconds: int, rest: int) -> int:
    """Return the number of a UUID with this time, and 74 other bits."""
    return milliseconds << 80 | 7 << 76 | rest >> 62 << 64 | 0b10 << 62 | rest & (1 << 62) - 1


def format_ulid(milliseconds: int, rest: int) -> str:
    """Return the ULID with this time, and 80 other bits."""
    number = milliseconds << 80 | rest
    return "".join([_CROCKFORD[number >> shift & 31] for shift in range(125, -1, -5)])


def format_ksuid(seconds: int, rest: int) -> str:
    """Return the KSUID of this time, in seconds since 1970, and 128 other bits."""
    number, digits = seconds - _KSUID_EPOCH << 128 | rest, list[str]()
    for _ in range(27):
        number, digit = divmod(number, 62)
        digits.append(_BASE_62[digit])
    return "".join(reversed(digits))


def random_number(bits: int) -> int:
    """Return a random number of at most that many bits, from the system: forks have no state in common there."""
    return int.from_bytes(os.urandom((bits + 7) // 8), "big") & (1 << bits) - 1
