"""What a field is taken for by mistake: a truth value, a condition, or a container."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, NoReturn


class Misused:
    """A base of fields that says what was meant."""

    @property
    @abstractmethod
    def label(self) -> str:
        """The name of the field in messages."""

    def __bool__(self) -> NoReturn:
        raise TypeError(
            f"{self.label} has no truth value: compare it (`{self.label} == True`), and combine conditions with & | ~"
        )

    if not TYPE_CHECKING:  # or type checkers would no longer report these mistakes

        def __and__(self, other: object) -> NoReturn:
            if other is None:  # as in an annotation of a field that has the name of its type
                raise TypeError(
                    f"{self.label} is no type, as `{self.label} | None` asks for: a field that has the name of its"
                    " type hides it, so write `date: DateField[dt.date | None]` after `import datetime as dt`"
                )
            raise TypeError(
                f"{self.label} is not a condition: put each comparison into parentheses, as in"
                " `(User.year > 1990) & (User.year < 2000)`, because & and | bind more tightly than == and <"
            )

        __rand__ = __or__ = __ror__ = __and__

        def __contains__(self, value: object) -> NoReturn:
            raise TypeError(f"{self.label} is not a container: write `{self.label}.contains(...)` instead of `in`")
