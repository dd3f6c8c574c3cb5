"""Years in the states of their life, reached by the services."""

from datetime import datetime, time, timedelta
from decimal import Decimal

from partyschool.accounts.models import User
from partyschool.common import clock
from tests.factories.trainees import CreditEntryFactory
from trainees.enums import CreditCategory
from trainees.models import AssessmentYear, Cadre, CreditScheme, YearlyAssessment
from trainees.services.year_states import open_objections, seal_year
from trainees.services.years import YearClosing

YEAR = 2025
OVER = clock.school_instant(clock.school_date(clock.year_end(YEAR)), time(9))
"""The morning after the year."""


def earn(
    cadre: Cadre, scheme: CreditScheme, amount: object, category: str = CreditCategory.CONCENTRATED, **fields
):
    return CreditEntryFactory(
        cadre=cadre, scheme=scheme, year=scheme.year, amount=Decimal(str(amount)), category=category, **fields
    )


def open_year(by: User, *, year: int = YEAR, now: datetime | None = None) -> AssessmentYear:
    """The year with its results open to objections since `now` (default: a moment ago, so that its period runs)."""
    return open_objections(year=year, by=by, now=now)


def after(held: AssessmentYear) -> datetime:
    """A moment after the objection period."""
    return held.objections_until + timedelta(minutes=1)


def sealed_year(by: User, *, year: int = YEAR) -> YearClosing:
    """The year opened on its first day after, and sealed when its period was over."""
    held = open_objections(year=year, by=by, now=OVER)
    return seal_year(year=year, by=by, now=after(held))


def result_of(cadre: Cadre, year: int = YEAR) -> YearlyAssessment:
    """The result in force."""
    return YearlyAssessment.objects.unscoped("test").get(cadre=cadre, year=year)


def versions_of(cadre: Cadre, year: int = YEAR) -> list[YearlyAssessment]:
    """All results, oldest first."""
    return list(YearlyAssessment.versions.filter(cadre=cadre, year=year).unscoped("test").order_by("pk"))
