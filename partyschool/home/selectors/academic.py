"""What waits for the academic affairs office and for teachers today."""

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Count, Max, Min, Q, Sum

from courses.enums import OfferingState, RoundState
from courses.models import Lesson, Offering, SelectionRound
from faculty.models import TeachingEntry
from partyschool.common import clock
from partyschool.jobs.enums import LIVE_STATES
from partyschool.jobs.models import Job
from trainees.models import YearlyAssessment
from trainees.selectors.rosters import roster_list

SHOWN = 12


@dataclass(frozen=True)
class YearToClose:
    """A year and how many results it has; 0 while it has not been closed."""

    year: int
    results: int


@dataclass(frozen=True)
class AcademicDesk:
    """`rolls`: begun, but not called at every lesson; `closable`: over, and called at every lesson; `coming`: next to begin."""

    rounds: list[SelectionRound]
    rolls: list[Offering]
    closable: list[Offering]
    coming: list[Offering]
    years: list[YearToClose]
    jobs: list[Job]


def academic_desk(user: Any, now: datetime | None = None) -> AcademicDesk:
    """Rounds to open or watch, rolls to call, offerings and years to close, jobs under way. Six queries."""
    now = now or clock.now()
    held = Q(lessons__cancelled_at=None)
    published = (
        roster_list().filter(state=OfferingState.PUBLISHED, seats__taken__gt=0).select_related("seats")
    )
    spans = published.annotate(
        begins=Min("lessons__starts_at", filter=held), ends=Max("lessons__ends_at", filter=held)
    )
    begun = list(spans.filter(begins__lte=now).order_by("begins", "pk")[: 4 * SHOWN])
    over = [one for one in begun if one.ends <= now and one.called_count >= one.lesson_count]
    closable = {one.pk for one in over}
    coming = Offering.objects.filter(state=OfferingState.PUBLISHED, starts_on__gt=clock.school_date(now))
    rounds = SelectionRound.objects.exclude(state=RoundState.CLOSED).annotate(topics=Count("offerings"))
    present = clock.school_year(now)
    results = YearlyAssessment.objects.filter(year__in=(present - 1, present)).unscoped("numbers, not people")
    counts = dict(results.order_by().values_list("year").annotate(Count("pk")))
    jobs = Job.objects.visible_to(user).filter(state__in=LIVE_STATES, parent=None)
    return AcademicDesk(
        rounds=list(rounds.order_by("opens_at", "pk")),
        rolls=[one for one in begun if one.pk not in closable][:SHOWN],
        closable=over[:SHOWN],
        coming=list(coming.select_related("seats").order_by("starts_on", "pk")[:5]),
        years=[YearToClose(year, counts.get(year, 0)) for year in (present, present - 1)],
        jobs=list(jobs.order_by("-created_at")[:5]),
    )


@dataclass(frozen=True)
class TeachingDesk:
    """The next lessons of a teacher, and the class-hours that stand in the ledger for the year."""

    lessons: list[Lesson]
    year: int
    hours: Decimal


def teaching_desk(user: Any, now: datetime | None = None) -> TeachingDesk:
    """The own next lessons and hours of the year. Two queries."""
    now = now or clock.now()
    year = clock.school_year(now)
    lessons = Lesson.objects.filter(
        teacher__user=user.pk, cancelled_at=None, ends_at__gt=now, offering__state=OfferingState.PUBLISHED
    )
    entries = TeachingEntry.objects.visible_to(user).filter(teacher__user=user.pk, year=year)
    return TeachingDesk(
        lessons=list(lessons.select_related("offering", "room").order_by("starts_at", "pk")[:8]),
        year=year,
        hours=entries.aggregate(total=Sum("amount"))["total"] or Decimal(0),
    )
