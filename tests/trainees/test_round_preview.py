"""Who can choose what: the counts of groups are those of the rule that decides a claim, for every reader's own cadres."""

from collections import Counter
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from courses.enums import OfferingState, RoundMode, RoundState
from courses.models import RoundOpening, SeatCount, SeatReservation
from partyschool.accounts.enums import Role
from partyschool.common import clock
from partyschool.standards.models import StandardTarget
from tests.factories.accounts import make_user
from tests.factories.courses import LessonFactory, OfferingFactory, RoomFactory, SelectionRoundFactory
from tests.factories.faculty import TeacherFactory
from tests.factories.trainees import CadreFactory, EnrolmentFactory
from trainees.enums import CadreCategory, Rank
from trainees.models import Cadre
from trainees.selectors.round_preview import Grouping, opening_denial, preview_round, sight_of
from trainees.selectors.round_warnings import round_warnings

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("english")]


@pytest.fixture
def found(city) -> Any:
    """A round for the east's sections and staff, let in at different times, with cadres in every state there is."""
    found = SelectionRoundFactory(
        state=RoundState.DRAFT, ranks=[Rank.TOWNSHIP_SECTION, Rank.STAFF], max_picks=9
    )
    found.units.add(city.east)
    for hours, unit in ((1, city.east), (2, city.finance_bureau)):
        opens_at = found.opens_at + timedelta(hours=hours)
        RoundOpening.objects.create(selection_round=found, unit=unit, opens_at=opens_at)
    topics = [
        OfferingFactory(selection_round=found, series=series, state=state, capacity=40)
        for series, state in (("law", "planned"), ("", "published"), ("health", "published"))
    ]
    for topic in topics:
        LessonFactory(offering=topic)
    past = OfferingFactory(series="law", year=2024)
    clash = OfferingFactory(kind="main_class")
    wanted = topics[1].lessons.get()
    LessonFactory(offering=clash, starts_at=wanted.starts_at, ends_at=wanted.ends_at)
    by = make_user(Role.STAFF)
    done = {"state": "completed", "ended_at": clock.now(), "ended_by": by}
    states: list[tuple[tuple[Any, dict[str, Any]], ...]] = [
        (),
        ((past, done),),
        ((clash, {}),),
        ((topics[2], {}),),
        ((past, done), (clash, {}), (topics[1], {})),
        ((clash, {"state": "withdrawn", "ended_at": clock.now(), "ended_by": by}),),
    ]
    for unit in (city.finance_bureau, city.culture_bureau, city.cousin_bureau):
        for rank in Rank:
            for category, places in zip([*CadreCategory, *CadreCategory], states, strict=False):
                cadre = CadreFactory(unit=unit, rank=rank, category=category)
                for offering, fields in places:
                    EnrolmentFactory(cadre=cadre, offering=offering, **fields)
    CadreFactory(unit=city.culture_bureau, left_on=clock.school_date())
    SeatCount.objects.update(capacity=200)
    return found


CODES = {None: "able", "duplicate": "barred", "clash": "clash", "not_eligible": "outside"}


def by_rule(found: Any, cadres: list[Cadre]) -> Counter:
    """(topic, what the rule of the claim says) → cadres, asked one by one."""
    counted: Counter = Counter()
    for cadre in cadres:
        for sight in sight_of(found, cadre):
            denial = opening_denial(sight.facts._replace(enrolment_id=None))
            outside = denial is not None and denial.code == "not_eligible"
            code = "not_eligible" if outside else sight.denial.code if sight.denial else None
            counted[sight.offering.pk, CODES[code]] += 1
    return counted


@pytest.mark.parametrize("grouping", list(Grouping))
def test_matrix_says_what_the_rule_says(found, staff, grouping):
    matrix = preview_round(found, staff, grouping=grouping)
    paths = {"rank": "rank", "category": "category"}
    everybody = Cadre.objects.filter(left_on=None).exclude(unit__path="").unscoped("test")
    assert matrix.people == everybody.count()
    for number, group in enumerate(matrix.groups):
        condition = (
            {paths[grouping]: group.key} if grouping in paths else {"unit__path__startswith": group.key}
        )
        cadres = list(everybody.filter(**condition))
        counted = by_rule(found, cadres)
        assert group.people == len(cadres)
        for row in matrix.topics:
            cell, topic = row.cells[number], row.offering.pk
            assert cell.able == counted[topic, "able"]
            assert cell.clash == counted[topic, "clash"]
            assert cell.has_it + cell.attended == counted[topic, "barred"]
            assert group.not_eligible == counted[topic, "outside"]
    assert sum(row.whole.clash for row in matrix.topics) > 0
    assert sum(row.whole.attended for row in matrix.topics) > 0
    assert sum(row.whole.has_it for row in matrix.topics) > 0


def test_units_are_let_in_at_their_own_time(found, staff, city):
    matrix = preview_round(found, staff, grouping=Grouping.UNIT)
    spans = {
        group.unit: (group.opens_from - found.opens_at, group.opens_to - found.opens_at)
        for group in matrix.groups
    }
    hour = timedelta(hours=1)
    assert spans[city.east] == (hour, 2 * hour)
    assert spans[city.west] == (0 * hour, 0 * hour)
    within = preview_round(found, staff, grouping=Grouping.UNIT, within=city.east)
    assert [group.unit for group in within.groups] == [city.finance_bureau, city.culture_bureau]
    assert [group.opens_from - found.opens_at for group in within.groups] == [2 * hour, hour]


def test_readers_count_their_own_people(found, city):
    officer = make_user(Role.OFFICER, unit=city.finance_bureau)
    matrix = preview_round(found, officer, grouping=Grouping.UNIT)
    assert [group.unit for group in matrix.groups] == [city.east]
    assert matrix.people == Cadre.objects.filter(unit=city.finance_bureau).unscoped("test").count()
    trainee = CadreFactory(unit=city.culture_bureau, user=make_user(Role.TRAINEE))
    assert preview_round(found, trainee.user).people == 1
    assert preview_round(found, make_user()).people == 0


def test_seats_for_each_head(found, staff):
    row = preview_round(found, staff).topics[1]
    assert row.seats_per_head == 200 / row.whole.able
    found.ranks = [Rank.COUNTY_DIVISION]
    found.units.clear()
    found.categories = ["nobody"]
    found.save()
    assert preview_round(found, staff).topics[0].seats_per_head is None


@pytest.mark.parametrize("people", [1, 3])
def test_matrix_takes_four_queries(staff, city, people):
    found = SelectionRoundFactory()
    for _number in range(people):
        EnrolmentFactory(offering=OfferingFactory(selection_round=found), cadre__unit=city.finance_bureau)
    with CaptureQueriesContext(connection) as asked:
        preview_round(found, staff, grouping=Grouping.UNIT)
    assert len(asked) == 4
    cadre = Cadre.objects.unscoped("test").first()
    with CaptureQueriesContext(connection) as asked:
        sight_of(found, cadre)
    assert len(asked) == 2


# -- warnings


def said(found: Any, fits: int = 10) -> str:
    return "\n".join(warning.text for warning in round_warnings(found, fits=fits))


@pytest.fixture
def sound(city) -> tuple[Any, Any]:
    """A round of which nothing is to be said, and its topic."""
    found = SelectionRoundFactory(
        state=RoundState.DRAFT,
        opens_at=clock.now() + timedelta(days=1),
        closes_at=clock.now() + timedelta(days=3),
        max_picks=1,
    )
    topic = OfferingFactory(selection_round=found, title="Topic", capacity=30)
    LessonFactory(
        offering=topic, title="Lesson", room=RoomFactory(name="Hall"), teacher=TeacherFactory(name="Wang")
    )
    return found, topic


def test_sound_round_has_no_warnings(sound):
    assert said(sound[0]) == ""


def test_round_is_looked_over(sound):
    found, _topic = sound
    found.min_picks, found.max_picks, found.mode = 4, 5, RoundMode.DRAW
    found.opens_at = clock.now() - timedelta(hours=1)
    text = said(found)
    assert "There are 30 seats; 10 cadres with 4 picks each need 40." in text
    assert "Each cadre may pick 5 topics, and there is 1." in text
    assert "No change window is set" in text
    assert "The opening time is past" in text
    assert "The round is open to nobody" in said(found, fits=0)
    assert "The round has no topics." in said(SelectionRoundFactory())


def test_topics_are_looked_over(sound):
    found, topic = sound
    topic.least, topic.state, topic.year = 31, OfferingState.PLANNED, 2024
    topic.save()
    SeatReservation.objects.create(offering=topic, name="A", seats=30)
    bare = OfferingFactory(selection_round=found, title="Bare", capacity=0)
    text = said(found)
    assert "“Topic” is not published" in text
    assert "“Topic” has 30 seats, and is held from 31 people on." in text
    assert "All seats of “Topic” are reserved" in text
    assert "“Topic” belongs to 2024 and starts on 2025-06-02." in text
    assert "“Bare” has no lessons" in text
    assert "“Bare” has no seats" in text
    addresses = {warning.address for warning in round_warnings(found, fits=10)}
    assert addresses == {f"/admin/courses/offering/{one.pk}/change/" for one in (topic, bare)}


def test_lessons_are_looked_over(sound):
    found, topic = sound
    lesson = topic.lessons.get()
    lesson.room.seats = 20
    lesson.room.save()
    lesson.teacher.left_on = clock.school_date(lesson.starts_at)
    lesson.teacher.save()
    other = OfferingFactory(selection_round=found, title="Other", capacity=10)
    start = lesson.starts_at + timedelta(hours=1)
    LessonFactory(offering=other, title="Bare", starts_at=start, ends_at=start + timedelta(hours=1))
    text = said(found)
    assert "“Topic” has 30 seats; the room of “Lesson”, Hall, has 20." in text
    assert "the teacher of “Lesson”, Wang, will have left by then" in text
    assert "“Other”: the lesson “Bare” has no room." in text
    assert "“Other”: the lesson “Bare” has no teacher." in text
    assert text.count("overlap") == 1
    assert "“Topic” and “Other” overlap" in text


def test_target_of_the_year_is_asked(sound):
    found, _topic = sound
    target = StandardTarget.objects.create(year=found.year, indicator="elective_topics", target=6)
    assert "2025 has 1 elective topics; the target of the year is 6." in said(found)
    target.target = 1
    target.save()
    assert "target" not in said(found)
