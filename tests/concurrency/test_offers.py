"""Offers and swaps of places while others move: one outcome each, and twins without the locks."""

from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError

from courses.services.offerings import set_capacity
from partyschool.common.errors import Busy, Full, WindowClosed, WrongState
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
from trainees.models import WaitingEntry
from trainees.services import line_locks, swapping
from trainees.services.electives import withdraw_from_topic
from trainees.services.offers import accept_offer, decline_offer, expire_offers
from trainees.services.promotion import promote_waiting
from trainees.services.swapping import swap_topics
from trainees.services.waiting import join_waiting_list

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]

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
