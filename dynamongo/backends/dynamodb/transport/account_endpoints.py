"""Account endpoints: a request for a table of another account may have to go to another host.

Where boto3 knows the account of its credentials, DynamoDB's host begins with it. boto3 then sends a request whose table
is an ARN to the host of the account in that ARN.

Source: the rules of the endpoint that botocore has for DynamoDB.
"""

from __future__ import annotations

import re
from typing import Final

_ACCOUNT_OF_HOST: Final = re.compile(r"(\d{12})\.ddb\.")
_ACCOUNT_OF_TABLE: Final = re.compile(r'"(?:TableName|RequestItems)":\{?"arn:[^":]+:dynamodb:[^":]+:(\d{12}):table/')


def find_account(host: str) -> str | None:
    """Return the account that a host is for; `None` for a host that serves every account."""
    found = _ACCOUNT_OF_HOST.match(host)
    return found[1] if found else None


def names_other_account(body: str, account: str) -> bool:
    """Return whether the request is about a table of another account."""
    found = _ACCOUNT_OF_TABLE.search(body)
    return found is not None and found[1] != account
