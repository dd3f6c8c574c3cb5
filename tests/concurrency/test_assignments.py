"""Calls to a class hold against each other; and each guard's twin shows the race when the guard is off."""

import threading
from functools import partial
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from courses.models import SeatCount
from courses.services.offerings import set_capacity
from partyschool.accounts.enums import Role
from partyschool.common.errors import Full, WrongState
from tests.concurrency.rivals import Gate, compete
from tests.factories.accounts import make_user
from tests.factories.assignments import Calling, fresh
from trainees.models import Assignment, Enrolment, Nomination
from trainees.rules.assignments import QuotaFull
from trainees.services import assignments_decisions, assignments_nominations
from trainees.services.assignments_decisions import confirm_nomination, decide_nominations
from trainees.services.assignments_nominations import withdraw_nomination

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def won(outcomes: list[Any]) -> list[Any]:
    return [one for one in outcomes if not isinstance(one, Exception)]


def states() -> list[str]:
    return list(Nomination.objects.unscoped("tests").order_by("pk").values_list("state", flat=True))


def places() -> int:
    return Enrolment.objects.filter(state="enrolled").unscoped("tests").count()


def assert_sound() -> None:
    call_command("check_data", verbosity=0)


def without_locks(monkeypatch: Any) -> None:
    for module in (assignments_nominations, assignments_decisions):
        monkeypatch.setattr(module, "lock_assignment", lambda pk: Assignment.objects.get(pk=pk))
        monkeypatch.setattr(module, "lock_places", lambda _cadres, _offering: None)


def drop(table: str, *constraints: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER TABLE {table} " + ", ".join(f"DROP CONSTRAINT {one}" for one in constraints))


# --- the last place of a quota ------------------------------------------------------------------------------------------------------------


def _two_officers(monkeypatch: Any) -> list[Any]:
    """Two officers of one unit nominate somebody each for its only place; both have seen it free, if nothing hinders them."""
    calling = Calling(seats=1)
    second = make_user(Role.OFFICER, unit=calling.city.finance_bureau)
    people = [calling.cadre(), calling.cadre()]
    gate = Gate(2)
    monkeypatch.setattr(
        assignments_nominations, "checked_person", gate.wrap(assignments_nominations.checked_person)
    )
    officers = (calling.officer, second)
    return compete([partial(calling.nominate, one, by=by) for one, by in zip(people, officers, strict=True)])


def test_the_last_place_of_a_quota_goes_to_one(monkeypatch):
    outcomes = _two_officers(monkeypatch)
    assert len(won(outcomes)) == len(states()) == 1
    assert [type(one) for one in outcomes].count(QuotaFull) == 1
    assert_sound()


def test_quota_twin_without_the_lock_is_held_by_the_database_alone(monkeypatch):
    without_locks(monkeypatch)
    outcomes = _two_officers(monkeypatch)
    assert [type(one) for one in outcomes].count(QuotaFull) == 1
    assert_sound()


def test_quota_twin_without_lock_and_check_is_exceeded(monkeypatch):
    without_locks(monkeypatch)
    drop("trainees_assignmentquota", "trainees_assignmentquota_nominated_ck")
    outcomes = _two_officers(monkeypatch)
    assert len(won(outcomes)) == len(states()) == 2


# --- confirming and taking back ----------------------------------------------------------------------------------------------------------


def _confirm_while_it_is_taken_back(monkeypatch: Any) -> list[Any]:
    """The unit takes a nomination back, and has read that it is not decided, when the organisation department confirms it."""
    calling = Calling()
    called = calling.nominate()
    read, confirmed = threading.Event(), threading.Event()
    reread = assignments_nominations.reread

    def read_and_wait(pk: int) -> Any:
        found = reread(pk)
        read.set()
        confirmed.wait(1)
        return found

    def confirm() -> Any:
        read.wait(10)
        number = confirm_nomination(nomination_id=called.pk, by=calling.orgdept)
        confirmed.set()
        return number

    monkeypatch.setattr(assignments_nominations, "reread", read_and_wait)
    withdraw = partial(withdraw_nomination, nomination_id=called.pk, reason="r", by=calling.officer)
    return compete([withdraw, confirm])


def test_confirming_waits_for_what_takes_the_nomination_back(monkeypatch):
    outcomes = _confirm_while_it_is_taken_back(monkeypatch)
    assert [type(one) for one in outcomes].count(WrongState) == 1
    assert (states(), places()) == (["withdrawn"], 0)
    assert_sound()


def test_confirming_twin_without_the_locks_leaves_a_place_that_nobody_is_called_to(monkeypatch):
    without_locks(monkeypatch)
    outcomes = _confirm_while_it_is_taken_back(monkeypatch)
    assert (len(won(outcomes)), states(), places()) == (2, ["withdrawn"], 1)


# --- the last seat -----------------------------------------------------------------------------------------------------------------------


def _two_confirmations(monkeypatch: Any) -> list[Any]:
    """Two people are confirmed at once for the last seat of the class, by facts that both show it free if nothing hinders that."""
    calling = Calling(capacity=1)
    called = [calling.nominate(), calling.nominate()]
    gate = Gate(2)
    monkeypatch.setattr(
        assignments_decisions, "facts_for_cadre", gate.wrap(assignments_decisions.facts_for_cadre)
    )
    return compete([partial(confirm_nomination, nomination_id=one.pk, by=calling.orgdept) for one in called])


@pytest.mark.parametrize("locks", [True, False])
def test_the_last_seat_is_confirmed_once(monkeypatch, locks):
    if not locks:
        without_locks(monkeypatch)
    outcomes = _two_confirmations(monkeypatch)
    assert [type(one) for one in outcomes].count(Full) == 1
    assert (sorted(states()), places()) == (["confirmed", "nominated"], 1)
    assert_sound()


def test_last_seat_twin_without_locks_and_check_is_oversold(monkeypatch):
    without_locks(monkeypatch)
    drop("courses_seatcount", "courses_seatcount_taken_ck", "courses_seatcount_unreserved_ck")
    outcomes = _two_confirmations(monkeypatch)
    assert (len(won(outcomes)), places()) == (2, 2)
    assert SeatCount.objects.get().taken == 2


# --- many at once ------------------------------------------------------------------------------------------------------------------------


def test_everybody_at_once_neither_deadlocks_nor_oversells():
    calling = Calling(seats=4, capacity=3)
    units = [calling.city.finance_bureau, calling.city.culture_bureau]
    called = [calling.nominate(unit=unit) for unit in units for _each in range(3)]
    old = calling.confirm(called[0])
    news = [calling.cadre() for _each in range(3)]
    outcomes = compete(
        [
            partial(
                decide_nominations,
                nomination_ids=[one.pk for one in called],
                confirm=True,
                by=calling.orgdept,
            ),
            *(
                partial(confirm_nomination, nomination_id=one.pk, by=calling.orgdept)
                for one in reversed(called)
            ),
            *(partial(calling.nominate, one, replaces_id=old.pk, reason="r") for one in news),
            partial(withdraw_nomination, nomination_id=old.pk, reason="r", by=calling.orgdept),
            partial(withdraw_nomination, nomination_id=called[1].pk, reason="r", by=calling.officer),
            partial(set_capacity, offering_id=calling.offering.pk, capacity=4, by=calling.staff),
        ]
    )
    assert len(outcomes) == 13
    stood_in = Nomination.objects.filter(replaces=old).unscoped("tests").count()
    assert stood_in <= 1
    assert fresh(old.pk).state in {"replaced", "withdrawn"}
    assert places() == states().count("confirmed") <= 4
    assert_sound()
