"""Sending somebody to a later class instead: asked by the unit, decided by a second person."""

import pytest

from partyschool.accounts.enums import Role
from partyschool.common.errors import Duplicate, InvalidInput, NotApproved, NotFound, WindowClosed, WrongState
from partyschool.notices.models import Notice
from tests.factories.accounts import make_user
from tests.factories.assignments import Calling, fresh, make_class
from trainees.models import Deferral
from trainees.selectors.assignments_facts import cadres_of, candidates
from trainees.services.assignments import close_assignment
from trainees.services.assignments_deferrals import ask_deferral, decide_deferral, withdraw_deferral
from trainees.services.assignments_nominations import withdraw_nomination

pytestmark = pytest.mark.django_db


@pytest.fixture
def calling() -> Calling:
    return Calling()


def ask(calling: Calling, called, **fields) -> Deferral:
    pk = ask_deferral(nomination_id=called.pk, **{"reason": "产假", "by": calling.officer, **fields})
    return stored(pk)


def stored(pk: int) -> Deferral:
    return Deferral.objects.unscoped("tests").get(pk=pk)


def test_agreed_the_call_ends_and_the_person_comes_first_next_time(calling):
    called = calling.confirmed(calling.cadre(log_in=True, name="z"))
    asked = ask(calling, called)
    assert "产假" in Notice.objects.visible_to(calling.orgdept).last().body
    decide_deferral(deferral_id=asked.pk, agree=True, by=calling.orgdept)
    found = fresh(called.pk)
    assert (found.state, found.enrolment.state, stored(asked.pk).state) == ("deferred", "withdrawn", "agreed")
    assert calling.quota.nominated == 0
    for name in "abc":
        calling.cadre(name=name)
    following = calling.assign(make_class(days_ahead=90))
    people = candidates(cadres_of(calling.officer, calling.city.finance_bureau), following).rows
    assert (people[0].cadre, people[0].in_favour[0].code) == (called.cadre, "deferred")
    assert [one.code for one in people[1].in_favour] == ["never_called"]


def test_refused_the_person_stays_called(calling):
    called = calling.confirmed()
    asked = ask(calling, called)
    with pytest.raises(InvalidInput):
        decide_deferral(deferral_id=asked.pk, agree=False, by=calling.orgdept)
    decide_deferral(deferral_id=asked.pk, agree=False, answer="本期必须参加", by=calling.orgdept)
    assert (fresh(called.pk).state, stored(asked.pk).state) == ("confirmed", "refused")
    assert "本期必须参加" in Notice.objects.visible_to(calling.officer).last().body
    assert ask(calling, called).state == "asked"


def test_whoever_asked_does_not_decide(calling):
    both = make_user(Role.OFFICER, Role.ORGDEPT, unit=calling.city.east)
    asked = ask(calling, calling.confirmed(), by=both)
    with pytest.raises(NotApproved):
        decide_deferral(deferral_id=asked.pk, agree=True, by=both)


def test_only_confirmed_people_are_deferred_once_and_in_time(calling):
    with pytest.raises(WrongState):
        ask(calling, calling.nominate())
    called = calling.confirmed()
    with pytest.raises(InvalidInput):
        ask(calling, called, reason=" ")
    with pytest.raises(WindowClosed):
        ask(calling, called, now=calling.after(20))
    ask(calling, called)
    with pytest.raises(Duplicate):
        ask(calling, called)


def test_siblings_and_cousins_neither_ask_nor_decide(calling):
    called = calling.confirmed()
    for unit in (calling.city.culture_bureau, calling.city.cousin_bureau):
        with pytest.raises(NotFound):
            ask(calling, called, by=calling.officers[unit.pk])
    asked = ask(calling, called)
    for by in (
        calling.orgdepts[calling.city.west.pk],
        calling.officers[calling.city.culture_bureau.pk],
        calling.officer,
    ):
        with pytest.raises(NotFound):
            decide_deferral(deferral_id=asked.pk, agree=True, by=by)
    with pytest.raises(NotFound):
        withdraw_deferral(deferral_id=asked.pk, by=calling.officers[calling.city.cousin_bureau.pk])


def test_the_unit_takes_the_wish_back(calling):
    called = calling.confirmed()
    asked = ask(calling, called)
    withdraw_deferral(deferral_id=asked.pk, by=calling.officer)
    assert (stored(asked.pk).state, fresh(called.pk).state) == ("withdrawn", "confirmed")
    with pytest.raises(WrongState):
        decide_deferral(deferral_id=asked.pk, agree=True, by=calling.orgdept)


def test_a_wish_ends_with_the_call_and_with_the_assignment(calling):
    called, other = calling.confirmed(), calling.confirmed()
    first, second = ask(calling, called), ask(calling, other)
    withdraw_nomination(nomination_id=called.pk, reason="r", by=calling.orgdept)
    assert stored(first.pk).state == "withdrawn"
    close_assignment(assignment_id=calling.assignment.pk, by=calling.staff, now=calling.after(21))
    assert stored(second.pk).state == "withdrawn"
