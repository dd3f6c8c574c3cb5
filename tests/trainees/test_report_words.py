"""A document speaks as its kind and its recipient demand: who is told, asked or reported to, and what it may not ask for."""

import io

import pypdf
import pytest

from partyschool.accounts.enums import Role
from partyschool.jobs.models import Job
from partyschool.jobs.services.jobs import cancel_job
from partyschool.jobs.services.running import run_job
from partyschool.notices.models import Notice
from tests.factories.accounts import make_user
from tests.factories.reports import ClosedYear
from tests.factories.trainees import CreditEntryFactory
from trainees.models import ReportPacket, YearlyAssessment
from trainees.services.corrections import Stated, correct_result
from trainees.services.reports import build_reports

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_files")]
REQUESTS = ("请将", "请督促", "请贵单位", "请以", "请你")


@pytest.fixture
def closed():
    made = ClosedYear()
    made.seal()
    return made


def text_of(packet):
    with packet.notice.open() as content:
        pages = pypdf.PdfReader(io.BytesIO(content.read()), strict=True).pages
    return "".join("".join(page.extract_text().split()) for page in pages)


def issue(closed, unit, doc_type):
    """The packet in force for `unit`, or its newest correction."""
    parent = build_reports(year=2025, doc_type=doc_type, by=closed.staff)
    for job in Job.objects.unscoped("tests").filter(parent=parent).exclude(params__unit=unit.pk):
        cancel_job(job_id=job.pk, by=closed.staff)
    run_job(job_id=Job.objects.unscoped("tests").get(parent=parent, params__unit=unit.pk).pk)
    return ReportPacket.objects.unscoped("tests").filter(recipient=unit).order_by("-number").first()


@pytest.mark.parametrize(
    ("doc_type", "title", "you", "asks", "ends"),
    [
        (
            "circular",
            "情况的通报",
            "我校对你单位所辖2个单位5名干部",
            "请将考核结果反馈干部所在单位",
            "特此通报。",
        ),
        ("report", "情况的报告", "我校对东区委组织部所辖2个单位5名干部", "我校将组织补训", "特此报告。"),
        (
            "letter",
            "情况的函",
            "我校对贵单位所辖2个单位5名干部",
            "请贵单位协助将考核结果反馈干部所在单位",
            "特此函告。",
        ),
    ],
)
def test_document_to_a_department(closed, doc_type, title, you, asks, ends):
    packet = issue(closed, closed.city.east, doc_type)
    text = text_of(packet)
    assert packet.doc_type == doc_type
    for words in (title, you, asks, ends, "东区委组织部："):
        assert words in text
    assert ("各单位情况" in text, "反馈干部本人" in text) == (True, False)


@pytest.mark.parametrize(
    ("doc_type", "asks", "ends"),
    [
        ("circular", "请将考核结果反馈干部本人", "特此通报。"),
        ("letter", "请贵单位协助将考核结果反馈干部本人", "特此函告。"),
    ],
)
def test_document_to_a_unit(closed, doc_type, asks, ends):
    packet = issue(closed, closed.city.finance_bureau, doc_type)
    text = text_of(packet)
    assert packet.doc_type == doc_type
    for words in (asks, ends, "单位3名干部"):
        assert words in text
    assert "所辖" not in text
    assert "干部所在单位" not in text
    assert "各单位情况" not in text


def test_report_goes_upward_and_asks_for_nothing(closed):
    text = text_of(issue(closed, closed.city.east, "report"))
    assert [words for words in REQUESTS if words in text] == []


def test_unit_gets_a_letter_where_a_report_was_ordered(closed):
    packet = issue(closed, closed.city.finance_bureau, "report")
    assert packet.doc_type == "letter"
    assert "特此函告。" in text_of(packet)
    assert packet.notice.name.startswith("关于")
    assert "函" in packet.notice.name


def test_correction_is_of_the_kind_of_what_it_corrects(closed):
    final = issue(closed, closed.city.east, "letter")
    failed = closed.failed[closed.city.finance_bureau.pk]
    CreditEntryFactory(cadre=failed, scheme=closed.scheme, amount=60, hours=60, posted_by=closed.staff)
    row = YearlyAssessment.objects.unscoped("tests").get(cadre=failed, year=2025)
    correct_result(assessment_id=row.pk, stated=Stated(), reason="学分补登", by=closed.staff)
    erratum = issue(closed, closed.city.east, "circular")
    assert (erratum.edition, erratum.corrects, erratum.doc_type) == ("erratum", final, "letter")
    text = text_of(erratum)
    assert "请贵单位以更正后的结果为准，并反馈干部所在单位和干部本人。特此函告。" in text
    assert "结果运用" not in text


def told(packet):
    notices = Notice.objects.unscoped("tests").filter(event=f"report.issue:{packet.pk}")
    return set(notices.values_list("recipient", flat=True))


def test_officers_of_a_unit_are_told_of_its_report_and_nobody_else(closed):
    city = closed.city
    own = make_user(Role.OFFICER, unit=city.finance_bureau)
    for role, unit in (
        (Role.OFFICER, city.culture_bureau),
        (Role.OFFICER, city.cousin_bureau),
        (Role.ORGDEPT, city.east),
        (Role.ORGDEPT, city.west),
    ):
        make_user(role, unit=unit)
    make_user(Role.OFFICER, unit=city.finance_bureau, is_active=False)
    assert told(issue(closed, city.finance_bureau, "circular")) == {own.pk}


def test_people_of_a_department_are_told_of_its_report(closed):
    city = closed.city
    people = {make_user(Role.ORGDEPT, unit=city.east).pk for _person in range(2)}
    for unit in (city.east, city.finance_bureau):
        make_user(Role.OFFICER, unit=unit)
    make_user(Role.ORGDEPT, unit=city.west)
    assert told(issue(closed, city.east, "circular")) == people
