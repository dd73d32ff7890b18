"""Rules such as ``gaze<=2.6 and sharpness>=50``: read with `ast`, never evaluated as Python."""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from pipelines.runtime.errors import PresenceError

_LONGEST = 2000
_DEEPEST = 40

_COMPARE: dict[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}

Verdict = bool | None
Test = Callable[[Mapping[str, object]], Verdict]


class RuleError(PresenceError):
    """This rule cannot be understood."""


@dataclass(frozen=True)
class Rule:
    """A rule that says which pictures to keep.

    Attributes:
        text: As it was written.
        names: The columns that it reads, sorted.
    """

    text: str
    names: tuple[str, ...]
    _test: Test

    def keeps(self, row: Mapping[str, object]) -> bool:
        """Whether a row of columns is to be kept; what cannot be decided is not kept."""
        return self.verdict(row) is True

    def verdict(self, row: Mapping[str, object]) -> Verdict:
        """True, False, or None where a column that decides has no value in this row."""
        return self._test(row)


def parse(text: str, names: Sequence[str]) -> Rule:
    """Read a rule.

    It may hold comparisons of numbers and column names, ``and``, ``or``, ``not`` and parentheses.
    A missing value makes its comparison undecided, also under ``not`` (Kleene's logic).

    Args:
        text: The rule.
        names: Columns that it may use.

    Raises:
        RuleError: ``bad-rule`` or ``unknown-column``.
    """
    if len(text) > _LONGEST:
        raise _bad(f"it is longer than {_LONGEST} characters")
    try:
        body = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, MemoryError, RecursionError) as error:
        raise _bad("it is not a complete comparison") from error
    used: set[str] = set()
    test = _test(body, frozenset(names), used, 0)
    return Rule(text.strip(), tuple(sorted(used)), test)


def _test(node: ast.expr, names: frozenset[str], used: set[str], depth: int) -> Test:
    if depth > _DEEPEST:
        raise _bad("it is nested too deeply")
    if isinstance(node, ast.BoolOp):
        parts = [_test(value, names, used, depth + 1) for value in node.values]
        return _all(parts) if isinstance(node.op, ast.And) else _any(parts)
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not):
        return _not(_test(node.operand, names, used, depth + 1))
    if isinstance(node, ast.Compare):
        return _comparison(node, names, used)
    raise _bad("every part of it has to compare a column with a number")


def _comparison(node: ast.Compare, names: frozenset[str], used: set[str]) -> Test:
    sides = [_side(side, names, used) for side in (node.left, *node.comparators)]
    signs = []
    for sign in node.ops:
        if type(sign) not in _COMPARE:
            raise _bad("it may compare with <, <=, >, >=, == and != only")
        signs.append(_COMPARE[type(sign)])

    def test(row: Mapping[str, object]) -> Verdict:
        values = [side(row) for side in sides]
        pairs = zip(signs, values, values[1:], strict=False)
        return _conjunction(
            None if left is None or right is None else sign(left, right)
            for sign, left, right in pairs
        )

    return test


def _side(
    node: ast.expr, names: frozenset[str], used: set[str]
) -> Callable[[Mapping[str, object]], float | None]:
    if isinstance(node, ast.Name):
        if node.id not in names:
            known = ", ".join(sorted(names))
            raise RuleError(
                "unknown-column", f"There is no column named {node.id}. There are: {known}."
            )
        name = node.id
        used.add(name)
        return lambda row: _number(row.get(name))
    negative = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub | ast.UAdd)
    inner = node.operand if negative and isinstance(node, ast.UnaryOp) else node
    if (
        isinstance(inner, ast.Constant)
        and isinstance(inner.value, int | float)
        and not isinstance(inner.value, bool)
    ):
        value = float(inner.value)
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            value = -value
        return lambda _: value
    raise _bad("it may compare column names and numbers only")


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _conjunction(verdicts: Iterable[Verdict]) -> Verdict:
    undecided = False
    for verdict in verdicts:
        if verdict is False:
            return False
        undecided = undecided or verdict is None
    return None if undecided else True


def _all(parts: Sequence[Test]) -> Test:
    return lambda row: _conjunction(part(row) for part in parts)


def _any(parts: Sequence[Test]) -> Test:
    return lambda row: _negation(_conjunction(_negation(part(row)) for part in parts))


def _not(part: Test) -> Test:
    return lambda row: _negation(part(row))


def _negation(verdict: Verdict) -> Verdict:
    return None if verdict is None else not verdict


def _bad(why: str) -> RuleError:
    return RuleError(
        "bad-rule",
        f'This rule cannot be read: {why}. Write it like "gaze<=2.6 and sharpness>=50".',
    )
