"""Next year's round from this one's: the same, a year on, and everything that could not be taken along is said."""

from datetime import date, time, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from courses.enums import OfferingState, RoundState
from courses.models import (
    Lesson,
    Offering,
    RoundOpening,
    SeatCount,
    SeatReservation,
    SelectionRound,
    UnitQuota,
)
from courses.selectors.round_copies import copied_from
from courses.services import round_copies
from courses.services.round_copies import copy_round
from partyschool.accounts.enums import Role
from partyschool.audit.models import AuditEvent
from partyschool.common import clock
from partyschool.common.errors import Duplicate, NotFound
from tests.factories.accounts import City, make_user
from tests.factories.courses import LessonFactory, OfferingFactory, RoomFactory, SelectionRoundFactory
from tests.factories.faculty import TeacherFactory
from tests.factories.trainees import CadreFactory, EnrolmentFactory
from trainees.selectors.electives import facts_for_cadre

pytestmark = pytest.mark.django_db

YEAR = timedelta(weeks=52)


@pytest.fixture(autouse=True)
def english():
    with translation.override("en"):
        yield


@pytest.fixture
def staff() -> Any:
    return make_user(Role.STAFF)


@pytest.fixture
def source() -> SelectionRound:
    opens_at = clock.school_instant(date(2025, 3, 3), time(9))
    return SelectionRoundFactory(
        name="2025 electives",
        year=2025,
        state=RoundState.CLOSED,
        opens_at=opens_at,
        closes_at=opens_at + timedelta(days=5),
        change_closes_at=opens_at + timedelta(days=9),
        ranks=["staff"],
        min_picks=1,
        waiting="offer",
        offer_hours=8,
    )


def lesson_at(offering: Offering, hour: int, **fields: Any) -> Lesson:
    start = clock.school_instant(date(2025, 6, 2), time(hour))
    return LessonFactory(offering=offering, starts_at=start, ends_at=start + timedelta(hours=2), **fields)


def test_copy_takes_everything_a_year_on(source, staff):
    city = City()
    source.units.add(city.east)
    RoundOpening.objects.create(
        selection_round=source, unit=city.east, opens_at=source.opens_at + timedelta(hours=1)
    )
    topic = OfferingFactory(
        selection_round=source,
        code="XX2025-01",
        title="2025 topic",
        capacity=30,
        least=8,
        lead_teacher=TeacherFactory(),
    )
    SeatReservation.objects.create(offering=topic, name="East", unit=city.east, ranks=["staff"], seats=5)
    UnitQuota.objects.create(offering=topic, unit=city.finance_bureau, most=3)
    lesson = lesson_at(topic, 9, room=RoomFactory(), teacher=TeacherFactory())
    topic.state, topic.closed_at = OfferingState.CLOSED, clock.now()
    topic.save()
    copy = copy_round(round_id=source.pk, by=staff)
    made = SelectionRound.objects.get(pk=copy.found.pk)
    assert (made.name, made.year, made.state) == ("2026 electives", 2026, RoundState.DRAFT)
    assert (made.opens_at, made.change_closes_at) == (source.opens_at + YEAR, source.change_closes_at + YEAR)
    assert (made.ranks, made.min_picks, made.waiting, made.offer_hours) == (["staff"], 1, "offer", 8)
    assert list(made.units.all()) == [city.east]
    assert [one.opens_at for one in made.openings.all()] == [source.opens_at + timedelta(hours=1) + YEAR]
    new = made.offerings.get()
    assert (new.code, new.title, new.year, new.state) == (
        "XX2026-01",
        "2026 topic",
        2026,
        OfferingState.PLANNED,
    )
    assert (new.starts_on, new.least, new.lead_teacher) == (topic.starts_on + YEAR, 8, topic.lead_teacher)
    seats = SeatCount.objects.get(pk=new.pk)
    assert (seats.capacity, seats.taken, seats.reserved, seats.quotas) == (30, 0, 5, 1)
    row = new.reservations.get()
    assert (row.name, row.unit, row.ranks, row.seats, row.taken) == ("East", city.east, ["staff"], 5, 0)
    assert [(one.unit, one.most) for one in new.quotas.all()] == [(city.finance_bureau, 3)]
    later = new.lessons.get()
    assert (later.starts_at, later.room, later.teacher) == (
        lesson.starts_at + YEAR,
        lesson.room,
        lesson.teacher,
    )
    topic.refresh_from_db()
    assert topic.series == new.series == "xx2025-01"
    assert copy.notes == []
    event = AuditEvent.objects.unscoped("test").get()
    assert (event.action, event.data) == ("round.copy", {"source": source.pk, "topics": 1, "notes": []})


def test_who_attended_last_year_is_known_to_repeat_it(source, staff):
    topic = OfferingFactory(selection_round=source)
    cadre = CadreFactory()
    EnrolmentFactory(cadre=cadre, offering=topic, state="completed", ended_at=clock.now(), ended_by=staff)
    copy = copy_round(round_id=source.pk, by=staff)
    facts = facts_for_cadre(cadre_id=cadre.pk, offering_id=copy.found.offerings.get().pk)
    assert facts.repeat_year == topic.year


def test_taken_rooms_and_teachers_are_left_empty_and_said(source, staff):
    topic = OfferingFactory(selection_round=source, title="Topic", series="kept")
    room, teacher = RoomFactory(name="Hall"), TeacherFactory(name="Wang")
    lesson = lesson_at(topic, 9, title="First", room=room, teacher=teacher)
    lesson_at(topic, 14, title="Second", room=room, teacher=teacher)
    lesson_at(topic, 16, title="Dropped", cancelled_at=clock.now())
    other = OfferingFactory(title="Class")
    start = lesson.starts_at + YEAR + timedelta(hours=1)
    LessonFactory(
        offering=other, title="Busy", room=room, starts_at=start, ends_at=start + timedelta(hours=2)
    )
    LessonFactory(
        offering=OfferingFactory(title="Other class"),
        title="Away",
        teacher=teacher,
        starts_at=start,
        ends_at=start + timedelta(hours=2),
    )
    copy = copy_round(round_id=source.pk, by=staff)
    first, second = copy.found.offerings.get().lessons.order_by("starts_at")
    assert (first.room, first.teacher) == (None, None)
    assert (second.room, second.teacher) == (room, teacher)
    assert [note["code"] for note in copy.notes] == ["room_taken", "teacher_busy", "lesson_cancelled"]
    origin, notes = copied_from(copy.found)
    assert origin == source
    said = " ".join(note.text for note in notes)
    assert "Hall is taken then by “Busy” of “Class”" in said
    assert "Wang teaches “Away” of “Other class” then" in said
    assert "“Dropped”" in said
    topic.refresh_from_db()
    assert topic.series == "kept"


def test_cancelled_topics_are_planned_anew_and_said(source, staff):
    OfferingFactory(selection_round=source, state=OfferingState.CANCELLED, title="Dropped")
    copy = copy_round(round_id=source.pk, by=staff)
    assert copy.found.offerings.get().state == OfferingState.PLANNED
    assert [note["code"] for note in copy.notes] == ["topic_cancelled"]


def test_codes_are_new_whatever_is_there(source, staff):
    OfferingFactory(code="A2026-1")
    OfferingFactory(code="LONG-CODE-OF-20-2026")
    for code in ("A2025-1", "B1", "LONG-CODE-OF-20-2025", "LONG-CODE-OF-TWENTY1", "LONG-CODE-OF-TWENTY2"):
        OfferingFactory(code=code, selection_round=source)
    copy = copy_round(round_id=source.pk, by=staff)
    codes = set(copy.found.offerings.values_list("code", flat=True))
    assert codes == {
        "A2026-1-2",
        "B1-2026",
        "LONG-CODE-OF-20-2-2",
        "LONG-CODE-OF-TW-2026",
        "LONG-CODE-OF-TW-2-2",
    }


def test_copy_is_made_once(source, staff):
    OfferingFactory(selection_round=source)
    copy_round(round_id=source.pk, by=staff)
    with pytest.raises(Duplicate, match="There is a round “2026 electives” in 2026 already"):
        copy_round(round_id=source.pk, by=staff)
    assert Offering.objects.count() == 2
    with pytest.raises(NotFound):
        copy_round(round_id=99, by=staff)


def test_copy_is_whole_or_not_at_all(source, staff, monkeypatch):
    OfferingFactory(selection_round=source)

    def breaks(*_args: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(round_copies, "_copy_lessons", breaks)
    with pytest.raises(RuntimeError):
        copy_round(round_id=source.pk, by=staff)
    assert (SelectionRound.objects.count(), Offering.objects.get().series) == (1, "")


def test_a_round_of_its_own_has_no_notes(source):
    assert copied_from(source) is None


@pytest.mark.parametrize("topics", [1, 3])
def test_notes_take_the_same_queries(source, staff, topics):
    for number in range(topics):
        topic = OfferingFactory(selection_round=source)
        lesson_at(topic, 8 + 3 * number, cancelled_at=clock.now())
    found = copy_round(round_id=source.pk, by=staff).found
    with CaptureQueriesContext(connection) as asked:
        assert len(copied_from(found)[1]) == topics
    assert len(asked) == 4
