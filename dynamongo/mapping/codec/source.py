"""The source code of a compiled function while it is written.

The source contains only fixed text, numbered names such as `field3`, and numbered literals such as `'name4'`, which
become the real texts when it is compiled. Names of attributes, classes and members come from users, sometimes from a
schema file, and are never part of it. So no name can inject code.
"""

from __future__ import annotations

import itertools
import sys
from collections.abc import Callable
from typing import Any, Literal, TypeAlias

from dynamongo._support.codegen import make_function
from dynamongo._support.dataclasses import dataclass

Task: TypeAlias = Literal["build", "encode", "decode", "read"]
"""What happens to the values of an instance: built from arguments, encoded to an item, decoded from one, or read from
one while it is still DynamoDB JSON."""


@dataclass(frozen=True, slots=True)
class FastPath:
    """Two expressions about a value in a variable `v`. The test may leave a result in the variable `v_`.

    Attributes:
        test: Whether the value takes the fast path; `None` where only the field can tell.
        result: What an instance holds for such a value (never a container that the caller keeps), or what is stored.
    """

    test: str | None
    result: str


class Source:
    """The lines of one or more functions, and the objects that they refer to.

    Args:
        task: What the functions do.
        names: Objects by name that every function may use.
    """

    def __init__(self, task: Task, names: dict[str, Any]) -> None:
        self.task = task
        self.names = dict(names)
        self._texts: dict[str, str] = {}
        self.functions: list[list[str]] = []
        self._numbers = itertools.count()
        self._defined: dict[object, str] = {}

    @property
    def is_of_python(self) -> bool:
        """Whether the functions take Python values; those that decode or read take attribute values."""
        return self.task in ("build", "encode")

    def name(self, kind: str, thing: object) -> str:
        """Return a new name for an object: the kind, a word of this package, followed by a number."""
        name = f"{kind}{next(self._numbers)}"
        self.names[name] = thing
        return name

    def name_text(self, text: str) -> str:
        """Return a literal that stands for an attribute's name or another text: `'name0'` for `email`."""
        name = f"name{next(self._numbers)}"
        self._texts[name] = sys.intern(text)
        return f"'{name}'"

    def define(self, lines: list[str]) -> str:
        """Add a function of one variable, `v`, and return its name."""
        name = f"{self.task}{len(self.functions)}"
        self.functions.append([f"def {name}(v):", *(f"    {line}" for line in lines)])
        return name

    def define_once(self, thing: object, write: Callable[[], list[str]]) -> str:
        """Define the function for a thing, unless there is one, and return its name. Its lines may call it."""
        if thing not in self._defined:
            place = len(self.functions)
            self._defined[thing] = f"{self.task}{place}"
            self.functions.append([])
            self.functions[place] = [f"def {self._defined[thing]}(v):", *(f"    {line}" for line in write())]
        return self._defined[thing]

    def compile(self) -> Callable[..., Any]:
        """Compile the functions, and return the one named after the task."""
        return make_function(self.task, str(self), self.names, self._texts)

    def __str__(self) -> str:
        return "\n\n".join("\n".join(lines) + "\n" for lines in self.functions)
