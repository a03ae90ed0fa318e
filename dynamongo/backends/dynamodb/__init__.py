"""The production backend: Amazon DynamoDB through boto3.

`wire` alone knows `{"S": ...}`, `expressions` alone renders `#n0 = :v0`, `requests` and `responses` know the shapes of
DynamoDB's operations, `tables` those of its tables, and `errors` its error codes. How they travel is for `transport` to
say: `messages` signs them, `pool` has the connections, `answers` reads HTTP, and `bodies` what came in it.
"""

from __future__ import annotations

from dynamongo.backends.dynamodb.backend import DynamoDBBackend

__all__ = ["DynamoDBBackend"]
