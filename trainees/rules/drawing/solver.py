"""Whole-number programs solved exactly, one goal after another, with HiGHS as SciPy brings it; every answer is checked in whole numbers.

SciPy is imported where it is needed: it is slow to load, and web processes never need it.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scipy.sparse import csr_array

# (variable, factor): the left side of a rule, or a goal.
Terms = list[tuple[int, int]]


class SolverFailed(RuntimeError):
    """The solver gave no answer that holds. Nothing can be made of it; the other mechanisms do without."""


class Program:
    """Variables that are 0 or 1 (`yes_or_no`) or any amount from 0 on (`amount`), and rules `terms ≤ most` over them."""

    def __init__(self) -> None:
        self._whole: list[int] = []
        self._rules: list[tuple[Terms, int]] = []

    def yes_or_no(self) -> int:
        """A new variable, 0 or 1; returns its number."""
        self._whole.append(1)
        return len(self._whole) - 1

    def amount(self) -> int:
        """A new variable, any amount from 0 on; returns its number."""
        self._whole.append(0)
        return len(self._whole) - 1

    def rule(self, terms: Terms, most: int) -> None:
        """The sum of `terms` is `most` at most."""
        self._rules.append((terms, most))

    def best(self, goals: Sequence[Terms]) -> list[bool]:
        """Which yes-or-no variables are 1 where the first goal is largest, among those the second, and so on.

        Raises `SolverFailed` when the solver gives up, or gives what does not hold when added up in whole numbers.
        """
        if not self._whole:
            return []
        rules, chosen = list(self._rules), [False] * len(self._whole)
        for goal in goals:
            if not goal:
                continue
            chosen = self._solve(goal, rules)
            reached = sum(factor for number, factor in goal if chosen[number])
            rules.append(([(number, -factor) for number, factor in goal], -reached))
        return chosen

    def _solve(self, goal: Terms, rules: Sequence[tuple[Terms, int]]) -> list[bool]:
        import numpy as np
        from scipy.optimize import Bounds, LinearConstraint, milp

        wish = np.zeros(len(self._whole))
        for number, factor in goal:
            wish[number] -= factor
        whole = np.array(self._whole)
        found = milp(
            wish,
            integrality=whole,
            bounds=Bounds(0, np.where(whole, 1, np.inf)),
            constraints=LinearConstraint(
                self._matrix(rules), -np.inf, np.array([most for _terms, most in rules])
            )
            if rules
            else None,
            options={"mip_rel_gap": 0},
        )
        # Never "the best so far": an answer that depends on the machine's speed could not be replayed.
        if found.status != 0 or found.x is None:
            raise SolverFailed(found.message)
        chosen = [bool(is_whole and value > 0.5) for is_whole, value in zip(whole, found.x, strict=True)]
        exact = np.where(whole, chosen, found.x)
        strays = float(np.abs(exact - found.x).max())
        over = float(
            (self._matrix(rules) @ exact - np.array([most for _terms, most in rules])).max(initial=0)
        )
        lost = abs(float(wish @ exact) - found.fun)
        if max(strays, over, lost) > 0.01:
            raise SolverFailed(f"off by {strays:g}, {over:g} and {lost:g} in whole numbers")
        return chosen

    def _matrix(self, rules: Sequence[tuple[Terms, int]]) -> "csr_array":
        import numpy as np
        from scipy.sparse import csr_array

        rows = np.repeat(np.arange(len(rules)), [len(terms) for terms, _most in rules])
        columns = np.array([number for terms, _most in rules for number, _factor in terms], dtype=int)
        factors = np.array([factor for terms, _most in rules for _number, factor in terms], dtype=float)
        return csr_array((factors, (rows, columns)), shape=(len(rules), len(self._whole)))
