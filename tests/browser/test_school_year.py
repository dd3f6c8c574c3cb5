"""One school year in the browser, each step by its role, on the demo school, with a real web server, worker and beat.

Open the round → pick on a phone → roll call → close the offerings → close the year → build the reports → the organisation
department reads and downloads → anyone verifies. Pictures of every step are kept in build/screenshots.
"""

import hashlib
import io
import re
import socket
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pypdf
import pytest
from django.core.management import call_command

from partyschool.common import clock
from partyschool.home.demo.accounts import PASSWORD
from partyschool.home.demo.plans import present_year
from tests.waiting import wait_for
from trainees.models import Cadre, ReportPacket

pytestmark = [
    pytest.mark.browser,
    pytest.mark.needs("chromium", "fonts"),
    pytest.mark.django_db(transaction=True),
]

SCARCE, PLENTY = "涉外礼仪与对外交流", "数字政府与数据思维"
PICKERS = ("trainee", "trainee2", "trainee3", "trainee4")


@pytest.fixture
def portal(spawn: Callable[..., Any], start_worker: Callable[..., Any], tmp_path: Path) -> str:
    """The address of a running portal with the demo school."""
    demo = spawn("demo", ["manage", "demo"])
    assert demo.wait(180) == 0, (tmp_path / "demo.log").read_text(errors="replace")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    web = ["granian", "--interface", "wsgi", "--workers", "1", "--blocking-threads", "4"]
    spawn("web", [*web, "--host", "127.0.0.1", "--port", str(port), "partyschool.wsgi:application"])
    start_worker(concurrency=2)
    spawn("beat", ["celery", "-A", "partyschool", "beat", "--schedule", str(tmp_path / "beat")])
    address = f"http://127.0.0.1:{port}"
    wait_for(lambda: _answers(f"{address}/healthz"), 60, "the web server")
    return address


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return response.status == 200
    except OSError:
        return False


class Walker:
    """One person in front of the portal."""

    def __init__(self, page: Any, address: str, screenshots: Path, name: str) -> None:
        self.page, self.address, self.screenshots, self.name = page, address, screenshots, name
        self.go("/accounts/login/")
        page.fill("[name=username]", name)
        page.fill("[name=password]", PASSWORD)
        page.press("[name=password]", "Enter")
        page.wait_for_url(f"{address}/")

    def go(self, path: str) -> None:
        assert self.page.goto(f"{self.address}{path}").status == 200

    def press(self, button: str | re.Pattern[str], *, within: Any = None) -> None:
        (within or self.page).get_by_role("button", name=button).first.click()
        self.page.wait_for_load_state("networkidle")

    def follow(self, link: str | re.Pattern[str]) -> None:
        self.page.get_by_role("link", name=link).first.click()
        self.page.wait_for_load_state("networkidle")

    def sees(self, text: str | re.Pattern[str]) -> None:
        self.page.get_by_text(text).first.wait_for(timeout=30_000)

    def shot(self, step: str) -> None:
        self.page.screenshot(path=self.screenshots / f"year_{step}.png", full_page=True)

    def download(self, link: str | re.Pattern[str]) -> tuple[str, bytes]:
        with self.page.expect_download() as started:
            self.page.get_by_role("link", name=link).first.click()
        return started.value.suggested_filename, Path(started.value.path()).read_bytes()


def test_one_school_year_walks_through_the_portal(portal, new_page, screenshots, capsys):
    year = present_year(clock.now())

    def enter(name: str, *, phone: bool = False) -> Walker:
        return Walker(new_page(phone=phone), portal, screenshots, name)

    staff = enter("staff")
    staff.shot("01_home_of_staff")
    staff.follow("开放轮次")
    staff.shot("02_open_round")
    staff.press("开放轮次")
    staff.sees("已开放")

    _pick(enter, screenshots)

    for topic in (SCARCE, PLENTY):
        _hold_and_close(staff, topic)
    staff.shot("07_offering_closed")

    _close_year(staff, year)
    _build_reports(staff, year)

    orgdept = enter("orgdept")
    _read_report(orgdept, year)
    packet, files = _download(orgdept)
    _verify(new_page(), portal, screenshots, packet, files)

    call_command("check_data")
    assert capsys.readouterr().out == ""


def _pick(enter: Callable[..., Walker], screenshots: Path) -> None:
    """Three seats, four trainees: the fourth is refused and told why, and picks another topic."""
    walkers = [enter(name, phone=True) for name in PICKERS]
    for walker in walkers:
        walker.go("/electives/")
    walkers[0].shot("03_electives_on_a_phone")
    for walker in walkers:
        card = walker.page.locator("article").filter(has_text=SCARCE).first
        walker.press("选择此专题", within=card)
    for walker in walkers[:3]:
        walker.sees("选学成功")
    walkers[0].shot("04_picked")
    # The fourth page was drawn while seats were left.
    walkers[3].sees("名额已满")
    walkers[3].shot("05_refused")
    walkers[3].go("/electives/")
    walkers[3].press("选择此专题", within=walkers[3].page.locator("article").filter(has_text=PLENTY).first)
    walkers[3].sees("选学成功")


def _hold_and_close(staff: Walker, topic: str) -> None:
    staff.go(f"/admin/trainees/offeringroster/?q={topic}")
    staff.follow(topic)
    staff.page.locator("main, #content").first.get_by_role("link", name=re.compile("点名$")).last.click()
    staff.page.wait_for_load_state("networkidle")
    staff.press("全部到课")
    staff.shot("06_roll_call")
    staff.press("保存考勤")
    staff.follow("结班")
    staff.press("结班")
    staff.sees("已结班")


def _close_year(staff: Walker, year: int) -> None:
    staff.go(f"/admin/trainees/yearlyassessment/close-year/?year={year}")
    staff.shot("08_close_year")
    staff.press(re.compile(f"结算{year}年度"))
    staff.sees(re.compile("已结算|结算完成|合格"))
    staff.shot("09_year_closed")


def _build_reports(staff: Walker, year: int) -> None:
    """The year is not over and so not sealed: its reports are interim ones, of the present quarter."""
    now = clock.now()
    quarter = (clock.school_date(now).month + 2) // 3 if clock.school_year(now) == year else 4
    staff.go(f"/admin/trainees/reportpacket/build/?year={year}")
    staff.press(re.compile("生成"))
    staff.sees("尚未封存")
    staff.go(f"/admin/trainees/reportpacket/build/?year={year}&quarter={quarter}")
    staff.sees(f"第{quarter}季度")
    staff.press(re.compile("生成"))
    staff.page.wait_for_url(re.compile("/jobs/"))
    staff.shot("10_progress")
    staff.page.reload()
    staff.page.locator("main").get_by_text("100%").first.wait_for(timeout=90_000)
    staff.shot("11_reports_built")


def _read_report(orgdept: Walker, year: int) -> None:
    orgdept.go("/organisation/")
    orgdept.shot("12_credit_report")
    orgdept.page.set_viewport_size({"width": 390, "height": 844})
    orgdept.shot("13_credit_report_phone")
    orgdept.page.set_viewport_size({"width": 1440, "height": 900})
    text = orgdept.page.locator("main").inner_text()
    own = {
        cadre.name
        for cadre in Cadre.objects.unscoped("what the page should hold").filter(
            unit__path__startswith=_path("orgdept")
        )
    }
    strangers = {cadre.name for cadre in Cadre.objects.unscoped("what it should not")} - own
    assert any(name in text for name in own)
    assert [name for name in strangers if re.search(rf"(?<!\w){name}(?!\w)", text)] == []
    orgdept.go(f"/organisation/cadres/?year={year}")
    orgdept.page.locator("main tbody a").first.click()
    orgdept.page.wait_for_load_state("networkidle")
    orgdept.sees(re.compile("学分"))
    orgdept.shot("14_person")


def _path(username: str) -> str:
    from partyschool.accounts.models import User

    (path,) = User.objects.get(username=username).scope.unit_paths
    return path


def _download(orgdept: Walker) -> tuple[ReportPacket, list[bytes]]:
    import openpyxl

    orgdept.go("/organisation/")
    notice_name, notice = orgdept.download(re.compile("通报.PDF"))
    annex_name, annex = orgdept.download(re.compile("附件.Excel"))
    assert (notice_name[-4:], annex_name[-5:]) == (".pdf", ".xlsx")
    text = "".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(notice)).pages)
    rows = list(openpyxl.load_workbook(io.BytesIO(annex)).active.iter_rows(values_only=True))
    digests = {hashlib.sha256(content).hexdigest() for content in (notice, annex)}
    packet = (
        ReportPacket.objects.unscoped("the one just downloaded")
        .select_related("notice", "annex")
        .get(notice__sha256__in=digests)
    )
    assert digests == {packet.notice.sha256, packet.annex.sha256}
    assert str(packet.number) in text
    assert sum(1 for row in rows if row and row[0] and str(row[0]).isdigit()) == packet.row_count
    return packet, [notice, annex]


def _verify(page: Any, address: str, screenshots: Path, packet: ReportPacket, files: list[bytes]) -> None:
    """Without a log-in: the code tells whether a copy is genuine."""
    assert page.goto(f"{address}/verify/{packet.code}/").status == 200
    page.screenshot(path=screenshots / "year_15_verified.png", full_page=True)
    shown = page.locator("main").inner_text()
    assert [
        hashlib.sha256(content).hexdigest() in shown.replace("\n", "").replace(" ", "") for content in files
    ] == [True, True]
    assert page.goto(f"{address}/verify/0000-0000-0000-0000/").status == 404
