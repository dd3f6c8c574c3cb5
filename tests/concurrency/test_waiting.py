"""Lines under fire: nobody is overtaken, no seat is given twice or lost; and each lock's twin shows what happens without it."""

from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, connection

from courses.models import SeatCount
from courses.services.offerings import set_capacity
from partyschool.common.errors import Full
from tests.concurrency.rivals import Gate, compete
from tests.concurrency.school_lines import (
    WITHOUT_SEATS,
    School,
    assert_books_agree,
    promoters,
    refused,
    sitting,
    states,
)
from trainees.rules.denials import OthersWaiting, SeatFree
from trainees.services import line_locks, promotion, waiting
from trainees.services.electives import select_topic, withdraw_from_topic
from trainees.services.promotion import promote_waiting, sweep_lines
from trainees.services.waiting import join_waiting_list

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

# --- promoters ---------------------------------------------------------------------------------------------------------------------------


def test_promoters_side_by_side_give_each_seat_once_and_in_order():
    school = School()
    topic = school.topic(seats=2)
    holders = school.holding(topic, 2)
    people = school.in_line(topic, 12)
    set_capacity(offering_id=topic.pk, capacity=6, by=school.staff)
    withdraw_from_topic(offering_id=topic.pk, by=holders[0].user)
    outcomes = compete(promoters(topic, 8))
    assert refused(outcomes) == []
    assert sum(one.given for one in outcomes) == 5
    assert sitting(topic) == [one.pk for one in (holders[1], *people[:5])]
    assert states(topic) == ["accepted"] * 5 + ["waiting"] * 7
    assert_books_agree()


def _one_seat_for_two_promoters(monkeypatch: Any) -> tuple[Any, list[Any], list[Any]]:
    """Both promoters have found out who is first before either goes on; one seat is free, three people wait."""
    school = School()
    topic = school.topic()
    (holder,) = school.holding(topic)
    people = school.in_line(topic, 3)
    withdraw_from_topic(offering_id=topic.pk, by=holder.user)
    gate = Gate(2)
    monkeypatch.setattr(promotion, "has_seat_to_give", gate.wrap(promotion.has_seat_to_give))
    # The check on the seat row still holds; what the lock adds is that nobody even tries.
    outcomes = compete(promoters(topic, 2))
    monkeypatch.undo()
    return topic, people, outcomes


def test_promoters_of_one_seat_follow_each_other(monkeypatch):
    topic, people, outcomes = _one_seat_for_two_promoters(monkeypatch)
    assert sorted(one.given for one in outcomes) == [0, 1]
    assert sitting(topic) == [people[0].pk]
    assert states(topic) == ["accepted", "waiting", "waiting"]
    assert_books_agree()


def test_promoters_twin_without_locks_both_claim_the_seat(monkeypatch):
    monkeypatch.setattr(line_locks, "LINE_LOCKS", ())
    with pytest.raises(IntegrityError, match=r"trainees_enrolment_live_uq|courses_seatcount_taken_ck"):
        _one_seat_for_two_promoters(monkeypatch)


# --- newcomers ---------------------------------------------------------------------------------------------------------------------------


def test_newcomers_never_get_the_freed_seat_while_somebody_waits():
    school = School()
    topic = school.topic()
    (holder,) = school.holding(topic)
    people, newcomers = school.in_line(topic, 2), school.people(10)
    calls: list[Any] = [partial(select_topic, offering_id=topic.pk, by=one.user) for one in newcomers]
    calls.insert(3, partial(withdraw_from_topic, offering_id=topic.pk, by=holder.user))
    calls.insert(6, partial(promote_waiting, offering_id=topic.pk))
    outcomes = compete(calls)
    assert set(refused(outcomes)) <= {Full, OthersWaiting}
    assert len(refused(outcomes)) == len(newcomers)
    promote_waiting(offering_id=topic.pk)
    assert sitting(topic) == [people[0].pk]
    assert_books_agree()


def _freed_beside_a_skipped_one() -> tuple[School, Any, Any, Any]:
    """Somebody was skipped for the limit, which no longer stands in the way; the seat that was free then is held by another."""
    school = School(max_picks=1)
    topic, other = school.topic(), school.topic(seats=5)
    (holder,), (skipped,) = school.holding(topic), school.in_line(topic, 1)
    select_topic(offering_id=other.pk, by=skipped.user)
    withdraw_from_topic(offering_id=topic.pk, by=holder.user)
    promote_waiting(offering_id=topic.pk)
    (second,) = school.holding(topic)
    withdraw_from_topic(offering_id=other.pk, by=skipped.user)
    return school, topic, skipped, second


def test_newcomers_do_not_overtake_those_who_were_skipped():
    school, topic, skipped, second = _freed_beside_a_skipped_one()
    outcomes = compete(
        [partial(withdraw_from_topic, offering_id=topic.pk, by=second.user)]
        + [partial(select_topic, offering_id=topic.pk, by=one.user) for one in school.people(8)]
    )
    assert set(refused(outcomes)) <= {Full, OthersWaiting}
    assert len(refused(outcomes)) == 8
    promote_waiting(offering_id=topic.pk)
    assert sitting(topic) == [skipped.pk]
    assert_books_agree()


def test_newcomers_twin_without_the_trigger_overtake_those_who_were_skipped():
    school, topic, skipped, second = _freed_beside_a_skipped_one()
    with connection.cursor() as cursor:
        cursor.execute('DROP TRIGGER "courses_seatcount_reopen_line_tg" ON courses_seatcount')
    withdraw_from_topic(offering_id=topic.pk, by=second.user)
    (newcomer,) = school.people(1)
    select_topic(offering_id=topic.pk, by=newcomer.user)
    promote_waiting(offering_id=topic.pk)
    assert (sitting(topic), states(topic)) == ([newcomer.pk], ["skipped"])
    assert skipped.pk not in sitting(topic)


# --- joining while a seat is freed -------------------------------------------------------------------------------------------------------


def _join_during_a_withdrawal(monkeypatch: Any) -> tuple[Any, Any, list[Any]]:
    """The joiner has seen a full topic when the last holder gives up and the line is walked."""
    school = School()
    topic = school.topic()
    (holder,), (joiner,) = school.holding(topic), school.people(1)
    seen, pause = Gate(2, patience=5), Gate(2, patience=1)
    monkeypatch.setattr(
        waiting, "_refuse_if_not_waiting", pause.wrap(seen.wrap(waiting._refuse_if_not_waiting))
    )

    def free() -> Any:
        seen.wrap(lambda: None)()
        withdraw_from_topic(offering_id=topic.pk, by=holder.user)
        return promote_waiting(offering_id=topic.pk)

    outcomes = compete([partial(join_waiting_list, offering_id=topic.pk, by=joiner.user), free])
    monkeypatch.undo()
    return topic, joiner, outcomes


def test_joiner_of_a_just_freed_seat_is_not_stranded(monkeypatch):
    topic, joiner, outcomes = _join_during_a_withdrawal(monkeypatch)
    assert refused(outcomes) == []
    assert outcomes[1].given == 1
    assert sitting(topic) == [joiner.pk]
    assert_books_agree()


def test_joiner_twin_without_the_seat_lock_waits_beside_a_free_seat(monkeypatch):
    monkeypatch.setattr(line_locks, "LINE_LOCKS", WITHOUT_SEATS)
    topic, _joiner, outcomes = _join_during_a_withdrawal(monkeypatch)
    assert outcomes[1].given == 0
    assert (sitting(topic), states(topic)) == ([], ["waiting"])
    # What rings for nobody, the sweep of the next minute finds.
    sweep_lines()
    assert states(topic) == ["accepted"]


def test_joiners_while_seats_are_added_all_find_a_seat_or_a_place_in_line():
    school = School()
    topic = school.topic()
    school.holding(topic)
    people = school.people(14)
    calls: list[Any] = [partial(join_waiting_list, offering_id=topic.pk, by=one.user) for one in people]
    calls.insert(5, partial(set_capacity, offering_id=topic.pk, capacity=6, by=school.staff))
    calls.insert(8, partial(promote_waiting, offering_id=topic.pk))
    calls.append(partial(promote_waiting, offering_id=topic.pk))
    outcomes = compete(calls)
    assert set(refused(outcomes)) <= {SeatFree}
    promote_waiting(offering_id=topic.pk)
    waiting_on = states(topic)
    free = SeatCount.objects.get(pk=topic.pk).free
    assert free == 0 or "waiting" not in waiting_on
    assert waiting_on == sorted(waiting_on)  # accepted before waiting: in the order of the line
    assert_books_agree()
