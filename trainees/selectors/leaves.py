"""Leaves as the pages show them: what somebody may ask for, what one would cost, and what waits for a decision."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from courses.enums import OfferingState
from courses.models import Lesson, Offering
from partyschool.accounts.enums import Role
from partyschool.common import clock
from trainees.enums import EnrolmentState, LeaveApprover, LeaveState
from trainees.models import Enrolment, Evidence, LeaveRequest, LeaveTier
from trainees.models.dated import valid_on
from trainees.rules.half_days import HalfDay, half_day_of
from trainees.rules.leaves import (
    DECIDERS,
    Covered,
    Standing,
    approver_of,
    begins_at,
    covered_by,
    ends_at,
    limits_bind,
)

from .attendance_limits import standing_of

DESK_SHOWN = 100


@dataclass(frozen=True)
class Reckoning:
    """What a leave would be: the part of the class it covers, who decides, and how the person would stand with it.

    `standing` counts the leave as granted; `bound` says whether the class counts people out at all.
    """

    starts_at: datetime
    ends_at: datetime
    covered: Covered
    approver: LeaveApprover
    standing: Standing
    bound: bool

    @property
    def goes_over(self) -> bool:
        return self.bound and self.standing.will_pass_leave


def own_places(user: Any, now: datetime | None = None) -> QuerySet[Enrolment]:
    """The places from which `user` may ask for leave: the own ones in what is being held, the next to begin first."""
    day = clock.school_date(now or clock.now())
    places = Enrolment.objects.visible_to(user).filter(
        cadre__user=user.pk,
        state=EnrolmentState.ENROLLED,
        offering__state=OfferingState.PUBLISHED,
        offering__ends_on__gte=day,
    )
    return places.select_related("offering__lead_teacher").order_by("offering__starts_on", "pk")


def lessons_of(offering_id: int) -> list[Lesson]:
    """The lessons of an offering that are not cancelled, in order."""
    held = Lesson.objects.filter(offering=offering_id, cancelled_at=None)
    return list(held.order_by("starts_at", "pk"))


def has_class_teacher(offering: Offering) -> bool:
    """Whether the offering has a class teacher who can log in."""
    return offering.lead_teacher is not None and offering.lead_teacher.user_id is not None


def reckon_leave(
    *, enrolment: Enrolment, first: HalfDay, last: HalfDay, now: datetime | None = None
) -> Reckoning:
    """What leave from half-day `first` to half-day `last` would be. `enrolment` was read in scope, with its offering. Four queries."""
    starts, ends = begins_at(first), ends_at(last)
    covered = covered_by(lessons_of(enrolment.offering_id), starts_at=starts, ends_at=ends)
    offering = enrolment.offering
    tiers: Sequence[LeaveTier] = list(LeaveTier.objects.filter(valid_on(clock.school_date(now))))
    return Reckoning(
        starts_at=starts,
        ends_at=ends,
        covered=covered,
        approver=approver_of(covered.half_days, tiers, class_teacher=has_class_teacher(offering)),
        standing=standing_of(enrolment, also=(starts, ends), now=now),
        bound=limits_bind(offering.kind, offering.off_job),
    )


def present_half_day(now: datetime | None = None) -> HalfDay:
    """The half-day that is running."""
    return half_day_of(now or clock.now())


def own_leaves(user: Any) -> QuerySet[LeaveRequest]:
    """The own leaves, newest first."""
    own = LeaveRequest.objects.visible_to(user).filter(enrolment__cadre__user=user.pk)
    return own.select_related("enrolment__offering").order_by("-starts_at", "-pk")


def leaves_decided_by(user: Any) -> Q:
    """The leaves that fall to `user` to decide, as `rules.leaves.may_decide` has it; within the scope of `user`."""
    tiers = [tier for tier, roles in DECIDERS.items() if user.scope.has(*roles)]
    falls = Q(approver__in=tiers)
    if user.scope.has(Role.TEACHER):
        falls |= Q(approver=LeaveApprover.CLASS_TEACHER, enrolment__offering__lead_teacher__user=user.pk)
    return falls & ~Q(enrolment__cadre__user=user.pk) & ~Q(asked_by=user.pk)


def leaves_to_decide(user: Any) -> QuerySet[LeaveRequest]:
    """What waits for `user`'s decision, the one that begins first on top."""
    found = LeaveRequest.objects.visible_to(user).filter(leaves_decided_by(user), state=LeaveState.ASKED)
    return found.select_related("enrolment__cadre__unit", "enrolment__offering").order_by("starts_at", "pk")


def _kept_by(user: Any) -> QuerySet[LeaveRequest]:
    """The leaves that concern `user` at work: of the own classes for class teachers, of the whole scope otherwise."""
    found = LeaveRequest.objects.visible_to(user).select_related(
        "enrolment__cadre__unit", "enrolment__offering"
    )
    if user.scope.has(Role.STAFF, Role.LEADER, Role.ORGDEPT):
        return found
    return found.filter(enrolment__offering__lead_teacher__user=user.pk)


def leaves_under_way(user: Any) -> QuerySet[LeaveRequest]:
    """Granted leaves whose people have not reported back, the one that ends first on top: what is overdue stands before all."""
    return _kept_by(user).filter(state=LeaveState.APPROVED).order_by("ends_at", "pk")


def leave_in_scope(user: Any) -> QuerySet[LeaveRequest]:
    """The leaves that `user` may see, with all that a page about one needs."""
    return LeaveRequest.objects.visible_to(user).select_related(
        "enrolment__cadre__unit",
        "enrolment__cadre__user",
        "enrolment__offering__lead_teacher__user",
        "asked_by",
        "decided_by",
        "returned_by",
    )


def is_overdue(leave: LeaveRequest, now: datetime | None = None) -> bool:
    """Whether the person should have reported back."""
    return leave.state == LeaveState.APPROVED and leave.ends_at <= (now or clock.now())


def evidence_of(**owner: Any) -> list[Evidence]:
    """The files of one claim, leave or objection that was read in scope, e.g. `evidence_of(leave=leave)`."""
    return list(
        Evidence.objects.filter(**owner).unscoped("its owner was read in scope").order_by("added_at", "pk")
    )
