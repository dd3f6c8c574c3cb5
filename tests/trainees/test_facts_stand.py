"""Once facts have become entries, no path changes them: not even a bulk statement."""

from datetime import timedelta
from threading import Thread

import pytest
from django.db import IntegrityError, connection, transaction

from courses.enums import OfferingState
from courses.models import Lesson, Offering
from partyschool.accounts.enums import Role
from partyschool.common import clock
from partyschool.common.locking import violated_constraint
from tests.access.world import build_world
from tests.factories.accounts import make_user
from tests.factories.courses import LessonFactory, OfferingFactory
from tests.factories.trainees import EnrolmentFactory
from trainees.enums import PacketState
from trainees.models import AttendanceMark, ReportPacket


def refusal(deed) -> str:
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        deed()
    return violated_constraint(caught.value)


@pytest.mark.django_db
def test_timetable_of_a_closed_offering_stands():
    lesson = LessonFactory()
    Offering.objects.filter(pk=lesson.offering_id).update(state=OfferingState.CLOSED, closed_at=clock.now())
    row = Lesson.objects.filter(pk=lesson.pk)
    assert [
        refusal(lambda: row.update(hours=99)),
        refusal(row.delete),
        refusal(
            lambda: LessonFactory(offering=lesson.offering, starts_at=lesson.ends_at + timedelta(days=1))
        ),
    ] == ["courses_lesson_stands_tg"] * 3
    assert row.get().hours == lesson.hours


@pytest.mark.django_db
def test_lesson_keeps_its_offering():
    lesson, other = LessonFactory(), OfferingFactory()
    row = Lesson.objects.filter(pk=lesson.pk)
    assert refusal(lambda: row.update(offering=other)) == "courses_lesson_stands_tg"


@pytest.mark.django_db
def test_mark_of_another_offerings_lesson_is_refused_with_its_whole_statement():
    enrolment, staff = EnrolmentFactory(offering=OfferingFactory()), make_user(Role.STAFF)
    own, foreign = LessonFactory(offering=enrolment.offering), LessonFactory()
    marks = [
        AttendanceMark(enrolment=enrolment, lesson=lesson, status="present", marked_by=staff)
        for lesson in (own, foreign)
    ]
    assert refusal(lambda: AttendanceMark.objects.bulk_create(marks)) == "trainees_attendancemark_fits_tg"
    assert AttendanceMark.objects.unscoped("tests").count() == 0


@pytest.mark.django_db(transaction=True)
def test_lesson_changed_while_its_offering_closes_waits_and_finds_it_closed():
    lesson = LessonFactory()
    said: list[str] = []

    def change() -> None:
        try:
            said.append(refusal(lambda: Lesson.objects.filter(pk=lesson.pk).update(hours=99)))
        finally:
            connection.close()

    rival = Thread(target=change)
    with transaction.atomic():
        offering = Offering.objects.select_for_update().get(pk=lesson.offering_id)
        rival.start()
        rival.join(0.5)
        assert rival.is_alive()
        offering.state, offering.closed_at = OfferingState.CLOSED, clock.now()
        offering.save(update_fields=["state", "closed_at"])
    rival.join(10)
    assert said == ["courses_lesson_stands_tg"]


@pytest.mark.django_db
def test_issued_packet_keeps_what_it_says_and_moves_on_only_in_state():
    packet = build_world().of(ReportPacket, "own")
    row = ReportPacket.objects.unscoped("test").filter(pk=packet.pk)
    assert [
        refusal(lambda: row.update(number=99)),
        refusal(lambda: row.update(data_digest="1" * 64)),
        refusal(lambda: row.update(notice=packet.annex)),
        refusal(row.delete),
    ] == ["trainees_reportpacket_stands_tg"] * 3 + ["trainees_reportpacket_no_delete_tg"]
    withdrawal = {
        "withdrawn_at": clock.now(),
        "withdrawn_by": packet.issued_by,
        "withdrawal_reason": "Wrong recipient",
    }
    assert row.update(state=PacketState.WITHDRAWN, **withdrawal) == 1
