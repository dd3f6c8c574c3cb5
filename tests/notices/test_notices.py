"""Notices: one's own, newest first, read once."""

import pytest
from django.urls import reverse

from partyschool.notices.models import Notice
from partyschool.notices.services.notices import send_notice
from tests.factories.accounts import make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader():
    return make_user("trainee")


def send(user, event="e1", **fields):
    send_notice(recipients=[user], event=event, title=fields.pop("title", "报告已生成"), **fields)
    return Notice.objects.visible_to(user).get(event=event)


def read(notice):
    return Notice.objects.unscoped("tests").get(pk=notice.pk).read_at


def test_list_shows_own_notices_escaped_with_the_bell(client, reader):
    send(reader, title="<b>通报</b>", body="第一行\n第二行")
    send(make_user("staff"), title="别人的")
    client.force_login(reader)
    text = client.get("/notices/").text
    assert "&lt;b&gt;通报&lt;/b&gt;" in text
    assert "第一行<br>第二行" in text
    assert "别人的" not in text
    assert "通知，1 条未读" in text


def test_empty_list_says_what_will_come(client, reader):
    client.force_login(reader)
    assert "暂无通知" in client.get("/notices/").text


def test_open_marks_read_once_and_goes_there(client, reader):
    notice = send(reader, url="/credits/")
    client.force_login(reader)
    response = client.post(reverse("notices:open", args=[notice.pk]))
    assert (response.status_code, response["Location"]) == (303, "/credits/")
    first = read(notice)
    assert first is not None
    client.post(reverse("notices:open", args=[notice.pk]))
    assert read(notice) == first


@pytest.mark.parametrize(
    "url", ["", "https://example.com/", "//example.com/x", "javascript:alert(1)", "/\\example.com"]
)
def test_open_never_leaves_the_portal(client, reader, url):
    notice = send(reader, url=url)
    client.force_login(reader)
    assert client.post(reverse("notices:open", args=[notice.pk]))["Location"] == "/notices/"


def test_open_of_others_notice_is_not_found_and_leaves_it_unread(client, reader):
    notice = send(make_user("staff"))
    client.force_login(reader)
    assert client.post(reverse("notices:open", args=[notice.pk])).status_code == 404
    assert read(notice) is None


def test_get_changes_nothing(client, reader):
    notice = send(reader)
    client.force_login(reader)
    assert client.get(reverse("notices:open", args=[notice.pk])).status_code == 405
    assert client.get(reverse("notices:read")).status_code == 405
    assert read(notice) is None


def test_mark_all_read_marks_own_only(client, reader):
    mine, other = [send(reader, event=f"e{number}") for number in range(3)], send(make_user("staff"))
    client.force_login(reader)
    response = client.post(reverse("notices:read"), follow=True)
    assert "已将 3 条通知标为已读" in response.text
    assert "全部标为已读" not in response.text
    assert all(read(notice) for notice in mine)
    assert read(other) is None


def test_same_event_is_told_once(reader):
    send(reader)
    send(reader)
    assert Notice.objects.visible_to(reader).count() == 1


def test_list_pages_by_key(client, reader):
    for number in range(31):
        send(reader, event=f"e{number}", title=f"第{number:03}号")
    client.force_login(reader)
    first = client.get("/notices/")
    second = client.get("/notices/", {"after": first.context["page"].next_cursor})
    assert [notice.title for notice in second.context["page"]] == ["第000号"]


@pytest.mark.parametrize("rows", [1, 3])
def test_list_query_count_does_not_depend_on_rows(client, reader, rows, django_assert_num_queries):
    for number in range(rows):
        send(reader, event=f"e{number}")
    client.force_login(reader)
    client.get("/notices/")
    with django_assert_num_queries(6):
        client.get("/notices/")
