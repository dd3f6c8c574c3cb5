"""Nominating within the quota, standing in for somebody, taking back."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from partyschool.accounts.enums import Role
from partyschool.common import clock
from partyschool.common.errors import Duplicate, InvalidInput, NotEligible, NotFound, WindowClosed, WrongState
from partyschool.notices.models import Notice
from tests.factories.accounts import make_unit, make_user
from tests.factories.assignments import Calling, fresh, make_class
from tests.factories.trainees import EnrolmentFactory
from trainees.enums import ExemptionGround
from trainees.models import AssessmentExemption, Nomination
from trainees.rules.assignments import QuotaFull, UnseenWarning
from trainees.services.assignments_decisions import return_nomination
from trainees.services.assignments_nominations import nominate_cadre, withdraw_nomination
from trainees.services.moving import withdraw_cadre

pytestmark = pytest.mark.django_db


@pytest.fixture
def calling() -> Calling:
    return Calling()


def test_a_unit_nominates_up_to_its_quota(calling):
    calling.nominate()
    calling.nominate()
    assert (calling.quota.nominated, calling.quota.seats) == (2, 2)
    with pytest.raises(QuotaFull):
        calling.nominate()


def test_people_of_divisions_below_count_for_the_unit(calling):
    division = make_unit(calling.city.finance_bureau)
    assert calling.nominate(calling.cadre(division)).quota_id == calling.quota.pk


def test_siblings_and_cousins_cannot_be_nominated(calling):
    for unit in (calling.city.culture_bureau, calling.city.cousin_bureau):
        with pytest.raises(NotFound):
            calling.nominate(calling.cadre(unit))


def test_an_officer_fills_no_other_units_quota(calling):
    for unit in (calling.city.culture_bureau, calling.city.cousin_bureau):
        with pytest.raises(NotFound):
            calling.nominate(calling.cadre(unit), unit=unit, by=calling.officer)


def test_an_organisation_department_does_not_nominate_for_units(calling):
    with pytest.raises(NotFound):
        calling.nominate(by=calling.orgdept)


def test_nobody_is_called_twice(calling):
    cadre = calling.cadre()
    calling.nominate(cadre)
    with pytest.raises(Duplicate):
        calling.nominate(cadre)


def test_who_has_left_is_not_nominated(calling):
    with pytest.raises(NotEligible):
        calling.nominate(calling.cadre(left_on=clock.school_date()))


def test_a_warning_must_have_been_seen_and_is_kept(calling):
    cadre = calling.cadre()
    AssessmentExemption.objects.create(
        cadre=cadre, year=calling.offering.year, ground=ExemptionGround.SECONDED
    )
    with pytest.raises(UnseenWarning) as refused:
        calling.nominate(cadre, seen=())
    assert cadre.name in refused.value.facts
    assert calling.nominate(cadre, seen=["exempt"], note=" 本人要求 ").warnings == ["exempt"]
    assert Nomination.objects.unscoped("tests").get().note == "本人要求"


def test_nominations_end_on_time(calling):
    cadre = calling.cadre()
    with pytest.raises(WindowClosed):
        calling.nominate(cadre, now=calling.after(10))
    assert calling.nominate(cadre, now=calling.after(10) - timedelta(seconds=1)).state == "nominated"


def test_drafts_take_no_nominations():
    calling = Calling(issued=False)
    with pytest.raises(WrongState):
        calling.nominate()


def test_a_returned_one_is_replaced_until_the_end_of_the_substitutions(calling):
    first = calling.nominate()
    return_nomination(nomination_id=first.pk, reason="今年已调训两次", by=calling.orgdept)
    second = calling.nominate(replaces_id=first.pk, now=calling.after(19))
    assert (second.replaces_id, second.state, fresh(first.pk).state) == (first.pk, "nominated", "returned")
    with pytest.raises(Duplicate):
        calling.nominate(replaces_id=first.pk)
    with pytest.raises(WindowClosed):
        calling.nominate(replaces_id=second.pk, now=calling.after(20))


def test_one_who_is_not_decided_yet_cannot_be_replaced(calling):
    first = calling.nominate()
    with pytest.raises(WrongState):
        calling.nominate(replaces_id=first.pk)


def test_a_substitute_for_a_confirmed_one_needs_a_reason_and_confirmation_again(calling):
    first = calling.confirmed(calling.cadre(log_in=True))
    with pytest.raises(InvalidInput):
        calling.nominate(replaces_id=first.pk)
    second = calling.nominate(replaces_id=first.pk, reason="抽调专班", now=calling.after(16))
    assert (fresh(first.pk).state, fresh(first.pk).enrolment.state) == ("replaced", "withdrawn")
    assert (second.state, second.enrolment_id, calling.quota.nominated) == ("nominated", None, 1)
    assert "抽调专班" in Notice.objects.visible_to(first.cadre.user).last().body
    # Decided after the others, because it came after the others.
    assert calling.confirm(second, now=calling.after(19)).state == "confirmed"


def test_a_nomination_of_another_quota_is_not_replaced(calling):
    theirs = calling.confirmed()
    with pytest.raises(NotFound):
        calling.nominate(unit=calling.city.culture_bureau, replaces_id=theirs.pk, reason="r")
    with pytest.raises(NotFound):
        calling.nominate(unit=calling.city.cousin_bureau, replaces_id=theirs.pk, reason="r")


def test_a_unit_takes_back_what_is_not_decided(calling):
    first = calling.nominate()
    with pytest.raises(InvalidInput):
        withdraw_nomination(nomination_id=first.pk, reason=" ", by=calling.officer)
    withdraw_nomination(nomination_id=first.pk, reason="另有安排", by=calling.officer)
    assert (fresh(first.pk).state, calling.quota.nominated) == ("withdrawn", 0)
    assert calling.nominate(first.cadre).state == "nominated"


def test_what_is_confirmed_is_taken_back_by_the_organisation_department_alone(calling):
    called = calling.confirmed(calling.cadre(log_in=True))
    with pytest.raises(WrongState):
        withdraw_nomination(nomination_id=called.pk, reason="r", by=calling.officer)
    withdraw_nomination(nomination_id=called.pk, reason="岗位调整", by=calling.orgdept)
    assert (fresh(called.pk).state, fresh(called.pk).enrolment.state) == ("withdrawn", "withdrawn")


@pytest.mark.parametrize("whose", ["culture_bureau", "cousin_bureau"])
def test_siblings_and_cousins_take_nothing_back(calling, whose):
    called = calling.nominate()
    with pytest.raises(NotFound):
        withdraw_nomination(
            nomination_id=called.pk, reason="r", by=calling.officers[getattr(calling.city, whose).pk]
        )
    with pytest.raises(NotFound):
        withdraw_nomination(nomination_id=called.pk, reason="r", by=calling.orgdepts[calling.city.west.pk])


def test_the_call_ends_with_the_place_on_any_path(calling):
    called = calling.confirmed()
    withdraw_cadre(enrolment_id=called.enrolment_id, reason="请假超过七分之一", by=calling.staff)
    found = fresh(called.pk)
    assert (found.state, found.decision, calling.quota.nominated) == ("withdrawn", "请假超过七分之一", 0)


def test_an_officer_who_also_decides_elsewhere_decides_nothing_of_the_own_unit(calling):
    both = make_user(Role.OFFICER, Role.ORGDEPT, unit=calling.city.finance_bureau)
    both.grants.filter(role=Role.ORGDEPT).update(unit=calling.city.west)
    both = type(both).objects.with_grants().get(pk=both.pk)
    called = calling.nominate(by=both)
    with pytest.raises(NotFound):
        return_nomination(nomination_id=called.pk, reason="r", by=both)


# -- the database alone


def _insert(calling, cadre, *, state="nominated", quota=None, replaces=None):
    return Nomination.objects.create(
        assignment=calling.assignment,
        cadre=cadre,
        quota=quota or calling.quota,
        state=state,
        replaces=replaces,
        nominated_by=calling.officer,
    )


@pytest.mark.parametrize("state", ["confirmed", "returned", "withdrawn", "replaced", "deferred"])
def test_database_refuses_a_call_that_begins_decided(calling, state):
    with pytest.raises(IntegrityError):
        _insert(calling, calling.cadre(), state=state)


def test_database_refuses_people_of_other_units(calling):
    with pytest.raises(IntegrityError, match="is not of the unit"):
        _insert(calling, calling.cadre(calling.city.culture_bureau))


def test_database_refuses_nominations_for_what_is_not_issued():
    calling = Calling(issued=False)
    with pytest.raises(IntegrityError, match="takes no nominations"):
        _insert(calling, calling.cadre())


def test_database_holds_the_quota(calling):
    for _each in range(2):
        _insert(calling, calling.cadre())
    with pytest.raises(IntegrityError, match="nominated_ck"):
        _insert(calling, calling.cadre())


def test_database_refuses_a_substitute_for_somebody_still_called(calling):
    first = calling.nominate()
    _insert(calling, calling.cadre(), replaces=first)
    with pytest.raises(IntegrityError, match="still called"), transaction.atomic():
        _check_now()
    first.state = "withdrawn"
    first.save()


def _confirm_by_hand(calling, nomination, enrolment_id):
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "UPDATE trainees_nomination SET state = 'confirmed', enrolment_id = %s, decided_by_id = %s, decided_at = now()"
            " WHERE id = %s",
            [enrolment_id, calling.orgdept.pk, nomination.pk],
        )
        _check_now()


def _check_now():
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")


def test_database_refuses_a_confirmation_without_a_place_of_its_own(calling):
    second = calling.nominate()
    other = EnrolmentFactory(cadre=second.cadre, offering=make_class())
    by_staff = EnrolmentFactory(cadre=second.cadre, offering=calling.offering)
    for place in (None, other.pk, by_staff.pk):
        with pytest.raises(IntegrityError):
            _confirm_by_hand(calling, second, place)


def test_database_refuses_an_assigned_place_that_nobody_confirmed(calling):
    first = calling.nominate()
    place = EnrolmentFactory(cadre=first.cadre, offering=calling.offering, origin="assigned")
    with pytest.raises(IntegrityError, match="nobody confirmed"), transaction.atomic():
        _check_now()
    with transaction.atomic():
        _confirm_by_hand(calling, first, place.pk)


def test_nominating_for_an_unknown_quota_is_not_found(calling):
    with pytest.raises(NotFound):
        nominate_cadre(quota_id=10**8, cadre_id=calling.cadre().pk, by=calling.officer)
