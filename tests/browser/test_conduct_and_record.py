"""Conduct and training records in the browser, on the demo school: a class teacher scores and submits, staff release, a trainee
reads the result on a phone; the organisation department looks a person up with a reason and opens the PDF.
"""

import io
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pypdf
import pytest

from partyschool.home.demo.accounts import PASSWORD
from tests.browser.test_school_year import _answers
from tests.waiting import wait_for
from trainees.models import ConductScore, ConductSheet

pytestmark = [
    pytest.mark.browser,
    pytest.mark.needs("chromium", "fonts"),
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture
def portal(spawn: Callable[..., Any], tmp_path: Path) -> str:
    """The address of a running portal with the demo school."""
    demo = spawn("demo", ["manage", "demo"])
    assert demo.wait(240) == 0, (tmp_path / "demo.log").read_text(errors="replace")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    web = ["granian", "--interface", "wsgi", "--workers", "1", "--blocking-threads", "4"]
    spawn("web", [*web, "--host", "127.0.0.1", "--port", str(port), "partyschool.wsgi:application"])
    address = f"http://127.0.0.1:{port}"
    wait_for(lambda: _answers(f"{address}/healthz"), 60, "the web server")
    return address


def enter(page: Any, address: str, name: str) -> Any:
    page.goto(f"{address}/accounts/login/")
    page.fill("[name=username]", name)
    page.fill("[name=password]", PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url(f"{address}/")
    return page


def press(page: Any, button: str) -> None:
    page.get_by_role("button", name=button).first.click()
    page.wait_for_load_state("networkidle")


def test_conduct_and_records_walk_through_the_portal(portal, new_page, screenshots):
    _score_and_release(portal, new_page, screenshots)
    _read_the_own_record(portal, new_page, screenshots)
    _look_up_and_compare(portal, new_page, screenshots)


def _score_and_release(portal: str, new_page: Callable[..., Any], screenshots: Path) -> None:
    """A class teacher scores by keyboard and submits; staff release."""
    sheet = ConductSheet.objects.get(state="open")
    page = enter(new_page(), portal, "teacher")
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("link", name="学习考核").first.click()
    page.get_by_role("link", name="评分").first.click()

    # Unscored people stand first; Enter walks down the column, and every field is saved on its own.
    theory = page.locator("input[name^=theory-]")
    theory.first.click()
    for score in ("88", "91"):
        page.keyboard.type(score)
        page.keyboard.press("Enter")
    page.get_by_text("已保存").nth(1).wait_for()
    first = theory.first.get_attribute("name").removeprefix("theory-")
    assert ConductScore.objects.unscoped("tests").get(enrolment=first).theory == 88

    # What is no score is refused in place and does not get stored.
    theory.first.fill("101")
    theory.first.press("Tab")
    page.get_by_role("alert").first.wait_for()
    assert ConductScore.objects.unscoped("tests").get(enrolment=first).theory == 88
    theory.first.fill("89")
    theory.first.press("Tab")
    page.get_by_role("alert").first.wait_for(state="detached")
    page.screenshot(path=screenshots / "conduct_01_grid.png", full_page=True)

    press(page, "提交")
    page.get_by_text("尚有学员未评分").first.wait_for()
    page.go_back()
    for dimension in ("theory", "party_spirit", "discipline"):
        page.locator("details.conduct-fill summary").click()
        page.select_option("#fill-dimension", dimension)
        page.fill("#fill-value", "85")
        press(page, "填充")
    page.get_by_text("全部学员已评分").wait_for()
    press(page, "提交")
    page.get_by_text("已提交").first.wait_for()
    page.screenshot(path=screenshots / "conduct_02_submitted.png", full_page=True)
    sheet.refresh_from_db()
    assert sheet.state == "submitted"

    staff = enter(new_page(), portal, "staff")
    staff.goto(f"{portal}/admin/trainees/conductsheet/{sheet.pk}/change/")
    staff.locator("canvas").first.wait_for()
    staff.screenshot(path=screenshots / "conduct_03_moderation.png", full_page=True)
    staff.get_by_role("link", name="公布结果").click()
    press(staff, "公布结果")
    staff.get_by_text("已公布").first.wait_for()
    sheet.refresh_from_db()
    assert sheet.state == "released"


def _read_the_own_record(portal: str, new_page: Callable[..., Any], screenshots: Path) -> None:
    """A trainee unfolds the conduct of a class on a phone."""
    page = enter(new_page(phone=True), portal, "trainee")
    page.goto(f"{portal}/record/#conduct")
    page.locator("details.record-conduct summary").first.click()
    page.get_by_text("掌握运用理论知识").last.wait_for()
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    page.screenshot(path=screenshots / "record_04_own_phone.png", full_page=True)


def _look_up_and_compare(portal: str, new_page: Callable[..., Any], screenshots: Path) -> None:
    """The organisation department looks a person up with a reason, opens the PDF and compares; an auditor sees who did."""
    page = enter(new_page(), portal, "orgdept")
    page.get_by_role("link", name="学习档案").first.click()
    page.fill("#id_q", "李")
    page.press("#id_q", "Enter")
    name = page.locator("tbody th").first.inner_text()
    page.locator("td.col-actions a").first.click()
    press(page, "打开档案")
    page.get_by_text("请说明查询此人的事由").wait_for()
    page.fill("#id_reason", "拟任职考察")
    press(page, "打开档案")
    page.get_by_text("任职经历").first.wait_for()
    page.screenshot(path=screenshots / "record_01_opened.png", full_page=True)
    with page.expect_download() as started:
        page.get_by_role("link", name="下载（PDF）").click()
    document = pypdf.PdfReader(io.BytesIO(Path(started.value.path()).read_bytes()))
    text = "".join(sheet.extract_text() for sheet in document.pages).replace("\n", "")
    assert name in text
    assert "拟任职考察" in text

    page.goto(f"{portal}/organisation/records/?q=李")
    for number in range(3):
        page.locator("input.record-pick").nth(number).check()
    press(page, "比较所选人员")
    page.fill("#id_reason", "干部选拔比较")
    press(page, "开始比较")
    assert page.locator(".compare-table thead th").count() == 4
    page.screenshot(path=screenshots / "record_02_compared.png", full_page=True)

    auditor = enter(new_page(), portal, "auditor")
    auditor.goto(page.locator(".compare-table thead a").first.evaluate("link => link.href") + "looks/")
    auditor.get_by_text("拟任职考察").first.wait_for()
    auditor.screenshot(path=screenshots / "record_03_looks.png", full_page=True)
