"""The executor: from a plan to results, page by page, chunk by chunk, with retries, and without any I/O.

Every function here is a generator of *effects*. It yields an operation to be executed, an `Attempt` or a `Wait`, and
is sent the operation's result, or has the backend's error thrown into it. `drive`, in `dynamongo.connection`, performs
the effects; another driver could perform them asynchronously without a change here.
"""

from __future__ import annotations

from dynamongo.executor.reads import Reads
from dynamongo.executor.table_lifecycle import Tables
from dynamongo.executor.writes import Writes


class Executor(Reads, Writes, Tables):
    """Runs plans and writes within a backend's limits."""
