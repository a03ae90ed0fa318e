"""Table names as requests have them: the name of a table, or its ARN, with which AWS finds tables of other accounts.

>>> find_arn("arn:aws:dynamodb:us-east-2:123456789012:table/orders")
TableArn(region='us-east-2', account='123456789012', name='orders')
>>> describe_name_fault("all orders")
"must be 1 to 255 letters, digits, `_`, `.` and `-`; got 'all orders'"
"""

from __future__ import annotations

import re
from typing import Final

from dynamongo._support.dataclasses import dataclass
from dynamongo.expressions.values import shorten

# Source: "Naming rules" in the DynamoDB developer guide. A table name has at least 3 characters with the prefix.
_NAME: Final = r"[A-Za-z0-9_.-]{1,255}"

# Source: "Resource types defined by Amazon DynamoDB" in the service authorization reference. The partition is `aws`,
# `aws-cn`, `aws-us-gov` or one of the isolated ones.
# Not compiled before there is an ARN.
_ARN: Final = (
    r"arn:aws(?:-[a-z]+)*:dynamodb:(?P<region>[a-z0-9-]+):(?P<account>\d{12}):table/(?P<name>[A-Za-z0-9_.-]{3,255})"
)


@dataclass(frozen=True, slots=True)
class TableArn:
    """What the ARN of a table says."""

    region: str
    account: str
    name: str


def is_arn(name: str) -> bool:
    """Return whether the name of a table is an ARN, to which no prefix is added: a name has no colons."""
    return name.startswith("arn:")


def find_arn(name: str) -> TableArn | None:
    """Return what the name says if it is the ARN of a table."""
    match = re.fullmatch(_ARN, name, re.ASCII)
    return None if match is None else TableArn(**match.groupdict())


def describe_name_fault(name: object) -> str | None:
    """Return what is wrong with the name of a table, which may be an ARN; `None` if nothing is."""
    if not isinstance(name, str) or not is_arn(name):
        is_name = isinstance(name, str) and re.fullmatch(_NAME, name)
        return None if is_name else f"must be 1 to 255 letters, digits, `_`, `.` and `-`; got {shorten(name)}"
    if find_arn(name) is not None:
        return None
    example = "arn:aws:dynamodb:us-east-2:123456789012:table/orders"
    return f"must be a name, or the ARN of a table (not of an index or a stream), such as {example}; got {name!r}"
