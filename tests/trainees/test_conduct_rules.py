"""The weighted total of conduct: within 0–100, exact, monotone; grades; attitude proposed from attendance."""

from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainees.enums import ConductDimension, ConductGrade
from trainees.rules.conduct import Marking, proposed_attitude, version_of

scores = st.fixed_dictionaries({dimension.value: st.integers(0, 100) for dimension in ConductDimension})


@st.composite
def markings(draw):
    cuts = sorted(draw(st.lists(st.integers(0, 100), min_size=3, max_size=3)))
    weights = [high - low for low, high in zip([0, *cuts], [*cuts, 100], strict=True)]
    bounds = sorted(draw(st.lists(st.integers(0, 100), min_size=3, max_size=3)), reverse=True)
    return Marking(dict(zip(ConductDimension, weights, strict=True)), *bounds)


@given(markings(), scores)
def test_total_is_the_weighted_mean_within_bounds(marking, given_scores):
    total = marking.total(given_scores)
    exact = sum(
        Fraction(marking.weights[dimension] * given_scores[dimension], 100) for dimension in ConductDimension
    )
    assert Fraction(total) == exact
    used = [given_scores[dimension] for dimension in marking.used]
    assert 0 <= min(used) <= total <= max(used) <= 100
    assert total == total.quantize(Decimal("0.01"), ROUND_HALF_UP)


@given(markings(), scores, st.sampled_from(list(ConductDimension)), st.integers(0, 100))
def test_a_better_score_never_lowers_total_or_grade(marking, given_scores, dimension, other):
    better = {**given_scores, dimension.value: max(other, given_scores[dimension])}
    before, after = marking.total(given_scores), marking.total(better)
    order = list(ConductGrade)
    assert after >= before
    assert order.index(marking.grade(after)) <= order.index(marking.grade(before))
    assert (after > before) == (
        better[dimension] > given_scores[dimension] and marking.weights[dimension] > 0
    )


@given(markings(), scores, st.sampled_from(list(ConductDimension)))
def test_a_missing_score_matters_only_where_the_year_uses_it(marking, given_scores, dimension):
    short = {**given_scores, dimension.value: None}
    if marking.weights[dimension]:
        assert marking.unscored(short) == [dimension]
        assert marking.total(short) is None
    else:
        assert marking.total(short) == marking.total(given_scores)


@pytest.mark.parametrize(
    ("total", "grade"),
    [
        ("100", "excellent"),
        ("90", "excellent"),
        ("89.99", "good"),
        ("80", "good"),
        ("60", "pass"),
        ("0", "fail"),
    ],
)
def test_a_bound_belongs_to_the_better_grade(total, grade):
    marking = Marking(dict(zip(ConductDimension, (40, 30, 30, 0), strict=True)), 90, 80, 60)
    assert marking.grade(Decimal(total)) == grade


@given(st.decimals(0, 500, places=2), st.decimals(0, 500, places=2))
def test_attitude_proposed_from_attendance_is_a_score(attended, held):
    proposed = proposed_attitude(attended=attended, held=held)
    assert (proposed is None) == (held == 0)
    if proposed is not None:
        assert 0 <= proposed <= 100
        assert abs(proposed - float(min(attended, held) / held * 100)) <= 0.5 + 1e-9


@pytest.mark.parametrize(("attended", "proposed"), [(0, 0), (4, 50), (7, 88), (8, 100), (9, 100)])
def test_attitude_is_the_share_attended_rounded_half_up(attended, proposed):
    assert proposed_attitude(attended=Decimal(attended), held=Decimal(8)) == proposed


@given(scores, scores)
def test_versions_differ_exactly_when_scores_do(one, other):
    assert (version_of(one, "") == version_of(other, "")) == (one == other)
    assert version_of(dict.fromkeys(ConductDimension), "") == ""
    assert version_of(one, "a") != version_of(one, "b")
