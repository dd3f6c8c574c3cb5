"""What speaks for and against calling a person: by figures that are rows, from places, lessons and the register."""

from datetime import date, timedelta

import pytest

from courses.enums import OfferingKind
from partyschool.common import clock
from tests.factories.assignments import Calling, make_class
from tests.factories.courses import LessonFactory, OfferingFactory
from tests.factories.trainees import EnrolmentFactory
from trainees.enums import CadreCategory, ExemptionGround, FigureCode, Rank
from trainees.models import AssessmentExemption, Nomination, TrainingFigure
from trainees.rules.assignments import CallClass, CallFacts, CallWarning, findings
from trainees.selectors.assignments_facts import cadres_of, candidate, candidates

pytestmark = pytest.mark.django_db

FIGURES = {
    FigureCode.CALLS_A_YEAR: 2,
    FigureCode.AWAY_CALLS_A_YEAR: 1,
    FigureCode.LONG_CLASS_DAYS: 60,
    FigureCode.LONG_CLASS_YEARS: 3,
    FigureCode.SAME_TOPIC_YEARS: 2,
}
NOBODY = CallFacts(1, Rank.STAFF, CadreCategory.CIVIL_SERVANT, None, 0, 0, 1, None, *[None] * 8, False)
SHORT = CallClass(date(2026, 9, 1), date(2026, 9, 3), False, (), ())
LONG = SHORT._replace(ends_on=date(2026, 10, 30))


@pytest.mark.parametrize(
    ("facts", "called_to", "codes"),
    [
        ({}, SHORT, []),
        ({"calls": 1}, SHORT, []),
        ({"calls": 2}, SHORT, ["called_often"]),
        ({"away_calls": 1}, SHORT, []),
        ({"away_calls": 1}, SHORT._replace(away=True), ["away_often"]),
        ({"long_until": date(2025, 1, 1), "long_title": "中青班"}, SHORT, []),
        ({"long_until": date(2025, 1, 1), "long_title": "中青班"}, LONG, ["long_class"]),
        ({"topic_until": date(2025, 1, 1), "topic_title": "x"}, SHORT, ["same_topic"]),
        (
            {"clash_starts_at": clock.now(), "clash_ends_at": clock.now(), "clash_title": "x"},
            SHORT,
            ["clash"],
        ),
        ({"exempt_ground": ExemptionGround.LONG_LEAVE}, SHORT, ["exempt"]),
        ({"left_on": date(2026, 9, 4)}, SHORT, []),
        ({"left_on": date(2026, 9, 3)}, SHORT, ["leaving"]),
        ({}, SHORT._replace(ranks=(Rank.COUNTY_DIVISION,)), ["wrong_rank"]),
        ({}, SHORT._replace(ranks=(Rank.COUNTY_DIVISION, Rank.STAFF)), []),
        ({}, SHORT._replace(categories=(CadreCategory.NON_PARTY,)), ["wrong_category"]),
        ({"ever": 0}, SHORT, ["never_called"]),
        ({"deferred": True}, SHORT, ["deferred"]),
    ],
)
def test_each_rule_by_its_figure(facts, called_to, codes):
    assert [one.code for one in findings(NOBODY._replace(**facts), called_to, FIGURES)] == codes


def test_every_warning_fits_its_column():

    field = Nomination._meta.get_field("warnings").base_field
    assert max(map(len, CallWarning.values)) <= field.max_length


@pytest.fixture
def calling() -> Calling:
    return Calling(series="governance")


def facts_of(calling: Calling, cadre):
    return candidate(cadre, calling.assignment).facts


def attended(cadre, **fields):
    """A class that the cadre has a place in."""
    return EnrolmentFactory(cadre=cadre, offering=make_class(**fields)).offering


def test_calls_are_places_in_classes_and_nominations_elsewhere(calling):
    cadre, year = calling.cadre(), calling.offering.year
    attended(cadre, year=year)
    attended(cadre, year=year, away=True)
    attended(cadre, year=year - 1)
    EnrolmentFactory(
        cadre=cadre,
        offering=make_class(year=year),
        state="withdrawn",
        ended_at=clock.now(),
        ended_by=calling.staff,
    )
    EnrolmentFactory(cadre=cadre, offering=OfferingFactory(year=year, kind=OfferingKind.ELECTIVE))
    facts = facts_of(calling, cadre)
    assert (facts.calls, facts.away_calls, facts.ever) == (2, 1, 3)
    calling.nominate(cadre)
    following = calling.assign(make_class(year=year))
    assert candidate(cadre, following).facts.calls == 3


def test_the_figure_is_a_row(calling):
    cadre = calling.cadre()
    attended(cadre, year=calling.offering.year, days_ahead=60)
    assert candidate(cadre, calling.assignment).against == []
    TrainingFigure.objects.filter(code=FigureCode.CALLS_A_YEAR).update(value=1)
    assert [one.code for one in candidate(cadre, calling.assignment).against] == ["called_often"]


def test_long_classes_count_for_the_years_of_the_rule(calling):
    start = calling.offering.starts_on
    recent, old = calling.cadre(), calling.cadre()
    attended(recent, starts_on=start - timedelta(days=500), ends_on=start - timedelta(days=400))
    attended(old, starts_on=start - timedelta(days=1500), ends_on=start - timedelta(days=1400))
    assert facts_of(calling, recent).long_until == start - timedelta(days=400)
    assert facts_of(calling, old).long_until is None


def test_the_same_series_counts_as_the_same_topic(calling):
    start = calling.offering.starts_on
    dates = {"starts_on": start - timedelta(days=100), "ends_on": start - timedelta(days=98)}
    same, other = calling.cadre(), calling.cadre()
    attended(same, series="governance", **dates)
    attended(other, series="finance", **dates)
    assert facts_of(calling, same).topic_until == dates["ends_on"]
    assert facts_of(calling, other).topic_until is None


def test_a_lesson_at_the_same_time_is_a_clash(calling):
    lesson, cadre = calling.offering.lessons.get(), calling.cadre()
    topic = OfferingFactory(title="选学")
    LessonFactory(offering=topic, starts_at=lesson.starts_at, ends_at=lesson.ends_at)
    EnrolmentFactory(cadre=cadre, offering=topic)
    assert facts_of(calling, cadre).clash_title == "选学"


def test_exemption_of_the_year_and_leaving_are_told(calling):
    cadre = calling.cadre(left_on=calling.offering.ends_on)
    AssessmentExemption.objects.create(
        cadre=cadre, year=calling.offering.year, ground=ExemptionGround.SECONDED
    )
    assert [one.code for one in candidate(cadre, calling.assignment).against] == ["exempt", "leaving"]


def test_the_list_shows_whom_to_call_first_and_hides_the_called(calling):
    often, once, never = (calling.cadre(name=name) for name in ("甲", "乙", "丙"))
    for _each in range(2):
        attended(often, year=calling.offering.year)
    attended(once, year=calling.offering.year)
    called, gone = calling.cadre(name="丁"), calling.cadre(left_on=clock.school_date())
    calling.nominate(called)
    sibling = calling.cadre(calling.city.culture_bureau)
    found = candidates(cadres_of(calling.officer, calling.city.finance_bureau), calling.assignment)
    assert [one.cadre for one in found.rows] == [never, once, often]
    assert not found.more
    assert {gone, sibling}.isdisjoint(one.cadre for one in found.rows)
    named = candidates(cadres_of(calling.officer, calling.city.finance_bureau), calling.assignment, name="乙")
    assert [one.cadre for one in named.rows] == [once]


@pytest.mark.parametrize("people", [1, 3])
def test_the_list_costs_three_queries(calling, django_assert_num_queries, people):
    for _each in range(people):
        calling.cadre()
    own = cadres_of(calling.officer, calling.city.finance_bureau)
    with django_assert_num_queries(3):
        assert len(candidates(own, calling.assignment).rows) == people
