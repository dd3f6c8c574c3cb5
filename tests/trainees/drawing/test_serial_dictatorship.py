"""What makes the random serial dictatorship hard to fault, tried on every ranking of small draws."""

from collections import Counter
from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given, settings

from tests.trainees.drawing.draws import SEED, any_draw, draw_of, someone
from tests.trainees.drawing.watch import bundles_of, improvement, liking
from trainees.rules.drawing import Reservation, Topic, commit, draw_by
from trainees.rules.drawing.seats import Room

SMALL = any_draw(people=4, topics=3, picks=2)


def lies(draw, person):
    """The draw as it would be with every other ranking of the person, none among them."""
    ids = [topic.id for topic in draw.topics]
    for count in range(len(ids) + 1):
        for ranking in permutations(ids, count):
            told = replace(person, ranking=ranking, at="2026-03-01T08:00:00.000000Z" if ranking else "")
            yield replace(
                draw, participants=tuple(told if one is person else one for one in draw.participants)
            )


def gains_by_lying(draw, mechanism):
    """Who gets a bundle that they like better by ranking otherwise than they wish, with the ranking that does it."""
    honest = bundles_of(draw_by(mechanism, draw, SEED))
    return [
        person.ticket
        for person in draw.participants
        if person.ranking
        for lie in lies(draw, person)
        if liking(person, bundles_of(draw_by(mechanism, lie, SEED))[person.ticket])
        > liking(person, honest[person.ticket])
    ]


@given(draw=SMALL)
@settings(max_examples=60, deadline=None)
def test_nobody_gains_by_ranking_otherwise_than_they_wish(draw):
    assert gains_by_lying(draw, "random_serial") == []


def test_the_greatest_total_can_be_gained_from_by_lying():
    """Twin: the search finds the lie where there is one."""
    draw = draw_of(
        [Topic(1, "A", "", 1), Topic(2, "B", "", 1), Topic(3, "C", "", 1)],
        [someone(1, 1, 2, 3), someone(2, 1, 3, 2), someone(3, 2, 1, 3)],
    )
    assert gains_by_lying(draw, "best_total") != []


@given(draw=SMALL)
@settings(max_examples=80, deadline=None)
def test_no_other_division_is_better_for_one_and_worse_for_none(draw):
    assert improvement(draw, bundles_of(draw_by("random_serial", draw, SEED))) is None


# One of both groups, one of the first, one of neither: the second group's seat is of use only if the first person moves over.
TANGLED = draw_of(
    [Topic(1, "A", "", 2, reserved=(Reservation(5, "a", 1), Reservation(6, "b", 1)))],
    [someone(0, 1, pools={1: (5, 6)}), someone(1, 1, pools={1: (5,)}), someone(2, 1)],
)


def test_people_move_over_to_seats_of_their_own_when_that_makes_room():
    for seed in map(str, range(12)):
        draw = replace(TANGLED, seed_hash=commit(seed))
        got = {
            place.ticket[-1]: [one.reservation for one in place.got]
            for place in draw_by("random_serial", draw, seed).places
        }
        assert got == {"0": [6], "1": [5], "2": []}, seed


def test_without_moving_over_somebody_would_be_refused_for_nothing(monkeypatch):
    """Twin: a room in which nobody moves leaves a seat free that somebody wants, and the search finds the better division."""
    monkeypatch.setattr(Room, "_chain", lambda _room, _pools: None)
    found = []
    for seed in map(str, range(12)):
        draw = replace(TANGLED, seed_hash=commit(seed))
        found.append(improvement(draw, bundles_of(draw_by("random_serial", draw, seed))))
    assert any(found)


def test_every_order_is_drawn_about_as_often():
    """Three people, one seat: 900 seeds give each a third, within five standard deviations."""
    draw = draw_of([Topic(1, "A", "", 1)], [someone(number, 1) for number in range(3)])
    won = Counter(
        place.ticket
        for seed in map(str, range(900))
        for place in draw_by("random_serial", replace(draw, seed_hash=commit(seed)), seed).places
        if place.got
    )
    assert sum(won.values()) == 900
    assert all(abs(count - 300) < 71 for count in won.values())


@pytest.mark.parametrize("mechanism", ["random_serial", "by_time"])
def test_time_decides_only_where_it_is_announced(mechanism):
    early, late = someone(1, 1), someone(2, 1)
    won = set()
    for seed in map(str, range(12)):
        draw = draw_of([Topic(1, "A", "", 1)], [late, early], seed_hash=commit(seed))
        won |= {place.ticket for place in draw_by(mechanism, draw, seed).places if place.got}
    assert won == ({early.ticket} if mechanism == "by_time" else {early.ticket, late.ticket})
