"""The keyword arguments of a connection, for type checkers and readers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, TypedDict

from dynamongo.backends import Backend
from dynamongo.connection.loop_guard import BlockingPolicy
from dynamongo.executor import RetryPolicy
from dynamongo.planning.scan_policy import ScanPolicy

if TYPE_CHECKING:
    from boto3.session import Session


class ConnectionOptions(TypedDict, total=False):
    """The keyword arguments of `Connection` and `Connection.set_config`.

    Attributes:
        backend: The name of a backend, such as `"memory"`, or a backend instance.
        endpoint_url: The URL that the dynamodb backend sends requests to, instead of AWS.
        profile: The name of a profile in AWS's configuration files.
        session: A `boto3.Session`.
        client: A boto3 client for DynamoDB.
        scans: What to do when a plan is a full scan: `"warn"` (the default), `"forbid"` or `"allow"`.
        cursor_key: The secret that signs the cursors of pages, so that they can be sent to a browser and come back
            unchanged: 16 bytes or more, such as `secrets.token_bytes(32)`. Of several keys, the first signs and all are
            accepted. To rotate the key, put the new one before the old one, and drop the old one when its cursors are
            no longer in use.
        retries: How often and after which waits requests are retried, and how long a call may take.
        transport: How the dynamodb backend sends requests: `"auto"` (the default) sends them directly, and through
            boto3 where a mock, recorder or tracer expects to see them; `"boto3"` sends all of them through boto3.
        session_token: The session token of temporary credentials, beside their access key and secret key.
        timeout: The maximum time of one request to DynamoDB in seconds. By default boto3's setting: 60 seconds without
            a byte. `RetryPolicy.max_seconds` bounds the whole call with all its requests.
        connect_timeout: The maximum time to connect in seconds. By default boto3's setting: 60 seconds.
        cursor_ttl: For how many seconds a new cursor is valid; requires a `cursor_key`. Cursors without an expiry are
            then refused.
        show_values: Whether error messages and printed plans contain the values that callers passed, shortened. `False`
            hides them, to keep them out of logs: in the whole process, for as long as the connection is in use, because
            a value may be refused before it is known which connection it was meant for. Stored values are never shown.
        blocking_calls: What to do when a blocking call is made on a running event loop of asyncio, whose tasks all have
            to wait for it: `"warn"` (the default) gives a `BlockingCallWarning` with the awaited form, `"forbid"`
            raises `BlockingCallForbidden` before anything is sent, and `"allow"` does neither. The memory backend,
            calls in worker threads, and notebooks are never affected.
        max_connections: How many connections to DynamoDB each event loop may have, for verbs that are awaited: 100 by
            default. More requests at once wait for one of them. `timeout` and `RetryPolicy.max_seconds` bound the wait.
        item_size_warning: Beyond how many bytes a write of a whole item gives an `ItemSizeWarning`, once for each table
            and line of the program: 358,400 by default, which is 350 KB of the 400 KB that an item can have. `None`
            for no warning.
    """

    backend: str | Backend | None
    endpoint_url: str | None
    profile: str | None
    session: Session | None
    client: Any  # boto3 generates the classes of its clients at run time
    scans: ScanPolicy | None
    cursor_key: bytes | Sequence[bytes] | None
    retries: RetryPolicy | None
    transport: str | None
    session_token: str | None
    timeout: float | None
    connect_timeout: float | None
    cursor_ttl: float | None
    show_values: bool
    blocking_calls: BlockingPolicy | None
    max_connections: int | None
    item_size_warning: int | None
