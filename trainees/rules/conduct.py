"""What the conduct assessment of a class comes to: which dimensions a year scores, the weighted total, the grade."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Self

from courses.enums import OfferingKind
from trainees.enums import ConductDimension, ConductGrade
from trainees.models import ConductScore, ConductWeights

# What the school assesses conduct in: classes that a class teacher leads.
ASSESSED_KINDS = (OfferingKind.MAIN_CLASS, OfferingKind.SPECIAL_CLASS)
MOST = 100
CENT = Decimal("0.01")
Scores = Mapping[str, int | None]


@dataclass(frozen=True)
class Marking:
    """The weights of one year (dimension → per cent, together 100) and the totals from which a grade is given."""

    weights: Mapping[ConductDimension, int]
    excellent_from: int
    good_from: int
    pass_from: int

    @classmethod
    def of(cls, row: ConductWeights) -> Self:
        """The marking that a stored row of weights describes."""
        weights = {dimension: getattr(row, dimension.value) for dimension in ConductDimension}
        return cls(weights, row.excellent_from, row.good_from, row.pass_from)

    @property
    def used(self) -> list[ConductDimension]:
        """The dimensions that are scored, in the order of `ConductDimension`: those that weigh something."""
        return [dimension for dimension in ConductDimension if self.weights[dimension]]

    def unscored(self, scores: Scores) -> list[ConductDimension]:
        """The dimensions that still lack a score."""
        return [dimension for dimension in self.used if scores.get(dimension) is None]

    def total(self, scores: Scores) -> Decimal | None:
        """The weighted total, 0–100, rounded half up to 0.01; None while a dimension lacks its score."""
        if self.unscored(scores):
            return None
        points = sum(self.weights[dimension] * (scores[dimension] or 0) for dimension in self.used)
        return (Decimal(points) / MOST).quantize(CENT, ROUND_HALF_UP)

    def grade(self, total: Decimal) -> ConductGrade:
        """The grade of a total: a bound belongs to the better grade."""
        if total >= self.excellent_from:
            return ConductGrade.EXCELLENT
        if total >= self.good_from:
            return ConductGrade.GOOD
        return ConductGrade.PASS if total >= self.pass_from else ConductGrade.FAIL


def dimension_scores(score: ConductScore | None) -> dict[str, int | None]:
    """The stored scores of one trainee by dimension, None where there is none yet."""
    return {dimension.value: getattr(score, dimension.value, None) for dimension in ConductDimension}


def proposed_attitude(*, attended: Decimal, held: Decimal) -> int | None:
    """A score for attitude from attendance: the share of class-hours attended, 0–100, rounded half up; None without a roll call."""
    if held <= 0:
        return None
    return int((min(attended, held) * MOST / held).quantize(Decimal(1), ROUND_HALF_UP))


def version_of(scores: Scores, comment: str) -> str:
    """What a form showed of one trainee, so that saving over somebody else's change is noticed; '' stands for nothing yet."""
    shown = [
        "" if scores.get(dimension) is None else str(scores[dimension]) for dimension in ConductDimension
    ]
    return "|".join([*shown, comment]) if any(shown) or comment else ""
