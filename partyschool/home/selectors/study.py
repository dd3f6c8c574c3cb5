"""What waits for a trainee today."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from courses.models import Lesson
from partyschool.common import clock
from trainees.enums import EnrolmentState
from trainees.models import Cadre, Enrolment
from trainees.selectors.credits import YearAccount, explain_year
from trainees.selectors.open_rounds import RoundToday, rounds_today

LESSONS_SHOWN = 5


@dataclass(frozen=True)
class StudyDesk:
    """`cadre` is None for a trainee account that nobody has linked to a record yet; then nothing else is there."""

    cadre: Cadre | None
    account: YearAccount | None
    rounds: list[RoundToday]
    places: list[Enrolment]
    lessons: list[Lesson]


def study_desk(user: Any, now: datetime | None = None) -> StudyDesk:
    """The rounds that are open to `user`, own places, next lessons and credits of the year."""
    now = now or clock.now()
    cadre = Cadre.objects.visible_to(user).filter(user=user).first()
    if cadre is None:
        return StudyDesk(None, None, [], [], [])
    places = (
        Enrolment.objects.of_cadre(cadre).filter(state=EnrolmentState.ENROLLED).select_related("offering")
    )
    lessons = Lesson.objects.filter(
        offering__in=[place.offering_id for place in places], cancelled_at=None, ends_at__gt=now
    )
    return StudyDesk(
        cadre=cadre,
        account=explain_year(cadre, clock.school_year(now)),
        rounds=rounds_today(user, now=now),
        places=sorted(places, key=lambda place: (place.offering.starts_on, place.pk)),
        lessons=list(lessons.select_related("offering", "room").order_by("starts_at", "pk")[:LESSONS_SHOWN]),
    )
