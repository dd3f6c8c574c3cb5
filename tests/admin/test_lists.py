"""Every list and every row page: as many queries for three rows as for one, hostile names shown as text, and nothing to edit where others write."""

import pytest
from django.contrib import admin
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from partyschool.accounts.enums import Role
from tests.admin.clients import logged_in
from tests.admin.rows import HOSTILE, MAKERS
from tests.factories.accounts import make_user

# Queries of a list page: session, user, capped count, rows; one more for the filter by organisation department, two for the dates.
QUERIES = {
    "accounts.rolegrant": 4,
    "accounts.unit": 5,
    "accounts.user": 4,
    "audit.auditevent": 4,
    "audit.auditseal": 4,
    "budget.budgetline": 4,
    "budget.ledgerentry": 4,
    "courses.forumsession": 8,  # and the year against its target
    "courses.offering": 6,
    "courses.room": 4,
    "courses.selectionround": 4,
    "faculty.teacher": 4,
    "faculty.teachingentry": 4,
    "jobs.job": 4,
    "notices.outgoingmail": 4,
    "standards.standardtarget": 4,
    "trainees.assessmentexemption": 5,
    "trainees.assessmentobjection": 5,
    "trainees.assessmentyear": 4,
    # Two more for the people of the rows shown: quotas, and who is confirmed.
    "trainees.assignment": 6,
    "trainees.attendancemark": 4,
    "trainees.cadre": 5,
    "trainees.cadreimport": 4,
    "trainees.conductsheet": 4,
    "trainees.conductweights": 4,
    "trainees.creditclaim": 5,
    "trainees.creditentry": 4,
    "trainees.creditscheme": 4,
    "trainees.cyclerequirement": 4,
    "trainees.enrolment": 5,
    "trainees.leavetier": 4,
    "trainees.makeupplan": 5,
    "trainees.offeringroster": 6,
    "trainees.reportpacket": 4,
    "trainees.reportschedule": 4,
    "trainees.rounddesk": 4,
    "trainees.seatrefusal": 6,
    "trainees.selectiondraw": 4,
    "trainees.trainingfigure": 4,
    # Two more for the filters by topic and by round.
    "trainees.waitingentry": 7,
    "trainees.yearlyassessment": 5,
}
WRITTEN_ELSEWHERE = [
    "audit.auditevent",
    "audit.auditseal",
    "budget.ledgerentry",
    "faculty.teachingentry",
    "jobs.job",
    "notices.outgoingmail",
    "trainees.assessmentobjection",
    "trainees.assessmentyear",
    "trainees.attendancemark",
    "trainees.conductsheet",
    "trainees.creditentry",
    "trainees.cyclerequirement",
    "trainees.enrolment",
    "trainees.leavetier",
    "trainees.makeupplan",
    "trainees.offeringroster",
    "trainees.reportpacket",
    "trainees.rounddesk",
    "trainees.seatrefusal",
    "trainees.selectiondraw",
    "trainees.trainingfigure",
    "trainees.waitingentry",
    "trainees.yearlyassessment",
]


def _url(model: str, page: str, *args: object) -> str:
    return reverse(f"admin:{model.replace('.', '_')}_{page}", args=args)


@pytest.fixture
def everybody(db):
    """A client that may read every list."""
    return logged_in(make_user(Role.AUDITOR, full_name="审计员"))


def test_every_list_is_tested():
    registered = {f"{model._meta.app_label}.{model._meta.model_name}" for model in admin.site._registry}
    assert registered == set(MAKERS) == set(QUERIES)


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("model", MAKERS)
def test_list_asks_the_same_number_of_queries(everybody, model, rows):
    for _ in range(rows):
        MAKERS[model]()
    everybody.get(_url(model, "changelist"))
    with CaptureQueriesContext(connection) as asked:
        answer = everybody.get(_url(model, "changelist"))
    assert answer.status_code == 200
    assert len(asked) == QUERIES[model], [query["sql"][:200] for query in asked]


@pytest.mark.parametrize("model", MAKERS)
def test_hostile_names_are_text(everybody, model):
    row = MAKERS[model]()
    pages = [everybody.get(_url(model, "changelist")), everybody.get(_url(model, "change", row.pk))]
    assert [page.status_code for page in pages] == [200, 200]
    html = "".join(page.content.decode() for page in pages)
    assert "<b>王</b>" not in html
    if model not in {"audit.auditseal", "trainees.creditscheme"}:
        assert "&lt;b&gt;王&lt;/b&gt;&amp;&quot;=1+1" in html


@pytest.mark.parametrize("model", WRITTEN_ELSEWHERE)
@pytest.mark.parametrize("role", [Role.STAFF, Role.FINANCE, Role.AUDITOR, Role.ADMIN])
def test_what_is_written_elsewhere_refuses_a_posted_form(db, model, role):
    row = MAKERS[model]()
    client = logged_in(make_user(role))
    data = {"state": "withdrawn", "amount": "1000", "note": HOSTILE, "_save": "1"}
    answers = {
        client.post(_url(model, "change", row.pk), data).status_code,
        client.post(_url(model, "add"), data).status_code,
        client.post(_url(model, "delete", row.pk), {"post": "yes"}).status_code,
    }
    assert answers <= {403, 404}
    again = type(row)._base_manager.get(pk=row.pk)
    assert {field.attname: getattr(again, field.attname) for field in row._meta.concrete_fields} == {
        field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields
    }
