"""Hypothesis strategies for the values that fields take, and for those that DynamoDB stores."""

from __future__ import annotations

import datetime as dt
from decimal import Context, Decimal
from typing import Any

from hypothesis import strategies as st

from dynamongo.expressions.numbers import Number, normalize_number
from dynamongo.expressions.values import AttributeValue

LIMIT = 10**38 - 1
WIDE = Context(prec=60)

texts = st.text(st.characters(exclude_categories=["Cs"]))
ints = st.integers(-LIMIT, LIMIT)
floats = st.one_of(
    st.just(0.0),
    st.floats(1e-130, 9.99e125),
    st.floats(-9.99e125, -1e-130),
    st.floats(-1000, 1000).filter(lambda value: abs(value) >= 1e-130),
)
decimals = st.builds(lambda digits, exponent: Decimal(digits).scaleb(exponent, WIDE), ints, st.integers(-100, 80))
offsets = st.timedeltas(dt.timedelta(hours=-23, minutes=-59), dt.timedelta(hours=23, minutes=59)).map(dt.timezone)
naive_datetimes = st.datetimes()
aware_datetimes = st.builds(
    lambda instant, offset: instant.astimezone(offset),
    st.datetimes(timezones=st.just(dt.timezone.utc)).filter(lambda instant: 1 < instant.year < 9999),
    offsets,
)
utc_datetimes = st.datetimes(timezones=st.just(dt.timezone.utc))
json_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda children: st.lists(children, max_size=4) | st.dictionaries(texts, children, max_size=4),
    max_leaves=12,
)
names = texts.filter(bool)


def numbers() -> st.SearchStrategy[Number]:
    decimals = st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**12), max_value=10**12, places=6)
    return st.integers(-(10**38) + 1, 10**38 - 1) | decimals.map(normalize_number)


def values() -> st.SearchStrategy[AttributeValue]:
    scalars = st.text() | numbers() | st.binary() | st.booleans() | st.none()
    sets = (
        st.frozensets(st.text(), min_size=1)
        | st.frozensets(numbers(), min_size=1)
        | st.frozensets(st.binary(), min_size=1)
    )
    return st.recursive(
        scalars | sets,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(min_size=1), inner, max_size=4),
        max_leaves=8,
    )
