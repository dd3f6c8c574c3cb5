"""Importing cadres in the browser, from the template to the undo."""

import io
from datetime import date

import pytest
import python_calamine
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

import trainees.tasks
from partyschool.accounts.enums import Role
from partyschool.audit.models import AuditEvent
from partyschool.jobs.models import Job
from partyschool.jobs.services.running import run_job
from tests.admin.clients import logged_in
from tests.factories.accounts import make_unit, make_user
from tests.factories.imports import citizen_number, person, workbook
from tests.factories.trainees import CadreFactory
from trainees.enums import ImportState
from trainees.models import Cadre, CadreImport
from trainees.selectors.imports import PAGE

assert trainees.tasks  # with it come the handlers of the jobs
pytestmark = pytest.mark.django_db
LIST, ADD = "/admin/trainees/cadreimport/", "/admin/trainees/cadreimport/add/"


@pytest.fixture
def staff():
    return make_user(Role.STAFF)


@pytest.fixture
def client(staff):
    return logged_in(staff)


@pytest.fixture
def unit():
    return make_unit(code="U0001", name="市财政局")


def upload(client, content, *, name="花名册.xlsx", **fields):
    file = SimpleUploadedFile(name, content)
    return client.post(ADD, {"file": file, "effective_on": "2025-06-02", **fields})


def newest() -> CadreImport:
    return CadreImport.objects.unscoped("tests").latest("pk")


def work() -> None:
    """Let the waiting jobs be done."""
    for job in Job.objects.filter(state="queued").unscoped("tests"):
        run_job(job_id=job.pk)


def page_of(found) -> str:
    return reverse("admin:trainees_cadreimport_change", args=[found.pk])


def press(client, found, step, **fields):
    found.refresh_from_db()
    data = {"seen": f"{found.state}:{found.preview_sha256[:12]}", "sha256": found.sha256, **fields}
    return client.post(f"{page_of(found).removesuffix('change/')}{step}/", data)


def checked(client, rows, **options) -> CadreImport:
    assert upload(client, workbook(rows), **options).status_code == 302
    work()
    return newest()


def test_from_upload_to_register_and_back(client, unit):
    answer = upload(client, workbook([person(1, "U0001")]))
    found = newest()
    assert (answer.status_code, answer["Location"]) == (302, page_of(found))
    waiting = client.get(page_of(found)).content.decode()
    assert "import-progress" in waiting
    assert "入库</" not in waiting
    work()
    ready = client.get(page_of(found)).content.decode()
    assert "新增 1 人" in ready
    assert "import-progress" not in ready
    assert press(client, found, "commit").status_code == 302
    work()
    assert Cadre.objects.unscoped("tests").get().code == "N000001"
    assert "撤销导入" in client.get(page_of(found)).content.decode()
    assert press(client, found, "undo").status_code == 302
    work()
    assert not Cadre.objects.unscoped("tests").exists()
    found.refresh_from_db()
    assert found.state == ImportState.UNDONE


def test_faults_are_listed_with_cell_reason_and_remedy_and_masked(client, unit):
    found = checked(
        client,
        [person(1, "U0001", rank=citizen_number(3)), person(2, "U0001", citizen_no=123456789012345678)],
    )
    html = client.get(page_of(found)).content.decode()
    for words in (
        "干部!D2",
        "干部!I3",
        "没有此选项",
        "请从以下选项中选择",
        "单元格为数值而非文本",
        "标注副本",
    ):
        assert words in html
    assert citizen_number(3) not in html
    assert "12345678901" not in html
    assert press(client, found, "commit").status_code == 409


def test_the_marked_up_copy_is_for_those_who_hand_in_and_the_trail_keeps_it(client, unit):
    found = checked(client, [person(1, "U0001", rank="?")])
    address = page_of(found).removesuffix("change/") + "marked/"
    answer = client.get(address)
    content = b"".join(answer.streaming_content)
    assert python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content)).sheet_names == ["干部"]
    assert "filename*=UTF-8''%E8%8A%B1%E5%90%8D%E5%86%8C" in answer["Content-Disposition"]
    assert AuditEvent.objects.filter(action="cadreimport.download").unscoped("tests").count() == 1
    assert logged_in(make_user(Role.AUDITOR)).get(address).status_code == 403


def test_an_auditor_looks_and_does_not_act(client, unit):
    found = checked(client, [person(1, "U0001")])
    auditor = logged_in(make_user(Role.AUDITOR))
    html = auditor.get(page_of(found)).content.decode()
    assert "新增 1 人" in html
    assert "csrfmiddlewaretoken" not in html.split("work-head")[1]
    assert auditor.get(ADD).status_code == 403
    assert [press(auditor, found, step).status_code for step in ("check", "commit", "undo")] == [403] * 3


@pytest.mark.parametrize("show", ["new", "changed", "absent", "faults", "nonsense", ""])
@pytest.mark.parametrize("page", ["1", "2", "0", "-1", "99999999999999999999", "x"])
def test_every_list_and_page_of_it_can_be_asked_for(client, unit, show, page):
    CadreFactory(unit=unit)
    found = checked(client, [person(index, "U0001") for index in range(PAGE + 5)])
    answer = client.get(page_of(found), {"show": show, "page": page})
    assert answer.status_code == 200
    if (show, page) == ("new", "2"):
        html = answer.content.decode()
        assert html.count("<tr>") == 6
        assert "第 2 页，共 2 页" in html


def test_the_page_asks_the_same_number_of_queries_for_one_line_and_for_many(
    client, unit, django_assert_num_queries
):
    for rows in (1, 50):
        found = checked(client, [person(100 * rows + index, "U0001") for index in range(rows)])
        client.get(page_of(found))
        with django_assert_num_queries(9):
            client.get(page_of(found))


@pytest.mark.parametrize(
    ("name", "content"),
    [("a.exe", b"MZ"), ("a.xlsm", b"PK"), ("a.xlsx", b""), ("a.csv", bytes(11 << 20)), ("a.xlsx", b"  ")],
)
def test_what_is_no_table_is_refused_at_once(client, name, content):
    answer = upload(client, content, name=name)
    assert answer.status_code in (200, 409)
    assert not CadreImport.objects.unscoped("tests").exists()


@pytest.mark.parametrize(
    "field", [{"unit": "999999"}, {"unit": "x"}, {"effective_on": "2999-01-01"}, {"effective_on": "x"}]
)
def test_damaged_fields_are_shown_again(client, field):
    answer = upload(client, workbook([person(1, "U0001")]), **field)
    assert answer.status_code == 200
    assert "work-error" in answer.content.decode()


def test_a_file_that_cannot_be_read_says_why(client):
    upload(client, b"PK\x03\x04 nothing else")
    work()
    html = client.get(page_of(newest())).content.decode()
    assert "无法读取此文件" in html
    assert "已损坏" in html


def test_a_page_that_is_out_of_date_does_nothing(client, unit):
    found = checked(client, [person(1, "U0001")])
    assert press(client, found, "commit", seen="ready:000000000000").status_code == 409
    assert press(client, found, "commit", sha256="0" * 64).status_code == 409
    work()
    assert not Cadre.objects.unscoped("tests").exists()


def test_a_register_that_changed_is_told_on_the_page_and_the_file_checked_again(client, unit):
    found = checked(client, [person(1, "U0001")])
    CadreFactory(unit=unit)
    press(client, found, "commit")
    work()
    html = client.get(page_of(found)).content.decode()
    assert "检查之后名册已有变动" in html
    assert press(client, found, "check").status_code == 302
    work()
    found.refresh_from_db()
    assert (found.state, found.absent) == (ImportState.READY, 1)
    assert "检查之后名册已有变动" not in client.get(page_of(found)).content.decode()


def test_progress_is_read_anew_until_the_page_has_changed(client, unit):
    upload(client, workbook([person(1, "U0001")]))
    found = newest()
    asked = {"HX-Request": "true"}
    answer = client.get(page_of(found), headers=asked)
    assert "<html" not in answer.content.decode()
    assert "HX-Refresh" not in answer
    work()
    assert client.get(page_of(found), headers=asked)["HX-Refresh"] == "true"


def test_the_template_is_understood_and_knows_the_units(client, unit):
    make_unit(code="U0002").__class__.objects.filter(code="U0002").update(closed_on=date(2025, 1, 1))
    content = b"".join(client.get(reverse("admin:trainees_cadreimport_template")).streaming_content)
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
    assert book.sheet_names == ["干部", "填写说明", "单位"]
    assert book.get_sheet_by_name("单位").to_python() == [["单位代码", "单位名称"], ["U0001", "市财政局"]]
    upload(client, content)
    work()
    assert "文件中没有任何人员" in client.get(page_of(newest())).content.decode()


def test_the_part_of_the_register_is_chosen(client, unit):
    other = CadreFactory(unit=make_unit(code="U0009"), code="N000001")
    found = checked(client, [person(1, "U0001")], unit=str(unit.pk))
    assert found.unit == unit
    html = client.get(page_of(found)).content.decode()
    assert "此人不在本文件对应的名册范围内" in html
    assert other.unit.name not in html


def test_the_list_finds_a_file_by_name_and_fingerprint(client, unit):
    found = checked(client, [person(1, "U0001")])
    for words in ("花名", found.sha256):
        assert "花名册.xlsx" in client.get(LIST, {"q": words}).content.decode()
    assert "花名册.xlsx" not in client.get(LIST, {"q": "别的"}).content.decode()


def test_the_sheets_that_help_are_passed_over_in_silence_and_others_are_named(client, unit):
    found = checked(client, [person(1, "U0001")])
    assert "未读取" not in client.get(page_of(found)).content.decode()
    template = b"".join(client.get(reverse("admin:trainees_cadreimport_template")).streaming_content)
    upload(client, template)
    work()
    assert "没有相符表头的工作表" not in client.get(page_of(newest())).content.decode()
