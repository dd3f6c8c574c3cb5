"""Whole-number programs solved exactly, one goal after another, with HiGHS as SciPy brings it; every answer is checked in whole numbers.

SciPy is imported where it is needed: it is slow to load, and web processes never need it.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from scipy.sparse import csr_array

# (variable, factor): the left side of a rule, or a goal.
Terms = list[tuple[int, int]]
# Prices of programs like these are whole numbers or simple fractions; what is nearer to zero is the solver's noise.
NOISE = 1e-5


class SolverFailed(RuntimeError):
    """The solver gave no answer that holds. Nothing can be made of it; the other mechanisms do without."""


class Program:
    """Variables that are 0 or 1 (`yes_or_no`) or any amount from 0 on (`amount`), and rules `terms ≤ most` over them."""

    def __init__(self) -> None:
        self._whole: list[bool] = []
        self._rules: list[tuple[Terms, int]] = []

    def yes_or_no(self) -> int:
        """A new variable, 0 or 1; returns its number."""
        self._whole.append(True)
        return len(self._whole) - 1

    def amount(self) -> int:
        """A new variable, any amount from 0 on; returns its number."""
        self._whole.append(False)
        return len(self._whole) - 1

    def rule(self, terms: Terms, most: int) -> None:
        """The sum of `terms` is `most` at most."""
        self._rules.append((terms, most))

    def best(self, goals: Sequence[Terms]) -> list[bool]:
        """Which yes-or-no variables are 1 where the first goal is largest, among those the second, and so on.

        Raises `SolverFailed` when the solver gives up, or gives what does not hold when added up in whole numbers.
        """
        face = _Face(self._whole, self._rules)
        reached = []
        answer = [False] * len(self._whole)
        for goal in goals:
            if goal:
                answer = face.narrow(goal)
                reached.append((goal, _sum(goal, answer)))
        for goal, value in reached:
            if _sum(goal, answer) != value:
                raise SolverFailed("a later goal was reached at the cost of an earlier one")
        return answer


class _Face:
    """What is still possible. Each goal narrows it to the answers that are best for it.

    The goal is first solved with fractions allowed. Its prices tell which variables cannot move and which rules bind in every best
    answer: fixing those leaves exactly the best answers, and a much smaller program for the next goal. Only where no whole answer is
    as good as the fractions is the goal itself added as a rule.
    """

    def __init__(self, whole: Sequence[bool], rules: Sequence[tuple[Terms, int]]) -> None:
        import numpy as np

        self.whole = np.array(whole, dtype=bool)
        self.lower = np.zeros(len(whole))
        self.upper = np.where(self.whole, 1.0, np.inf)
        self.rules = list(rules)
        self.binding = np.zeros(len(rules), dtype=bool)
        self.matrix, self.most = self._matrix()

    def narrow(self, goal: Terms) -> list[bool]:
        """Keep only the answers that are best for the goal; returns one of them."""
        import numpy as np

        wish = np.zeros(len(self.whole))
        for number, factor in goal:
            wish[number] -= factor
        relaxed = self._relaxed(wish)
        found = relaxed.x
        if np.abs(found - np.round(found))[self.whole].max(initial=0) > NOISE:
            found = self._solved(wish)
        answer = [bool(is_whole and value > 0.5) for is_whole, value in zip(self.whole, found, strict=True)]
        self._check(answer, found)
        value = _sum(goal, answer)
        if abs(relaxed.fun + value) < 0.01:
            self._fix(relaxed)
        else:
            self.rules.append(([(number, -factor) for number, factor in goal], -value))
            self.binding = np.append(self.binding, False)
            self.matrix, self.most = self._matrix()
        return answer

    def _relaxed(self, wish: Any) -> Any:
        import numpy as np
        from scipy.optimize import linprog

        loose = ~self.binding
        found = linprog(
            wish,
            A_ub=self.matrix[loose] if loose.any() else None,
            b_ub=self.most[loose] if loose.any() else None,
            A_eq=self.matrix[self.binding] if self.binding.any() else None,
            b_eq=self.most[self.binding] if self.binding.any() else None,
            bounds=np.column_stack((self.lower, self.upper)),
            method="highs",
        )
        if found.status != 0:
            raise SolverFailed(found.message)
        return found

    def _solved(self, wish: Any) -> Any:
        import numpy as np
        from scipy.optimize import Bounds, LinearConstraint, milp

        found = milp(
            wish,
            integrality=self.whole.astype(int),
            bounds=Bounds(self.lower, self.upper),
            constraints=LinearConstraint(self.matrix, np.where(self.binding, self.most, -np.inf), self.most),
            options={"mip_rel_gap": 0},
        )
        # Never "the best so far": an answer that depends on the machine's speed could not be replayed.
        if found.status != 0 or found.x is None:
            raise SolverFailed(found.message)
        return found.x

    def _fix(self, relaxed: Any) -> None:
        """Complementary slackness: what has a price stays where it is in every best answer."""
        import numpy as np

        up = relaxed.upper.marginals < -NOISE
        down = relaxed.lower.marginals > NOISE
        self.lower = np.where(up, self.upper, self.lower)
        self.upper = np.where(down, self.lower, self.upper)
        self.binding[np.flatnonzero(~self.binding)[relaxed.ineqlin.marginals < -NOISE]] = True

    def _check(self, answer: Sequence[bool], found: Any) -> None:
        import numpy as np

        exact = np.where(self.whole, answer, found)
        strays = float(np.abs(exact - found).max(initial=0))
        over = float((self.matrix @ exact - self.most).max(initial=0))
        if max(strays, over) > 0.01:
            raise SolverFailed(f"off by {strays:g} and {over:g} in whole numbers")

    def _matrix(self) -> "tuple[csr_array, Any]":
        import numpy as np
        from scipy.sparse import csr_array

        rows = np.repeat(np.arange(len(self.rules)), [len(terms) for terms, _most in self.rules])
        columns = np.array([number for terms, _most in self.rules for number, _factor in terms], dtype=int)
        factors = np.array([factor for terms, _most in self.rules for _number, factor in terms], dtype=float)
        matrix = csr_array((factors, (rows, columns)), shape=(len(self.rules), len(self.whole)))
        return matrix, np.array([most for _terms, most in self.rules], dtype=float)


def _sum(goal: Terms, answer: Sequence[bool]) -> int:
    return sum(factor for number, factor in goal if answer[number])
