"""Marks from tablets: sent late, sent twice, older than somebody's word; half-days; reasons of late corrections; approved leaves."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from partyschool.accounts.enums import Role
from partyschool.audit.models import AuditEvent
from partyschool.common import clock
from partyschool.common.errors import InvalidInput
from tests.factories.accounts import make_user
from tests.factories.check_ins import code_at, half_day_lessons, key, lesson_at, statuses, trainee_at
from trainees.enums import EnrolmentState, LeaveApprover, LeaveKind, LeaveState, MarkSource
from trainees.models import AttendanceMark, Enrolment, LeaveRequest
from trainees.services.attendance import (
    LessonNotBegun,
    NotOnRoll,
    ReasonMissing,
    TappedMark,
    TappedTooLongAgo,
    UnknownStatus,
    mark_attendance,
    send_marks,
)
from trainees.services.check_ins import check_in_typed

pytestmark = pytest.mark.django_db
START = datetime(2025, 6, 2, 8, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)


@pytest.fixture
def lesson():
    return lesson_at(START)


@pytest.fixture
def place(lesson):
    return place_of(trainee_at(lesson))


def place_of(cadre):
    return Enrolment.objects.filter(cadre=cadre).select_related("cadre__user").unscoped("tests").get()


def tap(place, status, at):
    return TappedMark(place.pk, status, at)


def history(lesson):
    return list(
        AttendanceMark.objects.filter(lesson=lesson)
        .unscoped("tests")
        .order_by("pk")
        .values_list("status", "source", "reason")
    )


def test_taps_stand_at_their_time_and_sending_twice_does_nothing(staff, lesson, place):
    taps = [tap(place, "late", START + 6 * MINUTE), tap(place, "present", START + 4 * MINUTE)]
    sent = {"lesson_id": lesson.pk, "marks": taps, "by": staff, "now": START + HOUR}
    assert send_marks(**sent).written == 1
    assert send_marks(**sent | {"now": START + 2 * HOUR}).written == 0
    assert history(lesson) == [("late", "roll", "")]
    assert AttendanceMark.objects.unscoped("tests").get().marked_at == START + 6 * MINUTE
    assert AuditEvent.objects.unscoped("tests").filter(action="attendance.mark").count() == 1


def test_what_waited_never_overwrites_a_newer_word(staff, lesson, place):
    mark_attendance(lesson_id=lesson.pk, marks={place.pk: "absent"}, by=staff, now=START + 10 * MINUTE)
    older = send_marks(
        lesson_id=lesson.pk, marks=[tap(place, "present", START + 9 * MINUTE)], by=staff, now=START + HOUR
    )
    assert (older.written, older.older, statuses(lesson)) == (0, [place.pk], ["absent"])
    newer = send_marks(
        lesson_id=lesson.pk, marks=[tap(place, "present", START + 11 * MINUTE)], by=staff, now=START + HOUR
    )
    assert (newer.written, newer.older, statuses(lesson)) == (1, [], ["present"])


def test_a_tap_stands_over_a_check_in_even_with_the_same_status(staff, lesson, place):
    user = place.cadre.user
    check_in_typed(
        code=code_at(lesson, START + 9 * MINUTE), sighting_key=key(), by=user, now=START + 9 * MINUTE
    )
    assert history(lesson) == [("late", "check_in", "")]
    send_marks(lesson_id=lesson.pk, marks=[tap(place, "late", START + HOUR)], by=staff, now=START + HOUR)
    check_in_typed(
        code=code_at(lesson, START), sighting_key=key(), by=user, seen_at=START, now=START + 2 * HOUR
    )
    assert [one[:2] for one in history(lesson)] == [("late", "check_in"), ("late", "roll")]


def test_who_gave_up_the_place_is_left_out_and_the_rest_is_kept(staff, lesson, place):
    gone = place_of(trainee_at(lesson))
    gone.state, gone.ended_at, gone.ended_by = EnrolmentState.WITHDRAWN, clock.now(), staff
    gone.save()
    done = send_marks(
        lesson_id=lesson.pk,
        marks=[tap(place, "present", START), tap(gone, "present", START)],
        by=staff,
        now=START + HOUR,
    )
    assert (done.written, done.gone) == (1, [gone.pk])


@pytest.mark.parametrize(
    ("at", "error"),
    [
        (START - MINUTE, LessonNotBegun),
        (START + 2 * HOUR + 3 * MINUTE, InvalidInput),
        (START, TappedTooLongAgo),
    ],
)
def test_times_that_cannot_be_are_refused(staff, lesson, place, at, error):
    now = START + 13 * HOUR if error is TappedTooLongAgo else START + 2 * HOUR
    with pytest.raises(error):
        send_marks(lesson_id=lesson.pk, marks=[tap(place, "present", at)], by=staff, now=now)
    assert history(lesson) == []


def test_strangers_and_unknown_statuses_are_refused(staff, lesson, place):
    stranger = place_of(trainee_at(lesson_at(START)))
    with pytest.raises(NotOnRoll):
        send_marks(lesson_id=lesson.pk, marks=[tap(stranger, "present", START)], by=staff, now=START)
    with pytest.raises(UnknownStatus):
        send_marks(lesson_id=lesson.pk, marks=[tap(place, "dancing", START)], by=staff, now=START)


# --- reasons -----------------------------------------------------------------------------------------------------------------------------


def test_changing_a_mark_after_the_lesson_needs_a_reason_that_is_kept(staff, lesson, place):
    other, after = place_of(trainee_at(lesson)), lesson.ends_at
    mark_attendance(lesson_id=lesson.pk, marks={place.pk: "absent"}, by=staff, now=after)
    changed = {
        "lesson_id": lesson.pk,
        "marks": {place.pk: "present", other.pk: "present"},
        "by": staff,
        "now": after,
    }
    for empty in ("", "  ", "\u200b"):
        with pytest.raises(ReasonMissing):
            mark_attendance(**changed, reason=empty)
    assert mark_attendance(**changed, reason=" signed the sheet ") == 2
    assert history(lesson) == [
        ("absent", "roll", ""),
        ("present", "roll", "signed the sheet"),
        ("present", "roll", ""),
    ]
    event = AuditEvent.objects.unscoped("tests").filter(action="attendance.mark").latest("pk")
    assert event.data["reason"] == "signed the sheet"


def test_what_was_tapped_during_the_lesson_needs_none_however_late_it_arrives(staff, lesson, place):
    mark_attendance(lesson_id=lesson.pk, marks={place.pk: "absent"}, by=staff, now=START)
    send = {"lesson_id": lesson.pk, "by": staff, "now": lesson.ends_at + HOUR}
    assert send_marks(marks=[tap(place, "late", lesson.ends_at - MINUTE)], **send).written == 1
    with pytest.raises(ReasonMissing):
        send_marks(marks=[tap(place, "present", lesson.ends_at)], **send)


# --- half-days ---------------------------------------------------------------------------------------------------------------------------


def test_one_roll_counts_for_the_half_day(staff):
    first, second = half_day_lessons(START)
    here, away = place_of(trainee_at(first)), place_of(trainee_at(first))
    taps = [tap(here, "late", START + 6 * MINUTE), tap(away, "absent", START + 6 * MINUTE)]
    send_marks(lesson_id=first.pk, marks=taps, by=staff, now=START + HOUR)
    assert [statuses(first), statuses(second)] == [["late", "absent"], ["present", "absent"]]
    # Who leaves the second lesson early stays late at the first.
    send_marks(
        lesson_id=second.pk,
        marks=[tap(here, "left_early", START + 90 * MINUTE)],
        by=staff,
        now=START + 90 * MINUTE,
    )
    assert [statuses(first), statuses(second)] == [["late", "absent"], ["left_early", "absent"]]
    send_marks(
        lesson_id=second.pk,
        marks=[tap(away, "present", START + 91 * MINUTE)],
        by=staff,
        now=START + 91 * MINUTE,
    )
    assert [statuses(first), statuses(second)] == [["late", "present"], ["left_early", "present"]]


def test_the_roll_of_a_half_day_begins_with_its_first_lesson(staff):
    first, second = half_day_lessons(START)
    place = place_of(trainee_at(first))
    with pytest.raises(LessonNotBegun) as refusal:
        mark_attendance(lesson_id=second.pk, marks={place.pk: "present"}, by=staff, now=START - MINUTE)
    assert refusal.value.retry_at == START
    assert mark_attendance(lesson_id=second.pk, marks={place.pk: "present"}, by=staff, now=START) == 1


# --- leaves ------------------------------------------------------------------------------------------------------------------------------


def test_a_mark_on_leave_names_the_approved_leave(staff, lesson, place):
    approver = make_user(Role.STAFF)
    leave = LeaveRequest.objects.create(
        enrolment=place,
        kind=LeaveKind.SICK,
        starts_at=START,
        ends_at=START + HOUR,
        reason="r",
        half_days=1,
        hours=4,
        approver=LeaveApprover.CLASS_TEACHER,
        state=LeaveState.APPROVED,
        asked_by=place.cadre.user,
        decided_by=approver,
        decided_at=START,
    )
    mark_attendance(lesson_id=lesson.pk, marks={place.pk: "on_leave"}, by=staff, now=START)
    mark = AttendanceMark.objects.unscoped("tests").get()
    assert (mark.leave, mark.source) == (leave, MarkSource.ROLL)
