"""Staff reorganise on a desk and on a phone: a unit is walked to and moved, a person found by number and transferred."""

from typing import Any

import pytest
from django.test import Client

from partyschool.accounts.enums import Role
from partyschool.accounts.models import Unit
from tests.browser.test_accessibility import AXE, FAULTS
from tests.factories.accounts import City, make_unit, make_user
from tests.factories.trainees import CadreFactory
from trainees.models import Cadre

pytestmark = [
    pytest.mark.browser,
    pytest.mark.needs("chromium"),
    pytest.mark.django_db(transaction=True),
]

NUMBER = "11010519491231002X"
each_width = pytest.mark.parametrize("phone", [True, False], ids=["phone", "desk"])


def open_as_staff(new_page: Any, live_server: Any, phone: bool) -> Any:
    client, page = Client(), new_page(phone=phone)
    client.force_login(make_user(Role.STAFF, full_name="教务处"))
    page.context.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]
    )
    return page


def barriers(page: Any) -> list[str]:
    """What axe finds inside the page's own part; the frame around it is Unfold's."""
    page.evaluate(AXE.read_text())
    found = page.evaluate(FAULTS.replace("axe.run(", "axe.run('.work-card', "))
    if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
        found.append("wider than the screen")
    return found


@each_width
def test_a_unit_is_walked_to_and_moved(live_server, new_page, screenshots, phone):
    city = City()
    make_unit(city.west, name="西区教育局")
    CadreFactory(unit=city.finance_bureau)
    make_user(Role.ORGDEPT, unit=city.east, full_name="东区干部科")
    page = open_as_staff(new_page, live_server, phone)
    page.goto(f"{live_server.url}/admin/accounts/unit/{city.finance_bureau.pk}/move/")
    page.get_by_role("link", name="西区委组织部", exact=True).click()
    page.get_by_role("link", name="西区教育局").wait_for()
    assert barriers(page) == []
    page.get_by_role("link", name="选择本单位").click()
    page.get_by_text("东区干部科").wait_for()
    assert barriers(page) == []
    page.screenshot(path=screenshots / f"unit-move-{'phone' if phone else 'desk'}.png", full_page=True)
    page.get_by_label("事由").fill("区划调整")
    page.get_by_role("button", name="确认调整").click()
    page.get_by_text("从“东区委组织部”调整到“西区委组织部”").wait_for()
    assert Unit.objects.get(pk=city.finance_bureau.pk).jurisdiction == city.west
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


@each_width
def test_somebody_is_found_by_number_and_transferred(live_server, new_page, screenshots, phone):
    city = City()
    cadre = CadreFactory(name="孙", unit=city.finance_bureau)
    cadre.set_citizen_no(NUMBER)
    cadre.save()
    page = open_as_staff(new_page, live_server, phone)
    page.goto(f"{live_server.url}/admin/trainees/cadre/look-up/")
    page.get_by_label("公民身份号码").fill(NUMBER)
    page.get_by_role("button", name="查询").click()
    page.wait_for_url(f"**/cadre/{cadre.pk}/change/")
    assert NUMBER not in page.content()
    page.goto(f"{live_server.url}/admin/trainees/cadre/{cadre.pk}/transfer/")
    assert barriers(page) == []
    page.get_by_label("职务", exact=False).last.fill("副局长")
    page.get_by_label("事由").fill("组织调动")
    page.get_by_role("button", name="调动").click()
    page.get_by_role("heading", name="任职经历").wait_for()
    page.screenshot(path=screenshots / f"postings-{'phone' if phone else 'desk'}.png", full_page=True)
    assert Cadre.objects.unscoped("tests").get(pk=cadre.pk).post == "副局长"
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
