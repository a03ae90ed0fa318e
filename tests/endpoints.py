"""An endpoint with nothing special, for tests that send nothing."""

from __future__ import annotations

from dynamongo.backends.dynamodb.transport.endpoint import Endpoint

ENDPOINT = Endpoint(
    is_secure=False,
    host="localhost",
    port=8000,
    authority="localhost:8000",
    path="/",
    headers={},
    target="DynamoDB_20120810.",
    region="us-east-2",
    service="dynamodb",
    connect_timeout=None,
    read_timeout=None,
    pool_size=1,
    socket_options=(),
    certificates="",
    client_certificate=None,
    proxy=None,
)
