"""Messages keep a few rules that a reader notices; `python tests/messages.py` prints them all."""

from __future__ import annotations

import functools
import re

import messages

find_messages = functools.cache(messages.find_messages)

# Where a plan or a report is laid out in columns.
COLUMNS = ("planning/plan.py", "verbs/write_plan.py", "connection/recording.py", "backends/memory/faults/plan.py")


def broken(rule: str) -> list[str]:
    """Return the messages in which the pattern is found."""
    return [str(message) for message in find_messages() if re.search(rule, message.text)]


def test_list_has_messages_of_every_kind() -> None:
    texts = {message.text for message in find_messages()}
    assert "{self.label} must be {expected}; got {shorten(value)}" in texts
    assert "a global index cannot be read consistently" in texts
    assert not [text for text in texts if text.startswith("Return ")]


def test_no_message_has_two_spaces_in_a_row() -> None:
    assert [text for text in broken(r"\S  +\S") if not text.startswith(COLUMNS)] == []


def test_no_message_repeats_a_word_or_a_punctuation_mark() -> None:
    assert broken(r"\b([a-z]+) \1\b") == []
    assert broken(r"(?<![.s])[,;:.] ?[,;.](?!\.)") == []


def test_no_message_has_odd_words() -> None:
    odd = (
        "anew",
        "befalls?",
        "be it",
        "comes to",
        "gives? back",
        "insists?",
        "lest",
        "mends?",
        "on the way",
        "told of",
    )
    assert broken(rf"\b({'|'.join(odd)}|what answered|puts? in order|(is|are) none)\b") == []
