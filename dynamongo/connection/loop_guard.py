"""The guard of event loops: a blocking call on a running loop stops all its tasks until the store answers.

Each call looks for a loop on its own thread: a call in a worker thread of the loop blocks nobody.
"""

from __future__ import annotations

import functools
import sys
import warnings
from collections.abc import Callable
from types import FrameType, ModuleType
from typing import Final, Literal, TypeAlias, get_args

from dynamongo._support.stacklevel import caller_level, find_entry
from dynamongo.backends import Backend
from dynamongo.exceptions import BlockingCallForbidden, BlockingCallWarning, ConfigurationError

BlockingPolicy: TypeAlias = Literal["warn", "forbid", "allow"]
"""What to do when a blocking call is made on a running event loop."""

_FORMS: Final = {
    "transact_get": "await Connection.aio.transact_get(...)",
    "Transaction": "async with Connection.aio.transaction() as tx",
    "Batch": "async with {model}.aio.batch() as batch",
    "Lock": "await lock.aio.{verb}(...)",
    "Lock.__enter__": "async with Lock(...)",
    "Lock.__exit__": "async with Lock(...)",
    "ResultSet.__iter__": "async for item in {model}.aio.find(...)",
    "ResultSet.pages": "async for page in {model}.aio.find(...).pages()",
    "ResultSet": "await {model}.aio.find(...).{verb}(...)",
    "SaveMany": "await {model}.aio.save_many(...)",
    "DeleteMany": "await {model}.aio.delete_many(...)",
    "UpdateMany": "await {model}.aio.update_many(...)",
    "check_unique": "async for page in {model}.aio.check_unique(...)",
    **dict.fromkeys(("save_iter", "delete_iter", "update_iter"), "async for outcome in {model}.aio.{verb}(...)"),
}
"""The awaited form by what was called: a class that is no model and a method of it, the class alone, or a function."""


def check_blocking_policy(policy: object) -> None:
    """Raise `ConfigurationError` for something that is no such policy."""
    policies = get_args(BlockingPolicy)
    if policy not in policies:
        raise ConfigurationError(f"blocking_calls must be one of {', '.join(policies)}; got {policy!r}")


def watch_loop(backend: Backend, policy: BlockingPolicy) -> Callable[[], object] | None:
    """Return a function whose result is not `None` where a blocking call may have to be reported.

    Every request calls it, so it is one written in C. Until asyncio is imported no loop can run. Once it is, the
    function returns asyncio: the caller then asks for another function, which returns the running loop.

    Returns:
        The function, or `None` if no call is to be reported: by the policy, or because the backend does no I/O, or in
        a notebook, whose cells run on an event loop that has nothing to do but wait for them.
    """
    if policy == "allow" or getattr(backend, "is_local", False) or "ipykernel" in sys.modules:
        return None
    # Not `get_running_loop`, which raises if there is none. A module that is being imported lacks both.
    running = getattr(sys.modules.get("asyncio.events"), "_get_running_loop", None)
    return running or functools.partial(sys.modules.get, "asyncio.events")


def is_loop(found: object) -> bool:
    """Return whether what `watch_loop` found is a running loop, and not just asyncio."""
    return found is not None and not isinstance(found, ModuleType)


def report_blocking(policy: BlockingPolicy, model: str, verb: str) -> None:
    """Warn about the call of this package that blocks the event loop, or forbid it.

    Python shows the warning once per call site.

    Args:
        policy: Which of the two.
        model: The name of the model, if the call is about one.
        verb: The name of the verb, if its function is no longer on the stack.

    Raises:
        BlockingCallForbidden: The policy is `"forbid"`.
    """
    message = (
        "a blocking call on a running event loop stops all its tasks until the store answers: use"
        f" `{_awaited_form(find_entry(), model, verb)}`, or call it in a thread (`asyncio.to_thread`)"
    )
    if policy == "forbid":
        raise BlockingCallForbidden(f"{message}. Blocking calls are forbidden here, so nothing was sent")
    warnings.warn(f"{message}. Set blocking_calls='allow' if that is intended", BlockingCallWarning, caller_level())


def _awaited_form(entry: FrameType, model: str, verb: str) -> str:
    """Return the awaited form of the function of this package that was called; `entry` is its frame."""
    code = entry.f_code
    verb = verb or code.co_name
    owner: object = entry.f_locals.get(code.co_varnames[0]) if code.co_argcount else None
    kind = type(owner)
    for known in (f"{kind.__name__}.{verb}", kind.__name__, verb):
        if known in _FORMS:
            return _FORMS[known].format(model=model, verb=verb)
    if hasattr(kind, "__mapper__"):  # a verb of an instance
        return f"await {kind.__name__.lower()}.aio.{verb}(...)"
    return f"await {getattr(owner, '__name__', 'User')}.aio.{verb}(...)"
