"""Leave from a class: asked for by the trainee, decided by whoever its length calls for, ended by reporting back."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.files.base import File
from django.db import IntegrityError
from django.urls import reverse
from django.utils import translation
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from courses.enums import OfferingState
from courses.models import Offering
from partyschool.audit.services.events import record_event
from partyschool.common import clock
from partyschool.common.errors import Duplicate, InvalidInput, NotFound, WrongState
from partyschool.common.locking import lock_row, locking_transaction, violated_constraint
from partyschool.notices.services.notices import send_notice
from trainees.enums import EnrolmentState, LeaveApprover, LeaveKind, LeaveState
from trainees.models import Cadre, Enrolment, LeaveRequest
from trainees.rules.half_days import HalfDay
from trainees.rules.leaves import (
    Standing,
    ends_at,
    is_own,
    limits_bind,
    may_decide,
    may_note_return,
    span_text,
)
from trainees.rules.moves import LEAVE_MOVES, may_move
from trainees.selectors.attendance_limits import standing_of
from trainees.selectors.leaves import leave_in_scope, reckon_leave

from .attendance_limits import enforce_limits, mark_leaves_held
from .evidence import add_evidence

REASON_MOST = LeaveRequest._meta.get_field("reason").max_length or 0


class NothingCovered(InvalidInput):
    """No lesson of the class lies in the time asked for."""

    code = "nothing_covered"
    title = gettext_lazy("There is no lesson in this time")
    remedy = gettext_lazy("Look at the timetable of the class; leave is asked for lessons.")


class LeaveTooLate(InvalidInput):
    """The half-day from which leave is asked for is over."""

    code = "leave_too_late"
    title = gettext_lazy("This time is over")
    remedy = gettext_lazy("Speak to the class teacher: what is over can only be put right on the roll.")


class OverLimit(WrongState):
    """With this leave, more is missed than the class allows; it takes a word that this is known."""

    code = "over_limit"
    title = gettext_lazy("This leave passes the limit of the class")
    remedy = gettext_lazy(
        "Whoever passes the limit is withdrawn. Confirm that this is meant, or ask for less."
    )


class LeaveOverlaps(Duplicate):
    """There is a leave for some of this time."""

    code = "leave_overlaps"
    title = gettext_lazy("There is a leave for some of this time already")
    remedy = gettext_lazy("Cancel the other one first, or choose another time.")


def ask_leave(
    *,
    enrolment_id: int,
    kind: str,
    first: HalfDay,
    last: HalfDay,
    reason: str,
    by: Any,
    files: Sequence[File] = (),
    over_limit_confirmed: bool = False,
    now: datetime | None = None,
) -> LeaveRequest:
    """Ask for leave from `by`'s own class, from half-day `first` to half-day `last`, both included.

    Half-days, class-hours and the deciding tier are those of the lessons it covers now. The class teacher is told where the leave falls
    to that one.
    Raises `NotFound` (no own place), `InvalidInput` (kind, reason, order), `LeaveTooLate`, `NothingCovered`, `WrongState` (place ended),
    `OverLimit` unless confirmed, `LeaveOverlaps`, `EvidenceRefused`, `Busy`.
    Concurrency: locks the own cadre row; an exclusion constraint keeps two leaves from overlapping on any path.
    """
    reason = _given(reason)
    if kind not in LeaveKind.values:
        raise InvalidInput(_("Say what kind of leave it is."))
    if last < first:
        raise InvalidInput(_("The leave ends before it begins."))
    own = Enrolment.objects.visible_to(by).filter(cadre__user=by.pk)
    place = own.filter(pk=enrolment_id).first()
    if place is None:
        raise NotFound(_("You have no such place."))
    try:
        with locking_transaction():
            lock_row(Cadre, place.cadre_id)
            at = now or clock.now()
            place = own.select_related("offering__lead_teacher").get(pk=enrolment_id)
            _refuse_ended(place)
            if ends_at(first) <= at:
                raise LeaveTooLate
            found = reckon_leave(enrolment=place, first=first, last=last, now=at)
            if not found.covered.lessons:
                raise NothingCovered
            if found.goes_over and not over_limit_confirmed:
                raise OverLimit(over_text(found.standing))
            leave = LeaveRequest.objects.create(
                enrolment=place,
                kind=kind,
                starts_at=found.starts_at,
                ends_at=found.ends_at,
                reason=reason,
                half_days=found.covered.half_days,
                hours=found.covered.hours,
                approver=found.approver,
                asked_at=at,
                asked_by=by,
            )
            add_evidence(owner=leave, files=files, by=by, now=at)
            data = {"enrolment": place.pk, "half_days": leave.half_days, "hours": str(leave.hours)}
            record_event(action="leave.ask", subject=leave, by=by, data=data, now=at)
            _tell_class_teacher(leave, place)
    except IntegrityError as error:
        if violated_constraint(error) == "trainees_leaverequest_overlap_ex":
            raise LeaveOverlaps from error
        raise
    return leave


def decide_leave(
    *,
    leave_id: int,
    approve: bool,
    by: Any,
    answer: str = "",
    over_limit_confirmed: bool = False,
    now: datetime | None = None,
) -> LeaveRequest:
    """Grant a leave, or refuse it with the reason in `answer`; the trainee is told.

    Lessons that have begun get their marks at once, and who thereby passes the limit is withdrawn (`enforce_limits`).
    Raises `NotFound`, `PermissionDenied` (another tier's, or one's own), `InvalidInput` (refusal without reason), `WrongState` (decided
    or cancelled meanwhile; the place has ended), `OverLimit` unless confirmed, `Busy`.
    Concurrency: locks cadre · offering · leave: of granting and cancelling, and of two who decide, one comes first; no roll is closed
    meanwhile.
    """
    answer = _given(answer) if not approve else answer.strip()[:REASON_MOST]
    leave = _seen(leave_id, by)
    if not may_decide(by, leave):
        raise PermissionDenied
    with locking_transaction():
        offering = _lock(leave)
        at = now or clock.now()
        leave = _reread(leave_id, by, LeaveState.APPROVED if approve else LeaveState.REFUSED)
        if approve:
            _refuse_ended(leave.enrolment)
            standing = standing_of(leave.enrolment, also=(leave.starts_at, leave.ends_at), now=at)
            over = limits_bind(offering.kind, offering.off_job) and standing.will_pass_leave
            if over and not over_limit_confirmed:
                raise OverLimit(over_text(standing))
        leave.state = LeaveState.APPROVED if approve else LeaveState.REFUSED
        leave.decided_at, leave.decided_by, leave.decision = at, by, answer
        leave.save(update_fields=["state", "decided_at", "decided_by", "decision"])
        if approve:
            mark_leaves_held(offering=offering, now=at)
            record_event(action="leave.approve", subject=leave, by=by, data={"over_limit": over}, now=at)
        else:
            record_event(action="leave.refuse", subject=leave, by=by, data={"reason": answer}, now=at)
        _tell_decided(leave)
    if approve:
        enforce_limits(offering_id=offering.pk, now=now)
    return leave


def cancel_leave(*, leave_id: int, by: Any, now: datetime | None = None) -> LeaveRequest:
    """Take the own request back: at any time before it is decided, and a granted leave before it begins.

    Raises `NotFound` (not one's own), `WrongState`, `Busy`. Concurrency: as `decide_leave`.
    """
    leave = _own(leave_id, by)
    with locking_transaction():
        _lock(leave)
        at = now or clock.now()
        leave = _reread(leave_id, by, LeaveState.CANCELLED)
        if leave.state == LeaveState.APPROVED and leave.starts_at <= at:
            raise WrongState(
                _("The leave has begun on %(time)s.") % {"time": clock.in_words(leave.starts_at)},
                remedy=_("Report back instead: from then on you are expected at the lessons again."),
            )
        leave.state = LeaveState.CANCELLED
        leave.save(update_fields=["state"])
        record_event(action="leave.cancel", subject=leave, by=by, now=at)
    return leave


def register_return(*, leave_id: int, by: Any, now: datetime | None = None) -> LeaveRequest:
    """Note that the person is back (销假): by oneself, the class teacher or the academic affairs office, from the beginning of the leave on.

    Who is back early is expected at the lessons that begin from then on. Raises `NotFound`, `PermissionDenied`, `WrongState`, `Busy`.
    Concurrency: as `decide_leave`.
    """
    leave = _seen(leave_id, by)
    if not may_note_return(by, leave):
        raise PermissionDenied
    with locking_transaction():
        offering = _lock(leave)
        at = now or clock.now()
        leave = _reread(leave_id, by, LeaveState.RETURNED)
        if leave.starts_at >= at:
            raise WrongState(_("The leave has not begun yet."), remedy=_("Cancel it instead."))
        mark_leaves_held(offering=offering, now=at)
        leave.state, leave.returned_at, leave.returned_by = LeaveState.RETURNED, at, by
        leave.save(update_fields=["state", "returned_at", "returned_by"])
        record_event(action="leave.return", subject=leave, by=by, data={"late": at > leave.ends_at}, now=at)
    return leave


def remind_of_returns(*, now: datetime | None = None) -> int:
    """Tell whoever is still out although the leave is over, and the class teacher, once each; returns how many leaves are overdue."""
    now = now or clock.now()
    late = LeaveRequest.objects.filter(
        state=LeaveState.APPROVED,
        ends_at__lte=now,
        enrolment__state=EnrolmentState.ENROLLED,
        enrolment__offering__state=OfferingState.PUBLISHED,
    ).unscoped("reminding everybody who is late")
    found = late.select_related("enrolment__cadre__user", "enrolment__offering__lead_teacher__user")
    with translation.override(settings.LANGUAGE_CODE):
        for leave in found:
            facts = {
                "name": leave.enrolment.cadre.name,
                "title": leave.enrolment.offering.title,
                "time": clock.in_words(leave.ends_at),
            }
            _tell(
                leave,
                leave.enrolment.cadre.user,
                event=f"leave.overdue:{leave.pk}",
                title=_("Report back from leave"),
                body=_("Your leave from “%(title)s” ended on %(time)s. Report back.") % facts,
                page="trainees:leave_request",
            )
            teacher = leave.enrolment.offering.lead_teacher
            _tell(
                leave,
                teacher.user if teacher else None,
                event=f"leave.overdue:{leave.pk}",
                title=_("Not back from leave: %(name)s") % facts,
                body=_("The leave from “%(title)s” ended on %(time)s.") % facts,
                page="trainees:leave_decision",
            )
    return len(found)


def over_text(standing: Standing) -> str:
    """The numbers behind a leave that passes the limit, as one sentence."""
    return _("With it, %(hours)s of %(total)s class-hours are on leave; at most %(most)s are allowed.") % {
        "hours": number_format(standing.in_all.normalize()),
        "total": number_format(standing.total.normalize()),
        "most": number_format(standing.leave_most_shown),
    }


def _given(reason: str) -> str:
    reason = reason.strip()
    if not reason:
        raise InvalidInput(_("A reason is needed."))
    if len(reason) > REASON_MOST:
        raise InvalidInput(_("The reason has more than %(most)s characters.") % {"most": REASON_MOST})
    return reason


def _refuse_ended(place: Enrolment) -> None:
    if place.state != EnrolmentState.ENROLLED or place.offering.state != OfferingState.PUBLISHED:
        raise WrongState(
            _("The place in “%(title)s” has ended.") % {"title": place.offering.title},
            remedy=_("Nothing more to do: nobody is expected there any more."),
        )


def _seen(leave_id: int, by: Any) -> LeaveRequest:
    leave = leave_in_scope(by).filter(pk=leave_id).first()
    if leave is None:
        raise NotFound(_("There is no such leave within your scope."))
    return leave


def _own(leave_id: int, by: Any) -> LeaveRequest:
    leave = _seen(leave_id, by)
    if not is_own(by, leave):
        raise PermissionDenied
    return leave


def _lock(leave: LeaveRequest) -> Offering:
    """Cadre, offering and leave, in this order."""
    lock_row(Cadre, leave.enrolment.cadre_id)
    offering = lock_row(Offering, leave.enrolment.offering_id)
    lock_row(LeaveRequest, leave.pk)
    return offering


def _reread(leave_id: int, by: Any, after: LeaveState) -> LeaveRequest:
    """The leave behind the locks. Raises `WrongState` when it cannot go to `after` any more."""
    leave = _seen(leave_id, by)
    if not may_move(LEAVE_MOVES, leave.state, after):
        raise WrongState(_("The leave is in state “%(state)s”.") % {"state": leave.get_state_display()})
    return leave


def _tell_class_teacher(leave: LeaveRequest, place: Enrolment) -> None:
    teacher = place.offering.lead_teacher
    if leave.approver != LeaveApprover.CLASS_TEACHER or teacher is None:
        return
    with translation.override(settings.LANGUAGE_CODE):
        facts = {"name": place.cadre.name, "title": place.offering.title, "reason": leave.reason}
        _tell(
            leave,
            teacher.user,
            event=f"leave.ask:{leave.pk}",
            title=_("Leave asked for: %(name)s") % facts,
            body=_("“%(title)s”. Reason: %(reason)s") % facts,
            page="trainees:leave_decision",
        )


def _tell_decided(leave: LeaveRequest) -> None:
    granted = leave.state == LeaveState.APPROVED
    with translation.override(settings.LANGUAGE_CODE):
        facts = {
            "title": leave.enrolment.offering.title,
            "time": span_text(leave.starts_at, leave.ends_at),
            "answer": leave.decision,
        }
        body = (
            _("“%(title)s”, %(time)s. Report back when you return.")
            if granted
            else _("“%(title)s”: %(answer)s")
        )
        _tell(
            leave,
            leave.enrolment.cadre.user,
            event=f"leave.decide:{leave.pk}",
            title=_("Leave granted") if granted else _("Leave refused"),
            body=body % facts,
            page="trainees:leave_request",
        )


def _tell(leave: LeaveRequest, user: Any, *, event: str, title: str, body: str, page: str) -> None:
    if user is not None:
        send_notice(
            recipients=[user], event=event, title=title[:120], body=body, url=reverse(page, args=[leave.pk])
        )
