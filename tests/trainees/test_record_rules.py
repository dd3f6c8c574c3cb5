"""The cycle and its gap, rises in rank, and what was owed after a promotion."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trainees.enums import Rank
from trainees.rules.records import (
    Cycle,
    PromotionState,
    hours_between,
    judge_promotion,
    later,
    reached_on,
    rises,
)

hours = st.decimals(0, 900, places=2)
days = st.dates(date(2018, 1, 1), date(2030, 12, 31))


def cycle(needed=550, earned=0, now=2026, hours_a_day=8):
    return Cycle(2023, 2027, Decimal(needed), Decimal(earned), now, Decimal(hours_a_day))


@given(hours, hours, st.sampled_from([6, 8]), st.integers(2022, 2030))
def test_the_gap_closes_exactly(needed, earned, hours_a_day, now):
    found = cycle(needed, earned, now, hours_a_day)
    assert found.gap == max(0, needed - earned)
    assert found.met == (earned >= needed)
    assert found.gap_days * hours_a_day >= found.gap > (found.gap_days - 1) * hours_a_day or found.met
    assert found.years_left == (5 if now <= 2023 else max(0, 2028 - now))
    if found.a_year is not None:
        assert earned + found.a_year * found.years_left >= needed


def test_gap_of_a_county_division_cadre():
    found = cycle(earned=230)
    assert (found.gap, found.gap_days, found.years_left, found.a_year) == (320, 40, 2, 160)
    assert cycle(earned=550).a_year is None
    assert cycle(earned=1, now=2028).a_year is None


def test_rises_are_upward_alone():
    course = [
        (date(2020, 1, 1), Rank.STAFF),
        (date(2021, 1, 1), Rank.STAFF),
        (date(2022, 1, 1), Rank.COUNTY_DIVISION),
        (date(2023, 1, 1), Rank.TOWNSHIP_SECTION),
        (date(2024, 1, 1), Rank.COUNTY_DIVISION),
    ]
    assert [day.year for day, _rank in rises(course)] == [2022, 2024]
    assert rises(course[:1]) == rises([]) == []


def test_the_same_day_in_another_year():
    assert later(date(2024, 2, 29), 1) == date(2025, 2, 28)
    assert later(date(2024, 2, 29), -4) == date(2020, 2, 29)


@given(st.lists(st.tuples(days, hours), max_size=12), hours, days, days)
def test_the_day_on_which_enough_was_earned(earned, needed, one, other):
    since, until = sorted((one, other))
    found = reached_on(earned, needed, since=since, until=until)
    if found is None:
        assert hours_between(earned, since, until) < needed or not any(
            since <= day <= until for day, _hours in earned
        )
    else:
        assert since <= found <= until
        assert hours_between(earned, since, found) >= needed
        assert hours_between(earned, since, found - timedelta(days=1)) < needed or needed == 0


def judge(earned, today=date(2026, 11, 24), needed=550):
    return judge_promotion(
        on=date(2025, 6, 1),
        rank=Rank.COUNTY_DIVISION,
        needed=Decimal(needed),
        cycle_years=5,
        within_years=1,
        earned=[(day, Decimal(number)) for day, number in earned],
        today=today,
    )


@pytest.mark.parametrize(
    ("earned", "today", "state"),
    [
        ([(date(2024, 5, 1), 550)], date(2026, 11, 24), PromotionState.MET),
        ([(date(2025, 6, 1), 550)], date(2026, 11, 24), PromotionState.MADE_UP),
        ([(date(2024, 5, 1), 500), (date(2026, 6, 1), 50)], date(2026, 11, 24), PromotionState.MADE_UP),
        ([(date(2024, 5, 1), 500), (date(2026, 6, 2), 50)], date(2026, 11, 24), PromotionState.MISSED),
        ([(date(2024, 5, 1), 500)], date(2026, 6, 1), PromotionState.OPEN),
        # More than five years before the promotion.
        ([(date(2020, 5, 31), 550)], date(2026, 11, 24), PromotionState.MISSED),
        ([(date(2020, 6, 1), 550)], date(2026, 11, 24), PromotionState.MET),
        # Taken back again.
        ([(date(2024, 5, 1), 550), (date(2024, 5, 1), -550)], date(2026, 11, 24), PromotionState.MISSED),
    ],
)
def test_promotion_before_the_training_is_made_up_within_a_year(earned, today, state):
    found = judge(earned, today)
    assert (found.state, found.due_on) == (state, date(2026, 6, 1))
    assert (found.made_up_on is not None) == (state == PromotionState.MADE_UP)
