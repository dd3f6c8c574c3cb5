"""Check-ins that race with each other, with a roll call and with the closing of their offering."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from courses.models import Offering
from partyschool.accounts.enums import Role
from partyschool.common import clock
from tests.concurrency.rivals import Gate, compete
from tests.factories.accounts import make_user
from tests.factories.check_ins import key, lesson_at, statuses, token_at, trainee_at
from tests.factories.trainees import make_scheme
from trainees.models import CheckIn, CreditEntry, Enrolment
from trainees.rules.check_ins_denials import CheckedInAlready, RollShut
from trainees.services import check_ins
from trainees.services.attendance import RollClosed, mark_attendance
from trainees.services.check_ins import check_in_scanned
from trainees.services.closing import close_offering

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def staff() -> Any:
    return make_user(Role.STAFF)


@pytest.fixture
def lesson() -> Any:
    """A lesson that began a minute ago."""
    return lesson_at(clock.now() - timedelta(minutes=1))


@pytest.fixture
def cadre(lesson: Any) -> Any:
    return trainee_at(lesson)


def scanning(lesson: Any, cadre: Any, **fields: Any) -> Any:
    at = lesson.starts_at + timedelta(minutes=1)
    return partial(
        check_in_scanned,
        token=token_at(lesson, at),
        scanned_at=at,
        sighting_key=fields.get("sighting_key") or key(),
        by=cadre.user,
        now=at,
    )


def place_of(cadre: Any) -> Enrolment:
    return Enrolment.objects.filter(cadre=cadre).unscoped("tests").get()


def facts() -> int:
    return CheckIn.objects.unscoped("tests").count()


def twins(monkeypatch: Any, lesson: Any, cadre: Any) -> list[Any]:
    """One person checks in twice at once, both having looked before either writes, if nothing hinders them."""
    monkeypatch.setattr(check_ins, "arrival_of", Gate(2).wrap(check_ins.arrival_of))
    return compete([scanning(lesson, cadre), scanning(lesson, cadre)])


def test_two_check_ins_of_one_person_follow_each_other(monkeypatch, lesson, cadre):
    outcomes = twins(monkeypatch, lesson, cadre)
    assert [type(one) for one in outcomes].count(CheckedInAlready) == 1
    assert facts() == 1


def test_check_ins_twin_without_the_lock_on_the_enrolment_counts_one_person_twice(monkeypatch, lesson, cadre):
    monkeypatch.setattr(check_ins, "CHECK_IN_LOCKS", check_ins.CHECK_IN_LOCKS[:1])
    twins(monkeypatch, lesson, cadre)
    assert facts() == 2


def test_the_same_key_at_once_is_one_check_in(lesson, cadre):
    same = scanning(lesson, cadre, sighting_key=key())
    outcomes = compete([same] * 6)
    assert len({one.check_in.pk for one in outcomes}) == facts() == 1


def test_a_hall_checks_in_at_once(lesson):
    hall = [trainee_at(lesson) for _each in range(16)]
    outcomes = compete([scanning(lesson, cadre) for cadre in hall])
    assert [one.status for one in outcomes] == ["present"] * 16
    assert statuses(lesson) == ["present"] * 16


def with_the_roll(monkeypatch: Any, lesson: Any, cadre: Any, staff: Any) -> list[Any]:
    """The keeper marks somebody absent after the check-in has seen that there is no mark yet, if nothing hinders it."""
    looked, marked = Gate(2, patience=5), Gate(2, patience=2)
    monkeypatch.setattr(check_ins, "marks_in_force", marked.wrap(looked.wrap(check_ins.marks_in_force)))

    def roll() -> Any:
        looked.wrap(lambda: None)()
        marks = {place_of(cadre).pk: "absent"}
        return marked.wrap(mark_attendance)(lesson_id=lesson.pk, marks=marks, by=staff, reason="r")

    return compete([scanning(lesson, cadre), roll])


def test_the_roll_keeper_has_the_last_word(monkeypatch, lesson, cadre, staff):
    outcomes = with_the_roll(monkeypatch, lesson, cadre, staff)
    assert (outcomes[0].status, outcomes[1]) == ("present", 1)
    assert statuses(lesson) == ["absent"]


def test_roll_twin_without_the_lock_on_the_offering_is_overwritten(monkeypatch, lesson, cadre, staff):
    monkeypatch.setattr(check_ins, "CHECK_IN_LOCKS", check_ins.CHECK_IN_LOCKS[1:])
    with_the_roll(monkeypatch, lesson, cadre, staff)
    assert statuses(lesson) == ["present"]


def with_the_closing(monkeypatch: Any, lesson: Any, cadre: Any, staff: Any) -> list[Any]:
    """The offering is closed while somebody who was marked absent checks in."""
    make_scheme(clock.school_year(lesson.starts_at))
    other = trainee_at(lesson)
    marks = {place_of(one).pk: "present" for one in (cadre, other)}
    mark_attendance(lesson_id=lesson.pk, marks=marks, by=staff)
    looked, closed = Gate(2, patience=5), Gate(2, patience=2)
    monkeypatch.setattr(check_ins, "arrival_of", closed.wrap(looked.wrap(check_ins.arrival_of)))

    def close() -> Any:
        looked.wrap(lambda: None)()
        return closed.wrap(close_offering)(offering_id=lesson.offering_id, by=staff, now=lesson.ends_at)

    return compete([scanning(lesson, cadre), close])


def test_closing_waits_for_a_check_in_under_way(monkeypatch, lesson, cadre, staff):
    seen_of: list[int] = []
    real = check_ins.note_sighting

    def noted(*args: Any, **kwargs: Any) -> Any:
        state = Offering.objects.values_list("state", flat=True).get(pk=lesson.offering_id)
        seen_of.append(state)
        return real(*args, **kwargs)

    monkeypatch.setattr(check_ins, "note_sighting", noted)
    outcomes = with_the_closing(monkeypatch, lesson, cadre, staff)
    assert (seen_of, facts(), outcomes[1].completed) == (["published"], 1, 2)
    assert CreditEntry.objects.unscoped("tests").count() == 2


def test_closing_twin_without_the_lock_is_checked_in_to_after_it_is_closed(monkeypatch, lesson, cadre, staff):
    monkeypatch.setattr(check_ins, "CHECK_IN_LOCKS", ())
    seen_of: list[str] = []
    real = check_ins.note_sighting

    def noted(*args: Any, **kwargs: Any) -> Any:
        seen_of.append(Offering.objects.values_list("state", flat=True).get(pk=lesson.offering_id))
        return real(*args, **kwargs)

    monkeypatch.setattr(check_ins, "note_sighting", noted)
    with_the_closing(monkeypatch, lesson, cadre, staff)
    assert (seen_of, facts()) == (["closed"], 1)


def test_whoever_comes_after_the_closing_is_told(lesson, cadre, staff):
    make_scheme(clock.school_year(lesson.starts_at))
    mark_attendance(lesson_id=lesson.pk, marks={place_of(cadre).pk: "present"}, by=staff)
    close_offering(offering_id=lesson.offering_id, by=staff, now=lesson.ends_at)
    late = scanning(lesson, cadre)
    roll = partial(mark_attendance, lesson_id=lesson.pk, marks={place_of(cadre).pk: "late"}, by=staff)
    assert [type(one) for one in compete([late, roll])] == [RollShut, RollClosed]
