"""The timetable on a phone and on a desk: a calendar link is made, copied and switched off, with and without the script."""

from datetime import timedelta
from typing import Any

import pytest
import vobject
from django.test import Client

from partyschool.common import clock
from tests.factories.courses import LessonFactory, OfferingFactory, RoomFactory
from tests.factories.trainees import EnrolmentFactory, make_trainee

pytestmark = [
    pytest.mark.browser,
    pytest.mark.needs("chromium"),
    pytest.mark.django_db(transaction=True),
]
TITLE = "习近平新时代中国特色社会主义思想的世界观和方法论"
LINK = "#calendar-address"


@pytest.fixture
def cadre() -> Any:
    """A cadre with eight lessons on four days, one of them cancelled."""
    cadre, room = make_trainee(), RoomFactory(name="第一报告厅")
    course = OfferingFactory(title="科级干部任职培训班（第3期）")
    EnrolmentFactory(cadre=cadre, offering=course)
    first = clock.now().replace(hour=0, minute=30, second=0, microsecond=0) + timedelta(days=5)
    for number in range(8):
        start = first + timedelta(days=number // 2, hours=6 * (number % 2))
        LessonFactory(
            offering=course,
            title=TITLE if number == 0 else f"专题课之{number}",
            room=room,
            starts_at=start,
            ends_at=start + timedelta(hours=3),
            cancelled_at=clock.now() if number == 3 else None,
        )
    return cadre


def log_in(page: Any, live_server: Any, cadre: Any) -> None:
    client = Client()
    client.force_login(cadre.user)
    page.context.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]
    )


def summaries(page: Any, address: str) -> list[str]:
    answer = page.context.request.get(address)
    assert answer.status == 200
    return [event.summary.value for event in vobject.readOne(answer.text()).vevent_list]


@pytest.mark.parametrize("phone", [True, False], ids=["phone", "desk"])
def test_link_is_made_copied_and_switched_off(live_server, new_page, screenshots, cadre, phone):
    page = new_page(phone=phone)
    name = "phone" if phone else "desk"
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.on("dialog", lambda dialog: dialog.accept())
    log_in(page, live_server, cadre)
    page.goto(f"{live_server.url}/calendar/")
    page.screenshot(path=screenshots / f"calendar_{name}.png", full_page=True)
    assert page.get_by_text(TITLE).is_visible()
    assert page.locator(".day").count() == 4
    page.get_by_role("button", name="生成订阅链接").click()
    page.locator(LINK).wait_for()
    # What was asked for stands at the top, not below all lessons.
    box = page.locator(LINK).bounding_box()
    assert box["y"] + box["height"] < page.viewport_size["height"]
    page.get_by_role("button", name="复制").click()
    page.get_by_text("已复制").first.wait_for()
    address = page.locator(LINK).input_value()
    assert page.evaluate("navigator.clipboard.readText()") == address
    webcal = page.get_by_role("link", name="添加到本机日历").get_attribute("href")
    assert webcal == "webcal:" + address.partition(":")[2]
    page.screenshot(path=screenshots / f"calendar_link_{name}.png", full_page=True)
    assert len(summaries(page, address)) == 8
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.goto(f"{live_server.url}/calendar/")
    page.get_by_role("button", name="停用").click()
    page.get_by_text("链接已停用").wait_for()
    assert page.context.request.get(address).status == 404


def test_everything_works_without_script(live_server, chromium, cadre):
    context = chromium.new_context(
        java_script_enabled=False, locale="zh-CN", viewport={"width": 390, "height": 844}
    )
    page = context.new_page()
    log_in(page, live_server, cadre)
    page.goto(f"{live_server.url}/calendar/")
    page.get_by_role("button", name="生成订阅链接").click()
    first = page.locator(LINK).input_value()
    assert page.locator("[data-copy]").is_hidden()
    page.goto(f"{live_server.url}/calendar/")
    page.get_by_role("button", name="重新生成").click()
    assert "【已取消】专题课之3" in summaries(page, page.locator(LINK).input_value())
    assert context.request.get(first).status == 404
    with page.expect_download() as download:
        page.get_by_role("link", name="下载日历文件").click()
    assert download.value.suggested_filename == "我的课程.ics"
    context.close()
