"""The secret address of a calendar, what it answers over HTTP, and the page on which it is made."""

import logging
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import translation

from courses.models import Lesson
from partyschool.accounts.enums import Role
from partyschool.accounts.models import RoleGrant
from partyschool.audit.models import AuditEvent
from partyschool.common import clock
from partyschool.common.errors import NotEligible, NotFound, WrongState
from tests.factories.accounts import make_user
from tests.factories.courses import RoomFactory
from tests.factories.faculty import TeacherFactory
from tests.factories.trainees import make_trainee
from tests.trainees.feeds import address, events, fetched, lesson_of, make
from trainees.models import CalendarFeed
from trainees.selectors.calendars import digest_of, feed_by_token, live_feed
from trainees.services.calendars import NOTED_EVERY, make_feed, revoke_feed

pytestmark = pytest.mark.django_db
PAGE = "/calendar/"


@pytest.fixture
def cadre() -> Any:
    return make_trainee()


@pytest.fixture
def reader(client, cadre) -> Client:
    client.force_login(cadre.user)
    return client


# --- the secret address ------------------------------------------------------------------------------------------------------------------


def test_token_is_long_and_only_its_hash_is_stored(cadre):
    token = make(cadre)
    assert len(token) >= 43
    row = str(list(CalendarFeed.objects.unscoped("test").values()))
    trail = str(list(AuditEvent.objects.unscoped("test").values()))
    assert digest_of(token) in row
    for secret in (token, digest_of(token)):
        assert secret not in trail
    assert token not in row


def test_every_deed_is_in_the_audit_trail(cadre):
    first = make_feed(replaces=None, language="en", by=cadre.user).feed
    second = make_feed(replaces=first.pk, language="en", by=cadre.user).feed
    assert revoke_feed(by=cadre.user) is True
    assert revoke_feed(by=cadre.user) is False
    trail = AuditEvent.objects.unscoped("test").order_by("pk").values_list("action", "subject", "actor")
    name = "trainees.calendarfeed:{}".format
    assert list(trail) == [
        ("calendar.make", name(first.pk), cadre.user.pk),
        ("calendar.revoke", name(first.pk), cadre.user.pk),
        ("calendar.make", name(second.pk), cadre.user.pk),
        ("calendar.revoke", name(second.pk), cadre.user.pk),
    ]


def test_unknown_revoked_and_replaced_addresses_answer_alike(cadre):
    old = make_feed(replaces=None, language="zh-hans", by=cadre.user)
    new = make_feed(replaces=old.feed.pk, language="zh-hans", by=cadre.user).token
    assert [fetched(token).status_code for token in (old.token, new, "x" * 43)] == [404, 200, 404]
    revoke_feed(by=cadre.user)
    unknown, revoked = fetched("x" * 43), fetched(new)
    assert (unknown.status_code, revoked.status_code) == (404, 404)
    assert str(unknown.context["denial"]) == str(revoked.context["denial"])
    assert "该日历链接不存在或已停用" in unknown.content.decode()


def test_feed_ends_with_the_account_and_with_the_role(cadre):
    token = make(cadre)
    grants = RoleGrant.objects.filter(user=cadre.user)
    grants.update(valid_until=clock.school_date() - timedelta(days=1))
    with pytest.raises(NotFound):
        feed_by_token(token)
    grants.update(valid_until=None)
    assert feed_by_token(token)[1] == cadre.user
    type(cadre.user).objects.filter(pk=cadre.user.pk).update(is_active=False)
    with pytest.raises(NotFound):
        feed_by_token(token)


def test_second_link_is_not_made_unseen(cadre):
    first = make_feed(replaces=None, language="en", by=cadre.user)
    with pytest.raises(WrongState):
        make_feed(replaces=None, language="en", by=cadre.user)
    with pytest.raises(WrongState):
        make_feed(replaces=first.feed.pk + 1000, language="en", by=cadre.user)
    assert live_feed(cadre.user) == first.feed


def test_nobody_replaces_somebody_elses_link(cadre):
    theirs = make_feed(replaces=None, language="en", by=cadre.user).feed
    other = make_trainee()
    make_feed(replaces=theirs.pk, language="en", by=other.user)
    revoke_feed(by=other.user)
    assert live_feed(cadre.user) == theirs


def test_log_in_without_a_record_gets_no_link():
    with pytest.raises(NotEligible):
        make_feed(replaces=None, language="en", by=make_user(Role.TRAINEE))


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"token_digest": "secret"}, "trainees_calendarfeed_digest_ck"),
        ({"revoked_at": clock.now() - timedelta(days=9)}, "trainees_calendarfeed_times_ck"),
        ({"content_digest": "x"}, "trainees_calendarfeed_content_ck"),
    ],
)
def test_database_refuses(cadre, change, rule):
    make(cadre)
    with pytest.raises(IntegrityError, match=rule), transaction.atomic():
        CalendarFeed.objects.unscoped("test").update(**change)


def test_feeds_do_not_die(cadre):
    make(cadre)
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("DELETE FROM trainees_calendarfeed")


# --- over HTTP ---------------------------------------------------------------------------------------------------------------------------


def test_headers_keep_it_private(cadre):
    answer = fetched(make(cadre))
    assert answer["Cache-Control"] == "private, no-cache"
    assert answer["X-Robots-Tag"] == "noindex"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert not answer.cookies


def test_unchanged_content_is_not_sent_again(cadre):
    lesson = lesson_of(cadre)
    token = make(cadre)
    first = fetched(token)
    for header, name in (("If-None-Match", "ETag"), ("If-Modified-Since", "Last-Modified")):
        again = fetched(token, **{header: first[name]})
        assert (again.status_code, again.content) == (304, b"")
        assert (again["ETag"], again["Cache-Control"]) == (first["ETag"], "private, no-cache")
    CalendarFeed.objects.unscoped("test").update(
        content_changed_at=live_feed(cadre.user).content_changed_at - timedelta(minutes=5)
    )
    kept = fetched(token)
    Lesson.objects.filter(pk=lesson.pk).update(room=RoomFactory(name="换了的教室"))
    for header, name in (("If-None-Match", "ETag"), ("If-Modified-Since", "Last-Modified")):
        changed = fetched(token, **{header: kept[name]})
        assert (changed.status_code, changed["ETag"] != kept["ETag"]) == (200, True)
    assert fetched(token, **{"If-None-Match": changed["ETag"]}).status_code == 304


def test_head_tells_without_content_and_nothing_can_be_sent(cadre):
    token = make(cadre)
    head = Client().head(address(token))
    assert (head.status_code, head.content, head["ETag"]) == (200, b"", fetched(token)["ETag"])
    assert Client().post(address(token)).status_code == 405


def test_reading_is_noted_now_and_then(cadre):
    token = make(cadre)
    assert live_feed(cadre.user).last_read_at is None
    fetched(token)
    first = live_feed(cadre.user).last_read_at
    assert clock.now() - first < timedelta(minutes=1)
    fetched(token)
    assert live_feed(cadre.user).last_read_at == first
    CalendarFeed.objects.unscoped("test").update(last_read_at=first - NOTED_EVERY)
    fetched(token)
    assert live_feed(cadre.user).last_read_at >= first


def test_log_of_a_fault_does_not_carry_the_token(cadre, caplog, monkeypatch):
    def fail(lessons: Any) -> None:
        raise RuntimeError("the exporter is broken")

    token = make(cadre)
    monkeypatch.setattr("trainees.views.calendars.entries_of", fail)
    answer = Client(raise_request_exception=False).get(address(token))
    (record,) = [record for record in caplog.records if record.name == "django.request"]
    (handler,) = [handler for handler in logging.getLogger().handlers if handler.filters]
    assert handler.filter(record)
    line = handler.format(record)
    assert answer.status_code == 500
    assert "Internal Server Error: /calendar/…" in line
    assert "the exporter is broken" in line
    assert token not in line + answer.content.decode()


@pytest.mark.parametrize("number", [1, 3])
def test_query_counts_do_not_depend_on_lessons(cadre, reader, number, django_assert_num_queries):
    for each in range(number):
        lesson_of(cadre, days=each + 1, room=RoomFactory(), teacher=TeacherFactory())
    token = make(cadre)
    with django_assert_num_queries(4):  # subscription, user with roles, lessons, note
        fetched(token)
    with django_assert_num_queries(3):
        fetched(token)
    with CaptureQueriesContext(connection) as page:
        reader.get(PAGE)
    with django_assert_num_queries(len(page)):
        reader.get(PAGE)
    assert len(page) == 5
    with django_assert_num_queries(3):
        reader.get(reverse("trainees:calendar_file"))


# --- the page ----------------------------------------------------------------------------------------------------------------------------


def test_page_shows_coming_lessons_by_day(reader, cadre):
    lesson_of(cadre, title="<b>乡村</b>振兴", days=2, room=RoomFactory(name="第二教室"))
    lesson_of(cadre, title="昨天的课", days=-1)
    off = lesson_of(cadre, title="取消的课", days=3)
    Lesson.objects.filter(pk=off.pk).update(cancelled_at=clock.now())
    shown = reader.get(PAGE).content.decode()
    assert "&lt;b&gt;乡村&lt;/b&gt;振兴" in shown
    assert "第二教室" in shown
    assert "昨天的课" not in shown
    assert "<s>取消的课</s>" in shown
    assert shown.index("乡村") < shown.index("取消的课")


def test_link_is_shown_once(reader, cadre):
    lesson_of(cadre)
    made = reader.post(PAGE, {"replaces": ""})
    token = made.context["address"].rpartition("/")[2].removesuffix(".ics")
    shown = made.content.decode()
    assert made.status_code == 200
    assert "no-store" in made["Cache-Control"]
    assert f'value="http://testserver/calendar/{token}.ics"' in shown
    assert f'href="webcal://testserver/calendar/{token}.ics"' in shown
    assert fetched(token).status_code == 200
    assert token not in reader.get(PAGE).content.decode()
    assert token not in str(dict(reader.session))


def test_link_is_made_anew_and_switched_off_on_the_page(reader, cadre):
    lesson_of(cadre)
    first = reader.post(PAGE).context["address"]
    number = live_feed(cadre.user).pk
    assert f'name="replaces" value="{number}"' in reader.get(PAGE).content.decode()
    assert reader.post(PAGE).status_code == 409
    second = reader.post(PAGE, {"replaces": number}).context["address"]
    assert [Client().get(one).status_code for one in (first, second)] == [404, 200]
    answer = reader.post(reverse("trainees:calendar_revoke"))
    assert (answer.status_code, answer["Location"]) == (303, PAGE)
    assert Client().get(second).status_code == 404
    assert "生成订阅链接" in reader.get(PAGE).content.decode()


@pytest.mark.parametrize("sent", ["\0", "²", "-1", "9" * 25, "x"])
def test_hostile_replaces_is_nobody(reader, cadre, sent):
    assert reader.post(PAGE, {"replaces": sent}).status_code == 200


def test_file_is_a_download_of_the_same_lessons(reader, cadre):
    lesson_of(cadre, title="党史")
    answer = reader.get(reverse("trainees:calendar_file"))
    assert answer["Content-Disposition"].startswith("attachment; ")
    assert "%E6%88%91%E7%9A%84%E8%AF%BE%E7%A8%8B.ics" in answer["Content-Disposition"]
    assert answer["Cache-Control"].find("no-store") >= 0
    (event,) = events(answer.getvalue())
    assert event.summary.value == "党史"


def test_log_in_without_a_record_is_told(client):
    client.force_login(make_user(Role.TRAINEE))
    with translation.override("en"):
        shown = client.get(PAGE, headers={"Accept-Language": "en"}).content.decode()
    assert "Your account is not linked to a cadre record" in shown
    assert "Make my link" not in shown


def test_page_is_in_the_menu_of_trainees_only(reader, client, staff):
    assert f'href="{PAGE}"' in reader.get("/").content.decode()
    client.force_login(staff)
    assert f'href="{PAGE}"' not in client.get("/").content.decode()
