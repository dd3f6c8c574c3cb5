"""Roll call: only changes are written, the newest mark is in force, and nothing is marked that cannot have been seen."""

from datetime import timedelta
from functools import partial

import pytest

from courses.enums import OfferingState
from partyschool.audit.models import AuditEvent
from partyschool.common import clock
from partyschool.common.errors import NotFound
from tests.concurrency.rivals import compete
from tests.factories.courses import LessonFactory, OfferingFactory
from tests.factories.trainees import EnrolmentFactory
from trainees.enums import AttendanceStatus, EnrolmentState
from trainees.models import AttendanceMark
from trainees.services.attendance import (
    LessonNotBegun,
    NotOnRoll,
    RollClosed,
    UnknownStatus,
    WithdrawnMeanwhile,
    mark_attendance,
)

pytestmark = pytest.mark.django_db
PRESENT, ABSENT = AttendanceStatus.PRESENT, AttendanceStatus.ABSENT


@pytest.fixture
def lesson():
    return LessonFactory()


def enrol(lesson, **fields):
    return EnrolmentFactory(offering=lesson.offering, **fields)


def history(enrolment):
    marks = AttendanceMark.objects.unscoped("test").filter(enrolment=enrolment).order_by("pk")
    return list(marks.values_list("status", flat=True))


def events():
    return AuditEvent.objects.unscoped("test").filter(action="attendance.mark").count()


def test_marks_are_written_once_and_changes_are_added(staff, lesson):
    first, second = enrol(lesson), enrol(lesson)
    assert mark_attendance(lesson_id=lesson.pk, marks={first.pk: PRESENT, second.pk: ABSENT}, by=staff) == 2
    assert mark_attendance(lesson_id=lesson.pk, marks={first.pk: PRESENT, second.pk: ABSENT}, by=staff) == 0
    corrected = {first.pk: PRESENT, second.pk: PRESENT}
    assert mark_attendance(lesson_id=lesson.pk, marks=corrected, by=staff, reason="was there") == 1
    assert (history(first), history(second)) == ([PRESENT], [ABSENT, PRESENT])
    assert events() == 2


def test_a_status_that_returns_is_a_newer_mark(staff, lesson):
    enrolment = enrol(lesson)
    for status in (PRESENT, ABSENT, PRESENT):
        marks = {enrolment.pk: status}
        assert mark_attendance(lesson_id=lesson.pk, marks=marks, by=staff, reason="looked again") == 1
    assert history(enrolment) == [PRESENT, ABSENT, PRESENT]


def test_no_marks_write_nothing(staff, lesson):
    assert mark_attendance(lesson_id=lesson.pk, marks={}, by=staff) == 0
    assert events() == 0


def test_an_unknown_status_is_refused(staff, lesson):
    enrolment = enrol(lesson)
    with pytest.raises(UnknownStatus, match="dancing"):
        mark_attendance(lesson_id=lesson.pk, marks={enrolment.pk: "dancing"}, by=staff)


def test_an_unknown_lesson_is_not_found(staff):
    with pytest.raises(NotFound):
        mark_attendance(lesson_id=0, marks={}, by=staff)


def test_somebody_of_another_offering_is_refused_and_nobody_is_marked(staff, lesson):
    enrolment, stranger = enrol(lesson), EnrolmentFactory(offering=OfferingFactory())
    with pytest.raises(NotOnRoll):
        mark_attendance(lesson_id=lesson.pk, marks={enrolment.pk: PRESENT, stranger.pk: PRESENT}, by=staff)
    assert history(enrolment) == []


def test_somebody_who_withdrew_meanwhile_is_told_of(staff, lesson):
    enrolment = enrol(lesson)
    enrolment.state, enrolment.ended_at, enrolment.ended_by = EnrolmentState.WITHDRAWN, clock.now(), staff
    enrolment.save()
    with pytest.raises(WithdrawnMeanwhile):
        mark_attendance(lesson_id=lesson.pk, marks={enrolment.pk: PRESENT}, by=staff)


def test_a_lesson_ahead_says_when_it_begins(staff, lesson):
    enrolment = enrol(lesson)
    before = lesson.starts_at - timedelta(seconds=1)
    with pytest.raises(LessonNotBegun) as refusal:
        mark_attendance(lesson_id=lesson.pk, marks={enrolment.pk: PRESENT}, by=staff, now=before)
    assert refusal.value.retry_at == lesson.starts_at
    assert (
        mark_attendance(lesson_id=lesson.pk, marks={enrolment.pk: PRESENT}, by=staff, now=lesson.starts_at)
        == 1
    )


@pytest.mark.parametrize("state", [OfferingState.PLANNED, OfferingState.CLOSED, OfferingState.CANCELLED])
def test_an_offering_that_does_not_run_has_no_roll(staff, lesson, state):
    enrolment = enrol(lesson)
    lesson.offering.state = state
    lesson.offering.closed_at = clock.now() if state == OfferingState.CLOSED else None
    lesson.offering.save()
    with pytest.raises(RollClosed):
        mark_attendance(lesson_id=lesson.pk, marks={enrolment.pk: PRESENT}, by=staff)


def test_a_cancelled_lesson_has_no_roll(staff, lesson):
    enrolment = enrol(lesson)
    lesson.cancelled_at = clock.now()
    lesson.save()
    with pytest.raises(RollClosed):
        mark_attendance(lesson_id=lesson.pk, marks={enrolment.pk: PRESENT}, by=staff)


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_roll_calls_at_once_follow_each_other_and_both_are_kept(staff, lesson):
    enrolments = [enrol(lesson) for _ in range(4)]

    def call(status):
        marks = {one.pk: status for one in enrolments}
        return mark_attendance(lesson_id=lesson.pk, marks=marks, by=staff, reason="both called it")

    assert compete([partial(call, PRESENT), partial(call, ABSENT)]) == [4, 4]
    kept = [history(one) for one in enrolments]
    assert kept in ([[PRESENT, ABSENT]] * 4, [[ABSENT, PRESENT]] * 4)
