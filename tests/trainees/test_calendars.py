"""One's own timetable on the page, as a file, and by a secret address; what calendar programs get is read with a parser of another make."""

from datetime import timedelta
from typing import Any

import pytest
import vobject

from courses.models import Lesson
from partyschool.accounts.enums import Role
from partyschool.common import clock
from tests.factories.accounts import make_user
from tests.factories.courses import RoomFactory
from tests.factories.faculty import TeacherFactory
from tests.factories.trainees import CadreFactory, make_trainee
from tests.trainees.feeds import events, fetched, lesson_of, make
from trainees.enums import EnrolmentState
from trainees.models import CalendarFeed
from trainees.selectors.calendars import DAYS_KEPT, live_feed, own_lessons
from trainees.services.cancelling import cancel_offering

pytestmark = pytest.mark.django_db
HOSTILE = "专题；a,b;c\\n\\\n第二行\r\nBEGIN:VEVENT\r\nX: 😀👨‍👩‍👧 <b>粗</b> \u2028\u202e\x07" + "长" * 40


@pytest.fixture
def cadre() -> Any:
    return make_trainee()


# --- what is in it -----------------------------------------------------------------------------------------------------------------------


def test_feed_holds_the_own_lessons_and_their_facts(cadre, settings):
    settings.SITE_URL = "https://portal.example.org/"
    lesson = lesson_of(
        cadre, title="改革开放史", room=RoomFactory(name="第一报告厅"), teacher=TeacherFactory(name="王老师")
    )
    answer = fetched(make(cadre))
    assert (answer.status_code, answer["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    (event,) = events(answer.content)
    assert event.uid.value == f"lesson-{lesson.pk}@portal.example.org"
    assert (event.dtstart.value, event.dtend.value) == (lesson.starts_at, lesson.ends_at)
    assert event.dtstart.params["X-VOBJ-ORIGINAL-TZID"] == ["Asia/Shanghai"]
    assert event.summary.value == "改革开放史"
    assert event.description.value == "自主选学专题：乡村振兴专题班\n授课教师：王老师"
    assert event.location.value == "第一报告厅"
    assert event.url.value == f"https://portal.example.org/credits/offerings/{lesson.offering_id}/"
    assert event.status.value == "CONFIRMED"


def test_every_line_is_as_the_standard_wants_it(cadre):
    lesson_of(cadre, title=HOSTILE)
    content = fetched(make(cadre)).content
    lines = content.split(b"\r\n")
    assert lines[-1] == b""
    assert b"\n" not in content.replace(b"\r\n", b"")
    assert max(map(len, lines)) <= 75
    assert [line for line in lines if line == b"BEGIN:VEVENT"] == [b"BEGIN:VEVENT"]
    assert b"BEGIN:VTIMEZONE" in lines
    assert b"COMMENT" not in content


def test_hostile_titles_survive(cadre):
    lesson_of(
        cadre,
        title=HOSTILE,
        offering_title=HOSTILE,
        room=RoomFactory(name="A,B;C\\D 楼\n2"),
        teacher=TeacherFactory(name="<i>王</i>,老师"),
    )
    (event,) = events(fetched(make(cadre)).content)
    shown = "专题；a,b;c\\n\\ 第二行 BEGIN:VEVENT X: 😀👨👩👧 <b>粗</b>" + " " * 2 + "长" * 40
    assert event.summary.value == shown
    assert event.location.value == "A,B;C\\D 楼 2"
    assert event.description.value == f"自主选学专题：{shown}\n授课教师：<i>王</i>,老师"


def test_cancelled_lesson_says_so_and_keeps_its_name_for_programs(cadre):
    lesson = lesson_of(cadre, title="党史")
    token = make(cadre)
    (before,) = events(fetched(token).content)
    Lesson.objects.filter(pk=lesson.pk).update(cancelled_at=clock.now())
    (after,) = events(fetched(token).content)
    assert (before.status.value, after.status.value) == ("CONFIRMED", "CANCELLED")
    assert after.uid.value == before.uid.value
    assert after.summary.value == "【已取消】党史"
    assert after.transp.value == "TRANSPARENT"


def test_change_raises_the_sequence_and_the_stamps(cadre):
    lesson = lesson_of(cadre)
    token, now = make(cadre), clock.now()
    (before,) = events(fetched(token).content)
    CalendarFeed.objects.unscoped("test").update(content_changed_at=now - timedelta(hours=3))
    moved = lesson.starts_at + timedelta(hours=4)
    Lesson.objects.filter(pk=lesson.pk).update(starts_at=moved, ends_at=moved + timedelta(hours=1))
    (earlier,) = events(fetched(token).content)
    assert earlier.dtstart.value == moved
    assert int(earlier.sequence.value) >= int(before.sequence.value)
    assert earlier.last_modified.value == earlier.dtstamp.value
    stamp = live_feed(cadre.user).content_changed_at
    assert (earlier.dtstamp.value, int(earlier.sequence.value)) == (stamp, int(stamp.timestamp()) // 60)


def test_offered_seat_is_tentative(cadre):
    lesson_of(cadre, title="数字经济", state=EnrolmentState.HELD)
    (event,) = events(fetched(make(cadre)).content)
    assert (event.status.value, event.summary.value) == ("TENTATIVE", "【待确认】数字经济")
    assert event.url.value.endswith(
        f"/electives/{own_lessons(cadre.user, since=clock.now())[0].offering_id}/"
    )


def test_what_was_given_up_is_gone(cadre, staff):
    lesson = lesson_of(cadre)
    token = make(cadre)
    assert len(events(fetched(token).content)) == 1
    cadre.enrolments.unscoped("test").update(
        state=EnrolmentState.WITHDRAWN, ended_at=clock.now(), ended_by=cadre.user
    )
    assert events(fetched(token).content) == []
    cancel_offering(offering_id=lesson.offering_id, reason="报名人数不足", by=staff)
    assert events(fetched(token).content) == []


def test_offering_that_is_called_off_stays_as_cancelled(cadre, staff):
    lesson = lesson_of(cadre, title="党史")
    token = make(cadre)
    cancel_offering(offering_id=lesson.offering_id, reason="报名人数不足", by=staff)
    (event,) = events(fetched(token).content)
    assert (event.status.value, event.summary.value) == ("CANCELLED", "【已取消】党史")
    assert event.url.value.endswith("/calendar/")


def test_finished_and_failed_places_stay_for_half_a_year(cadre):
    lesson_of(cadre, title="一", days=-3, state=EnrolmentState.ENROLLED)
    lesson_of(cadre, title="二", days=2 - DAYS_KEPT, state=EnrolmentState.ENROLLED)
    lesson_of(cadre, title="三", days=-1 - DAYS_KEPT, state=EnrolmentState.ENROLLED)
    token = make(cadre)
    places = (
        cadre.enrolments.unscoped("test").filter(offering__lessons__title__in=["一", "二"]).order_by("pk")
    )
    for place, state in zip(places, ("completed", "not_completed"), strict=True):
        place.state, place.ended_at, place.ended_by = state, clock.now(), cadre.user
        place.save()
    assert [event.summary.value for event in events(fetched(token).content)] == ["二", "一"]


def test_nobody_elses_lessons_are_in_it(cadre):
    other, manager = make_trainee(), CadreFactory(user=make_user(Role.TRAINEE, Role.STAFF))
    lesson_of(cadre, title="自己的")
    lesson_of(other, title="别人的")
    lesson_of(None, title="谁都没有的")
    for one, titles in ((cadre, ["自己的"]), (other, ["别人的"]), (manager, [])):
        assert [event.summary.value for event in events(fetched(make(one)).content)] == titles
        assert [lesson.title for lesson in own_lessons(one.user, since=clock.now())] == titles


def test_empty_feed_is_a_calendar(cadre):
    answer = fetched(make(cadre))
    (calendar,) = vobject.readComponents(answer.content.decode())
    assert calendar.prodid.value == "-//Party School Portal//Own lessons//EN"
    assert calendar.contents["x-wr-calname"][0].value.startswith("我的课程 · ")


def test_feed_speaks_the_language_in_which_it_was_made(cadre):
    lesson_of(cadre, title="数字经济", state=EnrolmentState.HELD)
    answer = fetched(make(cadre, language="en"), **{"Accept-Language": "zh-CN"})
    assert answer["Content-Language"] == "en"
    assert events(answer.content)[0].summary.value == "[To be accepted] 数字经济"
