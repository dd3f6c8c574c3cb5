"""When schedules are due: in the school's days, over the turn of years, quarters and months."""

from datetime import UTC, date, datetime, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from partyschool.common import clock
from trainees.rules.schedules import Period, last_due, next_due, period_of

YEARLY = {"frequency": "yearly", "month": 1, "day": 1, "at": time(2)}
QUARTERLY = {"frequency": "quarterly", "month": 1, "day": 5, "at": time(9)}


def at(*parts):
    return datetime(*parts, tzinfo=UTC)


@pytest.mark.parametrize(
    ("after", "due", "period"),
    [
        # 18:00 UTC on 31 December is two in the morning of 1 January at the school.
        (at(2025, 12, 31, 17, 59, 59), at(2025, 12, 31, 18), Period(2025)),
        (at(2025, 12, 31, 18), at(2026, 12, 31, 18), Period(2026)),
        (at(2025, 12, 31, 15, 59), at(2025, 12, 31, 18), Period(2025)),
        (at(2025, 12, 31, 16, 30), at(2025, 12, 31, 18), Period(2025)),
    ],
)
def test_yearly_over_the_turn_of_the_year(after, due, period):
    assert next_due(**YEARLY, after=after) == due
    assert period_of(frequency="yearly", due=due) == period


@pytest.mark.parametrize(
    ("after", "day", "period"),
    [
        (at(2026, 1, 5, 0), date(2026, 1, 5), Period(2025, 4)),
        (at(2026, 1, 5, 1), date(2026, 4, 5), Period(2026, 1)),
        (at(2026, 4, 6), date(2026, 7, 5), Period(2026, 2)),
        (at(2026, 9, 30, 23), date(2026, 10, 5), Period(2026, 3)),
        (at(2026, 12, 31, 20), date(2027, 1, 5), Period(2026, 4)),
    ],
)
def test_quarterly(after, day, period):
    due = next_due(**QUARTERLY, after=after)
    assert due == clock.school_instant(day, time(9))
    assert period_of(frequency="quarterly", due=due) == period


@pytest.mark.parametrize("month", range(1, 13))
def test_the_last_day_allowed_is_in_every_month(month):
    due = next_due(frequency="yearly", month=month, day=28, at=time(23, 59), after=at(2027, 1, 1))
    assert clock.school_date(due) == date(2027, month, 28)


@given(
    frequency=st.sampled_from(["yearly", "quarterly"]),
    month=st.integers(1, 12),
    day=st.integers(1, 28),
    hour=st.times(),
    moment=st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),
)
def test_now_lies_between_the_last_and_the_next(frequency, month, day, hour, moment):
    plan = {"frequency": frequency, "month": month, "day": day, "at": hour}
    last, following = last_due(**plan, until=moment), next_due(**plan, after=moment)
    assert last <= moment < following
    assert next_due(**plan, after=last) == following
