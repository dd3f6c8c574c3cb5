"""From the file to the register: what a check tells, what a commit writes."""

import io
from datetime import date

import pytest
import python_calamine

import trainees.tasks
from partyschool.accounts.models import Unit
from partyschool.jobs.enums import JobState
from partyschool.jobs.services.running import run_job
from tests.factories.accounts import City, make_unit
from tests.factories.imports import citizen_number, person, text_file
from tests.trainees.imported import DAY, cadres, check, codes, counts, filed, register
from trainees.enums import CadreCategory, ImportPart, ImportState, Rank
from trainees.models import CadreImport, Posting
from trainees.selectors.imports import content_of, faults_in, view_of_import
from trainees.services.import_commits import (
    AnotherFile,
    NotCommittable,
    RegisterChanged,
    commit_import,
    start_commit,
)
from trainees.services.imports import NotToBeChecked, start_check

assert trainees.tasks  # with it come the handlers of the jobs

pytestmark = pytest.mark.django_db


@pytest.fixture
def unit():
    return make_unit(code="U0001", name="市财政局")


# -- checking


def test_a_check_tells_who_is_new_changed_unchanged_and_missing(staff, unit):
    same, moved, gone = filed(unit), filed(unit, code="N000002", post="副科长"), filed(unit, code="N000009")
    before = register()
    found = check(
        [
            person(1, "U0001", citizen_no=""),
            person(2, "市财政局", citizen_no="", posted_on=DAY),
            person(3, "u0001"),
        ],
        staff,
    )
    assert (found.state, counts(found)) == (ImportState.READY, (1, 1, 1, 1, 0))
    assert register() == before
    new, changed, absent = (view_of_import(found, show=name).lines for name in ("new", "changed", "absent"))
    assert [(line.place, line.code, line.unit) for line in new] == [("干部!4", "N000003", "市财政局")]
    assert [(line.code, line.details) for line in changed] == [
        (moved.code, [("职务", "副科长", "科长"), ("任现职时间", "2024-03-01", "2025-06-02")])
    ]
    assert [line.code for line in absent] == [gone.code]
    assert same.code not in {line.code for line in (*new, *changed, *absent)}


def test_a_check_tells_every_fault_and_a_copy_marks_it(staff, unit):
    number = citizen_number(9)
    found = check(
        [
            person(1, "U0001", rank="?"),
            person(2, "U9999"),
            person(3, "U0001", citizen_no=110101199003070012),
            person(4, "U0001", name=number),
        ],
        staff,
    )
    assert found.state == ImportState.FAULTY
    assert codes(found) == [("D2", "unknown_choice"), ("C3", "unknown_unit"), ("I4", "number_cell")]
    marked = content_of(found, ImportPart.MARKED)
    rows = (
        python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(marked)).get_sheet_by_index(0).to_python()
    )
    assert rows[1][3] == "?"
    assert "职务层次" in rows[1][11]
    assert rows[3][8] == ""  # what a number cell has lost is not handed in again
    assert rows[3][1] == "张晓明"
    assert "乡科级" in rows[1][11]


def test_the_marked_copy_of_a_text_file_is_a_workbook(staff, unit):
    found = check([], staff, content=text_file([person(1, "U0001", rank="?")], encoding="gbk"))
    rows = python_calamine.CalamineWorkbook.from_filelike(
        io.BytesIO(content_of(found, ImportPart.MARKED))
    ).get_sheet_by_name("CSV")
    assert rows.to_python()[1][0] == "N000001"


def test_a_mended_copy_is_taken(staff, unit):
    found = check([person(1, "U0001", rank="?")], staff)
    rows = (
        python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content_of(found, ImportPart.MARKED)))
        .get_sheet_by_index(0)
        .to_python()
    )
    mended = [{str(index): cell for index, cell in enumerate(row)} for row in rows[1:]]
    mended[0]["3"] = "乡科级"
    again = check(mended, staff, headings={str(index): title for index, title in enumerate(rows[0])})
    assert counts(again) == (1, 0, 0, 0, 0)


def test_what_cannot_be_read_is_told_and_changes_nothing(staff):
    found = check([], staff, content=b"PK\x03\x04 nothing else")
    assert (found.state, content_of(found, ImportPart.PREVIEW)) == (ImportState.UNREADABLE, None)
    assert "损坏" in found.refusal
    with pytest.raises(NotCommittable):
        commit_import(import_id=found.pk, by=staff)


@pytest.mark.parametrize(
    ("fields", "cell", "code"),
    [
        ({"code": "N000002", "citizen_no": citizen_number(1)}, "I2", "other_person"),
        ({"citizen_no": citizen_number(5)}, "I2", "other_number"),
        ({"code": "", "citizen_no": citizen_number(5)}, "A2", "no_code"),
        ({"unit": "无此单位"}, "C2", "unknown_unit"),
        ({"unit": "同名单位"}, "C2", "many_units"),
        ({"unit": "CLOSED"}, "C2", "unknown_unit"),
        ({"post": "处长", "posted_on": "2023-01-01"}, "G2", "posted_before"),
        ({"left_on": "2024-02-01"}, "K2", "left_before"),
    ],
)
def test_what_does_not_fit_the_register_is_told(staff, unit, fields, cell, code):
    known = filed(unit)
    known.set_citizen_no(citizen_number(1))
    known.save()
    make_unit(name="同名单位")
    make_unit(name="同名单位")
    Unit.objects.filter(pk=make_unit(code="CLOSED").pk).update(closed_on=date(2025, 1, 1))
    found = check([person(1, "U0001") | fields], staff)
    assert codes(found) == [(cell, code)]


def test_an_empty_code_is_found_by_the_citizen_number(staff, unit):
    known = filed(unit)
    known.set_citizen_no(citizen_number(1))
    known.save()
    found = check([person(1, "U0001", code="")], staff)
    assert counts(found) == (0, 0, 1, 0, 0)


def test_somebody_who_left_is_not_moved(staff, unit):
    filed(unit, left_on=date(2025, 1, 1))
    found = check([person(1, "U0001", citizen_no="", post="处长", posted_on=DAY)], staff)
    assert codes(found) == [("A2", "has_left")]


def test_a_posting_does_not_begin_before_the_one_before_it(staff, unit):
    known = filed(unit)
    known.post, known.posted_on = "处长", date(2025, 1, 1)
    known.save()
    rows = [person(1, "U0001", citizen_no="", post="处长", posted_on="2024-02-01")]
    assert codes(check(rows, staff)) == [("G2", "posted_before")]
    rows[0]["posted_on"] = "2024-09-01"
    found = commit_import(import_id=check(rows, staff).pk, by=staff)
    assert found.changed == 1
    ends = Posting.objects.unscoped("tests").order_by("starts_on").values_list("starts_on", "ends_on")
    assert list(ends) == [(date(2024, 3, 1), date(2024, 8, 31)), (date(2024, 9, 1), None)]


def test_people_of_another_jurisdiction_are_refused_without_telling_where_they_are(staff):
    city = City()
    cousin = filed(city.cousin_bureau)
    cousin.set_citizen_no(citizen_number(8))
    cousin.save()
    sibling = filed(city.culture_bureau, code="N000002")
    rows = [
        person(1, city.finance_bureau.code, citizen_no=""),
        person(3, city.finance_bureau.code, citizen_no=citizen_number(8)),
        person(4, city.cousin_bureau.code),
        person(2, city.finance_bureau.code, citizen_no="", posted_on=DAY),
    ]
    found = check(rows, staff, unit=city.east)
    assert codes(found) == [("A2", "elsewhere"), ("I3", "elsewhere"), ("C4", "unknown_unit")]
    told = " ".join(f"{fault.value} {fault.reason} {fault.remedy}" for fault in faults_in(found))
    for secret in (city.west.name, city.cousin_bureau.name, cousin.name, city.west.code):
        assert secret not in told
    assert (found.changed, found.absent) == (1, 0)
    assert sibling.code in {line.code for line in view_of_import(found, show="changed").lines}
    assert counts(check(rows[3:], staff, unit=city.finance_bureau))[4] == 1


# -- committing


def test_a_commit_writes_what_was_promised_and_a_second_run_changes_nothing(staff, unit):
    other = make_unit(code="U0002", name="市文化局")
    known = filed(unit, post="")
    rows = [
        person(
            1,
            "U0002",
            post="处长",
            rank="县处级",
            posted_on=DAY,
            term_until="2030-06-01",
            citizen_no=citizen_number(1),
        ),
        person(2, "U0001", category="党外人士", posted_on="", joined_on=""),
    ]
    done = commit_import(import_id=check(rows, staff).pk, by=staff)
    assert (done.state, done.committed_by) == (ImportState.COMMITTED, staff)
    known.refresh_from_db()
    assert (known.unit, known.rank, known.post, known.posted_on, known.term_until) == (
        other, Rank.COUNTY_DIVISION, "处长", DAY, date(2030, 6, 1),
    )  # fmt: skip
    assert known.reveal_citizen_no() == citizen_number(1)
    new = cadres().get(code="N000002")
    assert (new.unit, new.category, new.joined_on, new.posted_on) == (unit, CadreCategory.NON_PARTY, DAY, DAY)
    assert new.reveal_citizen_no() == citizen_number(2)
    history = list(
        Posting.objects.unscoped("tests")
        .filter(cadre=known)
        .order_by("starts_on")
        .values_list("unit", "ends_on", "reason", "noted_by")
    )
    assert history == [
        (unit.pk, date(2025, 6, 1), "", None),
        (other.pk, None, "导入“花名册.xlsx”", staff.pk),
    ]
    before = register()
    again = check(rows, staff)
    assert counts(again) == (0, 0, 2, 0, 0)
    commit_import(import_id=again.pk, by=staff)
    assert register() == before


def test_an_empty_cell_changes_nothing(staff, unit):
    known = filed(unit, post="科长", term_until=date(2029, 1, 1))
    rows = [person(1, "U0001", post="", posted_on="", term_until="", citizen_no="", joined_on="")]
    assert counts(check(rows, staff)) == (0, 0, 1, 0, 0)
    assert known.post == "科长"


def test_the_file_is_gone_once_it_was_taken_over(staff, unit):
    done = commit_import(import_id=check([person(1, "U0001")], staff).pk, by=staff)
    assert content_of(done, ImportPart.UPLOAD) is None
    with pytest.raises(NotCommittable):
        commit_import(import_id=done.pk, by=staff)


def test_nothing_with_a_fault_is_taken_over(staff, unit):
    found = check([person(1, "U0001"), person(2, "U0001", rank="?")], staff)
    with pytest.raises(NotCommittable):
        commit_import(import_id=found.pk, by=staff)
    assert cadres().count() == 0


def test_only_the_bytes_that_were_checked_are_taken_over(staff, unit):
    found = check([person(1, "U0001")], staff)
    with pytest.raises(AnotherFile):
        commit_import(import_id=found.pk, sha256="0" * 64, by=staff)
    with pytest.raises(AnotherFile):
        start_commit(import_id=found.pk, sha256="0" * 64, by=staff)
    assert cadres().count() == 0


@pytest.mark.parametrize(
    "what", ["changed", "left out", "number taken", "code taken", "unit closed", "somebody else"]
)
def test_a_register_that_changed_since_the_check_refuses_all(staff, unit, what):
    known = filed(unit, post="副科长")
    other = make_unit(code="U0005")
    found = check([person(1, "U0001", citizen_no="", posted_on=DAY), person(2, "U0005")], staff)
    match what:
        case "changed":
            cadres().filter(pk=known.pk).update(name="张小明")
        case "left out":
            cadres().filter(pk=known.pk).update(left_on=date(2024, 5, 1))
        case "number taken":
            rival = filed(unit, code="R1")
            rival.set_citizen_no(citizen_number(2))
            rival.save()
        case "code taken":
            filed(unit, code="N000002")
        case "unit closed":
            Unit.objects.filter(pk=other.pk).update(closed_on=date(2025, 1, 1))
        case "somebody else":
            filed(unit, code="R2")
    before = register()
    with pytest.raises(RegisterChanged):
        commit_import(import_id=found.pk, by=staff)
    assert register() == before
    assert CadreImport.objects.unscoped("tests").get(pk=found.pk).state == ImportState.READY


def test_a_change_that_leaves_the_preview_as_it_was_does_not_refuse(staff, unit):
    filed(unit)
    found = check([person(2, "U0001")], staff)
    make_unit(code="U0777")
    assert commit_import(import_id=found.pk, by=staff).state == ImportState.COMMITTED


def test_after_a_refusal_the_file_is_checked_again(staff, unit):
    found = check([person(1, "U0001")], staff)
    filed(unit, code="R2")
    job = start_check(import_id=found.pk, by=staff)
    assert run_job(job_id=job.pk) == JobState.DONE
    found.refresh_from_db()
    assert counts(found) == (1, 0, 0, 1, 0)
    assert commit_import(import_id=found.pk, by=staff).state == ImportState.COMMITTED
    with pytest.raises(NotToBeChecked):
        start_check(import_id=found.pk, by=staff)
