"""A year from its objection to its correction in Chromium: the cadre on a phone, staff at a desk."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from partyschool.accounts.enums import Role
from partyschool.common import clock
from tests.factories.accounts import City, make_user
from tests.factories.trainees import make_scheme, make_trainee
from tests.factories.years import YEAR, earn, open_year, result_of, versions_of
from trainees.enums import ObjectionState, YearState
from trainees.models import AssessmentObjection, AssessmentYear
from trainees.selectors.year_states import year_of

pytestmark = [
    pytest.mark.browser,
    pytest.mark.needs("chromium"),
    pytest.mark.django_db(transaction=True),
]
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def log_in(page: Any, live_server: Any, user: Any) -> None:
    client = Client()
    client.force_login(user)
    page.context.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]
    )


def test_a_year_is_objected_to_answered_sealed_and_corrected(
    live_server, new_page, screenshots, settings, tmp_path
):
    settings.MEDIA_ROOT = tmp_path
    staff, scheme = make_user(Role.STAFF, full_name="教务处"), make_scheme()
    cadre = make_trainee(unit=City().finance_bureau, name="周明远")
    earn(cadre, scheme, 60)
    open_year(staff)

    phone = new_page(phone=True)
    log_in(phone, live_server, cadre.user)
    phone.goto(f"{live_server.url}/credits/?year={YEAR}")
    assert "异议期" in phone.locator("main").inner_text()
    phone.get_by_role("link", name="对结果提出异议").click()
    phone.get_by_label("异议内容").fill("论文没有计入。")
    phone.set_input_files(
        "input[type=file]", {"name": "发表页.pdf", "mimeType": "application/pdf", "buffer": PDF}
    )
    assert phone.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    phone.screenshot(path=screenshots / "year-objection-phone.png", full_page=True)
    phone.get_by_role("button", name="提交").click()
    phone.locator("#objections").get_by_text("论文没有计入。").wait_for()

    desk = new_page()
    log_in(desk, live_server, staff)
    earn(cadre, scheme, 12, note="《两江论坛》论文")
    objection = AssessmentObjection.objects.unscoped("test").get()
    desk.goto(f"{live_server.url}/admin/trainees/assessmentobjection/{objection.pk}/change/")
    assert "《两江论坛》论文" in desk.locator("#content").inner_text()
    desk.locator("select[name=decision]").select_option("upheld")
    desk.locator("textarea[name=answer]").fill("论文补记 12 学分。")
    desk.screenshot(path=screenshots / "year-desk.png", full_page=True)
    desk.get_by_role("button", name="答复").click()
    desk.get_by_text("异议已答复").wait_for()
    objection.refresh_from_db()
    assert (objection.state, result_of(cadre).counted) == (ObjectionState.UPHELD, Decimal(72))

    AssessmentYear.objects.update(objections_until=clock.now() - timedelta(minutes=1))
    desk.goto(f"{live_server.url}/admin/trainees/assessmentyear/{year_of(YEAR).pk}/change/")
    desk.get_by_role("link", name="封存年度").click()
    desk.get_by_role("button", name="确认封存").click()
    desk.get_by_text("年度已封存，共 1 条结果").wait_for()
    desk.screenshot(path=screenshots / "year-sealed.png", full_page=True)
    assert year_of(YEAR).state == YearState.SEALED

    earn(cadre, scheme, 20, note="省委党校短训班")
    desk.goto(f"{live_server.url}/admin/trainees/yearlyassessment/{result_of(cadre).pk}/correct")
    assert "92" in desk.locator("#content").inner_text()
    desk.locator("textarea[name=reason]").fill("结业证书后补。")
    desk.screenshot(path=screenshots / "year-correction.png", full_page=True)
    desk.get_by_role("button", name="确认更正").click()
    desk.get_by_text("结果已更正").wait_for()
    assert [row.result for row in versions_of(cadre)] == ["fail", "pass"]

    phone.goto(f"{live_server.url}/credits/?year={YEAR}")
    corrected = phone.locator("#corrections").inner_text()
    assert "结业证书后补。" in corrected
    assert phone.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    phone.screenshot(path=screenshots / "year-corrected-phone.png", full_page=True)
