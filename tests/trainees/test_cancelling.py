"""An offering that will not be held: nobody keeps a place, and everybody is told why."""

import threading
import time
from datetime import timedelta

import pytest
from django.db import connection, transaction

from courses.enums import OfferingState
from courses.models import Offering, SeatCount
from partyschool.accounts.enums import Role
from partyschool.audit.models import AuditEvent
from partyschool.common import clock
from partyschool.common.errors import Denial, InvalidInput, NotFound, WrongState
from partyschool.notices.models import Notice
from tests.factories.accounts import City, make_user
from tests.factories.courses import LessonFactory, OfferingFactory
from tests.factories.trainees import CadreFactory, EnrolmentFactory
from trainees.enums import AttendanceStatus, EnrolmentState
from trainees.models import AttendanceMark, Enrolment
from trainees.services import cancelling
from trainees.services.cancelling import REASON_MOST, RollCalled, cancel_offering
from trainees.services.enrolments import enrol_cadre

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def unit():
    return City().finance_bureau


@pytest.fixture
def offering():
    return OfferingFactory(title="停办的班", capacity=5)


@pytest.fixture
def lesson(offering):
    start = clock.now() + timedelta(days=3)
    return LessonFactory(offering=offering, starts_at=start, ends_at=start + timedelta(hours=3))


@pytest.fixture
def place(offering, unit, staff):
    cadre = CadreFactory(unit=unit, user=make_user(Role.TRAINEE))
    return EnrolmentFactory(cadre=cadre, offering=offering, created_by=staff)


def test_places_lessons_and_seats_are_released_and_people_told(offering, lesson, place, unit, staff):
    gone = EnrolmentFactory(cadre=CadreFactory(unit=unit), offering=offering, created_by=staff)
    assert cancel_offering(offering_id=offering.pk, reason=" 报名人数不足 ", by=staff) == 2
    offering.refresh_from_db()
    lesson.refresh_from_db()
    seats = SeatCount.objects.get()
    assert (offering.state, seats.taken, seats.frozen) == (OfferingState.CANCELLED, 0, True)
    assert lesson.cancelled_at is not None
    found = (
        Enrolment.objects.unscoped("tests").order_by("pk").values_list("pk", "state", "reason", "ended_by")
    )
    withdrawn = (EnrolmentState.WITHDRAWN, "报名人数不足", staff.pk)
    assert list(found) == [(place.pk, *withdrawn), (gone.pk, *withdrawn)]
    notice = Notice.objects.unscoped("tests").get()
    assert (notice.recipient, notice.title) == (place.cadre.user, "班次取消：停办的班")
    assert "报名人数不足" in notice.body
    event = AuditEvent.objects.unscoped("tests").get()
    assert (event.action, event.subject, event.data) == (
        "offering.cancel",
        f"courses.offering:{offering.pk}",
        {"reason": "报名人数不足", "withdrawn": 2},
    )


def test_a_planned_offering_without_seats_can_be_cancelled(staff):
    offering = OfferingFactory(state=OfferingState.PLANNED)
    SeatCount.objects.filter(offering=offering).delete()
    assert cancel_offering(offering_id=offering.pk, reason="不办", by=staff) == 0


def test_rooms_are_free_again(offering, lesson, staff):
    cancel_offering(offering_id=offering.pk, reason="不办", by=staff)
    LessonFactory(room=lesson.room, starts_at=lesson.starts_at, ends_at=lesson.ends_at)


def test_nobody_is_enrolled_afterwards(offering, unit, staff):
    cancel_offering(offering_id=offering.pk, reason="不办", by=staff)
    with pytest.raises(Denial):
        enrol_cadre(cadre_id=CadreFactory(unit=unit).pk, offering_id=offering.pk, by=staff)
    assert SeatCount.objects.get().taken == 0


@pytest.mark.parametrize("state", [OfferingState.CLOSED, OfferingState.CANCELLED])
def test_what_is_over_is_not_cancelled(state, staff):
    closed_at = clock.now() if state == OfferingState.CLOSED else None
    offering = OfferingFactory(state=state, closed_at=closed_at)
    with pytest.raises(WrongState):
        cancel_offering(offering_id=offering.pk, reason="不办", by=staff)


def test_what_was_attended_is_closed_instead(offering, lesson, place, staff):
    AttendanceMark.objects.create(
        enrolment=place, lesson=lesson, status=AttendanceStatus.PRESENT, marked_by=staff
    )
    with pytest.raises(RollCalled):
        cancel_offering(offering_id=offering.pk, reason="不办", by=staff)
    place.refresh_from_db()
    assert place.state == EnrolmentState.ENROLLED


@pytest.mark.parametrize("reason", ["", "   ", "长" * (REASON_MOST + 1)])
def test_a_reason_that_fits_is_needed(offering, staff, reason):
    with pytest.raises(InvalidInput):
        cancel_offering(offering_id=offering.pk, reason=reason, by=staff)
    assert Offering.objects.get().state == OfferingState.PUBLISHED


def test_unknown_offering(staff):
    with pytest.raises(NotFound):
        cancel_offering(offering_id=404, reason="不办", by=staff)


# -- somebody is being enrolled at the same moment


@pytest.fixture
def enrolment_under_way(offering, unit, staff):
    """An enrolment that is not committed yet when the offering is cancelled."""
    cadre = CadreFactory(unit=unit)
    inside = threading.Event()

    def enrol() -> None:
        try:
            with transaction.atomic():
                # As the services do: offering before seat row.
                connection.cursor().execute("SET CONSTRAINTS ALL IMMEDIATE")
                EnrolmentFactory(cadre=cadre, offering=offering, created_by=staff)
                inside.set()
                time.sleep(0.8)
        finally:
            connection.close()

    rival = threading.Thread(target=enrol)
    rival.start()
    assert inside.wait(20)
    yield
    rival.join(20)


def _state_left(offering, staff) -> str:
    cancel_offering(offering_id=offering.pk, reason="不办", by=staff)
    return Enrolment.objects.unscoped("tests").get().state


def test_an_enrolment_under_way_is_withdrawn_too(offering, staff, enrolment_under_way):
    assert _state_left(offering, staff) == EnrolmentState.WITHDRAWN


def test_twin_without_the_lock_somebody_stays_enrolled(offering, staff, monkeypatch, enrolment_under_way):
    monkeypatch.setattr(cancelling, "_locked", lambda pk: Offering.objects.filter(pk=pk).first())
    cancel_offering(offering_id=offering.pk, reason="不办", by=staff)
    time.sleep(1.2)
    assert Enrolment.objects.unscoped("tests").get().state == EnrolmentState.ENROLLED
