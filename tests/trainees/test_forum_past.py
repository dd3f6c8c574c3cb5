"""The forum looking back, its series, its public copies, calendar file and what it shares with electives."""

from datetime import date, time, timedelta

import pytest
from django.urls import reverse
from icalendar import Calendar

from courses.enums import OfferingState
from courses.models import SeatCount
from partyschool.accounts.enums import Role
from partyschool.common import clock
from tests.factories.accounts import City, make_user
from tests.factories.courses import RoomFactory
from tests.factories.faculty import TeacherFactory
from tests.factories.trainees import CadreFactory, EnrolmentFactory
from tests.trainees.forum_sessions import FORUM, NOW, open_round, page_of, session, url_of
from trainees.enums import EnrolmentState
from trainees.models import Enrolment
from trainees.rules.electives import selection_denial
from trainees.selectors.electives import facts_for_user

pytestmark = pytest.mark.django_db
CANARY = "绝不可见的学员"


@pytest.fixture(autouse=True)
def june(monkeypatch):
    """It is 10 June 2025."""
    monkeypatch.setattr(clock, "now", lambda: NOW)


def conclude(offering):
    """As closing leaves an offering, without its entries."""
    SeatCount.objects.filter(offering=offering).update(frozen=True)
    offering.state, offering.closed_at = OfferingState.CLOSED, NOW
    offering.save()


# -- past sessions


def test_past_sessions_tell_how_many_came_and_no_name(client):
    made = session(date(2024, 11, 29), title="去年的一场")
    for state in (EnrolmentState.COMPLETED, EnrolmentState.COMPLETED, EnrolmentState.NOT_COMPLETED):
        cadre = CadreFactory(name=CANARY, user=make_user(full_name=CANARY))
        place = EnrolmentFactory(offering=made, cadre=cadre, created_by=cadre.user)
        Enrolment.objects.unscoped("tests").filter(pk=place.pk).update(
            state=state, ended_at=NOW, ended_by=cadre.user
        )
    conclude(made)
    for shown in (page_of(client, year="2024"), page_of(client, url_of(made)), page_of(client, q="去年")):
        assert "2人参加" in shown
        assert CANARY not in shown


@pytest.mark.parametrize("year", ["", "1999", "abc", "²", "9" * 30])
def test_unknown_year_is_the_present_one(client, year):
    session(title="今年的一场")
    session(date(2024, 6, 28), title="去年的一场")
    shown = page_of(client, year=year)
    assert "今年的一场" in shown
    assert "去年的一场" not in shown


def test_words_are_looked_for_in_every_year_newest_first(client):
    session(title="城市更新新篇")
    session(date(2023, 6, 30), title="城市更新", lead_teacher=TeacherFactory(name="吴城建"))
    session(date(2024, 6, 28), title="别的题目", summary="从百分之百%的城市更新谈起")
    shown = page_of(client, q=" 城市  更新 ")
    positions = [
        shown.index(title, shown.index("forum-list"))
        for title in ("城市更新新篇", "别的题目", "城市更新</a>")
    ]
    assert positions == sorted(positions)
    assert "别的题目" in page_of(client, q="之百%的")
    assert "没有找到相关场次" in page_of(client, q="100_")
    assert "城市更新" in page_of(client, q="吴城建")


def test_long_lists_are_walked_by_key(client):
    for number in range(14):
        session(date(2025, 1, 6) + timedelta(weeks=number), title=f"场次{number:02}")
    first = client.get(FORUM).context["programme"].page
    rest = client.get(FORUM, {"after": first.next_cursor}).context["programme"].page
    titles = [one.session.title for page in (first, rest) for one in page.rows]
    assert titles == [f"场次{number:02}" for number in range(14)]
    assert client.get(FORUM, {"after": "abc"}).status_code == 409


@pytest.mark.parametrize("name", ["q", "year", "after", "before", "page"])
@pytest.mark.parametrize(
    "value", ["²", "9" * 5000, "\ud800", "' or 1=1 --", "%", "WyJ4Il0", "W251bGwsbnVsbF0", "2025-13-45"]
)
def test_damaged_query_is_answered(client, name, value):
    session()
    answer = client.get(FORUM, {name: value.encode("utf-8", "surrogatepass")})
    assert answer.status_code == (409 if name in {"after", "before"} else 200)


# -- series


def test_other_series_have_their_own_page(client, settings):
    settings.FORUM_SERIES = {"liangjiang-forum": "两江讲坛", "youth": "青年讲堂"}
    session(title="主讲坛的一场")
    session(title="没有系列的一场", series="")
    session(title="青年的一场", series="youth")
    shown = page_of(client)
    assert "主讲坛的一场" in shown
    assert "没有系列的一场" in shown
    assert "青年的一场" not in shown
    assert "青年讲堂" in shown
    other = page_of(client, reverse("trainees:forum_series", args=["youth"]))
    assert "青年的一场" in other
    assert "主讲坛的一场" not in other
    own = client.get(reverse("trainees:forum_series", args=["liangjiang-forum"]))
    assert (own.status_code, own["Location"]) == (302, FORUM)
    assert client.get(reverse("trainees:forum_series", args=["nothing"])).status_code == 404


def test_empty_forum_says_so(client):
    shown = page_of(client)
    assert "近期暂无讲坛" in shown
    assert "本年度尚未安排讲坛" in shown


# -- a public page


@pytest.mark.parametrize("where", ["list", "session"])
def test_strangers_share_a_copy_that_holds_nothing_of_anybody(client, where):
    made = session(selection_round=open_round())
    answer = client.get(FORUM if where == "list" else url_of(made))
    assert answer["Cache-Control"] == "public, max-age=60"
    assert {"Cookie", "Accept-Language"} <= {part.strip() for part in answer["Vary"].split(",")}
    assert answer.cookies == {}
    assert b"csrf" not in answer.content.lower()


@pytest.mark.parametrize("role", [Role.TRAINEE, Role.STAFF])
def test_own_page_is_kept_by_nobody(client, role):
    made = session(selection_round=open_round())
    client.force_login(make_user(role))
    answer = client.get(url_of(made))
    assert "private" in answer["Cache-Control"]
    assert "public" not in answer["Cache-Control"]
    leads = reverse("trainees:topic", args=[made.pk]) in answer.content.decode()
    assert leads == (role == Role.TRAINEE)


def test_refusals_and_stale_sessions_are_not_kept(client):
    assert "public" not in client.get(f"{FORUM}nothing/").get("Cache-Control", "")
    client.cookies["sessionid"] = "gone"
    assert "public" not in client.get(FORUM).get("Cache-Control", "")


def test_titles_are_shown_as_text(client):
    hostile = '"><script>alert(1)</script>{{ 7*7 }}'
    made = session(
        title=hostile,
        summary="<img src=x onerror=alert(1)>",
        lead_teacher=TeacherFactory(name="<b>周</b>", title="'\"><i>"),
        selection_round=open_round(),
    )
    for where in (FORUM, url_of(made)):
        shown = page_of(client, where)
        for part in ("<script>alert", "<img src=x", "<b>周", '"><i>'):
            assert part not in shown
    assert "<script>alert" not in page_of(client, q=hostile)


def test_shared_link_tells_what_it_is(client, settings):
    settings.SITE_URL = "https://portal.example.cn"
    made = session(title="科技创新", lead_teacher=TeacherFactory(name="周讲席"))
    shown = page_of(client, url_of(made))
    assert "<title>科技创新" in shown
    assert f'<meta property="og:url" content="https://portal.example.cn{url_of(made)}">' in shown
    assert (
        '<meta name="description" content="科技创新 · 2025年6月27日 09:00–11:30（北京时间） · 周讲席">'
        in shown
    )
    assert "noindex" not in shown


def test_language_is_chosen_on_a_page_with_a_form(client):
    shown = page_of(client)
    link = f"{reverse('home:language')}?next={FORUM}"
    assert link in shown
    form = page_of(client, link)
    assert f'name="next" value="{FORUM}"' in form
    assert 'name="next" value="/"' in page_of(
        client, reverse("home:language"), next="https://elsewhere.example/"
    )
    chosen = client.post(reverse("set_language"), {"language": "en", "next": FORUM})
    assert chosen["Location"] == FORUM
    assert "Sessions of 2025" in page_of(client)


@pytest.mark.parametrize("rows", [1, 3])
def test_pages_cost_the_same_whatever_they_show(client, django_assert_num_queries, rows):
    for number in range(rows):
        found = open_round()
        found.units.add(City().east) if number == 0 else None
        made = session(
            date(2025, 6, 20) + timedelta(weeks=number),
            lead_teacher=TeacherFactory(),
            selection_round=found,
            lesson={"room": RoomFactory()},
        )
        conclude(session(date(2025, 1, 10) + timedelta(weeks=number), lead_teacher=TeacherFactory()))
    with django_assert_num_queries(8):
        client.get(FORUM)
    with django_assert_num_queries(3):
        client.get(url_of(made))


# -- for anybody's calendar


def test_session_comes_as_a_calendar_file(client, settings):
    settings.SITE_URL = "https://portal.example.cn"
    made = session(
        title="长江流域\r\nATTENDEE:x",
        lead_teacher=TeacherFactory(name="周讲席"),
        lesson={"room": RoomFactory(name="报告厅")},
    )
    file = reverse("trainees:forum_session_file", args=[made.pk])
    assert file in page_of(client, url_of(made))
    answer = client.get(file)
    assert answer["Content-Type"] == "text/calendar; charset=utf-8"
    calendar = Calendar.from_ical(b"".join(answer.streaming_content))
    (event,) = calendar.walk("VEVENT")
    assert "ATTENDEE" not in event
    assert (event.start, event.end) == (
        clock.school_instant(date(2025, 6, 27), time(9)),
        clock.school_instant(date(2025, 6, 27), time(11, 30)),
    )
    assert (event["LOCATION"], event["DESCRIPTION"], event["STATUS"]) == (
        "报告厅",
        "主讲人：周讲席",
        "CONFIRMED",
    )
    assert event["URL"] == f"https://portal.example.cn{url_of(made)}"
    assert calendar["X-WR-CALNAME"] == "两江讲坛"


def test_session_without_a_time_or_announcement_has_no_calendar_file(client):
    for made in (session(lesson=None), session(state=OfferingState.PLANNED)):
        assert client.get(reverse("trainees:forum_session_file", args=[made.pk])).status_code == 404


# -- the same enrolment as electives


def test_who_attended_one_session_may_come_to_the_next(client):
    found = open_round(repeats_allowed=False, max_picks=4)
    cadre = CadreFactory(user=make_user(Role.TRAINEE))
    attended = session(date(2025, 3, 28), selection_round=found)
    place = EnrolmentFactory(offering=attended, cadre=cadre, created_by=cadre.user)
    Enrolment.objects.unscoped("tests").filter(pk=place.pk).update(
        state=EnrolmentState.COMPLETED, ended_at=NOW, ended_by=cadre.user
    )
    coming = session(selection_round=found)
    facts = facts_for_user(user_id=cadre.user_id, offering_id=coming.pk)
    assert selection_denial(facts, NOW) is None


def test_electives_page_speaks_of_sessions(client):
    coming = session(selection_round=open_round(name="2025年两江讲坛"))
    cadre = CadreFactory(user=make_user(Role.TRAINEE))
    client.force_login(cadre.user)
    shown = page_of(client, reverse("trainees:electives"))
    assert "报名参加" in shown
    assert "选择此专题" not in shown
    assert FORUM in shown
    topic = page_of(client, reverse("trainees:topic", args=[coming.pk]))
    assert url_of(coming) in topic
    assert "报名参加" in topic
