"""What speaks for and against calling a person: by figures that are rows, from places, lessons and the register."""

from datetime import date, time, timedelta

import pytest
from django.utils import translation

from courses.enums import OfferingKind
from partyschool.common import clock
from partyschool.common.errors import InvalidInput
from tests.factories.assignments import Calling, make_class
from tests.factories.courses import LessonFactory, OfferingFactory
from tests.factories.requests import make_leave
from tests.factories.trainees import EnrolmentFactory
from trainees.enums import CadreCategory, ExemptionGround, FigureCode, Rank
from trainees.models import AssessmentExemption, Nomination, TrainingFigure
from trainees.rules.assignments import CallClass, CallFacts, CallWarning, findings
from trainees.selectors.assignments_facts import (
    ORDER,
    cadres_of,
    candidate,
    candidates,
    choose_from,
    length_of_class,
)
from trainees.services.assignments_deferrals import ask_deferral, decide_deferral

pytestmark = pytest.mark.django_db

FIGURES = {
    FigureCode.CALLS_A_YEAR: 2,
    FigureCode.AWAY_CALLS_A_YEAR: 1,
    FigureCode.LONG_CLASS_DAYS: 60,
    FigureCode.LONG_CLASS_YEARS: 3,
    FigureCode.SAME_TOPIC_YEARS: 2,
}
NOBODY = CallFacts(1, Rank.STAFF, CadreCategory.CIVIL_SERVANT, None, 0, 0, 1, None, *[None] * 12, False)
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
        (
            {
                "leave_kind": "sick",
                "leave_state": "asked",
                "leave_starts_at": clock.now(),
                "leave_ends_at": clock.now(),
            },
            SHORT,
            ["on_leave"],
        ),
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


TOO_LONG = [
    (OfferingKind.SPECIAL_CLASS, 5, False),
    (OfferingKind.SPECIAL_CLASS, 6, True),
    (OfferingKind.MAIN_CLASS, 6, False),
]
SHANGHAI_DAY = [(-1, time(23, 59), 0), (0, time(0, 1), 1), (2, time(23, 0), 1), (3, time(0, 0), 0)]


@pytest.mark.parametrize(("days", "at", "warned"), SHANGHAI_DAY)
def test_a_leave_counts_on_the_days_of_the_class_at_the_school(calling, days, at, warned):
    begins = clock.school_instant(calling.offering.starts_on + timedelta(days=days), at)
    cadre = calling.cadre()
    elsewhere = EnrolmentFactory(cadre=cadre, offering=make_class(days_ahead=60))
    make_leave(elsewhere, starts_at=begins, ends_at=begins + timedelta(minutes=1))
    assert [one.code for one in candidate(cadre, calling.assignment).against] == ["on_leave"] * warned


@pytest.mark.parametrize(
    ("state", "back_after_days", "words"),
    [
        ("asked", None, "Has asked for leave"),
        ("approved", None, "On leave"),
        ("returned", 2, "On leave"),
        ("returned", -1, ""),
        ("refused", None, ""),
        ("cancelled", None, ""),
    ],
)
def test_only_a_leave_that_stands_is_told(calling, state, back_after_days, words):
    """Who reported back before the class begins is there."""
    cadre, begins = calling.cadre(), clock.school_instant(calling.offering.starts_on, time(9))
    elsewhere = EnrolmentFactory(cadre=cadre, offering=make_class(days_ahead=60))
    decided = {} if state in {"asked", "cancelled"} else {"decided_by": calling.staff, "decided_at": begins}
    make_leave(
        elsewhere,
        starts_at=begins - timedelta(days=20),
        ends_at=begins + timedelta(days=20),
        state=state,
        returned_at=None if back_after_days is None else begins + timedelta(days=back_after_days),
        **decided,
    )
    with translation.override("en"):
        texts = [one.text for one in candidate(cadre, calling.assignment).against]
    assert [text[: len(words)] for text in texts] == [words] * bool(words)


def test_a_leave_from_the_class_itself_says_nothing(calling):
    """It is asked for by those who are called already."""
    cadre, begins = calling.cadre(), clock.school_instant(calling.offering.starts_on, time(9))
    own = EnrolmentFactory(cadre=cadre, offering=calling.offering)
    make_leave(own, starts_at=begins, ends_at=begins + timedelta(hours=3))
    assert facts_of(calling, cadre).leave_kind is None


@pytest.mark.parametrize(("kind", "days", "told"), TOO_LONG)
def test_a_class_on_one_topic_is_told_to_be_too_long(kind, days, told):
    start = date(2026, 9, 1)
    made = OfferingFactory(kind=kind, starts_on=start, ends_on=start + timedelta(days=days - 1))
    assert bool(length_of_class(made)) is told
    TrainingFigure.objects.filter(code=FigureCode.TOPIC_CLASS_DAYS).update(value=days)
    assert length_of_class(made) == ""


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
    assert not found.next_cursor
    assert found.count_label == "3"
    assert {gone, sibling}.isdisjoint(one.cadre for one in found.rows)
    named = candidates(cadres_of(calling.officer, calling.city.finance_bureau), calling.assignment, name="乙")
    assert [one.cadre for one in named.rows] == [once]


@pytest.mark.parametrize("people", [1, 3])
def test_the_list_costs_four_queries(calling, django_assert_num_queries, people):
    """The page, how many there are, the figures, the facts."""
    for _each in range(people):
        calling.cadre()
    own = cadres_of(calling.officer, calling.city.finance_bureau)
    with django_assert_num_queries(4):
        assert len(candidates(own, calling.assignment).rows) == people


def test_walking_the_pages_shows_each_once_in_the_order_of_the_list(calling, monkeypatch):
    monkeypatch.setattr("trainees.selectors.assignments_facts.SHOWN", 2)
    people = [calling.cadre(name=name) for name in ("甲", "乙", "丙", "乙", "丁")]
    for cadre, times in zip(people, (2, 1, 0, 1, 0), strict=True):
        for _each in range(times):
            attended(cadre, year=calling.offering.year)
    put_off = calling.confirmed(calling.cadre(name="戊"))
    asked = ask_deferral(nomination_id=put_off.pk, reason="产假", by=calling.officer)
    decide_deferral(deferral_id=asked, agree=True, answer="", by=calling.orgdept)
    following = calling.assign(make_class(year=calling.offering.year, days_ahead=60))
    own = cadres_of(calling.officer, calling.city.finance_bureau)
    expected = list(choose_from(own, following).order_by(*ORDER))
    assert expected[0] == put_off.cadre

    pages = [candidates(own, following)]
    while pages[-1].next_cursor:
        pages.append(candidates(own, following, after=pages[-1].next_cursor))
    assert [one.cadre for page in pages for one in page.rows] == expected
    assert [len(page.rows) for page in pages] == [2, 2, 2]
    back = candidates(own, following, before=pages[-1].previous_cursor)
    assert [one.cadre for one in back.rows] == [one.cadre for one in pages[1].rows]
    with pytest.raises(InvalidInput):
        candidates(own, following, after="x")
