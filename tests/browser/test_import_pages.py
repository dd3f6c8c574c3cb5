"""Importing cadres in the browser, with a real worker: upload, faults, marked-up copy, mended, looked at, taken over, undone."""

import io
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from partyschool.accounts.enums import Role
from tests.factories.accounts import make_unit, make_user
from tests.factories.imports import person, workbook
from tests.factories.trainees import CadreFactory
from trainees.models import Cadre, CadreImport

pytestmark = [
    pytest.mark.browser,
    pytest.mark.needs("chromium"),
    pytest.mark.django_db(transaction=True),
]
ADD = "/admin/trainees/cadreimport/add/"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
SECONDS = 150_000  # a message that is lost is sent again after a minute


@pytest.fixture
def page(live_server: Any, new_page: Any, worker: Any) -> Any:
    client, page = Client(), new_page()
    client.force_login(make_user(Role.STAFF, full_name="教务处"))
    page.context.add_cookies(
        [{"name": "sessionid", "value": client.cookies["sessionid"].value, "url": live_server.url}]
    )
    return page


def hand_in(page: Any, live_server: Any, content: bytes, name: str) -> None:
    page.goto(f"{live_server.url}{ADD}")
    page.locator("input[type=file]").set_input_files({"name": name, "mimeType": XLSX, "buffer": content})
    page.get_by_role("button", name="检查文件").click()


def names() -> set[str]:
    return set(Cadre.objects.unscoped("tests").values_list("name", flat=True))


def fits(page: Any) -> bool:
    return not page.evaluate("document.documentElement.scrollWidth > window.innerWidth")


def with_rank(marked: bytes, wrong: str, right: str) -> bytes:
    """The marked-up copy, mended as one does it in a table program."""
    import openpyxl

    book = openpyxl.load_workbook(io.BytesIO(marked))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value == wrong]
    assert len({cell.row for cell in cells}) == 1
    for cell in cells:
        cell.value = right
    mended = io.BytesIO()
    book.save(mended)
    return mended.getvalue()


def test_from_a_faulty_file_to_the_register_and_back(live_server, page, screenshots: Path):
    unit = make_unit(code="U0001", name="市财政局")
    known = CadreFactory(unit=unit, code="N000003", name="王建国")
    faulty = [person(1, "U0001", name="李卫东"), person(2, "U0001", name="陈思源", rank="局座")]
    hand_in(page, live_server, workbook(faulty), "花名册.xlsx")

    page.get_by_text("局座").wait_for(timeout=SECONDS)
    assert page.get_by_role("button", name="入库").count() == 0
    assert fits(page)
    page.screenshot(path=screenshots / "import_faults.png", full_page=True)
    with page.expect_download() as caught:
        page.get_by_role("link", name="标注副本").click()
    mended = with_rank(Path(caught.value.path()).read_bytes(), "局座", "乡科级")
    hand_in(page, live_server, mended, "花名册（已改）.xlsx")

    page.get_by_role("button", name="入库").wait_for(timeout=SECONDS)
    page.get_by_role("link", name="新增人员").first.click()
    page.get_by_text("陈思源").wait_for()
    assert fits(page)
    page.screenshot(path=screenshots / "import_ready.png", full_page=True)
    assert names() == {known.name}
    page.get_by_role("button", name="入库").click()

    page.get_by_role("button", name="撤销导入").wait_for(timeout=SECONDS)
    assert names() == {known.name, "李卫东", "陈思源"}
    page.screenshot(path=screenshots / "import_committed.png", full_page=True)
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="撤销导入").click()
    undone = page.get_by_text("已撤销").first
    undone.wait_for(timeout=SECONDS)
    assert names() == {known.name}
    states = list(CadreImport.objects.unscoped("tests").order_by("pk").values_list("state", flat=True))
    assert states == ["faulty", "undone"]

    page.goto(f"{live_server.url}/admin/trainees/cadreimport/")
    page.get_by_text("花名册（已改）.xlsx").wait_for()
    page.screenshot(path=screenshots / "import_list.png", full_page=True)
