"""A call from hand to hand: the officer nominates on a phone or at the desk, the organisation department confirms, the trainee reads it."""

from typing import Any

import pytest
from django.test import Client

from tests.factories.assignments import Calling, fresh, make_class
from tests.factories.trainees import EnrolmentFactory
from trainees.models import Nomination

pytestmark = [
    pytest.mark.browser,
    pytest.mark.needs("chromium"),
    pytest.mark.django_db(transaction=True),
]


def log_in(page: Any, live_server: Any, user: Any) -> None:
    client = Client()
    client.force_login(user)
    page.context.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]
    )


def fits(page: Any) -> bool:
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@pytest.mark.parametrize("phone", [True, False], ids=["phone", "desk"])
def test_a_call_goes_from_the_unit_to_the_trainee(live_server, new_page, screenshots, phone):
    calling = Calling(title="中青年干部培训班")
    often = calling.cadre(name="赵多训")
    for number in range(2):
        past = make_class(days_ahead=-60 - 10 * number, year=calling.offering.year)
        EnrolmentFactory(cadre=often, offering=past)
    new = calling.cadre(name="钱未训", log_in=True)
    width = "phone" if phone else "desk"

    page = new_page(phone=phone)
    log_in(page, live_server, calling.officer)
    page.goto(live_server.url)
    page.get_by_role("link", name="中青年干部培训班").click()
    page.get_by_role("link", name="推荐", exact=True).click()
    rows = page.locator("tbody tr")
    assert ["钱未训" in rows.nth(0).inner_text(), "赵多训" in rows.nth(1).inner_text()] == [True, True]
    assert "从未调训" in rows.nth(0).inner_text()
    assert "本年度已调训2次" in rows.nth(1).inner_text()
    assert fits(page)
    page.screenshot(path=screenshots / f"assignment-people-{width}.png", full_page=True)
    rows.nth(0).get_by_role("button", name="推荐").click()
    page.locator("#messages").get_by_text("待组织部门").wait_for()
    page.get_by_role("link", name="推荐", exact=True).click()
    page.get_by_role("button", name="仍然推荐").click()
    page.locator("#messages").get_by_text("待组织部门").wait_for()
    assert fits(page)
    warnings = Nomination.objects.unscoped("tests").order_by("pk").values_list("warnings", flat=True)
    assert list(warnings) == [[], ["called_often"]]

    page = new_page()
    log_in(page, live_server, calling.orgdept)
    page.goto(live_server.url)
    page.get_by_role("link", name="中青年干部培训班").click()
    page.get_by_label("钱未训").check()
    page.screenshot(path=screenshots / f"assignment-decide-{width}.png", full_page=True)
    page.get_by_role("button", name="确认所选").click()
    page.locator("#messages").get_by_text("已确认1人").wait_for()
    page.get_by_label("赵多训").check()
    page.get_by_label("原因（退回时必填）").fill("本年度已调训两次，请另行选派")
    page.get_by_role("button", name="退回所选").click()
    page.locator("#messages").get_by_text("已退回1人").wait_for()
    states = Nomination.objects.unscoped("tests").order_by("pk").values_list("state", flat=True)
    assert list(states) == ["confirmed", "returned"]
    assert fresh(Nomination.objects.unscoped("tests").get(cadre=new).pk).enrolment.origin == "assigned"

    page = new_page(phone=True)
    log_in(page, live_server, new.user)
    page.goto(live_server.url)
    assert "中青年干部培训班" in page.locator("main").inner_text()
    page.goto(f"{live_server.url}/notices/")
    assert "调训通知：中青年干部培训班" in page.locator("main").inner_text()
