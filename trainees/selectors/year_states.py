"""How far the assessment of a year has come, in numbers."""

from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Q, QuerySet

from courses.enums import OfferingState
from courses.models import Offering
from partyschool.accounts.models import Unit
from partyschool.common import clock
from trainees.enums import AssessmentResult, Grade, MakeUpState, ObjectionState, YearState
from trainees.models import AssessmentObjection, AssessmentYear, MakeUpPlan, YearlyAssessment

from .reports import Tally


def year_of(year: int) -> AssessmentYear:
    """The state of `year`; one that has no row is in preview. One query."""
    return AssessmentYear.objects.filter(year=year).first() or AssessmentYear(year=year)


def takes_objections(held: AssessmentYear) -> bool:
    """Whether somebody may object to a result of that year now."""
    return (
        held.state == YearState.OBJECTION
        and held.objections_until is not None
        and clock.now() <= held.objections_until
    )


def offerings_not_closed(year: int) -> QuerySet[Offering]:
    """The published offerings with lessons in `year` that are not closed: their credits are not in yet."""
    held = Offering.objects.filter(
        state=OfferingState.PUBLISHED, lessons__starts_at__year=year, lessons__cancelled_at=None
    )
    return held.distinct().order_by("ends_on", "pk")


@dataclass(frozen=True)
class YearNumbers:
    """The results in force by result and grade, objections by state, make-up plans by state, corrections since sealing."""

    results: dict[str, int]
    grades: dict[str, int]
    objections: dict[str, int]
    make_up: dict[str, int]
    corrections: int

    @property
    def total(self) -> int:
        return sum(self.results.values())

    @property
    def tally(self) -> Tally:
        tally = Tally()
        for result, number in self.results.items():
            tally.add(result, number)
        return tally


def year_numbers(year: int) -> YearNumbers:
    """All counts of one year. Four queries."""
    in_force = YearlyAssessment.objects.filter(year=year).unscoped("numbers, not people").order_by()
    results = dict.fromkeys(AssessmentResult.values, 0)
    grades = dict.fromkeys(Grade.values, 0)
    for result, grade, number in in_force.values_list("result", "grade").annotate(Count("pk")):
        results[result] += number
        grades[grade] += number
    objections = AssessmentObjection.objects.filter(assessment__year=year).unscoped("numbers, not people")
    plans = MakeUpPlan.objects.filter(assessment__year=year).unscoped("numbers, not people")
    versions = YearlyAssessment.versions.filter(year=year, superseded=True).unscoped("numbers, not people")
    return YearNumbers(
        results=results,
        grades=grades,
        objections=dict.fromkeys(ObjectionState.values, 0) | _counted(objections, "state"),
        make_up=dict.fromkeys(MakeUpState.values, 0) | _counted(plans, "state"),
        corrections=versions.count(),
    )


def _counted(rows: Any, column: str) -> dict[str, int]:
    return dict(rows.order_by().values_list(column).annotate(Count("pk")))


def unit_tallies(year: int) -> list[tuple[Unit, Tally]]:
    """The results of `year` by the units right below the city, in the order of the tree; those with results alone. Two queries."""
    length = 2 * Unit.steplen
    rows = YearlyAssessment.objects.filter(year=year).unscoped("numbers, not people").order_by()
    found: dict[str, Tally] = {}
    for path, result, number in rows.values_list(F("unit__path"), "result").annotate(Count("pk")):
        found.setdefault(path[:length], Tally()).add(result, number)
    units = Unit.objects.filter(Q(path__in=found)).order_by("path")
    return [(unit, found[unit.path]) for unit in units]
