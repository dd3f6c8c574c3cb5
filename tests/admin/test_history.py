"""The history page of a record: edits and deeds in one list, for those who may know of them."""

import pytest
from django.contrib.admin.models import CHANGE, LogEntry
from django.urls import reverse

from courses.enums import OfferingState
from courses.services.offerings import publish_offering
from partyschool.accounts.enums import Role
from partyschool.audit.services.events import record_event
from tests.admin.clients import logged_in
from tests.factories.accounts import make_user
from tests.factories.courses import OfferingFactory
from tests.factories.trainees import CadreFactory

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def offering(city, staff):
    offering = OfferingFactory(state=OfferingState.PLANNED, capacity=5)
    LogEntry.objects.log_actions(staff.pk, [offering], CHANGE, "标题改动", single_object=True)
    publish_offering(offering_id=offering.pk, by=staff)
    return offering


def _entries(client, name: str, obj) -> list[tuple[str, str]]:
    answer = client.get(reverse(f"admin:{name}_history", args=[obj.pk]))
    assert answer.status_code == 200
    return [(str(entry.by), entry.text) for entry in answer.context["entries"]]


def test_edits_and_deeds_stand_together_newest_first(staff_client, offering):
    expected = [("教务老师", "发布班次"), ("教务老师", "标题改动")]
    assert _entries(staff_client, "courses_offering", offering) == expected


def test_a_roster_tells_what_was_done_to_its_offering(staff_client, offering):
    assert _entries(staff_client, "trainees_offeringroster", offering) == [("教务老师", "发布班次")]


def test_who_may_only_look_sees_no_deeds(offering):
    client = logged_in(make_user(Role.FINANCE))
    assert _entries(client, "courses_offering", offering) == [("教务老师", "标题改动")]


def test_auditors_reach_the_event_and_see_who_looked(staff_client, auditor_client, staff, city):
    cadre = CadreFactory(unit=city.finance_bureau)
    record_event(action="cadre.view", subject=cadre, by=staff)
    assert _entries(staff_client, "trainees_cadre", cadre) == []
    page = auditor_client.get(reverse("admin:trainees_cadre_history", args=[cadre.pk]))
    entry = page.context["entries"][0]
    assert entry.text == "打开记录"
    assert reverse("admin:audit_auditevent_change", args=[entry.event_id]) in page.content.decode()


def test_a_record_without_a_history_says_so(staff_client, city):
    cadre = CadreFactory(unit=city.finance_bureau)
    page = staff_client.get(reverse("admin:trainees_cadre_history", args=[cadre.pk]))
    assert "暂无办理记录" in page.content.decode()
