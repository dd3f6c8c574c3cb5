"""The exact solver against every possible division of small draws, and its limits."""

import sys
from dataclasses import replace

import numpy as np  # noqa: TID253 -- a test loads what it needs
import pytest
from hypothesis import given, settings

from tests.trainees.drawing.draws import SEED, any_draw, draw_of, someone
from tests.trainees.drawing.watch import bundles_of, divisions, totals
from trainees.rules.drawing import SolverFailed, TooLarge, Topic, commit, draw_by, outcome_text
from trainees.rules.drawing.chance import lot
from trainees.rules.drawing.solver import Program, _Face


@given(draw=any_draw(people=5, topics=3, picks=2))
@settings(max_examples=120, deadline=None)
def test_no_division_has_a_greater_total(draw):
    best = max(totals(draw, division) for division in divisions(draw))
    assert totals(draw, bundles_of(draw_by("best_total", draw, SEED))) == best


def lots_of(draw, division):
    """The sums of lots, three digits at a time."""
    return tuple(
        sum(
            int(lot(SEED, ticket, topic)[start:][:3], 16) for ticket, got in division.items() for topic in got
        )
        for start in (0, 3, 6)
    )


@given(draw=any_draw(people=5, topics=3, picks=2))
@settings(max_examples=120, deadline=None)
def test_among_equal_totals_the_largest_sum_of_lots_wins(draw):
    best = max((totals(draw, one), lots_of(draw, one)) for one in divisions(draw))
    got = bundles_of(draw_by("best_total", draw, SEED))
    voters = {one.ticket: got[one.ticket] for one in draw.participants if one.ranking}
    assert (totals(draw, voters), lots_of(draw, voters)) == best


def test_the_serial_dictatorship_is_not_the_greatest_total():
    """Twin: the comparison tells a smaller total."""
    draw = draw_of([Topic(1, "A", "", 1), Topic(2, "B", "", 1)], [someone(1, 1, 2), someone(2, 1)])
    best = max(totals(draw, division) for division in divisions(draw))
    seeds = [str(number) for number in range(12)]
    draws = [replace(draw, seed_hash=commit(seed)) for seed in seeds]
    serial = [
        totals(one, bundles_of(draw_by("random_serial", one, seed)))
        for one, seed in zip(draws, seeds, strict=True)
    ]
    assert min(serial) < best == (3,)
    assert {
        totals(one, bundles_of(draw_by("best_total", one, seed)))
        for one, seed in zip(draws, seeds, strict=True)
    } == {best}


def reasons(place):
    return [(why.topic, why.code, why.other) for why in place.why]


def test_a_topic_worth_less_than_two_that_clash_with_it_is_left_with_the_reason():
    """Of four topics the first is worth 4 points, the second and third together 3 + 2; of three, 3 against 2 for the second."""
    topics = [Topic(number, "A", "", 1) for number in range(1, 5)]
    one = someone(1, 1, 2, 3, most=2)
    (place,) = draw_by("best_total", draw_of(topics, [one], conflicts=((1, 2), (1, 3))), SEED).places
    assert reasons(place) == [(1, "clash", 2), (2, "got", None), (3, "got", None)]
    (place,) = draw_by("best_total", draw_of(topics[:3], [one], conflicts=((1, 2),)), SEED).places
    assert reasons(place) == [(1, "got", None), (2, "clash", 1), (3, "got", None)]


# Three topics, each clashing with the next: of five topics, half of each is worth (5 + 4 + 3) / 2 = 6, and no whole one more than 5.
KNOT = draw_of(
    [Topic(number, "A", "", 2) for number in range(1, 6)],
    [someone(number, 1, 2, 3, most=3) for number in range(1, 5)],
    conflicts=((1, 2), (2, 3), (1, 3)),
)


def test_a_knot_of_clashes_that_fractions_would_cut_is_solved_in_whole_topics():
    best = max((totals(KNOT, one), lots_of(KNOT, one)) for one in divisions(KNOT))
    got = bundles_of(draw_by("best_total", KNOT, SEED))
    assert (totals(KNOT, got), lots_of(KNOT, got)) == best


def test_fractions_alone_never_pass_for_an_answer(monkeypatch):
    """Twin: with the whole-number step out of order the knot gives no answer at all, rather than a wrong one."""

    def rounded(face, wish):
        return np.round(face._relaxed(wish).x)

    monkeypatch.setattr(_Face, "_solved", rounded)
    with pytest.raises(SolverFailed):
        draw_by("best_total", KNOT, SEED)


def test_more_than_it_carries_is_refused_before_the_solver_runs(monkeypatch):
    monkeypatch.setattr(sys.modules["trainees.rules.drawing.best_total"], "CARRIES", 3)
    draw = draw_of([Topic(1, "A", "", 1), Topic(2, "B", "", 1)], [someone(1, 1, 2), someone(2, 1, 2)])
    with pytest.raises(TooLarge) as refused:
        draw_by("best_total", draw, SEED)
    assert (refused.value.pairs, refused.value.carries) == (4, 3)


def test_nobody_and_nothing_are_divided_too():
    assert outcome_text(draw_by("best_total", draw_of([], []), SEED)).startswith('{"format":1')


def test_a_program_without_an_answer_says_so():
    program = Program()
    yes = program.yes_or_no()
    program.rule([(yes, 1)], -1)
    with pytest.raises(SolverFailed):
        program.best([[(yes, 1)]])
