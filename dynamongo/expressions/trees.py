"""Trees of conditions: what AND, OR and NOT share, and how a tree of any depth is walked and written out.

Users build trees in loops, and a chain of ten thousand `|` must not meet Python's recursion limit. So nothing here
recurses: a tree is compared, hashed, pickled and printed as the list of its nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Final, TypeAlias, TypeVar, cast

from dynamongo.exceptions import ExpressionError

if TYPE_CHECKING:
    from typing_extensions import Self

N = TypeVar("N")

_Entry: TypeAlias = "Any | tuple[type[Branch], int]"
"""A node without parts as itself; a branch as its kind and the number of its parts, which follow.

The entries of `a & ~b` are `[(And, 2), a, (Not, 1), b]`.
"""


class ComparisonOfWrongType:
    """To type checkers, what `==` and `!=` make of a field and a value that it never holds; nothing takes it.

    No such object exists: at run time, a field refuses the value. Of `None`, it says to write `not_exists()`.
    """

    __slots__ = ()


class Branch:
    """A node that has other nodes as parts."""

    __slots__ = ()

    @property
    def branches(self) -> tuple[Any, ...]:
        """The parts, from left to right."""
        raise NotImplementedError

    def __eq__(self, other: object) -> bool:
        return _to_entries(self) == _to_entries(other) if type(self) is type(other) else NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(_to_entries(self)))

    def __repr__(self) -> str:
        return assemble(self, _split_repr)

    def __reduce__(self) -> tuple[Any, ...]:
        return _from_entries, (_to_entries(self),)


class Junction(Branch):
    """A branch of any number of parts, in which those of its own kind are flattened when its parts are first read.

    Flattening at each link of `a | b | c | …` would take time quadratic in the length of the chain.

    Attributes:
        given: The parts as they were given, not flattened.
    """

    __slots__ = ("given",)
    given: tuple[Any, ...]

    def __init__(self, *parts: Any) -> None:
        if not parts:
            raise ExpressionError(f"{type(self).__name__} takes at least one condition")
        _set_given(self, parts)

    @classmethod
    def of(cls, parts: tuple[Any, ...]) -> Self:
        """Return the branch of these parts, one or more. Flat ones, as conjuncts are, need not be flattened later."""
        made: Self = object.__new__(cls)  # parts that are known to be there need no constructor
        _set_given(made, parts)
        if cls not in map(type, parts):
            object.__setattr__(made, "parts", parts)
        return made

    @property
    def branches(self) -> tuple[Any, ...]:
        """The parts, flattened."""
        return cast("Any", self).parts  # type: ignore[no-any-return]  # a field of each subclass

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Flatten the parts on first access. A copy has the flattened parts, and nothing else was given."""
            if name == "parts":
                parts = _flatten(type(self), self.given)
                object.__setattr__(self, "parts", parts)
                return parts
            if name == "given":
                return object.__getattribute__(self, "parts")
            raise AttributeError(f"{type(self).__name__} has no attribute {name!r}")


_set_given: Final[Any] = Junction.__dict__["given"].__set__  # takes half the time of `object.__setattr__`


def nodes_of(tree: N) -> list[N]:
    """Return every node of the tree: each before its parts, and these from left to right."""
    nodes: list[N] = []
    pending = [tree]
    while pending:
        node = pending.pop()
        nodes.append(node)
        if isinstance(node, Branch):
            pending += reversed(node.branches)
    return nodes


def assemble(tree: object, split: Callable[[Any], Iterable[Any]]) -> str:
    """Return the text of a tree; `split` gives the pieces of one node, with its parts in their places."""
    texts: list[str] = []
    pending: list[Any] = [tree]
    while pending:
        piece = pending.pop()
        if isinstance(piece, str):
            texts.append(piece)
        else:
            pending += reversed(tuple(split(piece)))
    return "".join(texts)


def join(parts: Iterable[N], joint: str, in_parentheses: tuple[type, ...] = ()) -> Iterator[str | N]:
    """Yield the parts with a joint between them, as pieces for `assemble`; parts of some kinds in parentheses."""
    for position, part in enumerate(parts):
        if position:
            yield joint
        if isinstance(part, in_parentheses):
            yield from ("(", part, ")")
        else:
            yield part


def _split_repr(node: Any) -> Iterable[Any]:
    """Split a node as the `repr` of any other dataclass is written."""
    if isinstance(node, Junction):
        end = ",))" if len(node.branches) == 1 else "))"
        return (f"{type(node).__name__}(parts=(", *join(node.branches, ", "), end)
    if isinstance(node, Branch):
        return (f"{type(node).__name__}(part=", *node.branches, ")")
    return (repr(node),)


def _to_entries(tree: object) -> list[_Entry]:
    return [(type(node), len(node.branches)) if isinstance(node, Branch) else node for node in nodes_of(tree)]


def _from_entries(entries: list[_Entry]) -> Any:
    """Build the tree of the entries, from the end, so that the parts of a branch are built before it."""
    built: list[Any] = []
    for entry in reversed(entries):
        if isinstance(entry, tuple):
            kind, count = cast("tuple[Any, int]", entry)
            built.append(kind(*[built.pop() for _ in range(count)]))
        else:
            built.append(entry)
    return built[0]


def _flatten(kind: type[Junction], given: tuple[Any, ...]) -> tuple[Any, ...]:
    """Replace each part of the kind by its own parts, at any depth."""
    links: list[tuple[Any, ...]] = []
    while isinstance(given[0], kind):  # a chain such as `a & b & c` is nested at its start
        links.append(given[1:])
        given = given[0].given
    flat = list(given)
    for link in reversed(links):
        flat += link
    if kind not in map(type, flat):  # and nowhere else
        return tuple(flat)
    pending, flat = flat[::-1], list[Any]()
    while pending:
        part = pending.pop()
        if isinstance(part, kind):
            pending += reversed(part.given)
        else:
            flat.append(part)
    return tuple(flat)
