"""Lessons that trainees can check in to, and codes as the screen shows them."""

import uuid
from datetime import datetime, timedelta
from typing import Any

from courses.enums import RollBy
from partyschool.common import clock
from tests.factories.courses import LessonFactory, OfferingFactory
from tests.factories.trainees import EnrolmentFactory, make_trainee
from trainees.models import AttendanceMark, Cadre
from trainees.rules.check_ins import code_for, slot_of, token_for

SECONDS = 10


def lesson_at(starts_at: datetime, *, hours: int = 3, offering: Any = None, **fields: Any) -> Any:
    """A lesson that starts at `starts_at`."""
    return LessonFactory(
        offering=offering or OfferingFactory(),
        starts_at=starts_at,
        ends_at=starts_at + timedelta(hours=hours),
        **fields,
    )


def half_day_lessons(morning: datetime, *, number: int = 2) -> list[Any]:
    """`number` lessons of an hour, one after the other from `morning` on, whose roll is taken by half-day."""
    offering = OfferingFactory(roll_by=RollBy.HALF_DAY)
    return [
        lesson_at(morning + timedelta(minutes=75 * place), hours=1, offering=offering)
        for place in range(number)
    ]


def trainee_at(lesson: Any, **fields: Any) -> Cadre:
    """A trainee enrolled in the lesson's offering."""
    cadre = make_trainee(**fields)
    EnrolmentFactory(cadre=cadre, offering=lesson.offering)
    return cadre


def token_at(lesson: Any, instant: datetime | None = None) -> str:
    """What the QR code of `lesson` says at `instant`."""
    return token_for(lesson.pk, slot_of(instant or clock.now(), SECONDS))


def code_at(lesson: Any, instant: datetime | None = None) -> str:
    """The six digits under it."""
    return code_for(lesson.pk, slot_of(instant or clock.now(), SECONDS))


def key() -> uuid.UUID:
    return uuid.uuid4()


def statuses(lesson: Any) -> list[str]:
    """The marks in force of a lesson, in the order of the enrolments."""
    marks = AttendanceMark.objects.filter(lesson=lesson).in_force().unscoped("tests")
    return [mark.status for mark in marks]
