"""`LazyResponse`: the response of boto3's client to a call that no hook watches, parsed on access.

Parsing is most of what is left of the cost of a page: without it, a query of 1,000 items takes half the time.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast

from dynamongo.backends.dynamodb.requests import Request
from dynamongo.backends.dynamodb.transport.page_decoder import LISTS, parse_body

_METADATA: Final = "ResponseMetadata"


class LazyResponse(dict[str, Any]):
    """A response that has its metadata at first.

    Asking for another member by name parses all of them but the items (`LISTS`), which are most of a response; anything
    else that can be done with a dict parses everything first. Then it is what botocore would have returned. A copy is a
    plain dict.

    Args:
        request: The request.
        metadata: The member `ResponseMetadata`.
        body: The JSON.
        parse_all: Returns the whole response as botocore does.
        parse_some: Does that to parsed JSON, and leaves the metadata out.
    """

    def __init__(
        self,
        request: Request,
        metadata: dict[str, Any],
        body: bytes,
        parse_all: Callable[[], dict[str, Any]],
        parse_some: Callable[[dict[str, Any]], dict[str, Any]],
    ) -> None:
        super().__init__({_METADATA: metadata})
        self._request = request
        self._body = body
        self._parse_all = parse_all
        self._parse_some = parse_some
        self._content: dict[str, Any] | None = None
        self.is_complete = False

    def read(self) -> dict[str, Any]:
        """Return the content, as `parse_body` does."""
        content = self._content
        if content is None:
            content = self._content = parse_body(self._request.action, self._body.decode(), self._request.reader)
        return cast("dict[str, Any]", content)

    def complete(self) -> None:
        """Parse everything."""
        if not self.is_complete:
            everything = self._parse_all() | {_METADATA: super().get(_METADATA)}
            self.is_complete = True
            super().clear()
            super().update(everything)

    def _look_for(self, name: object) -> None:
        """Parse what has to be parsed to know whether there is a member of that name."""
        if self.is_complete or super().__contains__(name):
            return
        large = LISTS.get(self._request.action)
        if large is None or name == large:
            self.complete()
        elif super().__len__() == 1:
            super().update(self._parse_some({each: value for each, value in self.read().items() if each != large}))

    def __getitem__(self, name: str) -> Any:
        self._look_for(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        """See `dict`."""
        self._look_for(name)
        return super().get(name, default)

    def __contains__(self, name: object) -> bool:
        self._look_for(name)
        return super().__contains__(name)

    def update(self, *args: Any, **named: Any) -> None:
        """See `dict`. botocore updates a response with nothing."""
        if named or any(args):
            self.complete()
            super().update(*args, **named)

    def __reduce_ex__(self, protocol: Any) -> tuple[type[dict[str, Any]], tuple[dict[str, Any]]]:
        return dict, (dict(self),)


def _complete_first(name: str) -> Callable[..., Any]:
    method = getattr(dict, name)

    def complete_first(self: LazyResponse, *args: Any, **named: Any) -> Any:
        self.complete()
        return method(self, *args, **named)

    complete_first.__name__ = name
    return complete_first


_OTHERS: Final = (
    "__delitem__ __eq__ __ior__ __iter__ __len__ __ne__ __or__ __repr__ __reversed__ __ror__ __setitem__"
    " clear copy items keys pop popitem setdefault values"
)
for _name in _OTHERS.split():
    setattr(LazyResponse, _name, _complete_first(_name))
