"""A report packet comes into being once, whole, numbered without gaps, and tells nothing about anybody else's cadres."""

import hashlib
import json
from datetime import date, time
from io import StringIO

import pytest
import time_machine
from django.core.management import call_command

from partyschool import __version__
from partyschool.accounts.enums import UnitKind
from partyschool.audit.models import AuditEvent
from partyschool.common import clock
from partyschool.jobs.models import Job
from partyschool.notices.models import Notice
from tests.factories.accounts import make_unit, make_user
from tests.factories.reports import ClosedYear
from tests.factories.trainees import CadreFactory, CreditEntryFactory, make_scheme
from tests.factories.years import open_year, sealed_year
from tests.trainees.packets_read import book_of, inside, packets, pdf_text, sheet_of, sheet_rows
from trainees.exporters.assessment_annex import build_assessment_annex
from trainees.exporters.assessment_manifest import PacketFile, build_manifest
from trainees.exporters.assessment_notice import build_assessment_notice
from trainees.exporters.wording import PacketFacts
from trainees.models import YearlyAssessment
from trainees.selectors.reports import read_report
from trainees.services.corrections import Stated, correct_result
from trainees.services.reports import NoInterim, QuarterNotBegun, YearNotClosed, YearNotSealed, build_reports

HOSTILE = ("王<b>强</b>", "李&赵", "=1+1", '<img src="/etc/passwd">', "@SUM(A1)", "-2+3", "%s{0}\\n")
RARE = ("䶮", "㛃", "龑", "𠮷")


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path / "files"


@pytest.fixture
def closed(db):
    return ClosedYear()


def recipients(closed):
    """Two organisation departments, and the three units in which people stand."""
    city = closed.city
    return [city.east, city.west, city.finance_bureau, city.culture_bureau, city.cousin_bureau]


def test_build_year_not_closed_is_refused(db):
    with pytest.raises(YearNotClosed):
        build_reports(year=2025, by=make_user("staff"))
    assert not Job.objects.unscoped("tests").exists()


def test_yearly_report_waits_for_the_seal_and_interim_report_ends_with_it(closed):
    with pytest.raises(YearNotSealed):
        build_reports(year=2025, by=closed.staff)
    closed.seal()
    with pytest.raises(NoInterim):
        build_reports(year=2025, quarter=4, by=closed.staff)
    assert not Job.objects.unscoped("tests").filter(kind="build_reports").exists()


def test_unit_without_organisation_department_gets_its_own(db):
    staff, scheme = make_user("staff"), make_scheme(2025)
    unit = make_unit(kind=UnitKind.CITY)
    CreditEntryFactory(cadre=CadreFactory(unit=unit), scheme=scheme, posted_by=staff)
    sealed_year(staff)
    build_reports(year=2025, by=staff)
    assert Job.objects.unscoped("tests").get(kind="report_packet").params["unit"] == unit.pk


def test_build_starts_one_child_per_recipient_once(closed):
    closed.seal()
    first = build_reports(year=2025, by=closed.staff)
    assert build_reports(year=2025, by=closed.staff) == first
    children = Job.objects.unscoped("tests").filter(parent=first).order_by("key")
    assert [child.key for child in children] == sorted(f"2025:{unit.pk}" for unit in recipients(closed))
    assert (first.kind, first.key) == ("build_reports", "2025")


def test_packet_says_what_the_results_say(closed):
    packet = closed.report_to(closed.city.east)
    assert (packet.row_count, packet.state) == (5, "valid")
    text = pdf_text(packet.notice)
    assert f"两江委校〔{packet.number_year}〕{packet.number}号" in text
    assert packet.code in text
    assert "参加考核4人，其中合格2人、不合格2人，合格率50.0%" in text
    for failed in (
        closed.failed[closed.city.finance_bureau.pk],
        closed.failed[closed.city.culture_bureau.pk],
    ):
        assert failed.name in text
    rows = sheet_rows(packet.annex)
    assert [row[:3] for row in rows] == [
        [number, unit.name, ""]
        for number, unit in enumerate([closed.city.finance_bureau] * 3 + [closed.city.culture_bureau] * 2, 1)
    ]
    failed = closed.failed[closed.city.finance_bureau.pk]
    row = next(row for row in rows if row[3] == failed.code)
    assert row[4:] == [failed.name, "乡科级", 40, 0, 0, 0, 40, 40, 90, "不合格", "合计40学分（应达90）"]


def test_packet_files_are_whole_and_belong_to_the_job(closed):
    packet = closed.report_to(closed.city.east)
    for file in (packet.notice, packet.annex, packet.manifest):
        with file.open() as content:
            data = content.read()
        assert (hashlib.sha256(data).hexdigest(), len(data)) == (file.sha256, file.size)
        assert file.job == packet.job
        assert "东区委组织部" in file.name


def test_packet_can_be_made_again_byte_by_byte(closed):
    packet = closed.report_to(closed.city.east)
    report = read_report(year=2025, recipient_id=closed.city.east.pk)
    facts = PacketFacts(packet.number, packet.number_year, packet.code, packet.issued_at)
    notice, annex = build_assessment_notice(report, facts).content, build_assessment_annex(report, facts)
    files = [
        PacketFile("notice", packet.notice.name, notice),
        PacketFile("annex", packet.annex.name, annex),
    ]
    manifest = build_manifest(report, facts, edition="final", queried_at=packet.queried_at, files=files)
    made = [hashlib.sha256(content).hexdigest() for content in (notice, annex, manifest)]
    assert made == [packet.notice.sha256, packet.annex.sha256, packet.manifest.sha256]


def test_manifest_says_from_what_the_packet_was_made(closed):
    packet = closed.report_to(closed.city.east)
    with packet.manifest.open() as content:
        said = json.loads(content.read())
    assert (said["rows"], said["data_digest"], said["edition"]) == (5, packet.data_digest, "final")
    assert said["scheme"] == {"name": closed.scheme.name, "version": closed.scheme.version}
    assert said["queried_at"] == packet.queried_at.isoformat()
    assert said["portal_version"] == __version__
    files = {file["part"]: (file["sha256"], file["size"]) for file in said["files"]}
    assert files == {
        "notice": (packet.notice.sha256, packet.notice.size),
        "annex": (packet.annex.sha256, packet.annex.size),
    }


def test_charts_are_in_the_notice_and_their_tables_in_the_annex(closed):
    packet = closed.report_to(closed.city.east)
    text = pdf_text(packet.notice)
    for caption in ("各单位合格率", "各类别计入学分"):
        assert caption in text
    book = book_of(packet.annex)
    assert book.sheetnames == ["考核结果", "所辖单位", "不能确定为优秀等次", "历年情况", "说明"]
    units = list(book["所辖单位"].iter_rows(min_row=2, max_col=6, values_only=True))
    assert units == [
        (closed.city.finance_bureau.name, 3, 1, 1, 1, 0.5),
        (closed.city.culture_bureau.name, 2, 1, 1, 0, 0.5),
    ]


def test_unit_gets_its_own_people_alone(closed):
    packet = closed.report_to(closed.city.finance_bureau)
    assert packet.row_count == 3
    shown = pdf_text(packet.notice) + inside(packet.annex)
    for cadre in (closed.passed, closed.failed):
        assert cadre[closed.city.finance_bureau.pk].code in shown
        assert cadre[closed.city.culture_bureau.pk].code not in shown


def test_divisions_are_in_the_report_of_their_unit_and_get_none_of_their_own(db):
    """The sibling's and the cousin's divisions stay out of it."""
    closed = ClosedYear(close=False)
    city = closed.city
    mine, sibling, cousin = (
        closed.cadre(make_unit(bureau, kind=UnitKind.DIVISION, name=name), 96, name=person)
        for bureau, name, person in (
            (city.finance_bureau, "预算科", "金丝雀甲"),
            (city.culture_bureau, "文艺科", "金丝雀乙"),
            (city.cousin_bureau, "国库科", "金丝雀丙"),
        )
    )
    closed.close()
    packet = closed.report_to(city.finance_bureau)
    assert not packets().filter(recipient__kind=UnitKind.DIVISION).exists()
    assert packet.row_count == 4
    text, book = pdf_text(packet.notice), inside(packet.annex)
    assert "各内设机构情况" in text
    assert book_of(packet.annex).sheetnames[1] == "内设机构"
    assert ("预算科", mine.name) == tuple(
        next(row for row in sheet_rows(packet.annex) if row[4] == mine.name)[place] for place in (1, 4)
    )
    for other in (sibling, cousin):
        assert other.name not in text + book
        assert other.unit.name not in text + book
    whole = closed.packet_of(city.east)
    assert [mine.name in inside(whole.annex), sibling.name in inside(whole.annex)] == [True, True]
    assert cousin.name not in inside(whole.annex)


def test_correction_after_sealing_makes_an_erratum_with_the_difference_alone(closed):
    final = closed.report_to(closed.city.east)
    failed = closed.failed[closed.city.finance_bureau.pk]
    correct(closed, failed)
    assert closed.report_to(closed.city.east) == final
    erratum = packets().get(corrects=final)
    assert (erratum.edition, erratum.row_count) == ("erratum", 1)
    assert erratum.number in {6, 7}  # the unit that the cadre stands in gets one as well
    final.refresh_from_db()
    assert (final.state, final.superseded_by) == ("valid", None)
    text, book = pdf_text(erratum.notice), inside(erratum.annex)
    assert "不合格，40学分" in text
    assert "合格，100学分" in text
    assert f"〔{final.number_year}〕{final.number}号" in text
    for shown in (text, book):
        assert failed.name in shown
        assert closed.failed[closed.city.culture_bureau.pk].name not in shown
    closed.report_to(closed.city.east)
    assert packets().filter(edition="erratum").count() == 2  # the department's and the unit's, each once
    assert not packets().filter(edition="erratum", recipient=closed.city.west).exists()


def correct(closed, cadre):
    """60 credits that came late, and the correction that counts them."""
    CreditEntryFactory(cadre=cadre, scheme=closed.scheme, amount=60, hours=60, posted_by=closed.staff)
    row = YearlyAssessment.objects.unscoped("tests").get(cadre=cadre, year=2025)
    correct_result(assessment_id=row.pk, stated=Stated(), reason="学分补登", by=closed.staff)


def test_recipient_is_told_once_with_a_link_and_nobody_else(closed):
    mine = make_user("orgdept", unit=closed.city.east)
    for other in (make_user("orgdept", unit=closed.city.west), make_user("officer", unit=closed.city.east)):
        assert other.pk != mine.pk
    packet = closed.report_to(closed.city.east)
    closed.report_to(closed.city.east)
    notice = Notice.objects.unscoped("tests").get(event=f"report.issue:{packet.pk}")
    assert (notice.recipient, notice.url) == (mine, f"/organisation/packets/{packet.pk}/")
    assert f"〔{packet.number_year}〕{packet.number}号" in notice.title


def test_issue_is_on_record(closed):
    packet = closed.report_to(closed.city.east)
    event = AuditEvent.objects.unscoped("tests").get(
        action="report.issue", subject=f"trainees.reportpacket:{packet.pk}"
    )
    assert event.actor == closed.staff
    assert (event.data["rows"], event.data["digest"], event.data["missing"]) == (5, packet.data_digest, [])


def test_hostile_names_are_shown_as_they_are(closed):
    for name in HOSTILE + RARE:
        closed.cadre(closed.city.finance_bureau, 10, name=name)
    closed.close()
    packet = closed.report_to(closed.city.east)
    text = pdf_text(packet.notice)
    sheet = sheet_of(packet.annex)
    cells = {cell.value: cell.data_type for row in sheet.iter_rows() for cell in row}
    for name in HOSTILE + RARE:
        assert name.replace(" ", "") in text
        assert cells[name] == "s"
    assert "<f>" not in inside(packet.annex)


def test_character_without_glyph_is_reported_with_the_person(closed):
    closed.cadre(closed.city.finance_bureau, 10, name="\ue000田")
    closed.close()
    packet = closed.report_to(closed.city.east)
    notice = Notice.objects.unscoped("tests").get(event=f"report.glyphs:{packet.pk}")
    assert notice.recipient == closed.staff
    assert "\ue000田 (东区财政局): \ue000 (U+E000)" in notice.body
    event = AuditEvent.objects.unscoped("tests").get(
        action="report.issue", subject=f"trainees.reportpacket:{packet.pk}"
    )
    assert event.data["missing"] == ["\ue000田 (东区财政局): U+E000"]
    assert "〓田" in pdf_text(packet.notice)


def test_nobody_outside_the_jurisdiction_is_in_the_packet(closed):
    make_user("orgdept", unit=closed.city.east)
    canaries = [closed.cadre(closed.city.cousin_bureau, earned, name=f"外人{earned}") for earned in (10, 96)]
    above = closed.cadre(closed.city.root, 10, name="外人上级")
    closed.close()
    packet = closed.report_to(closed.city.east)
    files = (packet.notice, packet.annex, packet.manifest)
    shown = pdf_text(packet.notice) + inside(packet.annex) + "".join(file.name for file in files)
    with packet.manifest.open() as content:
        shown += content.read().decode()
    for told in Notice.objects.unscoped("tests").filter(event=f"report.issue:{packet.pk}"):
        shown += told.title + told.body + told.url
    for cadre in [*canaries, above]:
        assert cadre.name not in shown
        assert cadre.code not in shown
    for unit in (closed.city.cousin_bureau, closed.city.west):
        assert unit.name not in shown
    assert closed.passed[closed.city.finance_bureau.pk].code in shown


def test_transferred_cadre_stays_in_the_report_of_the_old_jurisdiction(closed):
    closed.seal()
    moved = closed.failed[closed.city.finance_bureau.pk]
    moved.unit = closed.city.cousin_bureau
    moved.save()
    assert moved.name in pdf_text(closed.report_to(closed.city.east).notice)
    assert moved.name not in pdf_text(closed.report_to(closed.city.west).notice)


def test_no_citizen_number_is_in_the_packet(closed):
    cadre = closed.failed[closed.city.finance_bureau.pk]
    cadre.set_citizen_no("110101199003077758")
    cadre.save()
    packet = closed.report_to(closed.city.east)
    shown = pdf_text(packet.notice) + inside(packet.annex)
    assert "110101" not in shown
    assert "7758" not in shown


def test_results_of_a_running_year_are_called_interim(db):
    closed = ClosedYear(close=False)
    with time_machine.travel(clock.school_instant(date(2025, 12, 20), time(12)), tick=False):
        interim = closed.preview_to(closed.city.east)
    text = pdf_text(interim.notice)
    assert "截至2025年12月20日的阶段性结果" in text
    assert "不作为年度考核的依据" in text
    assert "不能确定为优秀等次" not in text
    assert book_of(interim.annex).sheetnames == ["考核结果", "所辖单位", "尚未达到考核要求", "说明"]
    closed.close()
    final = closed.report_to(closed.city.east)
    assert interim.pk != final.pk
    assert "阶段性" not in pdf_text(final.notice)


def test_interim_report_of_a_running_year_shows_what_the_ledger_holds_now(db):
    """Nobody closes the year by hand before it: ordering the report does."""
    closed = ClosedYear(close=False)
    autumn = clock.school_instant(date(2025, 10, 5), time(9))
    with time_machine.travel(autumn, tick=False):
        first = closed.preview_to(closed.city.east, quarter=3)
        assert first.row_count == 5
        failed = closed.failed[closed.city.finance_bureau.pk]
        assert failed.name in pdf_text(first.notice)
        assert closed.preview_to(closed.city.east, quarter=3) == first
        CreditEntryFactory(cadre=failed, scheme=closed.scheme, amount=60, hours=60, posted_by=closed.staff)
        second = closed.preview_to(closed.city.east, quarter=3)
    first.refresh_from_db()
    assert (first.state, first.superseded_by) == ("superseded", second)
    assert failed.name not in pdf_text(second.notice)


def test_results_open_to_objections_are_reported_as_they_were_shown(closed):
    open_year(closed.staff)
    failed = closed.failed[closed.city.finance_bureau.pk]
    CreditEntryFactory(cadre=failed, scheme=closed.scheme, amount=60, hours=60, posted_by=closed.staff)
    assert failed.name in pdf_text(closed.preview_to(closed.city.east).notice)


def test_quarter_that_lies_ahead_is_refused(closed):
    summer = clock.school_instant(date(2025, 9, 30), time(23, 59))
    with pytest.raises(QuarterNotBegun) as refusal:
        build_reports(year=2025, quarter=4, by=closed.staff, now=summer)
    assert refusal.value.retry_at == clock.school_instant(date(2025, 10, 1), time.min)
    assert not Job.objects.unscoped("tests").filter(kind="build_reports").exists()


def test_jurisdiction_without_failures_says_so(db):
    closed = ClosedYear(close=False)
    unit = make_unit(closed.city.root, kind=UnitKind.ORG_DEPARTMENT, name="北区委组织部")
    closed.cadre(unit, 96)
    closed.close()
    text = pdf_text(closed.report_to(unit).notice)
    assert "本年度没有考核不合格的干部" in text
    assert "合格率100.0%" in text


@pytest.mark.django_db(transaction=True)
def test_command_waits_for_the_workers(worker):
    closed = ClosedYear()
    closed.seal()
    out = StringIO()
    call_command("build_reports", "2025", "--wait", "--by", closed.staff.username, stdout=out)
    assert "100%  5/5" in out.getvalue()
    assert sorted(packets().values_list("number", flat=True)) == [1, 2, 3, 4, 5]
