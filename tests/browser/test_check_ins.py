"""Checking in as it is done: a screen in the classroom, phones, a tablet; with network and without."""

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from partyschool.accounts.enums import Role
from partyschool.common import clock
from tests.browser.test_accessibility import AXE, FAULTS, SMALL
from tests.factories.accounts import make_user
from tests.factories.check_ins import code_at, lesson_at, token_at, trainee_at
from tests.factories.courses import RoomFactory
from tests.factories.faculty import TeacherFactory
from tests.waiting import wait_for
from trainees.models import AttendanceMark, CheckIn, Enrolment

pytestmark = [
    pytest.mark.browser,
    pytest.mark.needs("chromium"),
    pytest.mark.django_db(transaction=True),
]
FITS = "document.documentElement.scrollWidth <= window.innerWidth"


@pytest.fixture
def lesson() -> Any:
    """A lesson that began two minutes ago, of a class with thirteen people."""
    lesson = lesson_at(
        clock.now() - timedelta(minutes=2),
        title="行政执法规范与案例研讨",
        room=RoomFactory(name="多媒体教室一"),
    )
    lesson.teacher = TeacherFactory(user=make_user(Role.TEACHER), name="任课教师")
    lesson.save()
    for number in range(12):
        trainee_at(lesson, name=f"学员{'甲乙丙丁戊己庚辛壬癸子丑'[number]}")
    return lesson


@pytest.fixture
def cadre(lesson: Any) -> Any:
    return trainee_at(lesson, name="扫码学员")


def log_in(page: Any, live_server: Any, user: Any) -> None:
    client = Client()
    client.force_login(user)
    page.context.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]
    )


def marks() -> list[tuple[str, str]]:
    found = AttendanceMark.objects.in_force().unscoped("tests")
    return sorted(found.values_list("enrolment__cadre__name", "status"))


def test_a_phone_scans_the_screen_and_is_seen_on_it(live_server, new_page, screenshots, lesson, cadre):
    screen, phone = new_page(), new_page(phone=True)
    log_in(screen, live_server, lesson.teacher.user)
    screen.goto(f"{live_server.url}/checkin/screen/{lesson.pk}/")
    screen.locator(".screen-qr svg").wait_for()
    screen.screenshot(path=screenshots / "check_in_screen.png")
    assert screen.locator(".screen-number").inner_text() == "0"
    assert screen.evaluate("document.documentElement.scrollHeight <= window.innerHeight")
    first = screen.locator(".screen-digits").inner_text()
    log_in(phone, live_server, cadre.user)
    phone.goto(screen.locator(".screen-qr").get_attribute("data-address"))
    phone.screenshot(path=screenshots / "check_in_phone.png", full_page=True)
    assert phone.evaluate(FITS)
    phone.get_by_role("button", name="我已到课").click()
    phone.get_by_text("已签到，时间").wait_for()
    phone.screenshot(path=screenshots / "check_in_done_phone.png", full_page=True)
    assert phone.evaluate(FITS)
    # The screen renews itself: another code, and one who has come.
    screen.locator(".screen-number", has_text="1").wait_for(timeout=25000)
    assert screen.locator(".screen-digits").inner_text() != first
    assert marks() == [("扫码学员", "present")]


def test_a_phone_without_network_keeps_the_code_and_sends_it_once(
    live_server, new_page, screenshots, lesson, cadre
):
    phone = new_page(phone=True)
    log_in(phone, live_server, cadre.user)
    phone.goto(f"{live_server.url}/checkin/")
    phone.context.set_offline(True)
    phone.locator("#id_code").fill(code_at(lesson))
    phone.get_by_role("button", name="签到").click()
    phone.get_by_text("等待网络 · 1").wait_for()
    phone.screenshot(path=screenshots / "check_in_offline_phone.png", full_page=True)
    assert phone.evaluate(FITS)
    assert marks() == []
    phone.context.set_offline(False)
    phone.get_by_text("已签到，时间").wait_for()
    assert marks() == [("扫码学员", "present")]
    assert CheckIn.objects.unscoped("tests").get().source == "offline"
    # Nothing waits any more, and a wrong code that waited says why and can be put away.
    assert phone.get_by_text("等待网络").count() == 0
    phone.context.set_offline(True)
    phone.locator("#id_code").fill("000000" if code_at(lesson) != "000000" else "111111")
    phone.get_by_role("button", name="签到").click()
    phone.get_by_text("等待网络 · 1").wait_for()
    phone.context.set_offline(False)
    phone.get_by_text("签到码不正确").wait_for()
    phone.get_by_role("button", name="移除").click()
    assert phone.get_by_text("签到码不正确").count() == 0
    assert CheckIn.objects.unscoped("tests").count() == 1


def tablet(new_page: Any, live_server: Any, lesson: Any) -> Any:
    page = new_page()
    page.set_viewport_size({"width": 1024, "height": 768})
    log_in(page, live_server, lesson.teacher.user)
    page.goto(f"{live_server.url}/rolls/{lesson.pk}/")
    return page


def row(page: Any, name: str) -> Any:
    return page.locator(".tablet-row", has_text=name)


def tap(page: Any, name: str, status: str) -> None:
    row(page, name).locator(f"input[value={status}]").check()


def test_a_roll_on_a_tablet_with_undo_search_and_the_rest(live_server, new_page, screenshots, lesson):
    page = tablet(new_page, live_server, lesson)
    assert page.evaluate(FITS)
    tap(page, "学员甲", "late")
    tap(page, "学员乙", "absent")
    page.get_by_text("尚未保存 · 2").wait_for()
    page.get_by_role("button", name="撤销").click()
    page.get_by_text("尚未保存 · 1").wait_for()
    assert row(page, "学员乙").locator("input:checked").count() == 0
    page.locator("#roll-search").fill("学员丙")
    assert page.locator(".tablet-row:visible").count() == 1
    tap(page, "学员丙", "on_leave")
    page.locator("#roll-search").fill("")
    page.get_by_role("button", name="其余全部到课").click()
    page.get_by_text("尚未保存 · 12").wait_for()
    page.screenshot(path=screenshots / "roll_tablet.png", full_page=True)
    page.get_by_role("button", name="保存").click()
    page.get_by_text("已保存12条考勤").wait_for()
    assert dict(marks()) | {"学员甲": "late", "学员丙": "on_leave", "学员丁": "present"} == dict(marks())
    # What was saved is undone by entering again what was there before.
    tap(page, "学员甲", "absent")
    page.get_by_role("button", name="保存").click()
    page.get_by_text("已保存1条考勤").wait_for()
    page.get_by_role("button", name="撤销").click()
    page.get_by_role("button", name="保存").click()
    wait_for(lambda: dict(marks())["学员甲"] == "late", 10, "the mark to be put back")


def test_a_tablet_without_network_keeps_its_marks_and_never_overwrites_newer_ones(
    live_server, new_page, screenshots, lesson
):
    page = tablet(new_page, live_server, lesson)
    page.context.set_offline(True)
    tap(page, "学员甲", "late")
    tap(page, "学员乙", "absent")
    page.get_by_role("button", name="保存").click()
    page.get_by_text("等待网络").wait_for()
    page.screenshot(path=screenshots / "roll_offline_tablet.png")
    assert marks() == []
    # Meanwhile a colleague marks one of them on another device.
    other = tablet(new_page, live_server, lesson)
    tap(other, "学员乙", "present")
    other.get_by_role("button", name="保存").click()
    other.get_by_text("已保存1条考勤").wait_for()
    page.context.set_offline(False)
    page.get_by_text("本设备上较早的考勤未写入：学员乙").wait_for()
    assert marks() == [("学员乙", "present"), ("学员甲", "late")]


def test_a_changed_mark_after_the_lesson_asks_why(live_server, new_page, screenshots, lesson, cadre):
    over = lesson_at(lesson.starts_at - timedelta(hours=2), hours=1, offering=lesson.offering)
    over.teacher = lesson.teacher
    over.save()
    place = Enrolment.objects.filter(cadre=cadre).unscoped("tests").get()
    AttendanceMark.objects.create(
        enrolment=place, lesson=over, status="absent", marked_by=lesson.teacher.user
    )
    phone = new_page(phone=True)
    log_in(phone, live_server, lesson.teacher.user)
    phone.goto(f"{live_server.url}/rolls/{over.pk}/")
    assert phone.evaluate(FITS)
    tap(phone, "扫码学员", "present")
    phone.get_by_role("button", name="保存").click()
    phone.get_by_text("请说明更正原因").wait_for()
    phone.screenshot(path=screenshots / "roll_reason_phone.png")
    phone.locator("#roll-reason").fill("签到表上有本人签名")
    phone.get_by_role("button", name="保存").click()
    phone.get_by_text("已保存1条考勤").wait_for()
    assert phone.get_by_text("签到表上有本人签名").count() == 1


def test_the_roll_works_without_script(live_server, chromium, lesson):
    context = chromium.new_context(java_script_enabled=False, locale="zh-CN")
    page = context.new_page()
    log_in(page, live_server, lesson.teacher.user)
    page.goto(f"{live_server.url}/rolls/{lesson.pk}/")
    tap(page, "学员甲", "late")
    page.get_by_role("button", name="保存").click()
    page.get_by_text("已保存1条考勤").wait_for()
    assert marks() == [("学员甲", "late")]
    context.close()


@pytest.mark.parametrize("phone", [True, False], ids=["phone", "desk"])
def test_the_pages_have_no_barriers(live_server, new_page, lesson, cadre, phone):
    scanned = f"/checkin/{token_at(lesson)}/"
    teacher = lesson.teacher.user
    looks = [
        (cadre.user, scanned),
        (cadre.user, "/checkin/"),
        (teacher, "/rolls/"),
        (teacher, f"/rolls/{lesson.pk}/"),
    ]
    looks += [(teacher, f"/checkin/screen/{lesson.pk}/")] if not phone else []
    faults = []
    for user, path in looks:
        page = new_page(phone=phone)
        log_in(page, live_server, user)
        page.goto(f"{live_server.url}{path}")
        page.evaluate(AXE.read_text())
        found = page.evaluate(FAULTS) + ([] if page.evaluate(FITS) else ["wider than the screen"])
        if phone:
            found += [f"smaller than a thumb: {one}" for one in page.evaluate(SMALL)]
        faults += [f"{path} {fault}" for fault in found]
        page.close()
    assert faults == []
