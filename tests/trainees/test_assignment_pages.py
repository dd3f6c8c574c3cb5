"""Pages of organised assignment: who sees what, and what the buttons do."""

from datetime import timedelta

import pytest
from django.urls import reverse

from courses.enums import OfferingKind
from courses.models import Offering
from partyschool.accounts.enums import Role
from tests.admin.clients import logged_in
from tests.factories.accounts import make_unit, make_user
from tests.factories.assignments import Calling, fresh, make_class
from tests.factories.trainees import CadreFactory
from trainees.models import Deferral, Nomination
from trainees.services.assignments import issue_assignment, set_quotas
from trainees.services.assignments_deferrals import ask_deferral

pytestmark = pytest.mark.django_db


@pytest.fixture
def calling() -> Calling:
    return Calling()


def page(calling: Calling) -> str:
    return reverse("trainees:assignment", args=[calling.assignment.pk])


def text(answer) -> str:
    assert answer.status_code == 200
    return answer.content.decode()


def client_of(calling, unit_name):
    return logged_in(calling.officers[getattr(calling.city, unit_name).pk])


def test_each_officer_sees_the_own_quota_and_people_alone(calling):
    for unit in calling.units:
        calling.nominate(calling.cadre(unit, name=f"人{unit.pk}"), unit=unit)
    for unit in calling.units:
        shown = text(logged_in(calling.officers[unit.pk]).get(page(calling)))
        names = {one.pk for one in calling.units if f"人{one.pk}" in shown}
        assert names == {unit.pk}
        listed = text(logged_in(calling.officers[unit.pk]).get(reverse("trainees:assignments")))
        assert unit.name in listed
        assert not any(
            one.name in listed for one in calling.units if one != unit and one.name not in unit.name
        )


def test_each_organisation_department_sees_its_jurisdiction_alone(calling):
    for unit in calling.units:
        calling.nominate(calling.cadre(unit, name=f"人{unit.pk}"), unit=unit)
    east = text(logged_in(calling.orgdept).get(page(calling)))
    west = text(logged_in(calling.orgdepts[calling.city.west.pk]).get(page(calling)))
    for unit in calling.units:
        assert (f"人{unit.pk}" in east) == (unit != calling.city.cousin_bureau)
        assert (f"人{unit.pk}" in west) == (unit == calling.city.cousin_bureau)


def test_a_draft_and_somebody_elses_assignment_are_not_found(calling):
    stranger = make_user(Role.OFFICER, unit=make_unit())
    assert logged_in(stranger).get(page(calling)).status_code == 404
    draft = calling.assign(make_class(days_ahead=80))
    assert logged_in(calling.orgdept).get(reverse("trainees:assignment", args=[draft.pk])).status_code == 404


def test_an_officer_nominates_from_the_list(calling):
    cadre = calling.cadre(name="王小明")
    client, address = (
        client_of(calling, "finance_bureau"),
        reverse("trainees:nominate", args=[calling.quota.pk]),
    )
    assert "王小明" in text(client.get(address))
    assert "王小明" not in text(client.get(address, {"name": "李"}))
    answer = client.post(address, {"cadre": cadre.pk, f"seen_{cadre.pk}": "", "note": "骨干"})
    assert (answer.status_code, answer.url) == (303, page(calling))
    made = Nomination.objects.unscoped("tests").get()
    assert (made.cadre, made.note, made.nominated_by) == (cadre, "骨干", calling.officer)
    assert client.post(address, {"cadre": cadre.pk}).status_code == 409
    assert client.post(address, {"cadre": "x"}).status_code == 409


def test_the_list_is_walked_page_by_page_with_its_search(calling, monkeypatch):
    monkeypatch.setattr("trainees.selectors.assignments_facts.SHOWN", 1)
    for name in ("王一", "李二", "王三"):
        calling.cadre(name=name)
    client = client_of(calling, "finance_bureau")
    addresses = [
        reverse("trainees:nominate", args=[calling.quota.pk]),
        reverse("trainees:assignment_call", args=[calling.assignment.pk]),
    ]
    for reader, address in zip((client, logged_in(calling.orgdept)), addresses, strict=True):
        first = reader.get(address, {"name": "王"})
        second = reader.get(address, {"name": "王", "after": first.context["people"].next_cursor})
        shown = [{name for name in ("王一", "李二", "王三") if name in text(one)} for one in (first, second)]
        assert sorted(shown, key=str) == [{"王一"}, {"王三"}]
        assert "name=%E7%8E%8B" in text(first)
        assert not second.context["people"].next_cursor
        assert reader.get(address, {"after": "x"}).status_code == 409


def test_a_class_on_one_topic_is_told_to_be_too_long_where_people_are_called():
    calling = Calling(kind=OfferingKind.SPECIAL_CLASS)
    officer, orgdept = client_of(calling, "finance_bureau"), logged_in(calling.orgdept)
    addresses = [
        (officer, page(calling)),
        (officer, reverse("trainees:nominate", args=[calling.quota.pk])),
        (orgdept, reverse("trainees:assignment_call", args=[calling.assignment.pk])),
    ]
    for days, told in ((5, False), (6, True)):
        ends = calling.offering.starts_on + timedelta(days=days - 1)
        Offering.objects.filter(pk=calling.offering.pk).update(ends_on=ends)
        assert ["note-warning" in text(reader.get(address)) for reader, address in addresses] == [told] * 3


@pytest.mark.parametrize("unit_name", ["culture_bureau", "cousin_bureau"])
def test_siblings_and_cousins_reach_no_quota_and_no_nomination(calling, unit_name):
    called = calling.confirmed()
    client = client_of(calling, unit_name)
    asked = ask_deferral(nomination_id=called.pk, reason="r", by=calling.officer)
    assert client.get(reverse("trainees:nominate", args=[calling.quota.pk])).status_code == 404
    assert client.post(reverse("trainees:nominate", args=[calling.quota.pk]), {"cadre": 1}).status_code == 404
    for name in ("nomination_withdraw", "nomination_defer"):
        for method in (client.get, client.post):
            assert method(reverse(f"trainees:{name}", args=[called.pk])).status_code == 404
    assert client.post(reverse("trainees:deferral_take_back", args=[asked])).status_code == 404
    west = logged_in(calling.orgdepts[calling.city.west.pk])
    assert west.post(reverse("trainees:deferral_answer", args=[asked]), {"deed": "agree"}).status_code == 404
    decide = reverse("trainees:assignment_decide", args=[calling.assignment.pk])
    assert west.post(decide, {"nomination": called.pk, "deed": "confirm"}).status_code == 404
    cadre = calling.cadre()
    call = reverse("trainees:assignment_call", args=[calling.assignment.pk])
    assert cadre.name not in text(west.get(call))
    assert west.post(call, {"cadre": cadre.pk}).status_code == 404
    assert fresh(called.pk).state == "confirmed"


def test_the_ticked_are_confirmed_and_each_refusal_is_told():
    calling = Calling(seats=3, capacity=2)
    called = [calling.nominate(calling.cadre(name=f"人{number}")) for number in range(3)]
    client = logged_in(calling.orgdept)
    decide = reverse("trainees:assignment_decide", args=[calling.assignment.pk])
    answer = client.post(decide, {"nomination": [one.pk for one in called], "deed": "confirm"}, follow=True)
    assert [fresh(one.pk).state for one in called] == ["confirmed", "confirmed", "nominated"]
    levels = [(message.level_tag, "人2" in str(message)) for message in answer.context["messages"]]
    assert levels == [("success", False), ("warning", True)]
    assert client.post(decide, {"deed": "confirm"}).status_code == 409
    assert client.post(decide, {"nomination": called[2].pk, "deed": "return"}).status_code == 409
    assert client.post(decide, {"nomination": "x", "deed": "return"}).status_code == 409
    client.post(decide, {"nomination": called[2].pk, "deed": "return", "reason": "名额已满"})
    assert fresh(called[2].pk).state == "returned"


def test_a_call_by_name_from_the_list(calling):
    cadre = calling.cadre()
    call = reverse("trainees:assignment_call", args=[calling.assignment.pk])
    assert logged_in(calling.orgdept).post(call, {"cadre": cadre.pk}).status_code == 303
    assert cadre.name in text(client_of(calling, "finance_bureau").get(page(calling)))


def test_a_substitute_is_sent_from_the_page(calling):
    called, news = calling.confirmed(), calling.cadre()
    client = client_of(calling, "finance_bureau")
    address = f"{reverse('trainees:nominate', args=[calling.quota.pk])}?instead={called.pk}"
    assert address.replace("&", "&amp;") in text(client.get(page(calling)))
    assert client.post(address, {"cadre": news.pk}).status_code == 409
    assert client.post(address, {"cadre": news.pk, "reason": "抽调"}).status_code == 303
    assert fresh(called.pk).state == "replaced"
    assert client.get(address).status_code == 404
    assert client.get(f"{address}0").status_code == 404


def test_a_deferral_is_asked_for_and_answered_on_the_pages(calling):
    called = calling.confirmed()
    client = client_of(calling, "finance_bureau")
    defer = reverse("trainees:nomination_defer", args=[called.pk])
    assert called.cadre.name in text(client.get(defer))
    assert "error" in text(client.post(defer, {"reason": ""}))
    assert client.post(defer, {"reason": "产假"}).status_code == 303
    asked = Deferral.objects.unscoped("tests").get()
    assert "产假" in text(logged_in(calling.orgdept).get(page(calling)))
    answer = reverse("trainees:deferral_answer", args=[asked.pk])
    assert logged_in(calling.orgdept).post(answer, {"deed": "refuse"}).status_code == 409
    assert logged_in(calling.orgdept).post(answer, {"deed": "agree"}).status_code == 303
    assert fresh(called.pk).state == "deferred"


def test_a_wish_and_a_nomination_are_taken_back_on_the_pages(calling):
    called, client = calling.confirmed(), client_of(calling, "finance_bureau")
    asked = ask_deferral(nomination_id=called.pk, reason="r", by=calling.officer)
    assert client.post(reverse("trainees:deferral_take_back", args=[asked])).status_code == 303
    withdraw = reverse("trainees:nomination_withdraw", args=[called.pk])
    assert client.post(withdraw, {"reason": "r"}).status_code == 409
    assert logged_in(calling.orgdept).post(withdraw, {"reason": "r"}).status_code == 303
    assert fresh(called.pk).state == "withdrawn"


@pytest.mark.parametrize("rows", [1, 3])
def test_the_pages_cost_as_many_queries_for_one_row_as_for_three(django_assert_num_queries, rows):
    calling = Calling(seats=3)
    for _each in range(rows):
        calling.confirmed()
    client, orgdept = client_of(calling, "finance_bureau"), logged_in(calling.orgdept)
    for number in range(1, rows):
        another = calling.assign(make_class(days_ahead=40 + number))
        set_quotas(assignment_id=another.pk, seats={calling.city.finance_bureau.pk: 1}, by=calling.staff)
        issue_assignment(assignment_id=another.pk, by=calling.staff)
    with django_assert_num_queries(10):
        client.get(page(calling))
    with django_assert_num_queries(11):
        orgdept.get(page(calling))
    with django_assert_num_queries(12):
        orgdept.get(reverse("trainees:assignments"))
    with django_assert_num_queries(7):
        orgdept.get(reverse("trainees:never_called"))
    with django_assert_num_queries(11):
        orgdept.get(reverse("trainees:assignment_rates"))


def test_the_trainee_sees_the_call_at_home(calling):
    called = calling.confirmed(calling.cadre(log_in=True))
    client = logged_in(called.cadre.user)
    assert calling.offering.title in text(client.get(reverse("home:index")))
    assert calling.offering.title in text(client.get(reverse("notices:list")))
    assert client.get(reverse("trainees:credits_offering", args=[calling.offering.pk])).status_code == 200


def test_rates_and_lists_stay_in_scope_and_come_as_workbooks(calling):
    CadreFactory(unit=calling.city.cousin_bureau, name="旁系人")
    calling.cadre(name="本部人")
    client = client_of(calling, "finance_bureau")
    shown = text(client.get(reverse("trainees:never_called"), {"since": "ever"}))
    assert "本部人" in shown
    assert "旁系人" not in shown
    outside = {"unit": calling.city.cousin_bureau.pk}
    for name in ("assignment_rates", "assignment_rates_file", "never_called", "never_called_file"):
        assert client.get(reverse(f"trainees:{name}"), outside).status_code == 404
        assert client.get(reverse(f"trainees:{name}"), {"unit": "x"}).status_code == 404
        for role in (Role.STAFF, Role.LEADER):
            assert logged_in(make_user(role)).get(reverse(f"trainees:{name}"), outside).status_code == 200
    assert calling.city.finance_bureau.name in text(client.get(reverse("trainees:assignment_rates")))
    file = client.get(reverse("trainees:never_called_file"))
    assert file["Content-Type"].startswith("application/vnd.openxmlformats")
