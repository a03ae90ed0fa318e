"""The source of a compiled function, as it is written.

Source consists of numbered names, numbered literals and fixed text alone. Names of attributes, classes and members come
from users, at times from a schema file, so they are never written into it: they are data that the source refers to by
number.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable
from typing import Any, Literal, TypeAlias

from dynamongo._support.codegen import make_function

Task: TypeAlias = Literal["build", "encode", "decode"]
"""What is done with the values of an instance: built of what the user gave, encoded, or decoded from an item."""


class Source:
    """Functions of one model: their lines, and the objects that they name.

    Args:
        task: What the functions do.
        names: Objects by the names that any of them may use.
    """

    def __init__(self, task: Task, names: dict[str, Any]) -> None:
        self.task = task
        self.names = dict(names)
        self._texts: dict[str, str] = {}
        self.functions: list[list[str]] = []
        self._numbers = itertools.count()

    @property
    def is_of_python(self) -> bool:
        """Whether the functions take Python values, and not attribute values."""
        return self.task != "decode"

    def name(self, kind: str, thing: object) -> str:
        """A new name for an object: the kind, which is a word of this package, and a number."""
        name = f"{kind}{next(self._numbers)}"
        self.names[name] = thing
        return name

    def name_text(self, text: str) -> str:
        """Return a literal that stands for an attribute's name or another text."""
        name = f"name{next(self._numbers)}"
        self._texts[name] = sys.intern(text)
        return f"'{name}'"

    def define(self, lines: list[str]) -> str:
        """Add a function of one variable, `v`, and return its name."""
        name = f"{self.task}{len(self.functions)}"
        self.functions.append([f"def {name}(v):", *(f"    {line}" for line in lines)])
        return name

    def compile(self) -> Callable[..., Any]:
        """The function that does the task."""
        return make_function(self.task, str(self), self.names, self._texts)

    def __str__(self) -> str:
        return "\n\n".join("\n".join(lines) + "\n" for lines in self.functions)
