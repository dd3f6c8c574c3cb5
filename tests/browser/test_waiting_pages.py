"""Waiting for a seat on a phone and on a desk: with the script, by keyboard alone, and without the script."""

from typing import Any

import pytest
from django.test import Client

from tests.trainees.lines import Line, place_of, sitting
from trainees.models import WaitingEntry
from trainees.services.electives import select_topic

pytestmark = [
    pytest.mark.browser,
    pytest.mark.needs("chromium"),
    pytest.mark.django_db(transaction=True),
]


def log_in(page: Any, live_server: Any, cadre: Any) -> None:
    client = Client()
    client.force_login(cadre.user)
    page.context.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]
    )


def full_topic(**fields: Any) -> tuple[Line, Any, Any]:
    """A full topic with two people in line; the reader holds the one topic that the round allows."""
    line = Line(people=3, max_picks=1, name="2026年度自主选学第一期", **fields)
    line.topic.title = "数字政府建设与基层治理"
    line.topic.save()
    cadre, other = line.people[2], line.another(title="乡村全面振兴的县域实践")
    line.join(*line.people[:2])
    select_topic(offering_id=other.pk, by=cadre.user)
    return line, cadre, other


@pytest.mark.parametrize("phone", [True, False], ids=["phone", "desk"])
def test_line_is_joined_with_a_wish_and_left_in_place(live_server, new_page, screenshots, phone):
    line, cadre, other = full_topic()
    width = "phone" if phone else "desk"
    page = new_page(phone=phone)
    log_in(page, live_server, cadre)
    page.goto(f"{live_server.url}/electives/")
    card = page.locator(f"#topic-{line.topic.pk}")
    assert "候补 2 人" in card.inner_text()
    page.screenshot(path=screenshots / f"waiting-choice-{width}.png", full_page=True)
    # Nobody gives a topic up without having said so.
    card.get_by_role("button", name="登记候补").click()
    assert WaitingEntry.objects.unscoped("test").filter(cadre=cadre).count() == 0
    card.get_by_role("combobox").select_option(label="退选“乡村全面振兴的县域实践”换选本专题")
    card.get_by_role("button", name="登记候补").click()
    page.get_by_role("heading", name="我的候补").wait_for()
    assert "候补第 3 位，共 3 人" in card.inner_text()
    assert "仅在递补成功时，才会退选" in card.inner_text()
    entry = WaitingEntry.objects.unscoped("test").get(cadre=cadre)
    assert entry.gives_up == place_of(cadre, other)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.screenshot(path=screenshots / f"waiting-in-line-{width}.png", full_page=True)
    page.on("dialog", lambda dialog: dialog.accept())
    card.get_by_role("button", name="退出候补").click()
    card.get_by_role("button", name="登记候补").wait_for()
    assert "已退出候补" in page.locator("#messages").inner_text()


@pytest.mark.parametrize("phone", [True, False], ids=["phone", "desk"])
def test_offered_seat_is_counted_down_and_accepted(live_server, new_page, screenshots, phone):
    line, _cadre, _other = full_topic(waiting="offer", offer_hours=48)
    line.free()
    line.promote()
    width, first = "phone" if phone else "desk", line.people[0]
    page = new_page(phone=phone)
    log_in(page, live_server, first)
    page.goto(f"{live_server.url}/electives/")
    left = page.locator(f"#topic-{line.topic.pk} .time-left")
    left.wait_for()
    before = left.inner_text()
    assert "距截止还剩" in before
    page.wait_for_function("(old) => document.querySelector('.time-left').textContent !== old", arg=before)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.screenshot(path=screenshots / f"waiting-offered-{width}.png", full_page=True)
    page.goto(f"{live_server.url}/electives/{line.topic.pk}/")
    page.screenshot(path=screenshots / f"waiting-offered-topic-{width}.png", full_page=True)
    page.get_by_role("button", name="接受名额").click()
    page.locator(f"#topic-{line.topic.pk}.offer-chosen").wait_for()
    assert "已接受名额" in page.locator("#messages").inner_text()
    assert place_of(first, line.topic).state == "enrolled"


def test_line_by_keyboard_alone(live_server, new_page):
    line, cadre, other = full_topic()
    page = new_page(phone=True)
    log_in(page, live_server, cadre)
    page.goto(f"{live_server.url}/electives/")
    page.locator(f"#topic-{line.topic.pk}-old").focus()
    page.keyboard.press("End")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "登记候补"
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="我的候补").wait_for()
    assert WaitingEntry.objects.unscoped("test").get(cadre=cadre).gives_up is None
    assert sitting(other) == [cadre.pk]


def test_line_and_offer_without_script(live_server, chromium, screenshots):
    line, _cadre, _other = full_topic(waiting="offer")
    context = chromium.new_context(
        viewport={"width": 390, "height": 844}, java_script_enabled=False, locale="zh-CN"
    )
    page = context.new_page()
    log_in(page, live_server, line.people[0])
    line.free()
    line.promote()
    page.goto(f"{live_server.url}/electives/")
    card = page.locator(f"#topic-{line.topic.pk}")
    assert "名额为您保留至" in card.inner_text()
    page.screenshot(path=screenshots / "waiting-offered-plain.png", full_page=True)
    card.get_by_role("button", name="放弃").click()
    assert "已放弃名额" in page.locator("#messages").inner_text()
    page.locator(f"#topic-{line.topic.pk}").get_by_role("button", name="登记候补").click()
    assert "候补登记成功" in page.locator("#messages").inner_text()
    page.locator(f"#topic-{line.topic.pk}").get_by_role("button", name="登记候补").wait_for(state="detached")
    assert "候补第 2 位" in page.locator(f"#topic-{line.topic.pk}").inner_text()
    context.close()
