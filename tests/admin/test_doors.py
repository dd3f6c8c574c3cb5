"""Who gets into which part of the administration."""

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from partyschool.accounts.enums import Role
from tests.admin.clients import logged_in
from tests.factories.accounts import City, make_user

LISTS = sorted(f"{model._meta.app_label}.{model._meta.model_name}" for model in admin.site._registry)

TEACHING = {
    "courses.forumsession",
    "courses.offering",
    "courses.room",
    "courses.selectionround",
    "faculty.teacher",
    "faculty.teachingentry",
}
PEOPLE = {
    "trainees.assessmentexemption",
    "trainees.assessmentobjection",
    "trainees.assessmentyear",
    "trainees.assignment",
    "trainees.attendancemark",
    "trainees.cadre",
    "trainees.cadreimport",
    "trainees.conductsheet",
    "trainees.conductweights",
    "trainees.creditclaim",
    "trainees.creditentry",
    "trainees.creditscheme",
    "trainees.cyclerequirement",
    "trainees.enrolment",
    "trainees.leavetier",
    "trainees.makeupplan",
    "trainees.offeringroster",
    "trainees.reportpacket",
    "trainees.reportschedule",
    "trainees.rounddesk",
    "trainees.seatrefusal",
    "trainees.selectiondraw",
    "trainees.trainingfigure",
    "trainees.waitingentry",
    "trainees.yearlyassessment",
}
MONEY = {"budget.budgetline", "budget.ledgerentry"}
ACCOUNTS = {"accounts.rolegrant", "accounts.unit", "accounts.user"}
OUTBOX = {"notices.outgoingmail"}
AUDIT = {"audit.auditevent", "audit.auditseal"}

READS = {
    Role.STAFF: TEACHING
    | PEOPLE
    | MONEY
    | {"accounts.unit", "jobs.job", "standards.standardtarget"}
    | OUTBOX,
    Role.FINANCE: MONEY | {"courses.offering", "faculty.teacher", "faculty.teachingentry"},
    Role.AUDITOR: TEACHING
    | PEOPLE
    | MONEY
    | ACCOUNTS
    | AUDIT
    | OUTBOX
    | {"jobs.job", "standards.standardtarget"},
    Role.ADMIN: ACCOUNTS | OUTBOX | {"jobs.job"},
}
ADDS = {
    Role.STAFF: {
        "accounts.unit",
        "courses.forumsession",
        "courses.offering",
        "courses.room",
        "courses.selectionround",
        "faculty.teacher",
        "standards.standardtarget",
        "trainees.assessmentexemption",
        "trainees.assignment",
        "trainees.cadre",
        "trainees.cadreimport",
        "trainees.conductweights",
        "trainees.creditscheme",
        "trainees.reportschedule",
    },
    Role.FINANCE: {"budget.budgetline"},
    Role.AUDITOR: set(),
    Role.ADMIN: ACCOUNTS,
}


def _url(model: str, page: str = "changelist") -> str:
    return reverse(f"admin:{model.replace('.', '_')}_{page}")


def _with(client: Client, page: str) -> set[str]:
    answers = {model: client.get(_url(model, page)).status_code for model in LISTS}
    assert set(answers.values()) <= {200, 403}
    return {model for model, status in answers.items() if status == 200}


@pytest.mark.parametrize("role", READS)
def test_list_opens_exactly_to_its_roles(db, role):
    assert _with(logged_in(make_user(role)), "changelist") == READS[role]


@pytest.mark.parametrize("role", ADDS)
def test_add_page_opens_exactly_to_its_roles(db, role):
    assert _with(logged_in(make_user(role)), "add") == ADDS[role]


@pytest.mark.parametrize("role", [Role.TRAINEE, Role.ORGDEPT, Role.OFFICER, Role.TEACHER, Role.LEADER])
def test_admin_is_refused_to_roles_that_do_not_work_in_it(db, role):
    client = logged_in(make_user(role, unit=City().east))
    pages = [reverse("admin:index"), *(_url(model) for model in LISTS)]
    assert {client.get(page).status_code for page in pages} == {403}


def test_admin_sends_strangers_to_the_portal_log_in(db):
    answer = Client().get(reverse("admin:trainees_cadre_changelist"))
    assert (answer.status_code, answer["Location"]) == (302, "/accounts/login/?next=/admin/trainees/cadre/")


@pytest.mark.parametrize("role", READS)
def test_menu_shows_exactly_the_lists_that_open(db, role):
    answer = logged_in(make_user(role)).get(reverse("admin:index"))
    links = {item["link"].split("?")[0] for _, items in answer.context["start_groups"] for item in items}
    assert links == {_url(model) for model in READS[role]}


def test_nothing_can_be_deleted(staff_client, city):
    unit = city.finance_bureau
    assert (
        staff_client.post(reverse("admin:accounts_unit_delete", args=[unit.pk]), {"post": "yes"}).status_code
        == 403
    )


def test_unknown_row_is_not_found(staff_client):
    assert staff_client.get(reverse("admin:trainees_cadre_change", args=[10**6])).status_code == 404
    assert staff_client.get(reverse("admin:trainees_cadre_history", args=[10**6])).status_code == 404
    assert staff_client.get(reverse("admin:trainees_cadre_change", args=["<b>"])).status_code == 404
