"""Roll call: what was seen at a lesson."""

from collections.abc import Mapping
from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from courses.enums import OfferingState
from courses.models import Lesson, Offering
from partyschool.accounts.models import User
from partyschool.audit.services.events import record_event
from partyschool.common import clock
from partyschool.common.errors import InvalidInput, NotFound, Stale, WrongState
from partyschool.common.locking import lock_row, locking_transaction
from trainees.enums import AttendanceStatus, EnrolmentState
from trainees.models import AttendanceMark, Enrolment


class UnknownStatus(InvalidInput):
    """A mark that is none of `AttendanceStatus`."""


class NotOnRoll(InvalidInput):
    """A mark for somebody who is not enrolled in the lesson's offering."""

    code = "not_on_roll"
    title = gettext_lazy("Not on the roll of this lesson")
    remedy = gettext_lazy("Reload the roll call and enter the marks again.")


class WithdrawnMeanwhile(Stale):
    """Somebody on the form has given up the place since it was opened."""

    code = "withdrawn_meanwhile"


class LessonNotBegun(WrongState):
    """Nobody can be seen at a lesson that lies ahead."""

    code = "lesson_not_begun"
    title = gettext_lazy("The lesson has not begun yet")
    remedy = gettext_lazy("Call the roll when the lesson has begun.")


class RollClosed(WrongState):
    """The offering is not (or no longer) running, or the lesson is cancelled."""

    code = "roll_closed"
    title = gettext_lazy("The roll of this lesson is closed")
    remedy = gettext_lazy(
        "The roll is open while the offering is published. Afterwards only credit entries can be corrected."
    )


def mark_attendance(
    *, lesson_id: int, marks: Mapping[int, str], by: User, now: datetime | None = None
) -> int:
    """Write `marks` (enrolment id → `AttendanceStatus`) of one lesson; returns how many were new or changed.

    Marks are only added: a changed status is a newer mark, an unchanged one writes nothing. Repeating a call changes nothing.
    Raises `UnknownStatus`, `NotFound`, `RollClosed`, `LessonNotBegun`, `NotOnRoll`, `WithdrawnMeanwhile`, `Busy`; then nothing is written.
    Concurrency: locks the offering row, so that two roll calls follow each other (the later one is in force, both are kept) and
    none slips in while the offering closes.
    """
    now = now or clock.now()
    if unknown := set(marks.values()) - set(AttendanceStatus.values):
        raise UnknownStatus(
            _("Unknown attendance status: %(status)s.") % {"status": ", ".join(sorted(unknown))}
        )
    with locking_transaction():
        lesson = _lock_roll(lesson_id, now)
        _check_enrolled(lesson, marks)
        in_force = _marks_in_force(lesson, marks)
        changed = {pk: status for pk, status in marks.items() if in_force.get(pk) != status}
        AttendanceMark.objects.bulk_create(
            AttendanceMark(enrolment_id=pk, lesson=lesson, status=status, marked_at=now, marked_by=by)
            for pk, status in sorted(changed.items())
        )
        if changed:
            data = {str(pk): status for pk, status in sorted(changed.items())}
            record_event(action="attendance.mark", subject=lesson, by=by, data={"marks": data}, now=now)
    return len(changed)


def _lock_roll(lesson_id: int, now: datetime) -> Lesson:
    """The lesson, its offering locked and open, the lesson begun."""
    offering_id = Lesson.objects.filter(pk=lesson_id).values_list("offering_id", flat=True).first()
    if offering_id is None:
        raise NotFound(_("There is no such lesson."))
    offering = lock_row(Offering, offering_id)
    lesson = Lesson.objects.get(pk=lesson_id)
    if offering.state != OfferingState.PUBLISHED:
        raise RollClosed(
            _("%(offering)s is in state “%(state)s”.")
            % {"offering": offering.title, "state": offering.get_state_display()}
        )
    if lesson.cancelled_at is not None:
        raise RollClosed(_("The lesson “%(lesson)s” has been cancelled.") % {"lesson": lesson.title})
    if lesson.starts_at > now:
        raise LessonNotBegun(lesson.title, retry_at=lesson.starts_at)
    return lesson


def _check_enrolled(lesson: Lesson, marks: Mapping[int, str]) -> None:
    on_roll = Enrolment.objects.filter(pk__in=marks, offering=lesson.offering_id).unscoped(
        "roll call of one lesson"
    )
    states = dict(on_roll.values_list("pk", "state"))
    if strangers := set(marks) - set(states):
        raise NotOnRoll(
            _("%(number)s of the marks belong to people who are not enrolled in this offering.")
            % {"number": len(strangers)}
        )
    gone = [pk for pk, state in states.items() if state != EnrolmentState.ENROLLED]
    if gone:
        raise WithdrawnMeanwhile(
            _("%(number)s of the people on the roll have given up their places.") % {"number": len(gone)}
        )


def _marks_in_force(lesson: Lesson, marks: Mapping[int, str]) -> dict[int, str]:
    present = AttendanceMark.objects.filter(lesson=lesson, enrolment__in=list(marks)).in_force()
    return dict(present.unscoped("roll call of one lesson").values_list("enrolment_id", "status"))
