"""Quiet tracers: those known to look at a few members of arguments and responses by name, and to change nothing.

OpenTelemetry's instrumentation of botocore is one, unless it calls hooks of the program, which may do anything.
"""

from __future__ import annotations

import sys
from typing import Any, Final

import botocore.client

from dynamongo.backends.dynamodb.transport.originals import is_original

_OPENTELEMETRY: Final = "opentelemetry.instrumentation.botocore"


def is_quiet(found: Any) -> bool:
    """Return whether a function is the original, or wrapped by a quiet tracer alone."""
    if _find_tracer(found) is not None:
        found = found.__wrapped__
    return is_original(found)


def calls_hooks() -> bool:
    """Return whether the tracer that is at work calls hooks."""
    if _OPENTELEMETRY not in sys.modules:
        return False
    tracer = _find_tracer(vars(botocore.client.BaseClient).get("_make_api_call"))
    return tracer is not None and (callable(tracer.request_hook) or callable(tracer.response_hook))


def _find_tracer(found: Any) -> Any:
    """Return the quiet tracer that wraps a function, or `None`: wrapt keeps the method that it calls as a member."""
    module = sys.modules.get(_OPENTELEMETRY)
    if module is None or type(found).__name__ != "FunctionWrapper":
        return None
    wrapper = getattr(found, "_self_wrapper", None)
    tracer = getattr(wrapper, "__self__", None)
    is_its = getattr(wrapper, "__module__", None) == _OPENTELEMETRY
    return tracer if is_its and type(tracer) is getattr(module, "BotocoreInstrumentor", None) else None
