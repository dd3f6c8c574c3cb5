"""Times of card readers: read from CSV and Excel, judged row by row, taken over once."""

import io
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import xlsxwriter
from django.urls import reverse

from courses.enums import OfferingState
from partyschool.accounts.enums import Role
from partyschool.audit.models import AuditEvent
from partyschool.common import clock
from partyschool.common.sheets import UnreadableFile
from tests.admin.clients import logged_in
from tests.factories.accounts import make_user
from tests.factories.check_ins import half_day_lessons, lesson_at, statuses, trainee_at
from trainees.models import AttendanceMark, CheckIn
from trainees.rules.check_ins_cards import moment_of, swipes_of
from trainees.services.attendance import RollClosed, mark_attendance
from trainees.services.check_ins_cards import Outcome, judge_cards, read_cards, take_cards

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo("Asia/Shanghai")
START = datetime(2025, 6, 2, 8, 30, tzinfo=ZONE)
NOW = START + timedelta(hours=8)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def lesson():
    return lesson_at(START)


def text_file(*rows):
    return "\n".join(["干部编号,刷卡时间", *(f"{code},{time}" for code, time in rows)]).encode("gb18030")


def outcomes(plan):
    return [(row.swipe.row, row.outcome.value) for row in plan.rows]


def facts():
    return CheckIn.objects.unscoped("tests").count()


def test_every_row_is_judged_and_every_fault_is_told(staff, lesson):
    first, second = trainee_at(lesson, code="C001"), trainee_at(lesson, code="C002")
    content = text_file(
        ("C001", "2025-06-02 08:21:30"),
        (" c001 ", "2025/6/2 8:40"),
        ("C002", "2025年6月2日 08:36"),
        ("C002", "2025-06-02 11:29:00"),
        ("C999", "2025-06-02 08:20:00"),
        ("", "2025-06-02 08:20:00"),
        ("C002", "08:20"),
        ("C002", "2099-01-01 08:00"),
    )
    plan = judge_cards(offering_id=lesson.offering_id, swipes=read_cards(content), by=staff, now=NOW)
    assert outcomes(plan) == [
        (2, "counts"),
        (3, "again"),
        (4, "counts"),
        (5, "outside"),
        (6, "fault"),
        (7, "fault"),
        (8, "fault"),
        (9, "fault"),
    ]
    assert all(row.fault for row in plan.faults)
    assert facts() == 0
    swipes = read_cards(content)
    done = take_cards(offering_id=lesson.offering_id, swipes=swipes, by=staff, now=NOW)
    assert (done.counts[Outcome.COUNTS], facts(), statuses(lesson)) == (2, 2, ["present", "late"])
    mark = AttendanceMark.objects.filter(enrolment__cadre=first).unscoped("tests").get()
    assert (mark.source, mark.check_in.source, mark.marked_by) == ("card", "card", staff)
    again = take_cards(offering_id=lesson.offering_id, swipes=swipes, by=staff, now=NOW + MINUTE)
    assert (again.counts[Outcome.KNOWN], again.counts[Outcome.COUNTS], facts()) == (2, 0, 2)
    assert AuditEvent.objects.unscoped("tests").filter(action="attendance.cards").count() == 1
    assert second.code == "C002"


def test_an_earlier_row_that_comes_later_makes_a_late_one_present(staff, lesson):
    trainee_at(lesson, code="C001")
    take = {"offering_id": lesson.offering_id, "by": staff, "now": NOW}
    take_cards(swipes=read_cards(text_file(("C001", "2025-06-02 08:40"))), **take)
    assert statuses(lesson) == ["late"]
    take_cards(swipes=read_cards(text_file(("C001", "2025-06-02 08:20"))), **take)
    assert (statuses(lesson), facts()) == (["present"], 2)


def test_the_roll_stands_above_cards(staff, lesson):
    cadre = trainee_at(lesson, code="C001")
    place = cadre.enrolments.all().unscoped("tests").get()
    mark_attendance(lesson_id=lesson.pk, marks={place.pk: "absent"}, by=staff, now=START)
    take_cards(
        offering_id=lesson.offering_id,
        swipes=read_cards(text_file(("C001", "2025-06-02 08:20"))),
        by=staff,
        now=NOW,
    )
    assert (statuses(lesson), facts()) == (["absent"], 1)


def test_one_swipe_counts_for_the_half_day(staff):
    first, second = half_day_lessons(START)
    trainee_at(first, code="C001")
    swipes = read_cards(text_file(("C001", "2025-06-02 08:29"), ("C001", "2025-06-02 09:46")))
    plan = take_cards(offering_id=first.offering_id, swipes=swipes, by=staff, now=NOW)
    assert outcomes(plan) == [(2, "counts"), (3, "outside")]
    assert (statuses(first), statuses(second), facts()) == (["present"], ["present"], 1)


def test_a_closed_offering_takes_none(staff, lesson):
    lesson.offering.state, lesson.offering.closed_at = OfferingState.CLOSED, clock.now()
    lesson.offering.save()
    for deed in (judge_cards, take_cards):
        with pytest.raises(RollClosed):
            deed(offering_id=lesson.offering_id, swipes=[], by=staff, now=NOW)


def test_excel_files_with_dates_and_other_columns_are_read():
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        style = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        sheet.write_row(0, 0, ["考勤机导出"])
        sheet.write_row(1, 0, ["序号", "卡号", "姓名", "打卡时间"])
        sheet.write_row(2, 0, [1, 1001, "某人"])
        sheet.write_datetime(2, 3, datetime(2025, 6, 2, 8, 21, 30), style)
    (swipe,) = read_cards(out.getvalue())
    assert (swipe.row, swipe.code, swipe.at) == (3, "1001", datetime(2025, 6, 2, 8, 21, 30, tzinfo=ZONE))


def test_files_without_headings_have_code_and_time_in_the_first_two_columns():
    assert [one.code for one in swipes_of([(1, ["C1", "2025-06-02 08:21"]), (2, ["", ""])])] == ["C1"]
    assert read_cards(b"nothing\n")[0].fault


@pytest.mark.parametrize(
    "cell", ["", "08:20", "2025-06-02", "2025-13-40 08:00", 45810.35, True, "2025-06-02 25:00"]
)
def test_no_moment_is_guessed(cell):
    assert moment_of(cell) is None


def test_damaged_files_are_refused():
    with pytest.raises(UnreadableFile):
        read_cards(b"PK\x03\x04 broken")


# --- the page ----------------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def page(lesson):
    return reverse("admin:trainees_offeringroster_cards", args=[lesson.offering_id])


def upload(content, name="cards.csv"):
    file = io.BytesIO(content)
    file.name = name
    return {"file": file}


@pytest.mark.django_db(transaction=True)
def test_staff_look_first_and_take_over_what_they_saw(staff, lesson, page):
    trainee_at(lesson, code="C001", name="甲干部")
    client = logged_in(staff)
    assert client.get(page).status_code == 200
    answer = client.post(page, upload(text_file(("C001", "2025-06-02 08:21"), ("C999", "2025-06-02 08:20"))))
    text = answer.content.decode()
    assert (answer.status_code, facts(), "C999" in text) == (200, 0, True)
    sealed = answer.context["sealed"]
    assert client.post(page, {"rows": sealed[:-3] + "abc"}).status_code == 409
    other = reverse("admin:trainees_offeringroster_cards", args=[lesson_at(START).offering_id])
    assert client.post(other, {"rows": sealed}).status_code == 409
    assert facts() == 0
    assert client.post(page, {"rows": sealed}).status_code == 302
    assert (facts(), statuses(lesson)) == (1, ["present"])
    assert client.post(page, {"rows": sealed}).status_code == 302
    assert facts() == 1


@pytest.mark.django_db(transaction=True)
def test_unreadable_and_missing_files_are_told(staff, page):
    client = logged_in(staff)
    assert client.post(page, upload(b"PK\x03\x04 broken", "cards.xlsx")).status_code == 409
    assert client.post(page, {}).status_code == 200
    assert client.post(page, upload(text_file())).status_code == 200


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("role", [Role.AUDITOR, Role.FINANCE, Role.TEACHER])
def test_only_staff_take_cards_over(role, page):
    client = logged_in(make_user(role))
    assert client.get(page).status_code in {302, 403}
    assert client.post(page, {"rows": "x"}).status_code in {302, 403}
