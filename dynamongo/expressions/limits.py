"""Limits of DynamoDB on the expression of one condition.

Source: "Service, account, and table quotas in Amazon DynamoDB", expression parameters.
"""

from __future__ import annotations

from dynamongo.exceptions import ExpressionError
from dynamongo.expressions.conditions import And, AnyCondition, Comparison, Exists, In, Not, Or, Path, Size, is_value
from dynamongo.expressions.operands import operands_of, paths_of
from dynamongo.expressions.trees import Branch, nodes_of

MAX_OPERATORS = 300
MAX_IN_OPERANDS = 100
MAX_EXPRESSION_BYTES = 4096


def check_limits(condition: AnyCondition, expression: str | None = None) -> None:
    """Raise `ExpressionError` if the condition is too large for one expression of DynamoDB.

    Args:
        condition: The condition.
        expression: The parameter of the request, such as `"FilterExpression"`, if a backend asks: the message is then
            in DynamoDB's words.

    Raises:
        ExpressionError: More than 300 operators, or an IN with more than 100 choices.
    """
    if _is_plain(condition):
        return
    if (choices := longest_in(condition)) > MAX_IN_OPERANDS:
        own = f"in_ takes at most {MAX_IN_OPERANDS} values in one condition; got {choices}"
        fault = f"The IN operator is provided with too many operands; number of operands: {choices}"
        raise ExpressionError(f"Invalid {expression}: {fault}" if expression else own)
    if (operators := count_operators(condition)) > MAX_OPERATORS:
        own = f"a condition takes at most {MAX_OPERATORS} operators; got {operators}"
        fault = f"The expression contains too many operators; operator count: {operators}"
        raise ExpressionError(f"Invalid {expression}: {fault}" if expression else own)


def _is_plain(condition: AnyCondition) -> bool:
    """Return whether a condition cannot be too large, for most at a glance: one leaf, or a few that are joined.

    It takes a tenth of the time of counting; `test_functions_count_as_operators` tries the largest of them.
    """
    if isinstance(condition, (And, Or)):
        leaves = [part for part in condition.parts if not isinstance(part, (Branch, In))]
        # A leaf has one operator and at most three functions, and needs one more to be joined.
        return len(leaves) == len(condition.parts) and 5 * len(leaves) <= MAX_OPERATORS
    return not isinstance(condition, (Not, In))


def count_operators(condition: AnyCondition) -> int:
    """Count the operators and functions of the condition as DynamoDB does, which takes at most 300."""
    return sum(map(_own_operators, nodes_of(condition)))


def _own_operators(node: AnyCondition) -> int:
    match node:
        case And(parts) | Or(parts):
            return len(parts) - 1
        case Not():
            return 1
        case _:
            return 1 + sum([isinstance(operand, Size) for operand in operands_of(node)])


def longest_in(condition: AnyCondition) -> int:
    """Return the number of choices of the longest IN in the condition; DynamoDB takes at most 100."""
    return max([len(node.choices) for node in nodes_of(condition) if isinstance(node, In)], default=0)


def path_bytes(path: Path) -> int:
    """Return an upper bound of the length of a path in an expression: 8 bytes for a name, its digits for a position."""
    return sum(len(f"[{step}]") if isinstance(step, int) else 8 for step in path.elements)


def rendered_bytes(condition: AnyCondition) -> int:
    """Return an upper bound of the length of the condition as an expression; DynamoDB takes at most 4096 bytes.

    A name, a position or a value is rendered in up to eight bytes, including the comma or point that follows it.
    """
    return sum(map(_own_bytes, nodes_of(condition)))


def _own_bytes(node: AnyCondition) -> int:
    match node:
        case And(parts) | Or(parts):
            return len(parts) * len(" AND ()")
        case Not():
            return len("NOT ()")
        case Comparison():
            frame = len(" <= ")
        case In(_, ()):  # rendered as a contradiction, since DynamoDB takes no empty IN
            return 2 * _own_bytes(Exists(*(paths_of(node) or [Path("")])))
        case _:
            frame = len("(attribute_not_exists())")
    steps = sum(map(path_bytes, paths_of(node)))
    values = sum(map(is_value, operands_of(node)))
    sizes = sum(isinstance(operand, Size) for operand in operands_of(node))
    return frame + steps + 8 * values + len("size()") * sizes
