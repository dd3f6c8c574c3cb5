"""Asking for leave and claiming credits on a phone, and the desks where they are decided."""

from datetime import date, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from courses.enums import OfferingKind
from partyschool.accounts.enums import Role
from partyschool.common import clock
from tests.factories.accounts import make_unit, make_user
from tests.factories.courses import LessonFactory, OfferingFactory
from tests.factories.faculty import TeacherFactory
from tests.factories.trainees import EnrolmentFactory, make_scheme, make_trainee
from tests.trainees.evidence_samples import JPEG, PDF
from trainees.enums import CreditBasis, CreditCategory, RecognisedActivity
from trainees.models import CreditClaim, CreditEntry, CreditRule, LeaveRequest

pytestmark = [
    pytest.mark.browser,
    pytest.mark.needs("chromium"),
    pytest.mark.django_db(transaction=True),
]


@pytest.fixture(autouse=True)
def own_files(settings: Any, tmp_path: Any) -> None:
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def trainee() -> Any:
    """In a class of eight mornings from tomorrow on, with 4 class-hours each."""
    cadre = make_trainee(unit=make_unit(name="市财政局"), name="沈知远")
    tomorrow = clock.school_date() + timedelta(days=1)
    lead = TeacherFactory(user=make_user(Role.TEACHER), name="班主任")
    course = OfferingFactory(
        kind=OfferingKind.MAIN_CLASS,
        title="中青年干部培训班",
        lead_teacher=lead,
        starts_on=tomorrow,
        ends_on=tomorrow + timedelta(days=7),
    )
    for day in range(8):
        begins = clock.school_instant(tomorrow + timedelta(days=day), time(8, 30))
        LessonFactory(
            offering=course, starts_at=begins, ends_at=begins + timedelta(hours=3), hours=Decimal(4)
        )
    EnrolmentFactory(cadre=cadre, offering=course)
    return cadre


def log_in(page: Any, live_server: Any, user: Any) -> None:
    client = Client()
    client.force_login(user)
    page.context.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]
    )


def fits(page: Any) -> bool:
    return page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def file(content: bytes, name: str) -> dict[str, Any]:
    return {"name": name, "mimeType": "application/octet-stream", "buffer": content}


def test_leave_is_asked_for_on_a_phone_and_granted_at_the_desk(live_server, new_page, screenshots, trainee):
    page = new_page(phone=True)
    log_in(page, live_server, trainee.user)
    page.goto(f"{live_server.url}/requests/")
    page.get_by_role("link", name="请假").first.click()
    first = clock.school_date() + timedelta(days=2)
    page.locator("[name=first_day]").fill(first.isoformat())
    page.locator("[name=first_half]").select_option("am")
    page.locator("[name=last_day]").fill((first + timedelta(days=1)).isoformat())
    # The numbers stand there before anything is sent: 8 of 32 class-hours pass a seventh.
    page.locator("#reckoning .note-danger").wait_for()
    assert "8" in page.locator("#reckoning").inner_text()
    page.screenshot(path=screenshots / "leave-over-phone.png", full_page=True)
    page.locator("[name=last_day]").fill(first.isoformat())
    page.locator("#reckoning .note-info").wait_for()
    page.locator("[name=reason]").fill("感冒发烧")
    page.locator("[name=evidence]").set_input_files([file(JPEG, "病假条.jpeg")])
    assert fits(page)
    page.screenshot(path=screenshots / "leave-ask-phone.png", full_page=True)
    page.get_by_role("button", name="请假").click()
    page.get_by_text("请假已提交").wait_for()
    leave = LeaveRequest.objects.unscoped("test").get()
    assert (leave.half_days, leave.hours, leave.approver) == (1, 4, "class_teacher")
    page.screenshot(path=screenshots / "requests-phone.png", full_page=True)

    desk = new_page()
    log_in(desk, live_server, leave.enrolment.offering.lead_teacher.user)
    desk.goto(f"{live_server.url}/leaves/")
    desk.screenshot(path=screenshots / "leaves-desk.png", full_page=True)
    desk.get_by_role("link", name="审批", exact=True).click()
    desk.screenshot(path=screenshots / "leave-decision-desk.png", full_page=True)
    with desk.expect_download() as got:
        desk.get_by_role("link", name="病假条.jpg").click()
    assert got.value.suggested_filename == "病假条.jpg"
    desk.get_by_role("button", name="批准", exact=True).click()
    desk.get_by_text("请假已批准").wait_for()
    assert LeaveRequest.objects.unscoped("test").get().state == "approved"

    page.goto(f"{live_server.url}/requests/leave/{leave.pk}/")
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="撤销请假").click()
    page.get_by_text("请假已撤销").wait_for()
    assert fits(page)


def test_credits_are_claimed_on_a_phone_and_recognised_in_the_admin(
    live_server, new_page, screenshots, trainee
):
    scheme = make_scheme(clock.school_year(), state="draft")
    CreditRule.objects.create(
        scheme=scheme,
        activity=RecognisedActivity.PAPER_CITY,
        category=CreditCategory.OTHER,
        basis=CreditBasis.ITEM,
        rate=12,
        most=24,
    )
    scheme.state = "in_force"
    scheme.save()
    page = new_page(phone=True)
    log_in(page, live_server, trainee.user)
    page.goto(f"{live_server.url}/requests/")
    page.get_by_role("link", name="申报学分").click()
    page.locator("[name=title]").fill("基层治理中的协商民主")
    page.locator("[name=host]").fill("《两江论坛》")
    page.locator("[name=quantity]").fill("1")
    page.locator("[name=earned_on]").fill(date(clock.school_year(), 1, 2).isoformat())
    page.locator("[name=evidence]").set_input_files([file(PDF, "发表页.pdf"), file(JPEG, "封面.jpg")])
    assert fits(page)
    page.screenshot(path=screenshots / "claim-phone.png", full_page=True)
    page.get_by_role("button", name="提交").click()
    page.get_by_text("申报已提交").wait_for()
    claim = CreditClaim.objects.unscoped("test").get()
    assert claim.evidence.unscoped("test").count() == 2

    desk = new_page()
    log_in(desk, live_server, make_user(Role.STAFF))
    desk.goto(f"{live_server.url}/admin/trainees/creditclaim/{claim.pk}/change/")
    desk.screenshot(path=screenshots / "claim-review-desk.png", full_page=True)
    desk.locator("button[value=return]").click()
    desk.locator(".work-denial").wait_for()
    desk.locator("[name=answer]").fill("请补期号")
    desk.locator("button[value=return]").click()
    desk.wait_for_url("**/creditclaim/")

    page.goto(f"{live_server.url}/requests/claims/{claim.pk}/")
    assert "请补期号" in page.locator("main").inner_text()
    page.screenshot(path=screenshots / "claim-returned-phone.png", full_page=True)
    page.get_by_role("link", name="修改后重新提交").click()
    page.locator("[name=note]").fill("2026年第1期")
    page.get_by_role("button", name="提交").click()
    page.get_by_text("申报已提交").wait_for()

    desk.goto(f"{live_server.url}/admin/trainees/creditclaim/{claim.pk}/change/")
    desk.locator("button[value=approve]").click()
    desk.wait_for_url("**/creditclaim/")
    assert CreditEntry.objects.unscoped("test").get().amount == 12
    page.goto(f"{live_server.url}/credits/")
    assert "基层治理中的协商民主" in page.locator("main").inner_text()
