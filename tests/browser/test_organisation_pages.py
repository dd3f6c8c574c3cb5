"""The organisation department's year in Chromium: dashboard, drill-down, a kept view, a workbook made by a real worker, years compared."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from partyschool.accounts.enums import Role
from tests.factories.accounts import make_user
from tests.factories.reports import ClosedYear
from trainees.models import SavedView

pytestmark = [
    pytest.mark.browser,
    pytest.mark.needs("chromium", "fonts"),
    pytest.mark.django_db(transaction=True),
]
AXE = Path(__file__).resolve().parents[2] / "build/test/axe.min.js"
FAULTS = """async () => {
    const found = await axe.run({runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})
    return found.violations.flatMap(rule => rule.nodes.map(node => `${rule.id}: ${node.html}`))
}"""
SMALL = """() => [...document.querySelectorAll("main a, main button, main summary, main select, main input:not([type=hidden], [type=checkbox])")]
    .filter(one => {
        const box = one.getBoundingClientRect()
        return box.width && box.height < 44 && one.checkVisibility({visibilityProperty: true})
            && !one.closest(".visually-hidden, p:not(:has(> a:only-child))") && !one.matches(".stretched-link")
    }).map(one => one.outerHTML.slice(0, 160))"""


def log_in(page: Any, live_server: Any, user: Any) -> None:
    client = Client()
    client.force_login(user)
    page.context.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]
    )


def looked_at(page: Any, picture: Path, *, phone: bool) -> None:
    """The page is whole, without barriers and fits the screen; a picture is kept."""
    page.evaluate(AXE.read_text())
    assert page.evaluate(FAULTS) == []
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    if phone:
        assert page.evaluate(SMALL) == []
    page.screenshot(path=picture, full_page=True)


@pytest.mark.parametrize("phone", [False, True], ids=["desk", "phone"])
def test_organisation_department_reads_keeps_and_takes_along(
    live_server, new_page, worker, screenshots, settings, phone
):
    year = ClosedYear()
    year.seal()
    failed = year.failed[year.city.finance_bureau.pk]
    neighbour = year.failed[year.city.cousin_bureau.pk]
    reader = make_user(Role.ORGDEPT, unit=year.city.east, full_name="东区委组织部")
    size = "phone" if phone else "desk"
    page = new_page(phone=phone)
    log_in(page, live_server, reader)

    page.goto(f"{live_server.url}/organisation/")
    page.locator("#behind canvas").wait_for()
    assert "学时完成率" in page.locator(".stat-grid").inner_text()
    looked_at(page, screenshots / f"organisation-{size}.png", phone=phone)

    page.get_by_role("link", name="干部名单").click()
    if phone:
        page.get_by_text("筛选与显示列").click()
    page.get_by_label("结果", exact=True).first.select_option("fail")
    page.get_by_label("排序").select_option("least")
    page.get_by_label("干部编号", exact=True).check()
    page.get_by_label("原因", exact=True).uncheck()
    page.get_by_role("button", name="查看").click()
    table = page.locator("table").inner_text()
    assert failed.name in table
    assert failed.code in table
    assert neighbour.name not in page.content()
    looked_at(page, screenshots / f"organisation-list-{size}.png", phone=phone)

    page.get_by_text("保存或分享当前视图").click()
    page.get_by_label("视图名称").fill("不合格人员")
    page.get_by_label("设为默认视图").check()
    page.get_by_role("button", name="保存视图").click()
    page.get_by_text("视图“不合格人员”已保存").wait_for()
    assert SavedView.objects.unscoped("tests").get().is_default
    page.goto(f"{live_server.url}/organisation/cadres/")
    assert "result=fail" in page.url
    assert page.get_by_role("link", name="不合格人员").get_attribute("aria-current") == "page"
    page.get_by_role("link", name="管理视图").click()
    looked_at(page, screenshots / f"organisation-views-{size}.png", phone=phone)
    page.go_back()

    page.get_by_role("button", name="导出（Excel）").click()
    link = page.get_by_role("link", name="2025年度学分情况表.xlsx")
    link.wait_for(timeout=60_000)
    with page.expect_download() as download:
        link.click()
    assert download.value.suggested_filename == "2025年度学分情况表.xlsx"
    page.goto(f"{live_server.url}/organisation/exports/")
    looked_at(page, screenshots / f"organisation-exports-{size}.png", phone=phone)

    page.goto(f"{live_server.url}/organisation/cadres/")
    page.get_by_role("link", name=failed.name).click()
    page.locator("a[href*='/entries/']").first.click()
    assert "+40" in page.locator("main").inner_text()
    looked_at(page, screenshots / f"organisation-entry-{size}.png", phone=phone)

    page.goto(f"{live_server.url}/organisation/years/")
    page.locator("figure canvas").first.wait_for()
    assert "2025" in page.locator("table").first.inner_text()
    looked_at(page, screenshots / f"organisation-years-{size}.png", phone=phone)


def test_pages_say_everything_without_script_and_on_paper(live_server, chromium):
    year = ClosedYear()
    year.seal()
    context = chromium.new_context(java_script_enabled=False, locale="zh-CN")
    page = context.new_page()
    log_in(page, live_server, make_user(Role.OFFICER, unit=year.city.finance_bureau))
    try:
        for path in ("/organisation/", "/organisation/years/"):
            page.goto(f"{live_server.url}{path}")
            figures = page.locator("figure table")
            assert figures.first.is_visible()
            assert year.city.finance_bureau.name in page.locator("main").inner_text()
        page.goto(f"{live_server.url}/organisation/cadres/?sort=name")
        page.emulate_media(media="print")
        assert page.locator("table").is_visible()
        for hidden in (".filters", ".report-views", ".page-actions"):
            assert not page.locator(hidden).is_visible()
    finally:
        context.close()
