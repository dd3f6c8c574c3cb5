"""Years that were settled before the school had the portal: their credits and results were handed over as they stood."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from random import Random

from django.db import transaction

from partyschool.accounts.models import User
from partyschool.common import clock
from trainees.enums import CreditCategory, SchemeState, YearState
from trainees.models import Cadre, CreditEntry, CreditScheme, YearlyAssessment
from trainees.selectors.year_states import year_of
from trainees.services.year_locks import lock_year
from trainees.services.years import write_results

NOTE = "由原系统移交的年度学分"
BATCH = 5000
# The share of those who earned enough: it grew from year to year, and some units never caught up.
REACHED = (Decimal("0.80"), Decimal("0.86"))
WEAK_UNIT, WEAKER = 6, Decimal("0.3")
ENOUGH = {
    CreditCategory.CONCENTRATED: (80, 88, 96),
    CreditCategory.ONLINE: (50, 55, 60),
    CreditCategory.ELECTIVE: (12, 16, 20, 24),
}
LITTLE = {
    CreditCategory.CONCENTRATED: (24, 40, 56),
    CreditCategory.ONLINE: (20, 35, 50),
    CreditCategory.ELECTIVE: (4, 8),
}


def hand_over_past(years: tuple[int, ...], staff: User) -> None:
    """Store the credits of `years`, oldest first, and their sealed results. Begun and interrupted, it goes on."""
    for year, share in zip(years, REACHED, strict=True):
        if year_of(year).state == YearState.PREVIEW:
            _hand_over(year, share, staff)


@transaction.atomic
def _hand_over(year: int, share: Decimal, staff: User) -> None:
    over = clock.school_instant(date(year + 1, 1, 8), time(10))
    scheme = CreditScheme.objects.get(year=year, state=SchemeState.IN_FORCE)
    CreditEntry.objects.bulk_create(_entries(scheme, share, staff, over), batch_size=BATCH)
    _settle(year, staff, over)


def _entries(scheme: CreditScheme, share: Decimal, staff: User, at: datetime) -> Iterator[CreditEntry]:
    cadres = Cadre.objects.filter(joined_on__lt=date(scheme.year, 7, 1)).unscoped("filling the demo school")
    for cadre in cadres.order_by("pk").iterator(chunk_size=BATCH):
        lot = Random(f"{scheme.year} {cadre.pk}")  # noqa: S311 -- what nobody earned needs no secrecy
        reached = share - (WEAKER if cadre.unit_id % WEAK_UNIT == 0 else 0)
        for category, amounts in (ENOUGH if lot.random() < reached else LITTLE).items():
            credits_earned = Decimal(lot.choice(amounts))
            yield CreditEntry(
                cadre=cadre,
                scheme=scheme,
                year=scheme.year,
                category=category,
                amount=credits_earned,
                hours=credits_earned,
                earned_on=date(scheme.year, 11, 20),
                source_kind="recognised",
                source_ref=f"移交〔{scheme.year}〕{cadre.code}-{category}",
                note=NOTE,
                posted_by=staff,
                posted_at=at,
            )


def _settle(year: int, staff: User, over: datetime) -> None:
    """Write and seal the results as of then; nobody is told today that it happened."""
    held = lock_year(year)
    write_results(held, by=staff, now=over)
    held.state, held.opened_at, held.opened_by = YearState.OBJECTION, over, staff
    held.objections_until = over + timedelta(days=10)
    held.save()
    YearlyAssessment.versions.filter(year=year).unscoped("filling the demo school").update(sealed=True)
    held.state, held.sealed_at, held.sealed_by = YearState.SEALED, held.objections_until, staff
    held.save()
