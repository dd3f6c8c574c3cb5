"""What a training record is made of: classes, years, classes to come, and the record itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from functools import cached_property
from typing import NamedTuple

from courses.enums import OfferingKind
from courses.models import Offering
from trainees.enums import AssessmentResult, EnrolmentState, Grade
from trainees.models import Cadre, ConductScore, CreditClaim, Enrolment, Posting, YearlyAssessment
from trainees.rules.records import NOTHING, Cycle, Promotion

from .conduct import GRADE_TONES
from .reasons import reasons_text

RESULT_TONES = {
    Grade.EXCELLENT: "success",
    Grade.PASS: "success",
    Grade.FAIL: "danger",
    Grade.EXEMPT: "info",
}
STATE_TONES = {
    EnrolmentState.ENROLLED: "running",
    EnrolmentState.COMPLETED: "success",
    EnrolmentState.NOT_COMPLETED: "danger",
}


@dataclass(frozen=True)
class ClassLine:
    """One class, topic or training attended; `hours` and `credits` are what was posted for it, None while it runs.

    `noted` if it was off the job and long enough to stand in the form for appointments.
    """

    enrolment: Enrolment
    hours: Decimal | None
    credits: Decimal | None
    conduct: ConductScore | None
    noted: bool

    @property
    def offering(self) -> Offering:
        return self.enrolment.offering

    @property
    def outside(self) -> bool:
        return self.offering.kind == OfferingKind.OUTSIDE

    @property
    def tone(self) -> str:
        return STATE_TONES[EnrolmentState(self.enrolment.state)]

    @property
    def conduct_tone(self) -> str:
        return GRADE_TONES[self.conduct.grade] if self.conduct else "neutral"  # type: ignore[index]  # released: a ConductGrade


class CategorySum(NamedTuple):
    """Class-hours and credits of one category."""

    hours: Decimal
    credits: Decimal


@dataclass(frozen=True)
class YearLine:
    """One year: class-hours and credits by category, in the order of `CreditCategory`, and the result in force if there is one."""

    year: int
    categories: Sequence[CategorySum]
    assessment: YearlyAssessment | None

    @property
    def hours(self) -> Decimal:
        return sum((one.hours for one in self.categories), NOTHING)

    @property
    def credits(self) -> Decimal:
        return sum((one.credits for one in self.categories), NOTHING)

    @property
    def tone(self) -> str:
        return RESULT_TONES[Grade(self.assessment.grade)] if self.assessment else "neutral"

    @property
    def reasons(self) -> str:
        return reasons_text(self.assessment.reasons) if self.assessment else ""


class Coming(NamedTuple):
    """A class to come that would count towards the cycle, its class-hours and free seats."""

    offering: Offering
    hours: Decimal
    free: int


@dataclass(frozen=True)
class TrainingRecord:
    """Everything that is known of one cadre's training, as of `today`."""

    cadre: Cadre
    today: date
    postings: Sequence[Posting]
    classes: Sequence[ClassLine]
    years: Sequence[YearLine]
    claims: Sequence[CreditClaim]
    cycle: Cycle | None
    promotion: Promotion | None
    coming: Sequence[Coming]

    @cached_property
    def noted(self) -> list[ClassLine]:
        """The long off-job trainings that an appointment form names."""
        return [line for line in self.classes if line.noted]

    @property
    def off_job(self) -> int:
        return sum(line.offering.off_job for line in self.classes)

    @property
    def hours(self) -> Decimal:
        return sum((year.hours for year in self.years), NOTHING)

    @property
    def newest(self) -> YearLine | None:
        """The newest year with a result."""
        return next((year for year in self.years if year.assessment), None)

    @property
    def passed(self) -> tuple[int, int]:
        """Years passed, and years assessed."""
        results = [year.assessment.result for year in self.years if year.assessment]
        assessed = [one for one in results if one != AssessmentResult.EXEMPT]
        return sum(one == AssessmentResult.PASS for one in assessed), len(assessed)

    @property
    def conduct_mean(self) -> Decimal | None:
        """The mean of the released conduct totals, to 0.01."""
        totals = [
            line.conduct.total for line in self.classes if line.conduct and line.conduct.total is not None
        ]
        return round(sum(totals, NOTHING) / len(totals), 2) if totals else None
