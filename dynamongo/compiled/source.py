"""The source of a compiled function, as it is written."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Literal, TypeAlias

from dynamongo.fields.base import Field
from dynamongo.generated import make_function

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
        self.functions: list[list[str]] = []

    @property
    def is_of_python(self) -> bool:
        """Whether the functions take Python values, and not attribute values."""
        return self.task != "decode"

    def name(self, kind: str, thing: object) -> str:
        """A new name for an object, which begins with what it is."""
        name = f"{kind}{len(self.names)}"
        self.names[name] = thing
        return name

    def name_field(self, name: str, field: Field[Any]) -> str:
        """The name of a field of the model, which messages and tracebacks show."""
        self.names[f"{name}_field"] = field
        return f"{name}_field"

    def define(self, label: str, lines: list[str]) -> str:
        """Add a function of one variable, `v`, for the field with the label, and return its name."""
        name = f"{self.task}{len(self.functions)}"
        self.functions.append([f"def {name}(v):  # {label}", *(f"    {line}" for line in lines)])
        return name

    def compile(self) -> Callable[..., Any]:
        """The function that does the task."""
        return make_function(self.task, str(self), self.names)

    def __str__(self) -> str:
        return "\n\n".join("\n".join(lines) + "\n" for lines in self.functions)
