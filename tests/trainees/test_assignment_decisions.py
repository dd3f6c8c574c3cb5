"""Confirming, returning, calling by name: in the own jurisdiction, with a place or not at all."""

from datetime import timedelta

import pytest

from courses.models import SeatCount
from courses.services.offerings import set_capacity
from partyschool.accounts.enums import Role
from partyschool.common.errors import (
    Clash,
    Duplicate,
    Full,
    InvalidInput,
    NotApproved,
    NotFound,
    WindowClosed,
    WrongState,
)
from partyschool.notices.models import Notice
from tests.factories.accounts import make_user
from tests.factories.assignments import ALL_WARNINGS, Calling, fresh, make_class
from tests.factories.courses import LessonFactory, OfferingFactory
from tests.factories.trainees import EnrolmentFactory
from trainees.models import Enrolment
from trainees.rules.assignments import UnseenWarning
from trainees.services.assignments_decisions import (
    call_by_name,
    confirm_nomination,
    decide_nominations,
    return_nomination,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def calling() -> Calling:
    return Calling()


def test_confirming_gives_the_place_and_tells_the_person(calling):
    called = calling.confirmed(calling.cadre(log_in=True))
    place = Enrolment.objects.unscoped("tests").get()
    assert (called.state, called.enrolment_id) == ("confirmed", place.pk)
    assert (place.origin, place.state, place.created_by) == ("assigned", "enrolled", calling.orgdept)
    assert SeatCount.objects.get(offering=calling.offering).taken == 1
    assert calling.offering.title in Notice.objects.visible_to(called.cadre.user).get().title
    assert called.cadre.name in Notice.objects.visible_to(calling.officer).last().body


def test_only_the_own_jurisdiction_decides(calling):
    called = calling.nominate()
    for by in (calling.orgdepts[calling.city.west.pk], calling.officer, calling.staff):
        with pytest.raises(NotFound):
            confirm_nomination(nomination_id=called.pk, by=by)
        with pytest.raises(NotFound):
            return_nomination(nomination_id=called.pk, reason="r", by=by)


def test_nobody_confirms_a_nomination_of_the_own_hand(calling):
    both = make_user(Role.OFFICER, Role.ORGDEPT, unit=calling.city.east)
    called = calling.nominate(by=both)
    with pytest.raises(NotApproved):
        confirm_nomination(nomination_id=called.pk, by=both)
    with pytest.raises(NotApproved):
        return_nomination(nomination_id=called.pk, reason="r", by=both)
    assert calling.confirm(called).state == "confirmed"


def test_full_leaves_the_nomination_and_more_seats_confirm_nobody():
    calling = Calling(capacity=1)
    calling.confirmed()
    second = calling.nominate()
    with pytest.raises(Full) as refused:
        calling.confirm(second)
    assert "推荐保持原状" in refused.value.what_to_do
    set_capacity(offering_id=calling.offering.pk, capacity=5, by=calling.staff)
    assert (fresh(second.pk).state, Enrolment.objects.unscoped("tests").count()) == ("nominated", 1)
    assert calling.confirm(second).state == "confirmed"


def test_a_clash_leaves_the_nomination(calling):
    called = calling.nominate()
    lesson = calling.offering.lessons.get()
    other = OfferingFactory()
    LessonFactory(offering=other, starts_at=lesson.starts_at, ends_at=lesson.ends_at)
    EnrolmentFactory(cadre=called.cadre, offering=other)
    with pytest.raises(Clash):
        calling.confirm(called)
    assert fresh(called.pk).state == "nominated"


def test_a_class_that_is_not_published_gives_no_places_yet():
    calling = Calling(state="planned")
    called = calling.nominate()
    with pytest.raises(WindowClosed):
        calling.confirm(called)
    assert fresh(called.pk).state == "nominated"


def test_who_has_a_place_by_staff_is_not_confirmed_into_a_second(calling):
    called = calling.nominate()
    EnrolmentFactory(cadre=called.cadre, offering=calling.offering)
    with pytest.raises(Duplicate):
        calling.confirm(called)


def test_decisions_end_on_time(calling):
    called = calling.nominate()
    with pytest.raises(WindowClosed):
        calling.confirm(called, now=calling.after(15))
    assert calling.confirm(called, now=calling.after(15) - timedelta(seconds=1)).state == "confirmed"


def test_a_decision_is_made_once(calling):
    called = calling.confirmed()
    with pytest.raises(WrongState):
        calling.confirm(called)
    with pytest.raises(WrongState):
        return_nomination(nomination_id=called.pk, reason="r", by=calling.orgdept)


def test_returning_needs_a_reason_and_tells_the_unit(calling):
    called = calling.nominate()
    with pytest.raises(InvalidInput):
        return_nomination(nomination_id=called.pk, reason="", by=calling.orgdept)
    return_nomination(nomination_id=called.pk, reason="本年度已调训两次", by=calling.orgdept)
    assert (fresh(called.pk).state, calling.quota.nominated) == ("returned", 0)
    assert "本年度已调训两次" in Notice.objects.visible_to(calling.officer).last().body


def test_many_are_decided_each_wholly_or_not_at_all():
    calling = Calling(seats=3, capacity=2)
    called = [calling.nominate() for _each in range(3)]
    outcomes = decide_nominations(nomination_ids=[one.pk for one in called], confirm=True, by=calling.orgdept)
    assert [type(one.error) for one in outcomes] == [type(None), type(None), Full]
    assert [fresh(one.pk).state for one in called] == ["confirmed", "confirmed", "nominated"]
    (outcome,) = decide_nominations(
        nomination_ids=[called[2].pk], confirm=False, reason="名额已满", by=calling.orgdept
    )
    assert (outcome.error, fresh(called[2].pk).decision) == (None, "名额已满")
    with pytest.raises(InvalidInput):
        decide_nominations(nomination_ids=[1], confirm=False, by=calling.orgdept)


def test_the_organisation_department_calls_by_name_beside_the_quotas(calling):
    cadre = calling.cadre(log_in=True)
    pk = call_by_name(assignment_id=calling.assignment.pk, cadre_id=cadre.pk, by=calling.orgdept)
    called = fresh(pk)
    assert (called.mode, called.state, called.quota_id) == ("by_name", "confirmed", None)
    assert calling.quota.nominated == 0
    assert Notice.objects.visible_to(cadre.user).count() == 1
    assert cadre.name in Notice.objects.visible_to(calling.officer).last().body
    with pytest.raises(Duplicate):
        calling.nominate(cadre)


def test_calls_by_name_stay_in_the_jurisdiction(calling):
    cousin = calling.cadre(calling.city.cousin_bureau)
    for by in (calling.orgdept, calling.officer, calling.staff):
        with pytest.raises(NotFound):
            call_by_name(assignment_id=calling.assignment.pk, cadre_id=cousin.pk, by=by)


def test_a_call_by_name_without_a_seat_leaves_nothing(calling):
    calling.confirmed()
    set_capacity(offering_id=calling.offering.pk, capacity=1, by=calling.staff)
    cadre = calling.cadre()
    with pytest.raises(Full):
        call_by_name(
            assignment_id=calling.assignment.pk, cadre_id=cadre.pk, by=calling.orgdept, seen=ALL_WARNINGS
        )
    assert not cadre.nominations.unscoped("tests").exists()


def test_a_call_by_name_shows_the_same_warnings(calling):
    cadre = calling.cadre()
    for _each in range(2):
        EnrolmentFactory(cadre=cadre, offering=make_class(days_ahead=60, year=calling.offering.year))
    with pytest.raises(UnseenWarning):
        call_by_name(assignment_id=calling.assignment.pk, cadre_id=cadre.pk, by=calling.orgdept)
