"""No seat is sold twice, whoever competes; and each guard's twin shows the race when the guard is off."""

from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, connection

from courses.models import SeatCount
from courses.services.offerings import set_capacity
from courses.services.rounds import close_round
from partyschool.accounts.enums import Role
from partyschool.audit.models import AuditEvent
from partyschool.common.errors import DomainError, Duplicate, Full, InvalidInput, LimitReached, WindowClosed
from tests.concurrency.rivals import Gate, compete
from tests.factories.accounts import make_unit, make_user
from tests.factories.courses import OfferingFactory, SelectionRoundFactory
from tests.factories.trainees import EnrolmentFactory, make_trainee
from trainees.models import Enrolment
from trainees.services import electives
from trainees.services.electives import select_topic, withdraw_from_topic
from trainees.services.enrolments import enrol_cadre

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def make_topic(seats: int, *, half_full: bool = False, **fields: Any) -> Any:
    topic = OfferingFactory(selection_round=SelectionRoundFactory(**fields), capacity=seats)
    if half_full:
        staff, unit = make_user(Role.STAFF), make_unit()
        EnrolmentFactory.create_batch(seats // 2, offering=topic, created_by=staff, cadre__unit=unit)
    return topic


def make_trainees(number: int) -> list[Any]:
    unit = make_unit()
    return [make_trainee(unit=unit) for _each in range(number)]


def live(**conditions: Any) -> list[Enrolment]:
    return list(Enrolment.objects.filter(state="enrolled", **conditions).unscoped("test"))


def assert_books_agree(topic: Any) -> int:
    """The seat row says what the enrolments say, nobody sits twice, and no more sit than there are seats. Returns how many sit."""
    seats, rows = SeatCount.objects.get(pk=topic.pk), live(offering=topic)
    assert seats.taken == len(rows) <= seats.capacity
    assert len({row.cadre_id for row in rows}) == len(rows)
    return len(rows)


def won(outcomes: list[Any]) -> list[int]:
    return [outcome for outcome in outcomes if isinstance(outcome, int)]


@pytest.mark.parametrize("half_full", [False, True], ids=["empty", "half-full"])
@pytest.mark.parametrize("seats", [1, 10, 30])
def test_seats_three_times_as_many_rivals_fill_every_seat_once(seats, half_full):
    topic = make_topic(seats, half_full=half_full)
    free = seats - (seats // 2 if half_full else 0)
    cadres = make_trainees(3 * seats)
    outcomes = compete([partial(select_topic, offering_id=topic.pk, by=cadre.user) for cadre in cadres])
    assert assert_books_agree(topic) == seats
    assert len(won(outcomes)) == free
    assert {type(outcome) for outcome in outcomes if not isinstance(outcome, int)} == {Full}
    # Nobody was told a place that is not there, and each place has its record.
    assert set(won(outcomes)) <= {row.pk for row in live(offering=topic)}
    assert AuditEvent.objects.unscoped("test").filter(action="enrolment.select").count() == free


def test_seats_double_clicks_give_one_place_each():
    topic, cadres = make_topic(10), make_trainees(15)
    clicks = [
        partial(select_topic, offering_id=topic.pk, by=cadre.user) for cadre in cadres for _twice in range(2)
    ]
    outcomes = compete(clicks)
    assert assert_books_agree(topic) == len(won(outcomes)) == 10
    for first, second in zip(outcomes[::2], outcomes[1::2], strict=True):
        assert sum(isinstance(one, int) for one in (first, second)) < 2
    assert {type(one) for one in outcomes if not isinstance(one, int)} == {Full, Duplicate}


def test_seats_withdrawals_and_a_capacity_change_in_between_keep_the_books():
    topic, cadres, staff = make_topic(10), make_trainees(30), make_user(Role.STAFF)
    holders, rivals = cadres[:8], cadres[8:]
    for cadre in holders:
        select_topic(offering_id=topic.pk, by=cadre.user)
    calls: list[Any] = []
    for number, cadre in enumerate(rivals):
        calls.append(partial(select_topic, offering_id=topic.pk, by=cadre.user))
        if number < len(holders):
            calls.append(partial(withdraw_from_topic, offering_id=topic.pk, by=holders[number].user))
        if number % 5 == 0:
            calls.append(partial(set_capacity, offering_id=topic.pk, capacity=6 + number, by=staff))
    outcomes = compete(calls)
    sitting = assert_books_agree(topic)
    assert {row.cadre_id for row in live(offering=topic)}.isdisjoint({cadre.pk for cadre in holders})
    assert sitting == len(won(outcomes))
    refusals = {type(one) for one in outcomes if isinstance(one, DomainError)}
    assert refusals <= {Full, InvalidInput}


def test_seats_staff_and_cadres_compete_by_the_same_rule():
    topic, cadres, staff = make_topic(5), make_trainees(20), make_user(Role.STAFF)
    calls = [
        partial(select_topic, offering_id=topic.pk, by=cadre.user)
        if number % 2
        else partial(enrol_cadre, cadre_id=cadre.pk, offering_id=topic.pk, by=staff)
        for number, cadre in enumerate(cadres)
    ]
    outcomes = compete(calls)
    assert assert_books_agree(topic) == len(won(outcomes)) == 5


def test_seats_raw_sql_and_orm_rivals_cannot_oversell():
    topic, cadres, staff = make_topic(3), make_trainees(12), make_user(Role.STAFF)

    def raw(cadre: Any) -> Any:
        sql = (
            "INSERT INTO trainees_enrolment (cadre_id, offering_id, state, origin, created_at, created_by_id, reason)"
            " VALUES (%s, %s, 'enrolled', 'staff', now(), %s, '') RETURNING id"
        )
        try:
            with connection.cursor() as cursor:
                cursor.execute(sql, [cadre.pk, topic.pk, staff.pk])
                return cursor.fetchone()[0]
        except IntegrityError:
            return None

    def orm(cadre: Any) -> Any:
        try:
            place = Enrolment(cadre=cadre, offering=topic, created_by=staff)
            place.save()
        except IntegrityError:
            return None
        return place.pk

    outcomes = compete([partial((raw, orm)[number % 2], cadre) for number, cadre in enumerate(cadres)])
    assert assert_books_agree(topic) == len(won(outcomes)) == 3


# --- guards and their twins --------------------------------------------------------------------------------------------------------------


def _rush_that_has_read_the_facts(monkeypatch: Any, topic: Any, rivals: int) -> list[Any]:
    """All rivals decide on the same facts, each for itself, before the first of them writes."""
    cadres = make_trainees(rivals)
    monkeypatch.setattr(electives, "selection_denial", Gate(rivals).wrap(electives.selection_denial))
    calls = [partial(select_topic, offering_id=topic.pk, by=cadre.user) for cadre in cadres]
    return compete(calls, at_once=rivals)


def test_seats_check_decides_among_those_who_saw_the_last_seat(monkeypatch):
    topic = make_topic(1)
    outcomes = _rush_that_has_read_the_facts(monkeypatch, topic, 6)
    assert assert_books_agree(topic) == len(won(outcomes)) == 1
    assert [type(one) for one in outcomes].count(Full) == 5


def test_seats_twin_without_the_check_oversells(monkeypatch):
    topic = make_topic(1)
    with connection.cursor() as cursor:
        cursor.execute(
            "ALTER TABLE courses_seatcount DROP CONSTRAINT courses_seatcount_taken_ck,"
            " DROP CONSTRAINT courses_seatcount_unreserved_ck"
        )
    outcomes = _rush_that_has_read_the_facts(monkeypatch, topic, 6)
    assert len(won(outcomes)) == len(live(offering=topic)) == 6


def _two_tabs(monkeypatch: Any) -> list[Any]:
    """One cadre who may pick one topic picks two at once, in two tabs that have both read the facts if nothing hinders them."""
    topic = make_topic(10, max_picks=1)
    other = OfferingFactory(selection_round=topic.selection_round)
    (cadre,) = make_trainees(1)
    monkeypatch.setattr(electives, "selection_denial", Gate(2).wrap(electives.selection_denial))
    return compete([partial(select_topic, offering_id=one.pk, by=cadre.user) for one in (topic, other)])


def test_limit_holds_in_two_tabs(monkeypatch):
    outcomes = _two_tabs(monkeypatch)
    assert len(won(outcomes)) == len(live()) == 1
    assert [type(one) for one in outcomes].count(LimitReached) == 1


def test_limit_twin_without_the_lock_on_the_cadre_is_exceeded(monkeypatch):
    monkeypatch.setattr(electives, "CLAIM_LOCKS", (electives.SHARE_ROUND,))
    outcomes = _two_tabs(monkeypatch)
    assert len(won(outcomes)) == len(live()) == 2


def _close_during_a_claim(monkeypatch: Any) -> tuple[list[int], list[Any]]:
    """A claim has been decided and not yet written when the round is closed. Returns how many places were there at the closing's
    return, and the outcomes."""
    topic, staff, (cadre,) = make_topic(5), make_user(Role.STAFF), make_trainees(1)
    there: list[int] = []
    decided = Gate(2, patience=5)
    pause = Gate(2, patience=1)
    monkeypatch.setattr(electives, "selection_denial", pause.wrap(decided.wrap(electives.selection_denial)))

    def claim() -> Any:
        return select_topic(offering_id=topic.pk, by=cadre.user)

    def close() -> Any:
        decided.wrap(lambda: None)()
        close_round(round_id=topic.selection_round_id, by=staff)
        there.append(len(live()))

    outcomes = compete([claim, close])
    monkeypatch.undo()
    with pytest.raises(WindowClosed):
        select_topic(offering_id=topic.pk, by=make_trainees(1)[0].user)
    return there, outcomes


def test_closing_a_round_waits_for_the_claims_under_way(monkeypatch):
    there, outcomes = _close_during_a_claim(monkeypatch)
    assert there == [1]
    assert len(won(outcomes)) == len(live()) == 1


def test_closing_a_round_twin_without_the_shared_lock_is_overtaken(monkeypatch):
    monkeypatch.setattr(electives, "CLAIM_LOCKS", ())
    there, outcomes = _close_during_a_claim(monkeypatch)
    assert there == [0]
    assert len(won(outcomes)) == len(live()) == 1
