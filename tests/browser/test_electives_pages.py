"""Electives on a phone and on a desk: pick, be refused, give up, with and without the script."""

from datetime import timedelta
from typing import Any

import pytest

from partyschool.accounts.enums import Role
from partyschool.common import clock
from tests.factories.accounts import make_user
from tests.factories.courses import LessonFactory, OfferingFactory, RoomFactory, SelectionRoundFactory
from tests.factories.faculty import TeacherFactory
from tests.factories.trainees import EnrolmentFactory, make_trainee

pytestmark = [
    pytest.mark.browser,
    pytest.mark.needs("chromium"),
    pytest.mark.django_db(transaction=True),
]

TITLES = [
    "习近平新时代中国特色社会主义思想的世界观和方法论",
    "乡村全面振兴的县域实践",
    "领导干部心理健康与压力管理",
    "数字政府建设与基层治理",
    "突发事件应对与舆情引导",
    "党内法规与纪律教育",
]


@pytest.fixture
def school() -> Any:
    """A round of six topics: free, nearly full, full, clashing."""
    cadre = make_trainee()
    staff = make_user(Role.STAFF)
    found = SelectionRoundFactory(
        name="2026年度自主选学第一期", closes_at=clock.now() + timedelta(days=2, hours=3)
    )
    first = clock.now().replace(hour=0, minute=30, second=0, microsecond=0) + timedelta(days=20)
    topics = []
    for number, title in enumerate(TITLES):
        teacher = TeacherFactory(name=f"教师{number + 1}", title="副教授")
        topic = OfferingFactory(
            selection_round=found, title=title, capacity=1 if number == 3 else 40, lead_teacher=teacher
        )
        start = first + timedelta(days=0 if number == 4 else number)
        LessonFactory(
            offering=topic,
            title=title,
            teacher=teacher,
            room=RoomFactory(name=f"{number + 1}号报告厅"),
            starts_at=start,
            ends_at=start + timedelta(hours=3),
        )
        topics.append(topic)
    EnrolmentFactory(offering=topics[3], created_by=staff)
    EnrolmentFactory.create_batch(27, offering=topics[1], created_by=staff)
    return cadre, topics


def log_in(page: Any, live_server: Any, cadre: Any) -> None:
    from django.test import Client

    client = Client()
    client.force_login(cadre.user)
    page.context.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]
    )


@pytest.mark.parametrize("phone", [True, False], ids=["phone", "desk"])
def test_electives_are_picked_and_given_up_in_place(school, live_server, new_page, screenshots, phone):
    cadre, topics = school
    page = new_page(phone=phone)
    log_in(page, live_server, cadre)
    page.goto(f"{live_server.url}/electives/")
    card = page.locator(f"#topic-{topics[0].pk}")
    card.get_by_role("button", name="选择此专题").click()
    page.locator(f"#topic-{topics[0].pk}.offer-chosen").wait_for()
    assert "选学成功" in page.locator("#messages").inner_text()
    assert "时间冲突" in page.locator(f"#topic-{topics[4].pk}").inner_text()
    width = "phone" if phone else "desk"
    page.screenshot(path=screenshots / f"electives-{width}.png", full_page=True)
    # Somebody else takes the topic away while the page stands open.
    from courses.models import SeatCount

    SeatCount.objects.filter(pk=topics[1].pk).update(capacity=27)
    page.locator(f"#topic-{topics[1].pk}").get_by_role("button", name="选择此专题").click()
    denial = page.locator(f"#topic-{topics[1].pk} .denial")
    denial.wait_for()
    assert "27 个名额已全部选完" in denial.inner_text()
    page.screenshot(path=screenshots / f"electives-refused-{width}.png", full_page=True)
    page.on("dialog", lambda dialog: dialog.accept())
    card.get_by_role("button", name="退选").click()
    card.get_by_role("button", name="选择此专题").wait_for()
    assert "退选成功" in page.locator("#messages").inner_text()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    page.get_by_role("link", name=TITLES[0]).click()
    page.screenshot(path=screenshots / f"electives-topic-{width}.png", full_page=True)


def test_electives_work_without_script(school, live_server, chromium, screenshots):
    cadre, topics = school
    context = chromium.new_context(
        viewport={"width": 390, "height": 844}, java_script_enabled=False, locale="zh-CN"
    )
    page = context.new_page()
    log_in(page, live_server, cadre)
    page.goto(f"{live_server.url}/electives/")
    button = page.locator(f"#topic-{topics[0].pk} button")
    button.click()
    assert "选学成功" in page.locator("#messages").inner_text()
    page.locator(f"#topic-{topics[0].pk} button").click()
    assert "退选成功" in page.locator("#messages").inner_text()
    context.close()
