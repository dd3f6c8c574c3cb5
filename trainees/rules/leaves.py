"""Leaves: which lessons one covers, who decides on it, and what a class allows in all. Pure functions of lessons, tiers and figures."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Any, Protocol

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from courses.enums import OfferingKind
from partyschool.accounts.enums import Role
from partyschool.common import clock
from trainees.enums import LeaveApprover

from .half_days import NOON, HalfDay, half_day_of

HALF_DAYS_A_DAY = 2
# The kinds whose people are counted out by leave and absence; others only where they are off the job. Who misses much of an elective
# has not completed it, which the closing says.
CLASS_KINDS = (OfferingKind.MAIN_CLASS, OfferingKind.SPECIAL_CLASS)


class Held(Protocol):
    """A lesson, as far as a leave looks at it."""

    starts_at: datetime
    ends_at: datetime
    hours: Decimal


def begins_at(half: HalfDay) -> datetime:
    """The instant from which a leave of this half-day counts."""
    return clock.school_instant(half.day, NOON if half.afternoon else time.min)


def ends_at(half: HalfDay) -> datetime:
    """The instant until which a leave of this half-day counts."""
    if half.afternoon:
        return clock.school_instant(half.day + timedelta(days=1), time.min)
    return clock.school_instant(half.day, NOON)


def _half_day_text(half: HalfDay) -> str:
    day = date_format(half.day, _("M j, Y"))
    return (_("%(day)s, afternoon") if half.afternoon else _("%(day)s, morning")) % {"day": day}


def span_text(starts: datetime, ends: datetime) -> str:
    """A leave from `starts` until `ends` in words: from which half-day to which, the one day or half-day."""
    first, last = half_day_of(starts), half_day_of(ends - timedelta(microseconds=1))
    if first == last:
        return _half_day_text(first)
    if first.day == last.day:
        return _("%(day)s, whole day") % {"day": date_format(first.day, _("M j, Y"))}
    return _("%(first)s to %(last)s") % {"first": _half_day_text(first), "last": _half_day_text(last)}


@dataclass(frozen=True)
class Covered:
    """What of a class lies within a leave: half-days with a lesson in them, lessons, class-hours."""

    half_days: int
    lessons: int
    hours: Decimal


def covered_by(lessons: Iterable[Held], *, starts_at: datetime, ends_at: datetime) -> Covered:
    """The lessons that a leave from `starts_at` until `ends_at` touches, wholly or in part."""
    touched = [lesson for lesson in lessons if lesson.starts_at < ends_at and lesson.ends_at > starts_at]
    return Covered(
        half_days=len({half_day_of(lesson.starts_at) for lesson in touched}),
        lessons=len(touched),
        hours=sum((lesson.hours for lesson in touched), Decimal(0)),
    )


class Tier(Protocol):
    """A row of `LeaveTier`."""

    most_half_days: int | None
    approver: str


def approver_of(half_days: int, tiers: Sequence[Tier], *, class_teacher: bool) -> LeaveApprover:
    """Who decides on a leave of so many half-days: the lowest tier that reaches so far, the one without a limit above all.

    A class without a `class_teacher` who has a log-in goes to the academic affairs office. Without any tier that reaches so far the
    organisation department decides.
    """
    reaching = [tier for tier in tiers if tier.most_half_days is None or tier.most_half_days >= half_days]
    lowest = min(
        reaching,
        key=lambda tier: (tier.most_half_days is None, tier.most_half_days or 0),
        default=None,
    )
    found = LeaveApprover(lowest.approver) if lowest else LeaveApprover.ORGDEPT
    return LeaveApprover.ACADEMIC if found == LeaveApprover.CLASS_TEACHER and not class_teacher else found


# Which roles decide on the leaves of each tier, besides the class teacher on those of the own class. Whoever stands higher in the
# school may stand in for those below; the organisation department does not run the school's classes.
DECIDERS = {
    LeaveApprover.CLASS_TEACHER: frozenset({Role.STAFF, Role.LEADER}),
    LeaveApprover.ACADEMIC: frozenset({Role.STAFF, Role.LEADER}),
    LeaveApprover.LEADER: frozenset({Role.LEADER}),
    LeaveApprover.ORGDEPT: frozenset({Role.ORGDEPT}),
}


def leads_class(user: Any, leave: Any) -> bool:
    """Whether `user` is the class teacher of the class that `leave` is taken from."""
    teacher = leave.enrolment.offering.lead_teacher
    return user.scope.has(Role.TEACHER) and teacher is not None and teacher.user_id == user.pk


def is_own(user: Any, leave: Any) -> bool:
    """Whether the leave is `user`'s own, or was asked for by `user`."""
    return user.pk in (leave.asked_by_id, leave.enrolment.cadre.user_id)


def may_decide(user: Any, leave: Any) -> bool:
    """Whether `user`, in whose scope `leave` lies, decides on it: by tier, and never on one's own."""
    if is_own(user, leave):
        return False
    if leave.approver == LeaveApprover.CLASS_TEACHER and leads_class(user, leave):
        return True
    return user.scope.has(*DECIDERS[LeaveApprover(leave.approver)])


def may_note_return(user: Any, leave: Any) -> bool:
    """Whether `user` may register that the person is back: oneself, the class teacher, the academic affairs office."""
    return is_own(user, leave) or leads_class(user, leave) or user.scope.has(Role.STAFF)


def limits_bind(kind: str, off_job: bool) -> bool:
    """Whether leave and absence can end a place in an offering of this kind."""
    return off_job or kind in CLASS_KINDS


@dataclass(frozen=True)
class AttendanceLimits:
    """The figures of the day: the share of class-hours on leave that may not be passed, the days absent that may not be reached."""

    leave_share: Decimal
    absent_days: Decimal


@dataclass(frozen=True)
class Standing:
    """How one person stands in a class, in class-hours: of all held or to be held, those on leave so far, and on leave still to come.

    `absent_half_days` are those with an absence without leave.
    """

    total: Decimal
    on_leave: Decimal
    ahead: Decimal
    absent_half_days: int
    limits: AttendanceLimits

    @property
    def leave_most(self) -> Decimal:
        """Class-hours on leave that the class allows."""
        return self.total * self.limits.leave_share

    @property
    def leave_most_shown(self) -> Decimal:
        """As `leave_most`, to the hundredth below: never more than is allowed."""
        return self.leave_most.quantize(Decimal("0.01"), ROUND_DOWN).normalize()

    @property
    def in_all(self) -> Decimal:
        """Class-hours on leave, with what has been granted for the days to come."""
        return self.on_leave + self.ahead

    @property
    def left(self) -> Decimal:
        """Class-hours of leave that are left, 0 when the limit is passed."""
        return max(Decimal(0), self.leave_most - self.in_all)

    @property
    def absent_days(self) -> Decimal:
        return Decimal(self.absent_half_days) / HALF_DAYS_A_DAY

    @property
    def passes_leave(self) -> bool:
        """Whether the leave taken so far ends the place."""
        return self.on_leave > self.leave_most

    @property
    def will_pass_leave(self) -> bool:
        """Whether the leave taken and granted will end the place."""
        return self.in_all > self.leave_most

    @property
    def reaches_absence(self) -> bool:
        """Whether the absences without leave end the place."""
        return self.absent_half_days > 0 and self.absent_days >= self.limits.absent_days

    @property
    def is_over(self) -> bool:
        return self.passes_leave or self.reaches_absence

    @property
    def is_near(self) -> bool:
        """Whether somebody should have a word: half of either limit is used up."""
        return self.in_all * 2 >= self.leave_most > 0 < self.in_all or (
            self.absent_half_days > 0 and self.absent_days * 2 >= self.limits.absent_days
        )
