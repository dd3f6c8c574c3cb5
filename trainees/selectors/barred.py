"""Those who cannot be rated excellent in the annual appraisal: who failed, why, and what is done about it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from partyschool.accounts.models import Unit
from trainees.enums import AssessmentResult
from trainees.models import YearlyAssessment

from .make_up import PlanRow, plans_by_cadre
from .organisation import ResultLine, result_lines, results_of

ORDER = ("unit__path", "cadre__name", "id")


@dataclass(frozen=True)
class BarredLine:
    """One failed result with its newest make-up training."""

    result: ResultLine
    plan: PlanRow | None


def barred_results(user: Any, *, year: int, within: Unit | None) -> QuerySet[YearlyAssessment]:
    """The failed results in force that `user` is responsible for, below `within`; page them by `ORDER`."""
    failed = results_of(user, year=year, within=within).filter(result=AssessmentResult.FAIL)
    return failed.select_related("cadre", "unit").order_by(*ORDER)


def barred_lines(user: Any, rows: Iterable[YearlyAssessment], *, year: int) -> list[BarredLine]:
    """Failed results with places, reasons and plans. Two queries for all."""
    lines = result_lines(rows)
    plans = plans_by_cadre(user, [line.assessment.cadre_id for line in lines], year)
    return [BarredLine(line, plans.get(line.assessment.cadre_id)) for line in lines]
