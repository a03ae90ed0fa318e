"""What is computed on first use is computed once."""

from __future__ import annotations

from dynamongo._support.lazy import LazyPattern, lazy_property


def test_property_is_computed_once_and_may_be_documented() -> None:
    class Counter:
        calls = 0

        @lazy_property
        def value(self) -> int:
            """The value."""
            self.calls += 1
            return self.calls

    counter = Counter()
    assert (counter.value, counter.value, counter.calls) == (1, 1, 1)
    assert Counter.value.__doc__ == "The value."


def test_pattern_is_compiled_on_first_use() -> None:
    pattern = LazyPattern("[a-c]+(?P<rest>d?)", flags=2)
    assert "compiled" not in vars(pattern)
    assert pattern.match("ABx") is not None
    assert pattern.fullmatch("ABx") is None
    found = pattern.search("--cD")
    assert found is not None
    assert found["rest"] == "D"
    assert pattern.compiled is pattern.compiled
