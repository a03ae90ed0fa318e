"""The production backend: Amazon DynamoDB, with boto3's configuration and credentials.

`requests` names the action, and `request_bodies` writes its JSON; `expressions` alone renders `#n0 = :v0`. `responses`
reads what comes back, `tables` knows how tables are described, and `errors` the error codes of DynamoDB. `transport`
sends a request and receives its response: directly, or through boto3 where something hooks into it.
"""

from __future__ import annotations

from dynamongo.backends.dynamodb.backend import DynamoDBBackend

__all__ = ["DynamoDBBackend"]
