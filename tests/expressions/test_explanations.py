"""`matches` and `explain` of conditions."""

from __future__ import annotations

import functools
import operator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reference import holds

from dynamongo import ExpressionError, IntField, Model, StringField
from dynamongo.expressions.conditions import AnyCondition, Comparison, Exists, Not, Path
from dynamongo.expressions.explanations import Explanation

CITY, AGE, VIP = Comparison(Path("city"), "=", "Oslo"), Comparison(Path("age"), ">=", 18), Exists(Path("vip"))


class User(Model):
    __table__ = "users"
    __hash_key__ = "email"
    email = StringField(required=True)
    city = StringField(stored_as="town")
    age = IntField()


def combine(parts: st.SearchStrategy[Any]) -> st.SearchStrategy[AnyCondition]:
    pairs = st.tuples(parts, parts)
    return pairs.map(lambda pair: pair[0] & pair[1]) | pairs.map(lambda pair: pair[0] | pair[1]) | parts.map(Not)


@given(
    st.recursive(st.sampled_from([CITY, AGE, VIP]), combine, max_leaves=8),
    st.fixed_dictionaries(
        {}, optional={"city": st.sampled_from(["Oslo", "Rome"]), "age": st.sampled_from([17, 18]), "vip": st.none()}
    ),
)
def test_every_part_is_what_the_reference_says(condition: Any, item: dict[str, Any]) -> None:
    explanation = condition.explain(item)
    assert bool(explanation) == condition.matches(item) == holds(condition, item)
    pending: list[Explanation] = [explanation]
    while pending:
        each = pending.pop()
        assert each.holds == holds(each.condition, item)
        pending += each.parts
    # The parts that fail are false, and the whole is true if they were true.
    assert all(not holds(part, item) for part in explanation.failures)
    assert bool(explanation.failures) == (not explanation.holds)


def test_instance_is_taken_as_it_would_be_saved() -> None:
    user = User(email="a@b.co", city="Oslo", age=17)
    condition = (User.city == "Oslo") & (User.age >= 18)
    assert not condition.matches(user)
    assert condition.explain(user).failures == (User.age >= 18,)
    assert str(condition.explain(user)).splitlines() == [
        "false: city = 'Oslo' AND age >= 18",
        "  true: city = 'Oslo' (city is 'Oslo')",
        "  false: age >= 18 (age is 17)",
    ]
    assert (User.city == "Oslo").matches({"town": "Oslo"})


@pytest.mark.parametrize("item", [None, "Oslo", User])
def test_what_is_no_item_is_refused(item: Any) -> None:
    with pytest.raises(ExpressionError, match="compared with an instance, or a dict of attribute values; got"):
        AGE.matches(item)


def test_a_chain_of_ten_thousand_parts_is_explained() -> None:
    chain = functools.reduce(operator.or_, [Comparison(Path("age"), "=", n) for n in range(10_000)])
    assert len(chain.explain({"age": 10_000}).failures) == 10_000
    nested: Any = AGE
    for _ in range(5_000):
        nested = Not(nested & CITY)
    assert nested.explain({"age": 20, "city": "Oslo"}).holds
