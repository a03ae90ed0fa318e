"""What a field reads of items that have no value for it: `ReadRules`, a base of `Field`."""

from __future__ import annotations

import copy
from abc import abstractmethod
from typing import TYPE_CHECKING, Any

from dynamongo.exceptions import SchemaError, ValidationError
from dynamongo.fields.keyed import Keyed

if TYPE_CHECKING:
    from typing_extensions import Self


class ReadRules(Keyed):
    """The part of a field that knows what to read of an item that lacks the attribute, or has NULL there."""

    required: bool
    default_on_read: Any
    required_on_read: bool

    @property
    @abstractmethod
    def label(self) -> str:
        """The name of the field in messages."""
        raise NotImplementedError

    @abstractmethod
    def missing_value(self) -> Any:
        """Return the Python value of an item without the attribute, if there is no rule."""
        raise NotImplementedError

    def take_read_rule(self, default: Any, *, required_on_read: bool) -> None:
        """Take the options `default_on_read` and `required_on_read`; raise `SchemaError` if they do not fit."""
        self.default_on_read, self.required_on_read = default, required_on_read
        if default is not None and required_on_read:
            raise SchemaError(f"{self.label}: default_on_read and required_on_read exclude each other: leave out one")
        if self.has_read_rule and not self.required:
            # Else None could be saved, by leaving the attribute out, and would not be read as None.
            name = "required_on_read" if required_on_read else "default_on_read"
            raise SchemaError(f"{self.label}: {name} needs required=True: a missing value is never read as None")

    @property
    def has_read_rule(self) -> bool:
        """Whether a missing value is read otherwise than as `None` or an empty container."""
        return self.default_on_read is not None or self.required_on_read

    def ignoring_absence(self) -> Self:
        """Return a copy of the field that does not require a value: the item may have been read without it."""
        copied = copy.copy(self)
        copied.required_on_read = False
        return copied

    def read_absent(self) -> Any:
        """Return the Python value of an item without the attribute, new for each call.

        Raises:
            ValidationError: There must be one.
        """
        if self.required_on_read:
            raise ValidationError(f"{self.label} is required, and nothing is stored")
        return self.read_unknown()

    def read_unknown(self) -> Any:
        """Return the same where an item may have been read without the attribute."""
        default = self.default_on_read
        if default is None:
            return self.missing_value()
        return self.validate(copy.deepcopy(default() if callable(default) else default))
