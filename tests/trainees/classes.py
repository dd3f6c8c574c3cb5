"""A class with whole days of lessons, and people in it."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal

from courses.enums import OfferingKind
from partyschool.accounts.enums import Role
from partyschool.common import clock
from tests.factories.accounts import make_user
from tests.factories.courses import LessonFactory, OfferingFactory
from tests.factories.faculty import TeacherFactory
from trainees.rules.half_days import HalfDay

FIRST_DAY = date(2025, 6, 2)


def make_class(*, days: int = 7, **fields):
    """A main class of `days` days, each with 4 class-hours in the morning and 4 in the afternoon, led by a teacher with a log-in."""
    lead = TeacherFactory(user=make_user(Role.TEACHER))
    fields = {"kind": OfferingKind.MAIN_CLASS, "lead_teacher": lead, **fields}
    offering = OfferingFactory(starts_on=FIRST_DAY, ends_on=FIRST_DAY + timedelta(days=days - 1), **fields)
    for day in range(days):
        for hour in (8, 14):
            starts = at(day, hour, 30)
            LessonFactory(
                offering=offering, starts_at=starts, ends_at=starts + timedelta(hours=3), hours=Decimal(4)
            )
    return offering


def at(day: int, hour: int, minute: int = 0) -> datetime:
    """An instant on day number `day` of the class, from 0."""
    return clock.school_instant(FIRST_DAY + timedelta(days=day), time(hour, minute))


def half(day: int, *, afternoon: bool = False) -> HalfDay:
    """A half-day of day number `day` of the class, from 0."""
    return HalfDay(FIRST_DAY + timedelta(days=day), afternoon)


def lessons(offering):
    """The lessons in order."""
    return list(offering.lessons.order_by("starts_at"))
