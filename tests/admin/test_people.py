"""Accounts, roles, cadres: who is made, who is shown, what is kept in the trail."""

import pytest
from django.urls import reverse

from partyschool.accounts.enums import Role, UnitKind
from partyschool.accounts.models import RoleGrant, Unit, User
from partyschool.audit.models import AuditEvent
from tests.admin.clients import logged_in
from tests.factories.accounts import make_user
from tests.factories.courses import OfferingFactory
from tests.factories.faculty import TeacherFactory
from tests.factories.trainees import CadreFactory
from trainees.models import Cadre

NUMBER = "11010519491231002X"
NO_GRANTS = {"grants-TOTAL_FORMS": 0, "grants-INITIAL_FORMS": 0}


def _text(answer) -> str:
    return answer.content.decode()


def _events(action: str) -> list[AuditEvent]:
    return list(AuditEvent.objects.unscoped("tests").filter(action=action).order_by("pk"))


# -- accounts


def test_new_account_gets_roles_and_no_password(admin_client, admin_user, city):
    data = {
        "username": "zhao",
        "full_name": "赵",
        "grants-TOTAL_FORMS": 1,
        "grants-INITIAL_FORMS": 0,
        "grants-0-role": Role.ORGDEPT,
        "grants-0-unit": city.east.pk,
        "grants-0-valid_from": "2026-01-01",
    }
    answer = admin_client.post(reverse("admin:accounts_user_add"), data)
    assert answer.status_code == 302, answer.context["errors"]
    made = User.objects.get(username="zhao")
    assert (made.has_usable_password(), made.grants.get().unit) == (False, city.east)
    event = _events("user.add")[0]
    assert (event.actor, len(event.data["rows"])) == (admin_user, 1)


@pytest.mark.django_db(transaction=True)
def test_start_password_is_shown_once_and_works(admin_client, city):
    user = make_user(Role.STAFF)
    session = logged_in(user)
    page = reverse("admin:accounts_user_set_start_password", args=[user.pk])
    assert "one-time" not in _text(admin_client.get(page))
    password = admin_client.post(page).context["password"]
    user.refresh_from_db()
    assert user.check_password(password)
    assert session.get("/admin/").status_code == 302
    assert password not in str([event.data for event in _events("user.start_password")])


@pytest.mark.django_db(transaction=True)
def test_nobody_sets_a_start_password_for_oneself(admin_client, admin_user):
    page = reverse("admin:accounts_user_set_start_password", args=[admin_user.pk])
    assert admin_client.post(page).status_code == 409


def test_nobody_grants_roles_to_oneself(admin_client, admin_user):
    alone = admin_client.post(
        reverse("admin:accounts_rolegrant_add"),
        {"user": admin_user.pk, "role": Role.STAFF, "valid_from": "2026-01-01"},
    )
    inline = admin_client.post(
        reverse("admin:accounts_user_change", args=[admin_user.pk]),
        {
            "full_name": "我",
            "grants-TOTAL_FORMS": 1,
            "grants-INITIAL_FORMS": 0,
            "grants-0-role": Role.STAFF,
            "grants-0-valid_from": "2026-01-01",
        },
    )
    longer = admin_client.post(
        reverse("admin:accounts_rolegrant_change", args=[admin_user.grants.get().pk]),
        {"valid_until": "2099-01-01"},
    )
    assert [alone.status_code, inline.status_code, longer.status_code] == [200, 200, 200]
    assert list(admin_user.grants.values_list("role", "valid_until")) == [(Role.ADMIN, None)]


@pytest.mark.parametrize(
    ("held", "wanted"), [(Role.STAFF, Role.ADMIN), (Role.ADMIN, Role.AUDITOR), (Role.AUDITOR, Role.FINANCE)]
)
def test_roles_that_watch_each_other_stay_apart(admin_client, held, wanted):
    user = make_user(held)
    data = {"user": user.pk, "role": wanted, "valid_from": "2026-01-01"}
    assert admin_client.post(reverse("admin:accounts_rolegrant_add"), data).status_code == 200
    assert user.grants.count() == 1


def test_grant_is_ended_and_nothing_else_of_it_changes(admin_client, city):
    grant = make_user(Role.OFFICER, unit=city.east).grants.get()
    data = {"role": Role.STAFF, "unit": city.west.pk, "valid_until": "2026-12-31"}
    assert (
        admin_client.post(reverse("admin:accounts_rolegrant_change", args=[grant.pk]), data).status_code
        == 302
    )
    again = RoleGrant.objects.get(pk=grant.pk)
    assert (again.role, again.unit, str(again.valid_until)) == (Role.OFFICER, city.east, "2026-12-31")


def test_unit_is_added_below_another(staff_client, city):
    data = {"parent": city.east.pk, "code": "NEW", "name": "新局", "kind": UnitKind.BUREAU}
    assert staff_client.post(reverse("admin:accounts_unit_add"), data).status_code == 302
    assert Unit.objects.get(code="NEW").path.startswith(city.east.path)


# -- cadres


def _cadre_form(unit, **fields) -> dict:
    return {
        "code": "C1",
        "name": "钱",
        "unit": unit.pk,
        "rank": "staff",
        "category": "civil_servant",
        "joined_on": "2020-01-01",
        **fields,
    }


def test_citizen_number_goes_in_and_is_shown_masked(staff_client, city):
    answer = staff_client.post(
        reverse("admin:trainees_cadre_add"), _cadre_form(city.east, citizen_no=NUMBER.lower())
    )
    assert answer.status_code == 302, answer.context["errors"]
    cadre = Cadre.objects.unscoped("tests").get()
    assert cadre.reveal_citizen_no() == NUMBER
    page = _text(staff_client.get(reverse("admin:trainees_cadre_change", args=[cadre.pk])))
    assert (NUMBER in page, "110105********002X" in page) == (False, True)
    assert NUMBER not in str(_events("cadre.add")[0].data)
    assert _events("cadre.add")[0].data["changes"]["citizen_no"] == []
    history = _text(staff_client.get(reverse("admin:trainees_cadre_history", args=[cadre.pk])))
    assert NUMBER not in history


@pytest.mark.parametrize("number", ["110105194912310021", "<b>", "123", "1" * 18])
def test_wrong_citizen_number_is_refused(staff_client, city, number):
    answer = staff_client.post(reverse("admin:trainees_cadre_add"), _cadre_form(city.east, citizen_no=number))
    assert answer.status_code == 200
    assert "citizen_no" in answer.context["adminform"].form.errors


def test_one_citizen_number_is_one_person(staff_client, city):
    url = reverse("admin:trainees_cadre_add")
    staff_client.post(url, _cadre_form(city.east, citizen_no=NUMBER))
    answer = staff_client.post(url, _cadre_form(city.east, code="C2", citizen_no=NUMBER))
    assert "citizen_no" in answer.context["adminform"].form.errors


def test_change_of_a_cadre_is_kept_before_and_after(staff_client, city):
    cadre = CadreFactory(code="C1", name="孙", unit=city.east)
    change = reverse("admin:trainees_cadre_change", args=[cadre.pk])
    form = _cadre_form(city.west, name="李", rank="county_division", posted_on="2021-01-01")
    assert staff_client.post(change, form).status_code == 302
    assert _events("cadre.change")[0].data["changes"]["name"] == ["孙", "李"]
    again = Cadre.objects.unscoped("tests").get()
    assert (again.unit, again.rank, str(again.posted_on)) == (city.east, cadre.rank, "2020-01-01")


@pytest.mark.django_db(transaction=True)
def test_full_citizen_number_needs_a_reason_and_a_post(staff_client, staff, city):
    cadre = CadreFactory(unit=city.east)
    cadre.set_citizen_no(NUMBER)
    cadre.save()
    page = reverse("admin:trainees_cadre_show_citizen_no", args=[cadre.pk])
    assert NUMBER not in _text(staff_client.get(page))
    assert NUMBER not in _text(staff_client.post(page, {"reason": ""}))
    assert staff_client.post(page, {"reason": "查"}).status_code == 409
    assert _events("cadre.reveal_citizen_no") == []
    assert NUMBER in _text(staff_client.post(page, {"reason": "核对报名信息"}))
    event = _events("cadre.reveal_citizen_no")[0]
    assert (event.actor, event.data) == (staff, {"reason": "核对报名信息"})


def test_opening_a_record_is_kept_in_the_trail_and_listing_is_not(auditor_client, city):
    cadre = CadreFactory(unit=city.finance_bureau)
    assert auditor_client.get(reverse("admin:trainees_cadre_changelist")).status_code == 200
    assert _events("cadre.view") == []
    assert auditor_client.get(reverse("admin:trainees_cadre_change", args=[cadre.pk])).status_code == 200
    assert [event.subject for event in _events("cadre.view")] == [f"trainees.cadre:{cadre.pk}"]


def test_auditor_is_not_shown_citizen_numbers(auditor_client, city):
    cadre = CadreFactory(unit=city.east)
    page = reverse("admin:trainees_cadre_show_citizen_no", args=[cadre.pk])
    assert [
        auditor_client.get(page).status_code,
        auditor_client.post(page, {"reason": "因为"}).status_code,
    ] == [403, 403]
    assert auditor_client.post(reverse("admin:trainees_cadre_change", args=[cadre.pk]), {}).status_code == 403


def test_account_is_linked_by_login_name(staff_client, city):
    user = make_user(Role.TEACHER, username="zhou")
    teacher = TeacherFactory(name="周")
    change = reverse("admin:faculty_teacher_change", args=[teacher.pk])
    form = {
        "name": "周",
        "employment": "full_time",
        "background": "school",
        "title_level": "none",
        "honour": "none",
        "joined_on": "2020-01-01",
    }
    assert staff_client.post(change, {**form, "login_name": "nobody"}).status_code == 200
    assert staff_client.post(change, {**form, "login_name": "zhou"}).status_code == 302
    teacher.refresh_from_db()
    assert teacher.user == user
    other = TeacherFactory()
    taken = staff_client.post(
        reverse("admin:faculty_teacher_change", args=[other.pk]), {**form, "login_name": "zhou"}
    )
    assert "login_name" in taken.context["adminform"].form.errors


# -- side paths


@pytest.mark.parametrize(
    ("role", "status"),
    [(Role.STAFF, 200), (Role.AUDITOR, 200), (Role.FINANCE, 403), (Role.ADMIN, 403), (Role.ORGDEPT, 403)],
)
def test_search_box_offers_cadres_to_whoever_may_see_them(city, role, status):
    CadreFactory(name="吴", code="C7", unit=city.east)
    client = logged_in(make_user(role, unit=city.east))
    answer = client.get(
        reverse("admin:autocomplete"),
        {"app_label": "trainees", "model_name": "enrolment", "field_name": "cadre", "term": "吴"},
    )
    assert answer.status_code == status
    if status == 200:
        assert [row["text"] for row in answer.json()["results"]] == ["吴（C7，东区委组织部）"]


@pytest.mark.parametrize("role", [Role.FINANCE, Role.ADMIN])
def test_trainee_records_are_closed_to_money_and_system_people(city, role):
    cadre = CadreFactory(unit=city.east)
    client = logged_in(make_user(role))
    pages = [
        reverse(f"admin:trainees_cadre_{page}", args=[cadre.pk])
        for page in ("change", "history", "show_citizen_no")
    ]
    assert [client.get(page).status_code for page in pages] == [403, 404, 403]
    roster = reverse("admin:trainees_offeringroster_change", args=[OfferingFactory().pk])
    assert client.get(roster).status_code == 403
