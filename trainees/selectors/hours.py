"""Class-hours of concentrated training against the plan: what the five-year requirement of each rank comes to in one year."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import QuerySet, Sum

from trainees.enums import AssessmentResult, CreditCategory
from trainees.models import CycleRequirement, YearlyAssessment


@dataclass
class HoursTally:
    """Class-hours of `people`: done in a year, and planned. Those exempt from the year's assessment are not counted."""

    people: int = 0
    done: Decimal = Decimal(0)
    planned: Decimal = Decimal(0)

    @property
    def percent(self) -> Decimal | None:
        """Done of planned, one digit; None where nothing is planned."""
        return round(100 * self.done / self.planned, 1) if self.planned else None

    @property
    def behind(self) -> bool:
        return self.planned > self.done

    @property
    def done_a_head(self) -> Decimal | None:
        return round(self.done / self.people, 1) if self.people else None

    @property
    def planned_a_head(self) -> Decimal | None:
        return round(self.planned / self.people, 1) if self.people else None

    def add(self, people: int, done: Decimal, planned: Decimal) -> None:
        self.people += people
        self.done += done
        self.planned += planned


def hours_a_year(year: int) -> dict[str, Decimal]:
    """Rank → class-hours of concentrated training that one year's share of the requirement comes to. One query."""
    found = CycleRequirement.objects.filter(first_year__lte=year, last_year__gte=year)
    return {one.rank: one.hours / (one.last_year - one.first_year + 1) for one in found}


def hours_by_unit(results: QuerySet[YearlyAssessment], *, year: int) -> dict[str, Decimal]:
    """Path of the unit of that year → class-hours in the ledger of those who were assessed. `results` are those of `year`. One query."""
    concentrated = results.exclude(result=AssessmentResult.EXEMPT).filter(
        cadre__credit_entries__year=year, cadre__credit_entries__category=CreditCategory.CONCENTRATED
    )
    sums = concentrated.values_list("unit__path").annotate(hours=Sum("cadre__credit_entries__hours"))
    return dict(sums.order_by("unit__path"))
