"""From an offering to its people and back, and the end of one that is not held."""

import io
from datetime import date

import pytest
from django.urls import reverse
from python_calamine import CalamineWorkbook

from courses.enums import OfferingKind, OfferingState
from courses.models import Offering
from partyschool.accounts.enums import Role
from partyschool.audit.models import AuditEvent
from tests.admin.clients import logged_in
from tests.factories.accounts import make_user
from tests.factories.courses import OfferingFactory
from tests.factories.trainees import CadreFactory, EnrolmentFactory
from trainees.enums import EnrolmentState
from trainees.models import Enrolment

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def offering(city, staff):
    offering = OfferingFactory(title="=1+1", capacity=5, starts_on=date(2026, 3, 2), ends_on=date(2026, 3, 3))
    cadre = CadreFactory(name="<b>甲</b>", unit=city.finance_bureau)
    EnrolmentFactory(cadre=cadre, offering=offering, created_by=staff)
    return offering


def _text(client, name: str, *args: object) -> str:
    answer = client.get(reverse(f"admin:{name}", args=args))
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_list_leads_to_the_roster_and_the_roster_back(staff_client, offering):
    roster = reverse("admin:trainees_offeringroster_change", args=[offering.pk])
    about = reverse("admin:courses_offering_change", args=[offering.pk])
    assert roster in _text(staff_client, "courses_offering_changelist")
    assert about in _text(staff_client, "trainees_offeringroster_change", offering.pk)
    answer = staff_client.get(reverse("admin:courses_offering_roster", args=[offering.pk]))
    assert (answer.status_code, answer["Location"]) == (302, roster)


def test_without_the_right_no_way_to_the_roster(offering):
    client = logged_in(make_user(Role.FINANCE))
    roster = reverse("admin:trainees_offeringroster_change", args=[offering.pk])
    assert roster not in _text(client, "courses_offering_changelist")
    assert client.get(reverse("admin:courses_offering_roster", args=[offering.pk])).status_code == 403


@pytest.mark.parametrize(
    ("state", "offered"),
    [
        (OfferingState.PLANNED, {"publish", "change_seats", "cancel"}),
        (OfferingState.PUBLISHED, {"roster", "change_seats", "cancel"}),
        (OfferingState.CANCELLED, set()),
    ],
)
def test_only_what_the_state_allows_is_offered(staff_client, city, state, offered):
    offering = OfferingFactory(state=state)
    page = _text(staff_client, "courses_offering_change", offering.pk)
    names = ("publish", "change_seats", "cancel", "roster")
    found = {name for name in names if reverse(f"admin:courses_offering_{name}", args=[offering.pk]) in page}
    assert found == offered


@pytest.mark.parametrize(("days", "told"), [(5, 0), (6, 1)])
def test_a_long_class_on_one_topic_is_stored_with_a_warning(staff_client, city, days, told):
    offering = OfferingFactory(
        kind=OfferingKind.SPECIAL_CLASS, state="planned", starts_on=date(2026, 3, 2), ends_on=date(2026, 3, 3)
    )
    page = reverse("admin:courses_offering_change", args=[offering.pk])
    form = staff_client.get(page).context["adminform"].form
    entered = {name: form[name].value() or "" for name in form.fields}
    lessons = {f"lessons-{name}_FORMS": 0 for name in ("TOTAL", "INITIAL")}
    entered |= {"ends_on": date(2026, 3, 1 + days), **lessons}
    answer = staff_client.post(page, entered, follow=True)
    offering.refresh_from_db()
    assert offering.ends_on == date(2026, 3, 1 + days)
    levels = [message.level_tag for message in answer.context["messages"]]
    assert levels.count("warning") == told


def test_cancelling_asks_for_a_reason_and_tells_how_many(staff_client, offering):
    page = reverse("admin:courses_offering_cancel", args=[offering.pk])
    assert staff_client.get(page).status_code == 200
    assert staff_client.post(page, {"reason": " "}).status_code == 200
    assert Offering.objects.get().state == OfferingState.PUBLISHED
    done = staff_client.post(page, {"reason": "报名不足"}, follow=True)
    assert "已取消，释放名额 1 个" in done.content.decode()
    assert Enrolment.objects.unscoped("tests").get().state == EnrolmentState.WITHDRAWN
    assert staff_client.post(page, {"reason": "再来"}).status_code == 409


def test_the_workbook_holds_the_roster_and_is_on_record(staff_client, offering):
    answer = staff_client.get(reverse("admin:trainees_offeringroster_export", args=[offering.pk]))
    assert answer.status_code == 200
    book = CalamineWorkbook.from_filelike(io.BytesIO(answer.getvalue()))
    rows = book.get_sheet_by_index(0).to_python()
    head = next(number for number, row in enumerate(rows) if "姓名" in row)
    assert rows[head] == [
        "序号", "姓名", "干部编号", "单位", "职务层次", "职务", "状态", "到课学时", "缺课学时", "签字",
    ]  # fmt: skip
    assert rows[head + 1][:2] == [1.0, "<b>甲</b>"]
    event = AuditEvent.objects.unscoped("tests").get(action="roster.export")
    assert event.data == {"people": 1}


def test_the_workbook_is_for_those_who_may_see_rosters(offering, auditor_client):
    page = reverse("admin:trainees_offeringroster_export", args=[offering.pk])
    assert auditor_client.get(page).status_code == 200
    assert logged_in(make_user(Role.FINANCE)).get(page).status_code == 403
