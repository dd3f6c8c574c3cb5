"""Roll call: what was seen at a lesson."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from courses.enums import OfferingState
from courses.models import Lesson, Offering
from partyschool.accounts.models import User
from partyschool.audit.services.events import record_event
from partyschool.common import clock
from partyschool.common.errors import InvalidInput, NotFound, Stale, WrongState
from partyschool.common.locking import lock_row, locking_transaction
from partyschool.common.plaintext import single_line
from trainees.enums import AttendanceStatus, EnrolmentState, FigureCode, MarkSource
from trainees.models import AttendanceMark, Enrolment
from trainees.rules.check_ins import CLOCK_SKEW, beside
from trainees.selectors.check_ins import sitting_of
from trainees.selectors.check_ins_leaves import leaves_at
from trainees.selectors.figures import figure

REASON_LENGTH = 200


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


class ReasonMissing(InvalidInput):
    """A mark of a lesson that is over is changed without a word."""

    code = "reason_missing"
    title = gettext_lazy("Say why the marks are changed")
    remedy = gettext_lazy(
        "The lesson is over and these people were marked before: enter the reason, then save again."
    )


class TappedTooLongAgo(WrongState):
    """Marks waited for the network for longer than they may."""

    code = "tapped_too_long_ago"
    title = gettext_lazy("These marks have waited too long")
    remedy = gettext_lazy("Look at the roll as it is now, and enter them again with the reason.")


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


@dataclass(frozen=True)
class TappedMark:
    """A mark as it was entered on a tablet at `made_at`, perhaps without network."""

    enrolment_id: int
    status: str
    made_at: datetime


@dataclass(frozen=True)
class SentMarks:
    """What became of marks that were sent: `written` new ones; `older` and `gone` are enrolments whose mark was left out, because
    somebody has marked the person by hand since, or because the person has given up the place."""

    written: int
    older: list[int]
    gone: list[int]


def mark_attendance(
    *, lesson_id: int, marks: Mapping[int, str], by: User, reason: str = "", now: datetime | None = None
) -> int:
    """Write `marks` (enrolment id → `AttendanceStatus`) of one lesson; returns how many were new or changed.

    Marks are only added: a changed status is a newer mark, an unchanged one writes nothing. Repeating a call changes nothing.
    Where the roll is taken by half-day, the other lessons of the half-day follow (`rules.check_ins.beside`).
    Once the lesson is over, changing what somebody was marked needs a `reason`, which is kept with the mark.
    Raises `UnknownStatus`, `NotFound`, `RollClosed`, `LessonNotBegun`, `NotOnRoll`, `WithdrawnMeanwhile`, `ReasonMissing`, `Busy`;
    then nothing is written.
    Concurrency: locks the offering row, so that two roll calls follow each other (the later one is in force, both are kept) and
    none slips in while the offering closes or somebody checks in.
    """
    now = now or clock.now()
    _refuse_unknown(marks.values())
    with locking_transaction():
        lesson = _lock_roll(lesson_id, now)
        if gone := _gone(lesson, marks):
            raise WithdrawnMeanwhile(
                _("%(number)s of the people on the roll have given up their places.") % {"number": len(gone)}
            )
        in_force = _marks_in_force(lesson, marks)
        changed = [
            TappedMark(pk, status, now)
            for pk, status in sorted(marks.items())
            if pk not in in_force or in_force[pk].status != status
        ]
        _write(lesson, changed, in_force, reason=reason, by=by, now=now)
    return len(changed)


def send_marks(
    *, lesson_id: int, marks: Sequence[TappedMark], by: User, reason: str = "", now: datetime | None = None
) -> SentMarks:
    """Write marks that were tapped one by one and may have waited for the network; of several for one person the last counts.

    A mark stands at the time of its tap. One that is not newer than a mark by hand is left out and told of, so sending twice does
    nothing, and what waited on one tablet never overwrites what was entered later on another. What a tap says is somebody's word:
    it is written over a check-in even where the status is the same.
    Raises as `mark_attendance`, but leaves out who has given up the place; `TappedTooLongAgo` for taps older than `offline_hours`.
    Concurrency: as `mark_attendance`.
    """
    now = now or clock.now()
    _refuse_unknown(mark.status for mark in marks)
    taps = {mark.enrolment_id: mark for mark in sorted(marks, key=lambda mark: mark.made_at)}
    with locking_transaction():
        lesson = _lock_roll(lesson_id, now)
        _refuse_times(lesson, taps.values(), now)
        gone = _gone(lesson, taps)
        in_force = _marks_in_force(lesson, taps)
        older, fresh = [], []
        for pk, tap in sorted(taps.items()):
            mark = in_force.get(pk)
            by_hand = mark is not None and mark.source == MarkSource.ROLL
            if pk in gone or (mark is not None and by_hand and mark.status == tap.status):
                continue
            if mark is not None and by_hand and mark.marked_at >= tap.made_at:
                older.append(pk)
            else:
                fresh.append(TappedMark(pk, tap.status, min(tap.made_at, now)))
        _write(lesson, fresh, in_force, reason=reason, by=by, now=now)
    return SentMarks(len(fresh), older, gone)


def _refuse_unknown(statuses: Iterable[str]) -> None:
    if unknown := set(statuses) - set(AttendanceStatus.values):
        raise UnknownStatus(
            _("Unknown attendance status: %(status)s.") % {"status": ", ".join(sorted(unknown))}
        )


def _lock_roll(lesson_id: int, now: datetime) -> Lesson:
    """The lesson, its offering locked and open, the lesson begun."""
    offering_id = Lesson.objects.filter(pk=lesson_id).values_list("offering_id", flat=True).first()
    if offering_id is None:
        raise NotFound(_("There is no such lesson."))
    offering = lock_row(Offering, offering_id)
    lesson = Lesson.objects.select_related("offering").get(pk=lesson_id)
    if offering.state != OfferingState.PUBLISHED:
        raise RollClosed(
            _("%(offering)s is in state “%(state)s”.")
            % {"offering": offering.title, "state": offering.get_state_display()}
        )
    if lesson.cancelled_at is not None:
        raise RollClosed(_("The lesson “%(lesson)s” has been cancelled.") % {"lesson": lesson.title})
    if (begins := begins_at(lesson)) > now:
        raise LessonNotBegun(lesson.title, retry_at=begins)
    return lesson


def begins_at(lesson: Lesson) -> datetime:
    """From when on people can be marked at `lesson` (with its offering): its own beginning, or that of its half-day."""
    return sitting_of(lesson)[0].starts_at


def _refuse_times(lesson: Lesson, taps: Iterable[TappedMark], now: datetime) -> None:
    times = [tap.made_at for tap in taps]
    if not times:
        return
    hours = int(figure(FigureCode.OFFLINE_HOURS, on=clock.school_date(now)))
    if min(times) < (begins := begins_at(lesson)):
        raise LessonNotBegun(lesson.title, retry_at=begins)
    if max(times) > now + CLOCK_SKEW:
        raise InvalidInput(_("The clock of this device is ahead. Set it, then save the roll again."))
    if min(times) < now - timedelta(hours=hours):
        raise TappedTooLongAgo(
            _("Marks made without network must arrive within %(hours)s hours.") % {"hours": hours}
        )


def _gone(lesson: Lesson, marks: Iterable[int]) -> list[int]:
    """Who of `marks` has given up the place. Raises `NotOnRoll` for people of other offerings."""
    wanted = set(marks)
    on_roll = Enrolment.objects.filter(pk__in=wanted, offering=lesson.offering_id).unscoped(
        "roll call of one lesson"
    )
    states = dict(on_roll.values_list("pk", "state"))
    if strangers := wanted - set(states):
        raise NotOnRoll(
            _("%(number)s of the marks belong to people who are not enrolled in this offering.")
            % {"number": len(strangers)}
        )
    return sorted(pk for pk, state in states.items() if state != EnrolmentState.ENROLLED)


def _marks_in_force(lesson: Lesson, marks: Iterable[int]) -> dict[int, AttendanceMark]:
    present = AttendanceMark.objects.filter(lesson=lesson, enrolment__in=list(marks)).in_force()
    return {mark.enrolment_id: mark for mark in present.unscoped("roll call of one lesson")}


def _write(
    lesson: Lesson,
    taps: Sequence[TappedMark],
    in_force: Mapping[int, AttendanceMark],
    *,
    reason: str,
    by: User,
    now: datetime,
) -> None:
    """Add the marks and the record of the deed. Raises `ReasonMissing`."""
    if not taps:
        return
    corrected = {
        tap.enrolment_id for tap in taps if tap.enrolment_id in in_force and tap.made_at >= lesson.ends_at
    }
    reason = single_line(reason)[:REASON_LENGTH]
    if corrected and not reason:
        raise ReasonMissing(
            _("“%(lesson)s” ended at %(time)s.")
            % {"lesson": lesson.title, "time": clock.in_words(lesson.ends_at)}
        )
    leaves = leaves_at(lesson, [tap.enrolment_id for tap in taps if tap.status == AttendanceStatus.ON_LEAVE])
    AttendanceMark.objects.bulk_create(
        AttendanceMark(
            enrolment_id=tap.enrolment_id,
            lesson=one,
            status=status,
            marked_at=tap.made_at,
            marked_by=by,
            leave=leaves.get(tap.enrolment_id),
            reason=reason if tap.enrolment_id in corrected else "",
        )
        for one, tap, status in [*((lesson, tap, tap.status) for tap in taps), *_beside(lesson, taps)]
    )
    data = {"marks": {str(tap.enrolment_id): tap.status for tap in taps}}
    record_event(
        action="attendance.mark",
        subject=lesson,
        by=by,
        data=data | ({"reason": reason} if corrected else {}),
        now=now,
    )


def _beside(lesson: Lesson, taps: Sequence[TappedMark]) -> list[tuple[Lesson, TappedMark, str]]:
    """What the taps mean for the other lessons of the half-day, where the roll is taken once for all of them."""
    others = [one for one in sitting_of(lesson) if one != lesson]
    found = AttendanceMark.objects.filter(
        lesson__in=others, enrolment__in=[tap.enrolment_id for tap in taps]
    ).in_force()
    marks = {
        (mark.lesson_id, mark.enrolment_id): mark.status
        for mark in (found.unscoped("roll call of one half-day") if others else ())
    }
    spread = []
    for one in others:
        for tap in taps:
            stored = marks.get((one.pk, tap.enrolment_id), "")
            status = beside(tap.status, stored)
            if status != stored:
                spread.append((one, tap, status))
    return spread
