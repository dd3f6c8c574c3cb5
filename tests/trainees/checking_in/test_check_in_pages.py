"""The pages of checking in: the phone's, the screen's, the roll's; who may open them, and what hostile hands get."""

import uuid
from datetime import timedelta

import pytest
from django.urls import reverse

from partyschool.accounts.enums import Role
from partyschool.common import clock
from tests.admin.clients import logged_in
from tests.factories.accounts import make_user
from tests.factories.check_ins import (
    code_at,
    half_day_lessons,
    lesson_at,
    statuses,
    token_at,
    trainee_at,
)
from tests.factories.faculty import TeacherFactory
from tests.trainees.checking_in.asking import address, denial, place_of, post_json
from trainees.enums import AttendanceStatus
from trainees.models import CheckIn, Enrolment
from trainees.rules.check_ins import token_for
from trainees.rules.check_ins_contact import contact_mark
from trainees.selectors.check_ins_rolls import tablet_roll
from trainees.services.attendance import mark_attendance
from trainees.services.check_ins import check_in_typed

pytestmark = pytest.mark.django_db(transaction=True)
HOME, QUEUE = "/checkin/", "/checkin/queue/"


def facts():
    return CheckIn.objects.unscoped("tests").count()


# --- scanning ----------------------------------------------------------------------------------------------------------------------------


def test_scanning_and_confirming(lesson, phone):
    page = phone.get(address(lesson))
    assert (page.status_code, page["Permissions-Policy"]) == (200, "geolocation=(self)")
    assert lesson.title in page.content.decode()
    assert facts() == 0
    for _twice in range(2):
        answer = phone.post(page.wsgi_request.path, {"latitude": "29.56", "longitude": "106.55"})
        assert (answer.status_code, answer["Location"]) == (303, HOME)
    assert (facts(), statuses(lesson)) == (1, ["present"])
    stored = CheckIn.objects.unscoped("tests").get()
    assert (len(stored.device), str(stored.latitude)) == (64, "29.560000")
    # Scanning once more leads to the list that says so.
    assert phone.get(address(lesson))["Location"] == HOME


def test_signed_out_scanning_leads_through_the_log_in_and_back(client, lesson, cadre, morning):
    scanned = address(lesson)
    answer = client.get(scanned)
    assert (answer.status_code, answer["Location"]) == (302, f"/accounts/login/?next={scanned}")
    cadre.user.set_password("a-long-password-of-mine")
    cadre.user.save()
    credentials = {"username": cadre.user.username, "password": "a-long-password-of-mine", "next": scanned}
    assert client.post("/accounts/login/", credentials)["Location"] == scanned
    # The code is off the screen by now; that this browser scanned it in time is known.
    morning.shift(timedelta(minutes=4))
    assert client.get(scanned).status_code == 200
    assert client.post(scanned).status_code == 303
    assert statuses(lesson) == ["present"]


def test_an_old_code_is_refused_to_whoever_did_not_scan_it_in_time(lesson, phone, morning):
    old = reverse("trainees:checkin_scan", args=[token_at(lesson, clock.now() - timedelta(seconds=30))])
    for answer in (phone.get(old), phone.post(old)):
        assert (answer.status_code, denial(answer)) == (409, "code_expired")
    scanned = address(lesson)
    assert phone.get(scanned).status_code == 200
    morning.shift(timedelta(minutes=10, seconds=1))
    for answer in (phone.get(scanned), phone.post(scanned)):
        assert (answer.status_code, denial(answer)) == (409, "code_expired")
    assert facts() == 0


@pytest.mark.parametrize("token", ["x", "1.1.AAAAAAAAAAAAAAAAAAAAAA", "%00", "queue.", "a" * 300, "٣.1.A"])
def test_forged_codes_are_not_found(phone, client, token):
    for one in (phone, client):
        assert one.get(f"/checkin/{token}/").status_code in {400, 404}


def test_other_peoples_lessons_are_refused(lesson, phone):
    foreign = lesson_at(clock.now())
    for deed in (phone.get, phone.post):
        answer = deed(address(foreign))
        assert (answer.status_code, denial(answer)) == (409, "not_eligible")
    assert facts() == 0


def test_a_session_of_another_browser_gives_nothing(lesson, cadre):
    first, second = logged_in(cadre.user), logged_in(trainee_at(lesson).user)
    shared = address(lesson)
    first.get(shared)
    old = reverse("trainees:checkin_scan", args=[token_for(lesson.pk, 1)])
    assert denial(second.get(old)) == "code_expired"
    # Both scanned the same code in time: each checks in for himself, whoever opened it first.
    assert [first.post(shared).status_code, second.post(shared).status_code] == [303, 303]
    assert facts() == 2


@pytest.mark.parametrize("role", [Role.STAFF, Role.TEACHER, Role.OFFICER])
def test_who_is_no_trainee_cannot_check_in(lesson, role, city):
    client = logged_in(make_user(role, unit=city.east))
    assert client.get(address(lesson)).status_code == 403
    assert client.post(address(lesson)).status_code == 403
    assert client.get(HOME).status_code == 403


def test_nonsense_for_a_place_is_refused(lesson, phone):
    scanned = address(lesson)
    phone.get(scanned)
    assert phone.post(scanned, {"latitude": "91", "longitude": "1"}).status_code == 409
    assert facts() == 0


# --- typing ------------------------------------------------------------------------------------------------------------------------------


def test_the_page_lists_the_day_and_takes_digits(lesson, phone):
    page = phone.get(HOME)
    assert lesson.title in page.content.decode()
    answer = phone.post(HOME, {"key": uuid.uuid4(), "code": code_at(lesson)})
    assert (answer.status_code, statuses(lesson)) == (303, ["present"])
    assert [one.mark.status for one in phone.get(HOME).context["sittings"]] == ["present"]


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "123 45x"])
def test_what_are_no_six_digits_is_told_in_the_form(phone, code):
    assert phone.post(HOME, {"key": uuid.uuid4(), "code": code}).status_code == 409


def test_wrong_digits_are_told_on_the_page(lesson, phone):
    wrong = f"{(int(code_at(lesson)) + 1) % 10**6:06}"
    answer = phone.post(HOME, {"key": uuid.uuid4(), "code": wrong})
    assert (answer.status_code, denial(answer)) == (409, "wrong_code")


@pytest.mark.parametrize("number", [1, 3])
def test_page_has_one_number_of_queries(number, phone, lesson, cadre, django_assert_num_queries):
    for place in range(1, number):
        other = lesson_at(clock.now() + timedelta(minutes=place))
        Enrolment.objects.create(cadre=cadre, offering=other.offering, created_by=cadre.user)
    phone.get(HOME)
    with django_assert_num_queries(8):
        phone.get(HOME)


# --- the queue of a phone ----------------------------------------------------------------------------------------------------------------


def waited(cadre, lesson, seen_at, *, shown_at=None, **fields):
    """What a phone sends of a code that it kept, typed on a page shown at `shown_at` (a minute before, by default)."""
    mark = contact_mark(cadre.user_id, shown_at or seen_at - timedelta(minutes=1))
    entry = {
        "key": str(uuid.uuid4()),
        "code": code_at(lesson, seen_at),
        "at": seen_at.isoformat(),
        "page": mark,
    }
    return entry | fields


def answered(phone, *entries):
    """Whether each of `entries` counted."""
    answers = post_json(phone, QUEUE, {"waiting": entries}).json()["answers"]
    return [one["done"] for one in answers]


def test_what_was_typed_before_its_page_was_shown_does_not_count(lesson, cadre, phone):
    """Somebody opens the page after a friend sent the code, and says it was typed when it was on the screen."""
    seen_at = clock.now() - timedelta(minutes=3)
    false = [
        waited(cadre, lesson, seen_at, shown_at=seen_at + timedelta(minutes=1)),
        waited(cadre, lesson, seen_at, page=""),
        waited(cadre, lesson, seen_at, page="x" * 90),
        waited(cadre, lesson, seen_at, page=contact_mark(cadre.user_id + 1, seen_at)),
        waited(cadre, lesson, clock.now() + timedelta(minutes=4), shown_at=seen_at),
        waited(cadre, lesson, seen_at, code=code_at(lesson, seen_at - timedelta(minutes=1))),
    ]
    assert answered(phone, *false) == [False] * len(false)
    assert facts() == 0
    assert answered(phone, waited(cadre, lesson, seen_at, shown_at=seen_at)) == [True]


@pytest.mark.parametrize(("contact_minutes_ago", "counts"), [(16, False), (14, True), (40, True)])
def test_a_phone_that_had_contact_since_did_not_wait(
    lesson, cadre, phone, monkeypatch, contact_minutes_ago, counts
):
    """A page that was shown a moment ago sends what waits; one that was shown long ago would have sent it."""
    now = clock.now()
    seen_at = now - timedelta(minutes=20)
    lesson.starts_at = seen_at
    lesson.save()
    with monkeypatch.context() as past:
        past.setattr(clock, "now", lambda: now - timedelta(minutes=contact_minutes_ago))
        phone.get(HOME)
    phone.get(HOME)
    assert answered(phone, waited(cadre, lesson, seen_at, shown_at=now - timedelta(minutes=45))) == [counts]


@pytest.mark.parametrize(("minutes", "flagged"), [(59, False), (61, True)])
def test_what_came_later_than_usual_is_shown_to_who_keeps_the_roll(lesson, cadre, minutes, flagged):
    seen_at = lesson.starts_at
    check_in_typed(
        code=code_at(lesson, seen_at),
        sighting_key=uuid.uuid4(),
        by=cadre.user,
        seen_at=seen_at,
        now=seen_at + timedelta(minutes=minutes),
    )
    (row,) = tablet_roll(lesson, make_user(Role.STAFF)).rows
    assert row.sent_late is flagged


def test_what_waited_is_sent_once_and_each_is_answered(lesson, cadre, phone):
    seen_at = clock.now() - timedelta(minutes=3)
    entries = [
        waited(cadre, lesson, seen_at),
        waited(cadre, lesson, seen_at, code="000000"),
        {"key": "no key", "code": "1", "at": ""},
    ]
    for _twice in range(2):
        answers = post_json(phone, QUEUE, {"waiting": entries}).json()["answers"]
        assert [(one["key"], one["done"], one["again"]) for one in answers] == [
            (entries[0]["key"], True, False),
            (entries[1]["key"], False, False),
            ("no key", False, False),
        ]
    assert (facts(), statuses(lesson)) == (1, ["present"])


@pytest.mark.parametrize(
    "body",
    ["", "[]", "{", '{"waiting": 1}', '{"waiting": [1]}', '{"waiting": [' + "{}," * 60 + "{}]}", "[" * 5000],
)
def test_odd_bodies_are_bad_requests(phone, body):
    assert post_json(phone, QUEUE, body).status_code == 400


def test_odd_instants_are_bad_requests(phone, lesson):
    for at in ("yesterday", "2025-06-02", "2025-06-02T08:00:00", "9999-99-99T00:00:00Z"):
        entry = {"key": str(uuid.uuid4()), "code": "123456", "at": at}
        assert post_json(phone, QUEUE, {"waiting": [entry]}).status_code == 400


# --- the screen --------------------------------------------------------------------------------------------------------------------------


def test_the_screen_shows_the_code_of_now_and_who_has_come(lesson, keeper, phone):
    screen = reverse("trainees:checkin_screen", args=[lesson.pk])
    page = keeper.get(screen)
    text = page.content.decode()
    assert page.context["address"].endswith(address(lesson)) or page.context["address"]
    assert "<svg" in text
    assert 'data-came="0"' in text
    shown = page.context["address"].removeprefix("http://testserver")
    phone.get(shown)
    assert phone.post(shown).status_code == 303
    fragment = keeper.get(reverse("trainees:checkin_code", args=[lesson.pk]), headers={"HX-Request": "true"})
    assert 'data-came="1"' in fragment.content.decode()
    assert "<html" not in fragment.content.decode()


def test_a_screen_outside_the_window_shows_no_code(keeper, lesson):
    for starts_at in (clock.now() + timedelta(hours=6), clock.now() - timedelta(hours=20)):
        other = lesson_at(starts_at, offering=lesson.offering)
        other.teacher = lesson.teacher
        other.save()
        text = keeper.get(reverse("trainees:checkin_screen", args=[other.pk])).content.decode()
        assert "<svg" not in text


def pages_of(lesson):
    return [
        reverse(f"trainees:{name}", args=[lesson.pk])
        for name in ("checkin_screen", "checkin_code", "roll", "roll_marks")
    ]


def test_only_those_who_keep_the_roll_see_screen_and_roll(lesson, keeper, phone):
    staff, other = logged_in(make_user(Role.STAFF)), TeacherFactory(user=make_user(Role.TEACHER))
    leader = TeacherFactory(user=make_user(Role.TEACHER))
    lesson.offering.lead_teacher = leader
    lesson.offering.save()
    stranger = logged_in(other.user)
    for url in pages_of(lesson)[:3]:
        allowed = [one.get(url).status_code for one in (keeper, staff, logged_in(leader.user))]
        assert allowed == [200, 200, 200]
        assert [stranger.get(url).status_code, phone.get(url).status_code] == [404, 403]
    marks = pages_of(lesson)[3]
    assert [post_json(one, marks, {"marks": []}).status_code for one in (stranger, phone)] == [404, 403]


def test_a_teacher_of_another_lesson_of_the_class_does_not_call_this_roll(lesson):
    other = TeacherFactory(user=make_user(Role.TEACHER))
    beside = lesson_at(clock.now() - timedelta(days=1), offering=lesson.offering)
    beside.teacher = other
    beside.save()
    client = logged_in(other.user)
    assert client.get(reverse("trainees:roll", args=[beside.pk])).status_code == 200
    assert client.get(reverse("trainees:roll", args=[lesson.pk])).status_code == 404


def test_a_half_day_is_shown_as_one_sitting(city):
    first, second = half_day_lessons(clock.now().replace(hour=1, minute=0, second=0, microsecond=0))
    cadre = trainee_at(first)
    page = logged_in(cadre.user).get(HOME)
    assert [[one.pk for one in found.sitting] for found in page.context["sittings"]] == [
        [first.pk, second.pk]
    ]


def test_the_attendance_page_explains_marks_down_to_the_check_in(lesson, cadre, phone):
    scanned = address(lesson)
    phone.get(scanned)
    phone.post(scanned)
    place = place_of(cadre)
    page = reverse("trainees:credits_offering", args=[lesson.offering_id])
    line = phone.get(page).context["account"].lessons[0]
    assert (line.in_force.check_in.seen_at, line.other_check_ins) == (line.in_force.check_in.seen_at, [])
    mark_attendance(
        lesson_id=lesson.pk, marks={place.pk: "left_early"}, by=make_user(Role.STAFF), now=lesson.starts_at
    )
    text = phone.get(page).content.decode()
    assert str(AttendanceStatus.LEFT_EARLY.label) in text
    assert "08:30" in text


def test_a_check_in_that_the_roll_stands_above_is_shown(lesson, cadre, phone):
    place = place_of(cadre)
    mark_attendance(
        lesson_id=lesson.pk, marks={place.pk: "absent"}, by=make_user(Role.STAFF), now=lesson.starts_at
    )
    scanned = address(lesson)
    phone.get(scanned)
    phone.post(scanned)
    page = reverse("trainees:credits_offering", args=[lesson.offering_id])
    (line,) = phone.get(page).context["account"].lessons
    assert (line.in_force.status, [one.source for one in line.other_check_ins]) == ("absent", ["qr"])
