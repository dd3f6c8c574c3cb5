"""Real course choices, drawn by every mechanism, and compared with what another implementation makes of them (data/README.md)."""

import json

import pytest

from tests.trainees.drawing.choices import AMPLE, DATA, SCARCE, SEEDS, real_draw
from tests.trainees.drawing.watch import faults
from trainees.rules.drawing import MECHANISMS, draw_by, measure
from trainees.rules.drawing.chance import order_of_chance

RECORDED = json.loads((DATA / "fairpyx.json").read_text(encoding="utf-8"))


def shares(outcome):
    return {place.ticket: sorted(one.topic for one in place.got) for place in outcome.places}


@pytest.mark.parametrize(
    "case", RECORDED["serial_dictatorship"], ids=lambda case: f"{case['seed']} 1/{case['one_in']}"
)
def test_the_serial_dictatorship_gives_each_the_bundle_that_fairpyx_gives(case):
    draw = real_draw(case["seed"], one_in=case["one_in"])
    assert [one.ticket for one in order_of_chance(draw.participants, case["seed"])] == case["order"]
    assert shares(draw_by("random_serial", draw, case["seed"])) == case["bundles"]


def test_the_comparison_sees_another_order():
    """Twin: with another seed than the recorded one the bundles differ, so that equality above says something."""
    case = next(one for one in RECORDED["serial_dictatorship"] if one["one_in"] == SCARCE)
    other = next(seed for seed in SEEDS if seed != case["seed"])
    assert shares(draw_by("random_serial", real_draw(other, one_in=SCARCE), other)) != case["bundles"]


@pytest.mark.parametrize("case", RECORDED["utilitarian_matching"], ids=lambda case: f"1/{case['one_in']}")
def test_the_best_total_is_that_of_fairpyx(case):
    draw = real_draw("any", one_in=case["one_in"], clashes=False, bars=False)
    assert measure(draw, draw_by("best_total", draw, "any"), "any").points == case["points"]


@pytest.mark.parametrize("mechanism", MECHANISMS)
@pytest.mark.parametrize("one_in", [AMPLE, SCARCE])
def test_every_mechanism_keeps_the_rules_on_real_choices(mechanism, one_in):
    draw = real_draw("spring", one_in=one_in)
    assert faults(draw, draw_by(mechanism, draw, "spring")) == []


def test_the_best_total_is_no_less_than_that_of_the_others():
    draw = real_draw("spring", one_in=SCARCE)
    points = {name: measure(draw, draw_by(name, draw, "spring"), "spring").points for name in MECHANISMS}
    assert points["best_total"] == max(points.values())
    assert points["best_total"] > points["random_serial"]
