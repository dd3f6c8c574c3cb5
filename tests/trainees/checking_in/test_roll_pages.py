"""The pages of the roll: who keeps it, what is saved, what it tells of phones and places."""

from datetime import timedelta

import pytest
from django.urls import reverse
from django.utils import translation

from partyschool.accounts.enums import Role
from partyschool.common import clock
from tests.admin.clients import logged_in
from tests.factories.accounts import make_user
from tests.factories.check_ins import (
    lesson_at,
    statuses,
    trainee_at,
)
from tests.trainees.checking_in.asking import address, denial, place_of, post_json

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def begun(lesson):
    """A lesson of the same teacher that ends when the other begins."""
    other = lesson_at(lesson.starts_at - timedelta(hours=1), hours=1)
    other.teacher = lesson.teacher
    other.save()
    return other


def test_the_list_of_the_day_holds_the_own_lessons(lesson, begun, keeper):
    foreign = lesson_at(clock.now())
    text = keeper.get("/rolls/").content.decode()
    assert (lesson.title in text, foreign.title in text) == (True, False)
    assert foreign.title in logged_in(make_user(Role.STAFF)).get("/rolls/").content.decode()
    for day in ("2025-02-30", "x", "0001-01-01"):
        assert keeper.get("/rolls/", {"day": day}).status_code == 404
    assert keeper.get("/rolls/", {"day": "2025-06-02"}).status_code == 200


@pytest.mark.parametrize("number", [1, 3])
def test_list_and_roll_have_one_number_of_queries(number, begun, keeper, django_assert_num_queries):
    for _each in range(number):
        trainee_at(begun)
        trainee_at(lesson_at(clock.now()))
    staff = logged_in(make_user(Role.STAFF))
    staff.get("/rolls/")
    with django_assert_num_queries(5):
        staff.get("/rolls/")
    with django_assert_num_queries(9):
        keeper.get(reverse("trainees:roll", args=[begun.pk]))


def test_the_form_as_a_whole_saves_and_is_stale_after_others(begun, keeper):
    first, second = place_of(trainee_at(begun)), place_of(trainee_at(begun))
    url = reverse("trainees:roll", args=[begun.pk])
    sent = {"seen": 0, f"mark-{first.pk}": "present", f"mark-{second.pk}": "absent"}
    assert keeper.post(url, sent).status_code == 303
    assert sorted(statuses(begun)) == ["absent", "present"]
    answer = keeper.post(url, sent | {f"mark-{first.pk}": "late"})
    assert (answer.status_code, denial(answer)) == (409, "stale")
    assert f'name="mark-{first.pk}" value="late" checked' in answer.content.decode()


def test_taps_are_saved_and_what_is_left_out_is_said(begun, keeper):
    first, second = place_of(trainee_at(begun)), place_of(trainee_at(begun, name="后来又改的人"))
    now = clock.now()

    def send(place, status, at):
        row = {"person": place.pk, "status": status, "at": at.isoformat()}
        return post_json(keeper, reverse("trainees:roll_marks", args=[begun.pk]), {"marks": [row]})

    assert send(first, "late", now).json() == {"written": 1, "older": [], "gone": []}
    assert send(second, "absent", now).json()["written"] == 1
    assert send(second, "present", now - timedelta(minutes=5)).json() == {
        "written": 0,
        "older": [second.pk],
        "gone": [],
    }
    assert "后来又改的人" in keeper.get("/rolls/").content.decode()
    refused = send(first, "present", now - timedelta(hours=3))
    assert (refused.status_code, refused.json()["code"]) == (409, "lesson_not_begun")


@pytest.mark.parametrize(
    "row",
    [
        {},
        {"person": "1", "status": "late", "at": "2025-06-02T08:00:00Z"},
        {"person": 1, "status": "x", "at": "2025-06-02T08:00:00Z"},
        {"person": 2**70, "status": "late", "at": "2025-06-02T08:00:00Z"},
        {"person": 1, "status": "late", "at": 5},
        {"person": 1, "status": ["late"], "at": "2025-06-02T08:00:00Z"},
        {"person": True, "status": "late", "at": None},
    ],
)
def test_odd_marks_are_bad_requests(begun, keeper, row):
    assert (
        post_json(keeper, reverse("trainees:roll_marks", args=[begun.pk]), {"marks": [row]}).status_code
        == 400
    )


def test_the_roll_tells_of_shared_phones_and_places(lesson, cadre, keeper):
    friend = trainee_at(lesson, name="借手机的人")
    scanned = address(lesson)
    phone = logged_in(cadre.user)
    phone.get(scanned)
    phone.post(scanned, {"latitude": "29.5", "longitude": "106.5"})
    other = logged_in(friend.user)
    other.cookies["check_in_device"] = phone.cookies["check_in_device"].value
    other.get(scanned)
    other.post(scanned)
    with translation.override("en"):
        page = keeper.get(reverse("trainees:roll", args=[lesson.pk]), headers={"Accept-Language": "en"})
    rows = {row.enrolment.cadre.name: row for row, _choice in page.context["rows"]}
    assert rows["签到学员"].same_device == ["借手机的人"]
    assert rows["借手机的人"].same_device == ["签到学员"]
    text = page.content.decode()
    assert "29.5" not in text
    assert statuses(lesson) == ["present", "present"]
