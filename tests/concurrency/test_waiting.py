"""Lines under fire: nobody is overtaken, no seat is given twice or lost; and each lock's twin shows what happens without it."""

from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError, connection

from courses.models import SeatCount
from courses.services.offerings import set_capacity
from partyschool.accounts.enums import Role
from partyschool.common import clock
from partyschool.common.errors import Busy, DomainError, Full, WindowClosed, WrongState
from partyschool.common.integrity import all_checks, faults_of
from tests.concurrency.rivals import Gate, compete
from tests.factories.accounts import make_unit, make_user
from tests.factories.courses import OfferingFactory, SelectionRoundFactory
from tests.factories.trainees import make_trainee
from trainees.models import Enrolment, WaitingEntry
from trainees.rules.denials import OthersWaiting, SeatFree
from trainees.services import line_locks, promotion, swapping, waiting
from trainees.services.electives import select_topic, withdraw_from_topic
from trainees.services.line_locks import CADRE, OFFERINGS, ROUNDS
from trainees.services.offers import accept_offer, decline_offer, expire_offers
from trainees.services.promotion import promote_waiting, sweep_lines
from trainees.services.swapping import swap_topics
from trainees.services.waiting import join_waiting_list

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
# The lock of the line is the seat row; without it the twins run.
WITHOUT_SEATS = (CADRE, ROUNDS, OFFERINGS)


class School:
    """A round with topics of few seats, and people who hold them or stand in line."""

    def __init__(self, **fields: Any) -> None:
        self.unit = make_unit()
        self.staff = make_user(Role.STAFF)
        self.round = SelectionRoundFactory(**fields)

    def topic(self, seats: int = 1) -> Any:
        starts_on = clock.school_date() + timedelta(days=30)
        return OfferingFactory(
            selection_round=self.round, capacity=seats, starts_on=starts_on, ends_on=starts_on
        )

    def people(self, number: int) -> list[Any]:
        return [make_trainee(unit=self.unit) for _each in range(number)]

    def holding(self, topic: Any, number: int = 1) -> list[Any]:
        holders = self.people(number)
        for holder in holders:
            select_topic(offering_id=topic.pk, by=holder.user)
        return holders

    def in_line(self, topic: Any, number: int) -> list[Any]:
        people = self.people(number)
        for one in people:
            join_waiting_list(offering_id=topic.pk, by=one.user)
        return people


def sitting(topic: Any) -> list[int]:
    places = Enrolment.objects.filter(offering=topic, state__in=["enrolled", "held"]).unscoped("test")
    return list(places.order_by("pk").values_list("cadre", flat=True))


def states(topic: Any) -> list[str]:
    entries = WaitingEntry.objects.filter(offering=topic).unscoped("test").order_by("queued_at", "pk")
    return list(entries.values_list("state", flat=True))


def assert_books_agree() -> None:
    for name in ("trainees.seats", "trainees.reserved_seats", "trainees.waiting"):
        assert list(faults_of(all_checks()[name])) == []


def refused(outcomes: list[Any]) -> list[type]:
    return [type(one) for one in outcomes if isinstance(one, DomainError)]


def promoters(topic: Any, number: int) -> list[Any]:
    return [partial(promote_waiting, offering_id=topic.pk)] * number


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


# --- offers ------------------------------------------------------------------------------------------------------------------------------


def _an_offer(waiting_people: int = 2) -> tuple[Any, list[Any], Any]:
    school = School(waiting="offer", offer_hours=1)
    topic = school.topic()
    (holder,), people = school.holding(topic), school.in_line(topic, waiting_people)
    withdraw_from_topic(offering_id=topic.pk, by=holder.user)
    promote_waiting(offering_id=topic.pk)
    entry = WaitingEntry.objects.unscoped("test").get(state="offered")
    return topic, people, entry


def test_accepting_twice_at_once_is_one_place():
    topic, people, _entry = _an_offer()
    outcomes = compete([partial(accept_offer, offering_id=topic.pk, by=people[0].user)] * 6)
    assert sum(isinstance(one, int) for one in outcomes) == 1
    assert set(refused(outcomes)) == {WrongState}
    assert (sitting(topic), states(topic)) == ([people[0].pk], ["accepted", "waiting"])
    assert_books_agree()


@pytest.mark.parametrize("repeat", range(3))
def test_accepting_against_lapsing_has_one_outcome(repeat):
    topic, people, entry = _an_offer()
    outcomes = compete(
        [partial(accept_offer, offering_id=topic.pk, by=people[0].user)]
        + [partial(expire_offers, now=entry.offered_until)] * 3
    )
    accepted = isinstance(outcomes[0], int)
    lapsed = [one for one in outcomes[1:] if one == {topic.pk}]
    assert accepted is not bool(lapsed)
    assert len(lapsed) <= 1
    assert states(topic)[0] == ("accepted" if accepted else "expired")
    assert sitting(topic) == ([people[0].pk] if accepted else [])
    assert_books_agree()


def _accept_and_lapse(monkeypatch: Any) -> list[Any]:
    """Accepting has read the offer, and is about to write, when it lapses."""
    from trainees.services import offers

    topic, people, entry = _an_offer()
    read, pause = Gate(2, patience=5), Gate(2, patience=1)
    monkeypatch.setattr(offers, "offering_denial", pause.wrap(read.wrap(offers.offering_denial)))

    def lapse() -> Any:
        read.wrap(lambda: None)()
        return expire_offers(now=entry.offered_until)

    outcomes = compete([partial(accept_offer, offering_id=topic.pk, by=people[0].user), lapse])
    monkeypatch.undo()
    return [*outcomes, topic]


def test_accepting_waits_for_nobody_and_lapsing_for_it(monkeypatch):
    place, lapsed, topic = _accept_and_lapse(monkeypatch)
    assert isinstance(place, int)
    assert lapsed == set()
    assert states(topic)[0] == "accepted"
    assert_books_agree()


def test_accepting_twin_without_locks_takes_what_has_lapsed(monkeypatch):
    monkeypatch.setattr(line_locks, "LINE_LOCKS", ())
    # Both go on: the offer lapses, and then somebody takes what is gone; the database alone stops it.
    with pytest.raises(IntegrityError, match=r"trainees_\w+_(ended_ck|kept_tg)"):
        _accept_and_lapse(monkeypatch)


def test_declining_while_the_line_is_walked_gives_the_seat_to_the_next():
    topic, people, _entry = _an_offer(waiting_people=4)
    outcomes = compete(
        [partial(decline_offer, offering_id=topic.pk, by=people[0].user), *promoters(topic, 4)]
    )
    assert refused(outcomes) == []
    promote_waiting(offering_id=topic.pk)
    assert states(topic) == ["declined", "offered", "waiting", "waiting"]
    assert sitting(topic) == [people[1].pk]
    assert_books_agree()


# --- swaps -------------------------------------------------------------------------------------------------------------------------------


def _crosswise(seats: int) -> tuple[list[Any], list[Any], list[Any]]:
    """Two cadres who hold one topic each want each other's, many times over."""
    school = School(max_picks=1)
    topics = [school.topic(seats=seats), school.topic(seats=seats)]
    pairs = [
        (school.holding(topics[0])[0], school.holding(topics[1])[0]) for _each in range(max(1, seats - 1))
    ]
    calls = []
    for left, right in pairs:
        calls.append(
            partial(swap_topics, give_up_offering_id=topics[0].pk, offering_id=topics[1].pk, by=left.user)
        )
        calls.append(
            partial(swap_topics, give_up_offering_id=topics[1].pk, offering_id=topics[0].pk, by=right.user)
        )
    return topics, [one.pk for pair in pairs for one in pair], calls


def test_crosswise_swaps_of_full_topics_leave_both_where_they_were():
    topics, people, calls = _crosswise(seats=1)
    outcomes = compete(calls)
    assert refused(outcomes) == [Full, Full]
    assert [sitting(topic) for topic in topics] == [[people[0]], [people[1]]]
    assert_books_agree()


def test_crosswise_swaps_do_not_lock_each_other_up():
    topics, people, calls = _crosswise(seats=5)
    outcomes = compete(calls)
    # There is one seat to spare on each side: some find it, some are refused, nobody loses both or is told to come again.
    assert set(refused(outcomes)) <= {Full}
    assert sorted(sitting(topics[0]) + sitting(topics[1])) == sorted(people)
    assert_books_agree()


def _two_swaps_meet(monkeypatch: Any) -> list[Any]:
    _topics, _people, calls = _crosswise(seats=2)
    gate = Gate(2)
    monkeypatch.setattr(swapping, "give_up_place", gate.wrap(swapping.give_up_place))
    outcomes = compete(calls[:2])
    monkeypatch.undo()
    return outcomes


def test_two_swaps_that_meet_go_one_after_the_other(monkeypatch):
    assert [type(one) for one in _two_swaps_meet(monkeypatch)] == [int, int]
    assert_books_agree()


def test_two_swaps_twin_without_the_order_of_seat_rows_deadlock(monkeypatch):
    monkeypatch.setattr(line_locks, "LINE_LOCKS", WITHOUT_SEATS)
    outcomes = _two_swaps_meet(monkeypatch)
    assert refused(outcomes) == [Busy]
    assert_books_agree()


def test_swap_against_giving_up_never_leaves_two_places_or_loses_a_seat():
    school = School(max_picks=1)
    old, new = school.topic(seats=8), school.topic(seats=8)
    people = school.holding(old, 6)
    calls: list[Any] = []
    for one in people:
        calls.append(partial(swap_topics, give_up_offering_id=old.pk, offering_id=new.pk, by=one.user))
        calls.append(partial(withdraw_from_topic, offering_id=old.pk, by=one.user))
    outcomes = compete(calls)
    assert set(refused(outcomes)) == {WrongState}
    for swapped, given_up in zip(outcomes[::2], outcomes[1::2], strict=True):
        assert isinstance(swapped, int) is isinstance(given_up, WrongState)
    assert sitting(old) == []
    assert len(sitting(new)) == sum(isinstance(one, int) for one in outcomes)
    assert_books_agree()


def test_wishes_to_swap_in_a_ring_stay_or_move_together_and_a_freed_seat_moves_all():
    """A→B, B→C, C→A, all full; a stranger in line for A. One seat more in B, and each moves one on, in the order of the lines."""
    school = School(max_picks=1)
    topics = [school.topic() for _each in range(3)]
    people = [school.holding(topic)[0] for topic in topics]
    for number, one in enumerate(people):
        wanted = topics[(number + 1) % 3]
        join_waiting_list(offering_id=wanted.pk, gives_up=topics[number].pk, by=one.user)
    outcomes = compete([call for topic in topics for call in promoters(topic, 3)])
    assert refused(outcomes) == []
    assert [sitting(topic) for topic in topics] == [[one.pk] for one in people]
    set_capacity(offering_id=topics[1].pk, capacity=2, by=school.staff)
    outcomes = compete([call for topic in topics for call in promoters(topic, 3)])
    assert refused(outcomes) == []
    assert [sitting(topic) for topic in topics] == [[people[2].pk], [people[0].pk], [people[1].pk]]
    assert_books_agree()


def test_joining_past_the_end_of_the_round_is_refused_while_it_closes():
    from courses.services.rounds import close_round

    school = School()
    topic = school.topic()
    school.holding(topic)
    people = school.people(8)
    calls: list[Any] = [partial(join_waiting_list, offering_id=topic.pk, by=one.user) for one in people]
    calls.insert(3, partial(close_round, round_id=school.round.pk, by=school.staff))
    outcomes = compete(calls)
    assert set(refused(outcomes)) <= {WindowClosed}
    assert len(states(topic)) == len(people) - len(refused(outcomes))
    assert_books_agree()
