"""The demo's calendar and names, on any day of any year."""

from datetime import date, datetime, time, timedelta
from itertools import combinations
from random import Random

import pytest
from stdnum.cn import ric

from partyschool.common import clock
from partyschool.home.demo import plans
from partyschool.home.demo.names import CitizenNumbers
from partyschool.home.demo.sizes import SIZES
from partyschool.home.demo.units import _plan

DAYS = [date(2026, 12, 20) + timedelta(days=5 * step) for step in range(80)]


def at(day: date) -> datetime:
    return clock.school_instant(day, time(0, 5))


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_nobody_is_booked_twice_on_any_day(day):
    year = plans.present_year(at(day))
    small = SIZES["small"]
    programme = [*plans.year_plans(year - 1, small, at(day)), *plans.year_plans(year, small, at(day))]
    programme += [
        plans.upcoming(year, day),
        *plans.topics(year, plans.last_working_days(at(day)), seats=None),
    ]
    codes = [plan.code for plan in programme]
    assert len(codes) == len(set(codes))
    for booked in ("room", "teacher"):
        spans: dict[object, list[plans.LessonPlan]] = {}
        for plan in programme:
            for lesson in plan.lessons:
                if getattr(lesson, booked) is not None:
                    spans.setdefault(getattr(lesson, booked), []).append(lesson)
        for lessons in spans.values():
            for one, other in combinations(lessons, 2):
                assert one.ends_at <= other.starts_at or other.ends_at <= one.starts_at


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_topics_of_the_drafted_round_are_over_and_lie_in_the_present_year(day):
    year = plans.present_year(at(day))
    topics = list(plans.topics(year, plans.last_working_days(at(day)), seats=None))
    assert len(topics) == 8
    assert all(topic.lessons[0].ends_at < at(day) for topic in topics)
    assert {topic.starts_on.year for topic in topics} == {year}
    assert {topic.starts_on.weekday() for topic in topics} <= set(range(5))


@pytest.mark.parametrize("day", DAYS, ids=str)
def test_topics_clash_with_nothing_of_their_year_but_each_other(day):
    year = plans.present_year(at(day))
    topics = [topic.lessons[0] for topic in plans.topics(year, plans.last_working_days(at(day)), seats=None)]
    others = [lesson for plan in plans.year_plans(year, SIZES["small"], at(day)) for lesson in plan.lessons]
    for topic in topics:
        assert all(topic.ends_at <= one.starts_at or one.ends_at <= topic.starts_at for one in others)


def test_citizen_numbers_are_valid_and_drawn_once():
    numbers = CitizenNumbers(Random("test"))
    drawn = [numbers.draw() for _number in range(2000)]
    assert len(set(drawn)) == 2000
    assert all(ric.is_valid(number) for number in drawn)
    assert {1966 <= ric.get_birth_date(number).year <= 2000 for number in drawn} == {True}


@pytest.mark.parametrize(("size", "departments"), [("small", 3), ("city", 11), ("province", 100)])
def test_unit_names_and_codes_are_unique(size, departments):
    root = _plan(SIZES[size])
    nodes = [root]
    for node in nodes:
        nodes.extend(node.children)
    assert len(root.children) == departments
    assert len({node.code for node in nodes}) == len(nodes) == len({node.name for node in nodes})
