"""The pages of an assessment year: steps, the desk of objections, corrections, make-up training."""

from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from partyschool.accounts.enums import Role
from partyschool.common import clock
from tests.admin.clients import logged_in
from tests.factories.accounts import City, make_user
from tests.factories.courses import LessonFactory, OfferingFactory
from tests.factories.trainees import CadreFactory, make_scheme, make_trainee
from tests.factories.years import OVER, YEAR, earn, open_year, result_of, sealed_year, versions_of
from trainees.enums import MakeUpState, ObjectionState, YearState
from trainees.models import AssessmentObjection, AssessmentYear, MakeUpPlan
from trainees.selectors.year_states import year_of
from trainees.services.objections import raise_objection
from trainees.services.year_states import open_objections
from trainees.services.years import close_year

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff():
    return make_user(Role.STAFF)


@pytest.fixture
def client(staff) -> Client:
    return logged_in(staff)


@pytest.fixture
def scheme():
    return make_scheme()


@pytest.fixture
def cadre(scheme):
    return make_trainee(unit=City().finance_bureau, name="考核对象")


def url(page: str, *args: object) -> str:
    return reverse(f"admin:trainees_{page}", args=args)


def year_page(page: str) -> str:
    return url(f"assessmentyear_{page}", year_of(YEAR).pk)


def test_the_page_shows_state_numbers_and_the_next_step(client, staff, cadre):
    close_year(year=YEAR, by=staff)
    html = client.get(year_page("change")).content.decode()
    assert year_page("open") in html
    assert year_page("seal") not in html
    open_objections(year=YEAR, by=staff, now=OVER)
    html = client.get(year_page("change")).content.decode()
    assert year_page("seal") in html
    assert year_page("open") not in html


def test_a_year_is_walked_from_preview_to_sealed_on_its_pages(client, staff, cadre):
    close_year(year=YEAR, by=staff)
    assert client.post(year_page("close")).status_code == 302
    assert client.post(year_page("open")).status_code == 302
    assert year_of(YEAR).state == YearState.OBJECTION
    early = client.post(year_page("seal"))
    assert early.status_code == 409
    assert "异议期尚未结束" in early.content.decode()
    AssessmentYear.objects.update(objections_until=clock.now() - timedelta(minutes=1))
    lesson_day = date(YEAR, 5, 6)
    offering = OfferingFactory(title="没有结班的班次")
    LessonFactory(
        offering=offering,
        starts_at=clock.school_instant(lesson_day, OVER.time()),
        ends_at=clock.school_instant(lesson_day, OVER.time()) + timedelta(hours=2),
    )
    unconfirmed = client.post(year_page("seal"))
    assert unconfirmed.status_code == 409
    assert unconfirmed.content.decode().count("没有结班的班次") >= 2
    assert client.post(year_page("seal"), {"offering": [offering.pk, "x"]}).status_code == 302
    assert year_of(YEAR).state == YearState.SEALED
    again = client.post(year_page("close"))
    assert again.status_code == 409


def test_numbers_and_links_cost_the_same_for_many(client, staff, cadre, django_assert_num_queries):
    close_year(year=YEAR, by=staff)
    address = year_page("change")
    client.get(address)
    with django_assert_num_queries(10):
        client.get(address)
    for _each in range(3):
        CadreFactory(unit=cadre.unit)
    close_year(year=YEAR, by=staff)
    with django_assert_num_queries(10):
        client.get(address)


def test_an_auditor_looks_and_changes_nothing(staff, cadre):
    open_year(staff)
    objection = raise_objection(assessment_id=result_of(cadre).pk, text="请核对", by=cadre.user)
    auditor = logged_in(make_user(Role.AUDITOR))
    assert auditor.get(year_page("change")).status_code == 200
    for page in ("close", "open", "seal", "make_up"):
        assert auditor.post(year_page(page)).status_code == 403
    desk = auditor.get(url("assessmentobjection_change", objection.pk))
    assert "请核对" in desk.content.decode()
    assert "</textarea>" not in desk.content.decode()
    assert auditor.post(url("assessmentobjection_answer", objection.pk)).status_code == 403
    assert auditor.post(url("yearlyassessment_correct", result_of(cadre).pk)).status_code == 403


def test_the_desk_shows_the_account_and_answers(client, staff, cadre, scheme):
    open_year(staff)
    objection = raise_objection(assessment_id=result_of(cadre).pk, text="论文没有计入", by=cadre.user)
    earn(cadre, scheme, "37.5", note="发表论文")
    desk = client.get(url("assessmentobjection_change", objection.pk)).content.decode()
    assert all(words in desk for words in ("论文没有计入", "发表论文", "37.5"))
    answer = url("assessmentobjection_answer", objection.pk)
    assert client.post(answer, {"decision": "", "answer": "好"}).status_code == 200
    assert client.post(answer, {"decision": "upheld", "answer": "已补记论文"}).status_code == 302
    stored = AssessmentObjection.objects.unscoped("test").get()
    assert (stored.state, stored.answered_by) == (ObjectionState.UPHELD, staff)
    assert str(result_of(cadre).counted) == "37.50"
    twice = client.post(answer, {"decision": "rejected", "answer": "再答"})
    assert twice.status_code == 409


def test_what_was_entered_stays_when_an_answer_is_refused(client, staff, cadre):
    open_year(staff)
    objection = raise_objection(assessment_id=result_of(cadre).pk, text="x", by=cadre.user)
    answer = url("assessmentobjection_answer", objection.pk)
    refused = client.post(answer, {"decision": "upheld", "answer": "已核实无误的答复"})
    assert refused.status_code == 409
    assert "已核实无误的答复" in refused.content.decode()


def test_a_correction_is_compared_then_made(client, staff, cadre, scheme):
    sealed_year(staff)
    earn(cadre, scheme, 95)
    address = url("yearlyassessment_correct", result_of(cadre).pk)
    page = client.get(address)
    assert page.context["differs"] is True
    assert "95" in page.content.decode()
    assert client.post(address).status_code == 200
    data = {"rank": "", "ground": "stored", "seen": page.context["seen"]}
    assert client.post(address, data | {"reason": ""}).status_code == 200
    earn(cadre, scheme, 1)
    stale = client.post(address, data | {"reason": "补记"})
    assert stale.status_code == 409
    data["seen"] = stale.context["seen"]
    assert client.post(address, data | {"reason": "补记论文"}).status_code == 302
    old, new = versions_of(cadre)
    shown = client.get(url("yearlyassessment_change", new.pk)).content.decode()
    assert "补记论文" in shown
    assert client.get(url("yearlyassessment_change", old.pk)).status_code == 404


def test_a_correction_may_state_an_exemption(client, staff, cadre):
    sealed_year(staff)
    address = url("yearlyassessment_correct", result_of(cadre).pk)
    nothing = client.get(address)
    assert nothing.context["differs"] is False
    page = client.get(address, {"rank": "", "ground": "long_leave"})
    data = {"rank": "", "ground": "long_leave", "seen": page.context["seen"], "reason": "病假证明后补"}
    assert client.post(address, data).status_code == 302
    assert result_of(cadre).result == "exempt"


def test_what_is_not_sealed_is_not_corrected(client, staff, cadre):
    close_year(year=YEAR, by=staff)
    address = url("yearlyassessment_correct", result_of(cadre).pk)
    assert "</textarea>" not in client.get(address).content.decode()
    assert client.post(address, {"reason": "x", "ground": "stored"}).status_code == 409


def test_make_up_training_is_planned_for_those_who_are_picked(client, staff, cadre, scheme):
    other = CadreFactory(unit=cadre.unit)
    make_scheme(2026)
    day = clock.school_date() + timedelta(days=20)
    coming = OfferingFactory(title="补训班", kind="main_class", year=2026, starts_on=day, ends_on=day)
    sealed_year(staff)
    address = year_page("make_up")
    page = client.get(address)
    forms = {form.case.assessment.cadre_id: form for form in page.context["forms"]}
    assert set(forms) == {cadre.pk, other.pk}
    assert coming in forms[cadre.pk].case.offerings
    data = {"due_on": "2099-06-30"}
    for form in forms.values():
        for name in ("content", "credits"):
            data[form.add_prefix(name)] = form.initial[name]
        data[form.add_prefix("offering")] = coming.pk
    data[forms[cadre.pk].add_prefix("pick")] = "on"
    assert client.post(address, data).status_code == 302
    (plan,) = MakeUpPlan.objects.unscoped("test")
    assert (plan.assessment.cadre, plan.offering, plan.credits) == (cadre, coming, 90)
    left = client.get(address)
    assert [form.case.assessment.cadre for form in left.context["forms"]] == [other]
    end = url("makeupplan_end", plan.pk)
    assert client.post(end, {"state": "done", "outcome": ""}).status_code == 200
    assert client.post(end, {"state": "done", "outcome": "补训 90 学分"}).status_code == 302
    assert MakeUpPlan.objects.unscoped("test").get().state == MakeUpState.DONE
    assert client.post(end, {"state": "missed", "outcome": "x"}).status_code == 409
