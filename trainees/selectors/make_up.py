"""Who failed a sealed year, what each lacks, what could be attended for it, and what was planned."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import F, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from courses.enums import OfferingState
from courses.models import Offering
from partyschool.common import clock
from trainees.enums import AssessmentResult, CreditCategory, FigureCode, MakeUpState, SchemeState
from trainees.models import Cadre, CreditRule, MakeUpPlan, YearlyAssessment

from .figures import figure
from .reasons import credits_text, reasons_text

SUGGESTED_MOST = 5
CONTENT_MOST = 200
TONES = {
    MakeUpState.PLANNED: "warning",
    MakeUpState.DONE: "success",
    MakeUpState.MISSED: "danger",
    MakeUpState.CANCELLED: "neutral",
}


@dataclass(frozen=True)
class Shortfall:
    """What a failed result lacks, in credits: by category, and to the total."""

    by_category: Mapping[str, Decimal]
    total: Decimal

    @property
    def credits(self) -> Decimal:
        """How many credits would fill all of it."""
        return max(self.total, sum(self.by_category.values(), Decimal(0)))

    def in_words(self) -> str:
        parts = [
            _("%(category)s %(credits)s credits")
            % {"category": CreditCategory(category).label, "credits": credits_text(lacking)}
            for category, lacking in self.by_category.items()
        ]
        rest = self.credits - sum(self.by_category.values(), Decimal(0))
        if rest:
            parts.append(
                (_("%(credits)s credits of any kind") if parts else _("%(credits)s credits in total"))
                % {"credits": credits_text(rest)}
            )
        return pgettext("between clauses", "; ").join(parts)


def shortfall_of(assessment: YearlyAssessment) -> Shortfall:
    """What the stored reasons of a result say is lacking."""
    by_category: dict[str, Decimal] = {}
    total = Decimal(0)
    for reason in assessment.reasons:
        if reason["code"] != "short":
            continue
        lacking = Decimal(str(reason["needed"])) - Decimal(str(reason["counted"]))
        if reason["category"]:
            by_category[reason["category"]] = lacking
        else:
            total = lacking
    return Shortfall(by_category, total)


@dataclass(frozen=True)
class MakeUpCase:
    """Somebody who failed and has no plan: what is lacking, and what could be attended (most fitting first)."""

    assessment: YearlyAssessment
    content: str
    credits: Decimal
    reasons: str
    offerings: Sequence[Offering]


def unplanned(user: Any, *, year: int) -> QuerySet[YearlyAssessment]:
    """The failed results in force of `year` without a plan that is under way or done; page them by `("counted", "id")`."""
    planned = MakeUpPlan.objects.filter(
        assessment__year=year, state__in=[MakeUpState.PLANNED, MakeUpState.DONE]
    ).unscoped("those who have a plan")
    failed = YearlyAssessment.objects.visible_to(user).filter(year=year, result=AssessmentResult.FAIL)
    return failed.exclude(cadre__in=planned.values("assessment__cadre")).select_related("cadre", "unit")


def coming_offerings() -> list[tuple[Offering, set[str]]]:
    """What can still be joined, soonest first, each with the categories that it gives credits in. Two queries."""
    coming = Offering.objects.filter(
        state=OfferingState.PUBLISHED,
        starts_on__gt=clock.school_date(),
        seats__taken__lt=F("seats__capacity"),
    )
    found = list(coming.select_related("seats").order_by("starts_on", "pk")[:200])
    rules = CreditRule.objects.filter(
        scheme__state=SchemeState.IN_FORCE, scheme__year__in={offering.year for offering in found}
    ).values_list("scheme__year", "activity", "category")
    gives: dict[tuple[int, str], set[str]] = {}
    for year, activity, category in rules:
        gives.setdefault((year, activity), set()).add(category)
    return [(offering, gives.get((offering.year, offering.kind), set())) for offering in found]


def make_up_cases(rows: Iterable[YearlyAssessment]) -> list[MakeUpCase]:
    """Failed results as the page of plans proposes them. Three queries for all."""
    coming, day = coming_offerings(), figure(FigureCode.HOURS_A_DAY)
    cases = []
    for row in rows:
        lacking = shortfall_of(row)
        wanted = set(lacking.by_category) or set(CreditCategory.values)
        fitting = [offering for offering, gives in coming if gives & wanted]
        content = lacking.in_words() or reasons_text(row.reasons)
        cases.append(
            MakeUpCase(
                row,
                _("Make up: %(what)s") % {"what": content[: CONTENT_MOST - 20]},
                lacking.credits or day,
                reasons_text(row.reasons),
                fitting[:SUGGESTED_MOST],
            )
        )
    return cases


@dataclass(frozen=True)
class PlanRow:
    """One plan as a list shows it."""

    plan: MakeUpPlan

    @property
    def tone(self) -> str:
        return TONES[MakeUpState(self.plan.state)]

    @property
    def overdue(self) -> bool:
        return self.plan.state == MakeUpState.PLANNED and self.plan.due_on < clock.school_date()


def plans_of(user: Any, cadre: Cadre | int, year: int) -> list[PlanRow]:
    """What was planned for one cadre's year, of what `user` may see. One query."""
    plans = MakeUpPlan.objects.visible_to(user).filter(assessment__cadre=cadre, assessment__year=year)
    return [PlanRow(plan) for plan in plans.select_related("offering").order_by("planned_at", "pk")]


def plans_by_cadre(user: Any, cadres: Iterable[int], year: int) -> dict[int, PlanRow]:
    """The newest plan of each of `cadres` in `year`. One query."""
    plans = MakeUpPlan.objects.visible_to(user).filter(
        assessment__cadre__in=list(cadres), assessment__year=year
    )
    rows = plans.select_related("assessment", "offering").order_by("planned_at", "pk")
    return {plan.assessment.cadre_id: PlanRow(plan) for plan in rows}
