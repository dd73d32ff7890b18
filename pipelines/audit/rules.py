"""Rules such as ``gaze<=2.6 and sharpness>=50``: checked with `ast`, evaluated by pandas."""

from __future__ import annotations

import ast
from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pipelines.runtime.errors import PresenceError

if TYPE_CHECKING:
    import pandas as pd

_MAX_LENGTH = 2000
# pandas evaluates nested and chained comparisons recursively.
_MAX_DEPTH = 40
_COMPARISONS = (ast.Lt, ast.LtE, ast.Gt, ast.GtE, ast.Eq, ast.NotEq)


class RuleError(PresenceError):
    """A rule that cannot be understood."""


@dataclass(frozen=True)
class Rule:
    """A rule that says which pictures to keep.

    Attributes:
        text: The rule as it was written.
        names: The columns that it reads, sorted.
    """

    text: str
    names: tuple[str, ...]
    _expression: str

    def verdicts(self, numbers: pd.DataFrame) -> pd.Series:
        """Apply the rule to every row.

        Args:
            numbers: The columns that the rule may use, nullable (``Float64``).

        Returns:
            A nullable boolean per row: missing where the rule depends on a missing value (Kleene's
            logic, also under ``not``).
        """
        return numbers.eval(self._expression, engine="python")


def parse(text: str, names: Collection[str]) -> Rule:
    """Read a rule: comparisons of columns and numbers, ``and``, ``or``, ``not``, parentheses.

    Args:
        text: The rule.
        names: Columns that it may use.

    Raises:
        RuleError: ``bad-rule`` or ``unknown-column``.
    """
    if len(text) > _MAX_LENGTH:
        raise _bad(f"it is longer than {_MAX_LENGTH} characters")
    try:
        condition = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise _bad("it is not a complete comparison") from error
    _check_condition(condition, names, 0)
    # Written anew from the checked tree: pandas has syntax of its own (@, backticks, lines).
    return Rule(text.strip(), _columns_in(condition), ast.unparse(condition))


def _check_condition(node: ast.expr, names: Collection[str], depth: int) -> None:
    if depth > _MAX_DEPTH:
        raise _bad("it is nested too deeply")
    match node:
        case ast.BoolOp(values=conditions):
            for condition in conditions:
                _check_condition(condition, names, depth + 1)
        case ast.UnaryOp(op=ast.Not(), operand=condition):
            _check_condition(condition, names, depth + 1)
        case ast.Compare(left=left, ops=operators, comparators=others):
            for side in (left, *others):
                _check_side(side, names)
            if not all(isinstance(operator, _COMPARISONS) for operator in operators):
                raise _bad("it may compare with <, <=, >, >=, == and != only")
            if len(operators) > _MAX_DEPTH:
                raise _bad("it is nested too deeply")
            if not _columns_in(node):
                raise _bad("every part of it has to compare a column with a number")
        case _:
            raise _bad("every part of it has to compare a column with a number")


def _check_side(node: ast.expr, names: Collection[str]) -> None:
    match node:
        case ast.Name(id=name):
            if name not in names:
                known = ", ".join(sorted(names))
                raise RuleError(
                    "unknown-column", f"There is no column named {name}. There are: {known}."
                )
        case ast.Constant(value=int() | float() as value) | ast.UnaryOp(
            ast.USub() | ast.UAdd(), ast.Constant(value=int() | float() as value)
        ) if not isinstance(value, bool):
            pass
        case _:
            raise _bad("it may compare column names and numbers only")


def _columns_in(node: ast.expr) -> tuple[str, ...]:
    return tuple(sorted({part.id for part in ast.walk(node) if isinstance(part, ast.Name)}))


def _bad(reason: str) -> RuleError:
    return RuleError(
        "bad-rule",
        f'This rule cannot be read: {reason}. Write it like "gaze<=2.6 and sharpness>=50".',
    )
