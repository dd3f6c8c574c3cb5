"""The search for cyclic garbage rests while a draw works, and goes on afterwards, also after a fault."""

import gc

import pytest

from tests.trainees.drawing.draws import SEED, draw_of, someone
from trainees.rules.drawing import Topic, draw_by, outcome_text, parse, seal
from trainees.rules.drawing.pace import without_cycle_search


def test_the_search_rests_and_goes_on():
    with without_cycle_search():
        with without_cycle_search():
            assert not gc.isenabled()
        assert not gc.isenabled()
    assert gc.isenabled()
    with pytest.raises(ValueError, match="text"):
        parse("{")
    assert gc.isenabled()


def test_a_draw_leaves_no_cycles_behind():
    draw = draw_of([Topic(1, "A", "", 1)], [someone(number, 1) for number in range(50)])
    gc.collect()
    gc.disable()
    try:
        outcome_text(draw_by("random_serial", parse(seal(draw)), SEED))
        assert gc.collect() == 0
    finally:
        gc.enable()
