"""Whatever the draw, every mechanism keeps every rule; and a mechanism that is blind to one is caught."""

from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.trainees.drawing.draws import SEED, any_draw, draw_of, someone
from tests.trainees.drawing.watch import faults, seats_suffice
from trainees.rules.drawing import (
    MECHANISMS,
    Quota,
    Reservation,
    Topic,
    WrongSeed,
    draw_by,
    outcome_text,
    seating_order,
)

each_mechanism = pytest.mark.parametrize("mechanism", MECHANISMS)


@each_mechanism
@given(draw=any_draw())
@settings(max_examples=150, deadline=None)
def test_any_draw_keeps_every_rule(mechanism, draw):
    assert faults(draw, draw_by(mechanism, draw, SEED)) == []


@each_mechanism
@given(data=st.data(), draw=any_draw())
@settings(max_examples=60, deadline=None)
def test_where_anything_stands_in_the_list_makes_no_difference(mechanism, data, draw):
    shuffled = replace(
        draw,
        topics=tuple(data.draw(st.permutations(draw.topics))),
        conflicts=tuple((other, one) for one, other in reversed(draw.conflicts)),
        participants=tuple(data.draw(st.permutations(draw.participants))),
    )
    assert outcome_text(draw_by(mechanism, shuffled, SEED)) == outcome_text(draw_by(mechanism, draw, SEED))


@each_mechanism
@given(draw=any_draw())
@settings(max_examples=60, deadline=None)
def test_seats_given_in_the_seating_order_are_the_same_without_moving_anybody(mechanism, draw):
    """As the database gives them: the first free reserved seat of one's own, or else an open one."""
    outcome = draw_by(mechanism, draw, SEED)
    people = {person.ticket: person for person in draw.participants}
    free = {(topic.id, one.id): one.seats for topic in draw.topics for one in topic.reserved}
    reached = {}
    for ticket, topic in seating_order(outcome):
        own = sorted(people[ticket].pools.get(topic, ()))
        reached[ticket, topic] = next((one for one in own if free[topic, one]), None)
        if reached[ticket, topic] is not None:
            free[topic, reached[ticket, topic]] -= 1
    assert reached == {
        (place.ticket, one.topic): one.reservation for place in outcome.places for one in place.got
    }


@each_mechanism
@given(draw=any_draw())
@settings(max_examples=60, deadline=None)
def test_those_who_ranked_nothing_take_nothing_from_those_who_did(mechanism, draw):
    voters = {person.ticket for person in draw.participants if person.ranking}
    without = replace(draw, participants=tuple(one for one in draw.participants if one.ranking))

    def shares(drawn):
        outcome = draw_by(mechanism, drawn, SEED)
        return {
            place.ticket: ([one.topic for one in place.got], place.why)
            for place in outcome.places
            if place.ticket in voters
        }

    assert shares(draw) == shares(without)


@each_mechanism
@given(draw=any_draw())
@settings(max_examples=60, deadline=None)
def test_a_later_priority_group_takes_nothing_from_an_earlier_one(mechanism, draw):
    """Serial: nothing at all. Greatest total: not a point of the earlier group's total."""
    first = min((one.group for one in draw.participants if one.ranking), default=0)
    alone = replace(
        draw, participants=tuple(one for one in draw.participants if one.ranking and one.group == first)
    )
    tickets = {one.ticket for one in alone.participants}

    def shares(drawn):
        outcome = draw_by(mechanism, drawn, SEED)
        bundles = {
            place.ticket: {one.topic for one in place.got}
            for place in outcome.places
            if place.ticket in tickets
        }
        if mechanism != "best_total":
            return bundles
        ranks = {one.ticket: one.ranking for one in alone.participants}
        return sum(
            len(draw.topics) - ranks[ticket].index(topic) for ticket, got in bundles.items() for topic in got
        )

    assert shares(draw) == shares(alone)


@pytest.mark.parametrize("mechanism", ["random_serial", "by_time"])
@given(draw=any_draw())
@settings(max_examples=60, deadline=None)
def test_places_run_from_one_voters_first_then_by_group(mechanism, draw):
    places = draw_by(mechanism, draw, SEED).places
    people = {person.ticket: person for person in draw.participants}
    drawn = sorted((place for place in places if place.position), key=lambda place: place.position)
    assert [place.position for place in drawn] == list(range(1, len(drawn) + 1))
    assert {place.ticket for place in drawn} == {
        one.ticket for one in draw.participants if one.ranking or draw.place_non_voters
    }
    rank = [(not people[place.ticket].ranking, people[place.ticket].group) for place in drawn]
    assert rank == sorted(rank)
    if mechanism == "by_time":
        times = [(*key, people[place.ticket].at) for key, place in zip(rank, drawn, strict=True)]
        assert all(one <= other for one, other in pairwise(times))


@each_mechanism
def test_who_ranked_nothing_gets_what_is_left_by_code_after_all_others(mechanism):
    topics = [Topic(1, "C", "", 1), Topic(2, "A", "", 1), Topic(3, "B", "", 1)]
    people = [someone(1), someone(2, 2, group=9)]
    placed = {
        one.ticket[-1]: one
        for one in draw_by(mechanism, draw_of(topics, people, place_non_voters=True), SEED).places
    }
    assert [one.topic for one in placed["2"].got] == [2]
    assert [one.topic for one in placed["1"].got] == [3]
    assert [(why.topic, why.code) for why in placed["1"].why] == [(2, "full"), (3, "got"), (1, "limit")]
    left = {one.ticket[-1]: one for one in draw_by(mechanism, draw_of(topics, people), SEED).places}
    assert left["1"] == ("000000000001", None, (), ())


@each_mechanism
def test_a_member_takes_a_reserved_seat_first_and_others_never_do(mechanism):
    topics = [Topic(1, "A", "", 3, reserved=(Reservation(5, "women", 2),))]
    people = [someone(number, 1, pools={1: (5,)} if number == 1 else {}) for number in range(1, 5)]
    places = draw_by(mechanism, draw_of(topics, people), SEED).places
    got = {place.ticket[-1]: [one.reservation for one in place.got] for place in places}
    assert got.pop("1") == [5]
    assert sorted(got.values()) == [[], [], [None]]
    refused = [why for place in places for why in place.why if why.code == "full"]
    # The second reserved seat stays free, and the page can say so.
    assert [(why.given, why.kept) for why in refused][-1:] == [(2, 1)]


@each_mechanism
def test_another_seed_than_the_committed_one_is_refused(mechanism):
    with pytest.raises(WrongSeed):
        draw_by(mechanism, draw_of([], []), "another")


# --- twins: a mechanism that is blind to one rule breaks it here, and the watch sees it --------------------------------------------------

CROWD = draw_of(
    [
        Topic(1, "A", "", 3, reserved=(Reservation(11, "group", 1),), quotas=(Quota(12, "unit", 1),)),
        Topic(2, "B", "", 4),
        Topic(3, "C", "", 4),
    ],
    [
        *(someone(number, 1, 2, 3, most=2, quotas={1: 12}) for number in range(1, 4)),
        *(someone(number, 1, 3, 2, most=2, pools={1: (11,)}) for number in range(4, 6)),
        *(someone(number, 1, 2, most=2, barred={2: "duplicate"}) for number in range(6, 8)),
        someone(8),
    ],
    conflicts=((2, 3),),
)


def each_person(change):
    return lambda draw: replace(draw, participants=tuple(change(one) for one in draw.participants))


def first_topic(**change):
    return lambda draw: replace(draw, topics=(replace(draw.topics[0], **change), *draw.topics[1:]))


BLIND = {
    "capacity": first_topic(seats=9),
    "open seats": first_topic(seats=9),
    "reserved seats": first_topic(seats=9, reserved=(Reservation(11, "group", 5),)),
    "not of the group": each_person(lambda one: replace(one, pools={1: (11,)})),
    "a reserved seat left": each_person(lambda one: replace(one, pools={})),
    "quota": each_person(lambda one: replace(one, quotas={})),
    "most": lambda draw: replace(each_person(lambda one: replace(one, most=3))(draw), conflicts=()),
    "barred": each_person(lambda one: replace(one, barred={})),
    "conflict": lambda draw: replace(draw, conflicts=()),
    "a non-voter placed": lambda draw: replace(draw, place_non_voters=True),
    "an untrue full": first_topic(seats=4),
}


@each_mechanism
def test_the_crowd_is_drawn_without_a_fault(mechanism):
    assert faults(CROWD, draw_by(mechanism, CROWD, SEED)) == []


@each_mechanism
@pytest.mark.parametrize("rule", BLIND)
def test_a_mechanism_that_is_blind_to_a_rule_is_caught(mechanism, rule):
    found = faults(CROWD, draw_by(mechanism, BLIND[rule](CROWD), SEED))
    assert [fault for fault in found if fault.startswith(rule)] != []


def test_whether_seats_suffice_is_told_by_groups():
    topic = Topic(1, "A", "", 3, reserved=(Reservation(5, "a", 1), Reservation(6, "b", 1)))
    both, second, nobody = (someone(1, 1, pools={1: (5, 6)}), someone(2, 1, pools={1: (6,)}), someone(3, 1))
    assert seats_suffice(topic, [both, second, nobody])
    assert not seats_suffice(topic, [second, nobody, nobody])
    assert not seats_suffice(topic, [both, second, nobody, nobody])
