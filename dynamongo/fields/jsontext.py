"""JSON documents, stored as text."""

from __future__ import annotations

import json
from typing import Any, NoReturn, cast

from dynamongo.exceptions import ValidationError
from dynamongo.fields.scalars import TextStored
from dynamongo.partial import refuse_part
from dynamongo.values import AttributeValue


class JSONField(TextStored[Any]):
    """Any JSON value but `None`, stored as JSON text: one string, whatever its depth.

    Takes dicts with `str` keys, lists, tuples (which come back as lists), `str`, `int`, `float`, `bool`, and `None`
    inside them. NaN and infinity are refused. The text is canonical (sorted keys, no white space), so that `==`
    compares documents; to it, `1` and `1.0` differ. A `DictField` stores a map, which conditions can reach into.

    >>> JSONField().encode({"b": [1, None], "a": 0.5})
    '{"a":0.5,"b":[1,null]}'
    """

    def convert(self, value: Any) -> Any:
        if value is None:
            self.reject(value, "a JSON value; None means that there is none")
        text = self._encode_text(value)
        self._check_keys(value)
        return json.loads(text)

    def _encode_text(self, value: Any) -> str:
        try:
            text = json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":"))
        except (TypeError, ValueError, RecursionError) as error:
            self.reject(value, f"a JSON value ({error})", cause=error)
        return self.convert_text(text, "text")

    def _check_keys(self, value: Any) -> None:
        """Refuse keys that `json` would turn into strings on its own: `{1: ...}` would come back as `{"1": ...}`.

        What was read in part is refused as well.
        """
        refuse_part(value)
        if isinstance(value, dict):
            for key, member in cast("dict[Any, Any]", value).items():
                if not isinstance(key, str):
                    self.reject(cast("Any", value), f"a JSON value, whose keys are str (not {key!r})")
                self._check_keys(member)
        elif isinstance(value, (list, tuple)):
            for element in cast("list[Any]", value):
                self._check_keys(element)

    def encode(self, value: Any) -> AttributeValue:
        return json.dumps(value, allow_nan=False, ensure_ascii=False, separators=(",", ":"), sort_keys=True)

    def parse(self, text: str) -> Any:
        value = json.loads(text, parse_constant=_refuse_constant)
        return self.reject(text, "stored as the text of a JSON value but null") if value is None else value


def _refuse_constant(name: str) -> NoReturn:
    raise ValidationError(f"{name} is no JSON")
