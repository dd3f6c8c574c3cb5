"""The forum's announcements: what everybody may read, and what nobody reads there."""

from datetime import date, timedelta

import pytest
from django.urls import reverse

from courses.enums import OfferingState, RoundState, WaitingMode
from partyschool.common import clock
from tests.factories.accounts import City, make_user
from tests.factories.courses import LessonFactory, OfferingFactory, RoomFactory
from tests.factories.faculty import TeacherFactory
from tests.factories.trainees import EnrolmentFactory
from tests.trainees.forum_sessions import NOW, open_round, page_of, session, url_of
from trainees.enums import Rank
from trainees.selectors.forum import announcement_of

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def june(monkeypatch):
    """It is 10 June 2025."""
    monkeypatch.setattr(clock, "now", lambda: NOW)


# -- what is announced


def test_coming_session_stands_first_like_a_poster(client):
    speaker = TeacherFactory(name="周讲席", title="省委党校教授", field="不上海报的领域", code="T-SECRET")
    hall = RoomFactory(name="学术报告厅")
    coming = session(
        title="长江流域生态保护", lead_teacher=speaker, selection_round=open_round(), lesson={"room": hall}
    )
    session(date(2025, 9, 26), title="秋天的一场")
    session(date(2025, 3, 28), title="春天的一场")
    shown = page_of(client)
    poster = shown[shown.index('class="poster"') : shown.index("</article>")]
    for fact in (
        "长江流域生态保护",
        "周讲席",
        "省委党校教授",
        "学术报告厅",
        "2025年6月27日 09:00–11:30",
        "北京时间",
    ):
        assert fact in poster
    assert "剩余 100 个名额" in poster or "100" in poster
    assert "全市干部" in poster
    assert reverse("trainees:topic", args=[coming.pk]) in poster
    assert [title for title in ("秋天的一场", "春天的一场") if title in poster] == []
    assert "不上海报的领域" not in shown
    assert "T-SECRET" not in shown
    positions = [
        shown.index(title, shown.index("forum-list")) for title in ("春天的一场", "长江流域", "秋天的一场")
    ]
    assert positions == sorted(positions)


def test_enrolment_leads_through_the_log_in_to_the_topic(client):
    coming = session(selection_round=open_round())
    topic = reverse("trainees:topic", args=[coming.pk])
    assert topic in page_of(client, url_of(coming))
    answer = client.get(topic)
    assert (answer.status_code, answer["Location"]) == (302, f"{reverse('accounts:login')}?next={topic}")


@pytest.mark.parametrize("state", [OfferingState.PLANNED, OfferingState.CANCELLED])
def test_session_that_was_never_announced_is_not_found(client, state):
    hidden = session(title="没有公布的一场", state=state)
    drafted = session(
        date(2025, 7, 4), title="取消的草案", state=state, selection_round=open_round(state=RoundState.DRAFT)
    )
    shown = page_of(client)
    assert "没有公布的一场" not in shown
    assert "取消的草案" not in shown
    assert [client.get(url_of(one)).status_code for one in (hidden, drafted)] == [404, 404]


def test_session_called_off_is_told_of_and_not_the_coming_one(client):
    off = session(
        date(2025, 6, 20), title="取消的一场", state=OfferingState.CANCELLED, selection_round=open_round()
    )
    session(title="照常的一场")
    shown = page_of(client)
    assert "照常的一场" in shown[: shown.index("</article>")]
    assert "取消的一场" in shown[shown.index("</article>") :]
    told = page_of(client, url_of(off))
    assert "本场讲坛不再举办" in told
    assert reverse("trainees:topic", args=[off.pk]) not in told


def test_other_kinds_are_no_sessions(client):
    topic = OfferingFactory(title="一堂选学专题", series="liangjiang-forum", year=2025)
    assert "一堂选学专题" not in page_of(client)
    assert client.get(url_of(topic)).status_code == 404


@pytest.mark.parametrize(
    ("fields", "phase"),
    [
        (None, "later"),
        ({"state": RoundState.DRAFT}, "later"),
        ({"opens_at": NOW + timedelta(hours=1)}, "soon"),
        ({"opens_at": NOW}, "open"),
        ({"closes_at": NOW}, "over"),
        ({"state": RoundState.CLOSED}, "over"),
        ({"state": RoundState.CHANGE, "closes_at": NOW, "change_closes_at": NOW + timedelta(days=1)}, "open"),
        (
            {
                "state": RoundState.CHANGE,
                "opens_at": NOW - timedelta(days=3),
                "closes_at": NOW - timedelta(days=1),
                "change_closes_at": NOW,
            },
            "over",
        ),
    ],
)
def test_phase_follows_the_round(fields, phase):
    made = session(selection_round=None if fields is None else open_round(**fields))
    assert announcement_of(made.pk).phase == phase


@pytest.mark.parametrize(("minutes", "phase"), [(1, "open"), (0, "over")])
def test_nobody_is_asked_to_come_once_a_session_has_begun(minutes, phase):
    start = NOW + timedelta(minutes=minutes)
    lesson = {"starts_at": start, "ends_at": start + timedelta(hours=2)}
    found = announcement_of(session(date(2025, 6, 10), selection_round=open_round(), lesson=lesson).pk)
    assert (found.phase, found.enrolment_ends_at) == (phase, start)


@pytest.mark.parametrize(("minutes", "phase"), [(-1, "later"), (0, "held"), (1, "held")])
def test_session_is_held_when_its_last_lesson_has_ended(minutes, phase):
    end = NOW - timedelta(minutes=minutes)
    made = session(date(2025, 6, 10), lesson={"starts_at": end - timedelta(hours=2), "ends_at": end})
    assert announcement_of(made.pk).phase == phase


def test_full_session_names_the_line_only_where_there_is_one(client):
    full = session(capacity=1, selection_round=open_round())
    EnrolmentFactory(offering=full, created_by=make_user())
    assert "候补" in page_of(client, url_of(full))
    full.selection_round.waiting = WaitingMode.NONE
    full.selection_round.save()
    shown = page_of(client, url_of(full))
    assert "名额已满" in shown
    assert "可登记候补" not in shown


def test_who_may_come_stands_in_words(client):
    city = City()
    found = open_round(ranks=[Rank.TOWNSHIP_SECTION])
    found.units.add(city.east)
    shown = page_of(client, url_of(session(selection_round=found)))
    assert str(Rank.TOWNSHIP_SECTION.label) in shown
    assert city.east.name in shown
    assert "全市干部<" not in shown


def test_lesson_that_was_called_off_is_not_announced(client):
    made = session()
    LessonFactory(offering=made, title="撤下的一讲", cancelled_at=NOW)
    assert "撤下的一讲" not in page_of(client, url_of(made))


def test_session_without_a_lesson_yet_has_its_day(client):
    made = session(lesson=None)
    shown = page_of(client, url_of(made))
    assert "2025年6月27日" in shown
    assert "时间待定" in shown or "待公布" in shown or "待通知" in shown
