"""Two people edit one record: the second is told what changed, and loses nothing."""

from datetime import timedelta
from html.parser import HTMLParser

import pytest
from django.urls import reverse

from courses.enums import OfferingState, RoundState
from courses.models import Lesson, Offering, Room
from partyschool.common import clock
from partyschool.common.errors import Stale
from tests.factories.courses import LessonFactory, OfferingFactory, RoomFactory, SelectionRoundFactory
from tests.factories.trainees import make_scheme
from trainees.enums import SchemeState

pytestmark = pytest.mark.django_db(transaction=True)


class _Fields(HTMLParser):
    """What a browser would send back for the inputs, choices and texts of a page as it stands."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.sent: dict[str, str] = {}
        self.name = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if tag == "input" and found.get("name"):
            if found.get("type") not in {"checkbox", "submit"} or "checked" in found:
                self.sent[found["name"]] = found.get("value") or ""
        elif tag in {"select", "textarea"} and found.get("name"):
            self.name = found["name"]
            self.sent[self.name] = ""
        elif tag == "option" and self.name and "selected" in found:
            self.sent[self.name] = found.get("value") or ""

    def handle_endtag(self, tag: str) -> None:
        if tag in {"select", "textarea"}:
            self.name = ""


def _form(client, url: str) -> dict[str, str]:
    return _Fields(client.get(url).content.decode()).sent


@pytest.fixture
def room(db) -> Room:
    return RoomFactory(name="一号厅", seats=30)


@pytest.fixture
def room_url(room) -> str:
    return reverse("admin:courses_room_change", args=[room.pk])


def test_the_form_as_shown_is_saved(staff_client, room, room_url):
    sent = _form(staff_client, room_url)
    assert sent["_seen"]
    assert staff_client.post(room_url, {**sent, "name": "二号厅"}).status_code == 302
    room.refresh_from_db()
    assert room.name == "二号厅"


def test_a_change_in_between_is_told_and_nothing_is_lost(staff_client, room, room_url):
    sent = _form(staff_client, room_url)
    Room.objects.filter(pk=room.pk).update(seats=25)
    answer = staff_client.post(room_url, {**sent, "name": "二号厅", "seats": 40})
    text = answer.content.decode()
    assert (answer.status_code, str(Stale.title) in text, "现为“25”" in text) == (200, True, True)
    assert 'value="二号厅"' in text
    room.refresh_from_db()
    assert (room.name, room.seats) == ("一号厅", 25)
    again = _Fields(text).sent["_seen"]
    assert (
        staff_client.post(room_url, {**sent, "name": "二号厅", "seats": 40, "_seen": again}).status_code
        == 302
    )
    room.refresh_from_db()
    assert (room.name, room.seats) == ("二号厅", 40)


def test_a_mistake_in_the_form_does_not_hide_the_change(staff_client, room, room_url):
    sent = _form(staff_client, room_url)
    Room.objects.filter(pk=room.pk).update(seats=25)
    wrong = staff_client.post(room_url, {**sent, "name": ""}).content
    seen = _Fields(wrong.decode()).sent["_seen"]
    answer = staff_client.post(room_url, {**sent, "name": "二号厅", "_seen": seen})
    assert (answer.status_code, str(Stale.title) in answer.content.decode()) == (200, True)


def test_a_damaged_mark_counts_as_none(staff_client, room, room_url):
    sent = _form(staff_client, room_url)
    for mark in ("", "x", "[1]", "3"):
        assert staff_client.post(room_url, {**sent, "_seen": mark}).status_code == 302


@pytest.fixture
def lesson(city) -> Lesson:
    start = clock.now() + timedelta(days=3)
    offering = OfferingFactory(state=OfferingState.PLANNED, lead_teacher=None)
    return LessonFactory(offering=offering, starts_at=start, ends_at=start + timedelta(hours=3), title="旧题")


def test_a_lesson_changed_in_between_is_told(staff_client, lesson):
    url = reverse("admin:courses_offering_change", args=[lesson.offering_id])
    sent = _form(staff_client, url)
    Lesson.objects.filter(pk=lesson.pk).update(title="新题")
    answer = staff_client.post(url, {**sent, "title": "改名"})
    assert (answer.status_code, "课次" in str(answer.context["adminform"].form.non_field_errors())) == (
        200,
        True,
    )
    assert Lesson.objects.get().title == "新题"


def test_a_lesson_added_in_between_stays(staff_client, lesson):
    url = reverse("admin:courses_offering_change", args=[lesson.offering_id])
    sent = _form(staff_client, url)
    later = lesson.ends_at + timedelta(days=1)
    added = LessonFactory(offering=lesson.offering, starts_at=later, ends_at=later + timedelta(hours=2))
    assert staff_client.post(url, {**sent, "title": "改名"}).status_code == 302
    assert set(Lesson.objects.all()) == {lesson, added}


def test_an_untouched_offering_with_lessons_is_saved(staff_client, lesson):
    url = reverse("admin:courses_offering_change", args=[lesson.offering_id])
    answer = staff_client.post(url, {**_form(staff_client, url), "title": "改名"})
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    assert Offering.objects.get().title == "改名"


def test_an_open_round_keeps_its_topics_when_renamed(staff_client, city):
    found = SelectionRoundFactory(state=RoundState.OPEN, name="旧名")
    topic = OfferingFactory(selection_round=found)
    url = reverse("admin:courses_selectionround_change", args=[found.pk])
    assert staff_client.post(url, {**_form(staff_client, url), "name": "新名"}).status_code == 302
    topic.refresh_from_db()
    found.refresh_from_db()
    assert (found.name, topic.selection_round_id) == ("新名", found.pk)


def test_a_row_that_is_struck_out_is_no_change_of_others(staff_client, city):
    scheme = make_scheme(2025, state=SchemeState.DRAFT)
    url = reverse("admin:trainees_creditscheme_change", args=[scheme.pk])
    answer = staff_client.post(url, {**_form(staff_client, url), "caps-0-DELETE": "on"})
    assert answer.status_code == 302, answer.context["adminform"].form.errors
    assert not scheme.caps.exists()
