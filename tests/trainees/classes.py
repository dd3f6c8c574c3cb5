"""A class with whole days of lessons, and people in it."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal

from courses.enums import OfferingKind
from partyschool.accounts.enums import Role
from partyschool.common import clock
from partyschool.notices.models import Notice
from tests.factories.accounts import make_user
from tests.factories.courses import LessonFactory, OfferingFactory
from tests.factories.faculty import TeacherFactory
from trainees.enums import AttendanceStatus, LeaveKind, MarkSource
from trainees.models import AttendanceMark
from trainees.rules.half_days import HalfDay
from trainees.services.leaves import ask_leave, decide_leave

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


EARLY = at(0, 7)


def ask(place, first, last=None, *, now=EARLY, **more):
    more = {"kind": LeaveKind.SICK, "reason": "感冒", "by": place.cadre.user, **more}
    return ask_leave(enrolment_id=place.pk, first=first, last=last or first, now=now, **more)


def approve(leave, by, *, now=EARLY, **more):
    return decide_leave(leave_id=leave.pk, approve=True, by=by, now=now, **more)


def told(user):
    return list(Notice.objects.filter(recipient=user).unscoped("tests").values_list("event", flat=True))


def marks_of(place):
    seen = AttendanceMark.objects.filter(enrolment=place).in_force().unscoped("tests")
    return {mark.lesson_id: (mark.status, mark.source) for mark in seen}


def mark(place, lesson, status=AttendanceStatus.PRESENT, *, source=MarkSource.ROLL, marked_at=None):
    by = make_user(Role.STAFF)
    return AttendanceMark.objects.create(
        enrolment=place,
        lesson=lesson,
        status=status,
        source=source,
        marked_by=by,
        marked_at=marked_at or lesson.ends_at,
    )


def readers(city, course):
    return {
        "class teacher": course.lead_teacher.user,
        "staff": make_user(Role.STAFF),
        "leader": make_user(Role.LEADER),
        "orgdept": make_user(Role.ORGDEPT, unit=city.east),
        "other teacher": make_user(Role.TEACHER),
        "officer": make_user(Role.OFFICER, unit=city.finance_bureau),
        "auditor": make_user(Role.AUDITOR),
        "cousin": make_user(Role.ORGDEPT, unit=city.west),
    }
