"""The light watch: whether anything can be hooked in between boto3 and DynamoDB while boto3 is not used.

A hook in botocore imports it, waits for its import with a finder, or replaces what lies below it. So this is checked
before each request, in a quarter of a microsecond: neither botocore nor urllib3 is imported, no finder is new,
and the functions of `http.client`, if that is imported, are the original ones. If there is a reason, boto3 makes a
client, and `interception` decides.
"""

from __future__ import annotations

import builtins
import operator
import sys
from types import BuiltinFunctionType
from typing import Any, Final

from dynamongo.backends.dynamodb.transport.endpoint import LeftToBoto3

_HARMLESS_FINDERS: Final = frozenset(
    {
        "_distutils_hack",  # setuptools
        "_frozen_importlib",
        "_frozen_importlib_external",
        "_pytest",  # rewrites the asserts of tests and plugins
        "_virtualenv",
        "botocore",  # has a copy of six
        "pkg_resources",
        "setuptools",
        "six",
    }
)
"""The packages whose finders do not watch for botocore; nor do those of packages that are installed editable."""

_CLASSES: Final = ("HTTPConnection", "HTTPResponse")
_FUNCTIONS: Final = (
    *[f"HTTPConnection.{name}" for name in ("request", "putrequest", "endheaders", "send", "getresponse")],
    *[f"HTTPResponse.{name}" for name in ("begin", "read")],
)
"""What passes on a request of boto3 in `http.client`; `interception` has the rest of its way."""

_look_up: Final = operator.attrgetter(*_CLASSES, *_FUNCTIONS, *[f"{name}.__code__" for name in _FUNCTIONS])


def check_process() -> None:
    """Raise `LeftToBoto3` if something may be hooked into boto3 in this process already."""
    if type(builtins.__import__) is not BuiltinFunctionType:
        raise LeftToBoto3("builtins.__import__ is replaced")
    if (reason := LightWatch().find_reason()) is not None:
        raise LeftToBoto3(reason)


def find_foreign_finder(finders: list[Any]) -> str | None:
    """Return the module of a finder that hooks into imports, and may be waiting for botocore's."""
    for finder in finders:
        module = str(getattr(finder, "__module__", None) or type(finder).__module__)
        if module.partition(".")[0] not in _HARMLESS_FINDERS and not module.startswith("__editable__"):
            return module
    return None


class LightWatch:
    """Watches a process in which boto3 is not used. Threads may share it."""

    def __init__(self) -> None:
        self._finders: list[Any] = []
        self._foreign: str | None = None
        self._originals: tuple[Any, ...] = ()

    def find_reason(self) -> str | None:
        """Return why boto3 has to be used, or `None` if it need not."""
        modules = sys.modules
        if "botocore" in modules or "urllib3" in modules:
            return f"{'botocore' if 'botocore' in modules else 'urllib3'} is imported"
        if sys.meta_path != self._finders:
            finders = list(sys.meta_path)
            # In this order: another thread may rely on the result as soon as the finders are equal.
            self._foreign = find_foreign_finder(finders)
            self._finders = finders
        if self._foreign is not None:
            return f"{self._foreign} watches imports"
        if "http.client" in modules:
            return self._find_replacement(modules["http.client"])
        return None

    def _find_replacement(self, client: Any) -> str | None:
        """Return what in `http.client` is not the original; once that is known, it has to be the same objects."""
        try:
            found = _look_up(client)
        except AttributeError as error:
            is_incomplete = getattr(client.__spec__, "_initializing", False)  # another thread is importing it
            return None if is_incomplete else f"http.client is replaced: {error}"
        if len(found) == len(self._originals) and all(map(operator.is_, found, self._originals)):
            return None
        from dynamongo.backends.dynamodb.transport.originals import is_original  # noqa: PLC0415 - seldom needed

        for name, each in zip((*_CLASSES, *_FUNCTIONS), found, strict=False):  # the codes follow
            if not is_original(each):
                return f"http.client's {name} is replaced"
        self._originals = found
        return None
