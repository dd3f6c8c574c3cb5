"""Conduct in the administration: opened, moderated with a reason, returned, released; weights of a new year begin with last year's."""

import pytest
from django.urls import reverse

from courses.enums import OfferingKind
from partyschool.accounts.enums import Role
from tests.admin.clients import logged_in
from tests.factories.accounts import make_user
from tests.factories.conduct import AssessedClass, make_weights
from tests.factories.courses import OfferingFactory
from trainees.models import ConductScore, ConductSheet, ConductWeights

pytestmark = pytest.mark.django_db


@pytest.fixture
def assessed():
    return AssessedClass()


@pytest.fixture
def staff():
    return logged_in(make_user(Role.STAFF))


def url(page, *args):
    return reverse(f"admin:trainees_conductsheet_{page}", args=args)


def first_score():
    return ConductScore.objects.unscoped("tests").order_by("pk")[0]


def state():
    return ConductSheet.objects.get().state


def test_sheet_is_opened_for_a_class(staff, assessed):
    waiting = OfferingFactory(
        kind=OfferingKind.SPECIAL_CLASS,
        lead_teacher=assessed.offering.lead_teacher,
        year=assessed.weights.year,
    )
    other_year = OfferingFactory(
        kind=OfferingKind.MAIN_CLASS, lead_teacher=assessed.offering.lead_teacher, year=2031
    )
    assert assessed.offering.title not in staff.get(url("open_class")).content.decode()
    assert staff.post(url("open_class"), {"offering": waiting.pk}).status_code == 302
    assert ConductSheet.objects.filter(offering=waiting).count() == 1
    assert staff.post(url("open_class"), {"offering": waiting.pk}).status_code == 200
    assert staff.post(url("open_class"), {"offering": other_year.pk}).status_code == 409


def test_score_is_changed_for_a_reason_alone(staff, assessed):
    assessed.submit()
    score = first_score()
    page = url("score", assessed.sheet.pk, score.pk)
    data = {"dimension": "attitude", "value": "70", "reason": "与考勤不符", "seen": "90|80|85||"}
    for wrong in ({"reason": ""}, {"value": "101"}, {"dimension": "discipline"}):
        assert staff.post(page, {**data, **wrong}).status_code == 200
    for wrong in ({"reason": "不行"}, {"seen": "1|80|85||"}, {"value": "90"}):
        assert staff.post(page, {**data, **wrong}).status_code == 409
    assert first_score().attitude == 90
    assert staff.post(page, data).status_code == 302
    shown = staff.get(url("change", assessed.sheet.pk)).content.decode()
    assert "90 → 70" in shown
    assert "与考勤不符" in shown


def test_sheet_is_returned_and_released(staff, assessed):
    assessed.submit()
    back = url("return", assessed.sheet.pk)
    assert staff.post(back, {"reason": "否"}).status_code == 409
    assert staff.post(back, {"reason": "请补评语"}).status_code == 302
    assert state() == "open"
    assert staff.post(url("release", assessed.sheet.pk)).status_code == 409
    assessed.submit()
    assert staff.post(url("release", assessed.sheet.pk)).status_code == 302
    assert state() == "released"
    assert staff.post(url("release", assessed.sheet.pk)).status_code == 409


def test_auditor_reads_and_changes_nothing(assessed):
    assessed.submit()
    auditor = logged_in(make_user(Role.AUDITOR))
    assert auditor.get(url("change", assessed.sheet.pk)).status_code == 200
    pages = [
        url("return", assessed.sheet.pk),
        url("release", assessed.sheet.pk),
        url("score", assessed.sheet.pk, first_score().pk),
        url("open_class"),
    ]
    assert {auditor.post(page, {"reason": "请补评语"}).status_code for page in pages} == {403}
    assert state() == "submitted"


def test_new_year_begins_with_the_weights_of_the_year_before(staff):
    make_weights(2025, attitude=50, theory=20)
    form = staff.get(reverse("admin:trainees_conductweights_add")).context["adminform"].form
    proposed = {
        name: form.initial[name] for name in ("year", "attitude", "theory", "party_spirit", "discipline")
    }
    assert proposed == {"year": 2026, "attitude": 50, "theory": 20, "party_spirit": 30, "discipline": 0}


def test_weights_that_do_not_add_up_are_refused_in_words(staff):
    weights = make_weights()
    data = {
        "source": "",
        "attitude": "41",
        "theory": "30",
        "party_spirit": "30",
        "discipline": "0",
        "excellent_from": "90",
        "good_from": "80",
        "pass_from": "60",
    }
    answer = staff.post(reverse("admin:trainees_conductweights_change", args=[weights.pk]), data)
    assert answer.status_code == 200
    assert "100" in str(answer.context["adminform"].form.errors)
    assert ConductWeights.objects.get().attitude == 40


def test_released_weights_stand_on_the_page_too(staff, assessed):
    page = reverse("admin:trainees_conductweights_change", args=[assessed.weights.pk])
    assert 'name="attitude"' in staff.get(page).content.decode()
    assessed.release()
    assert 'name="attitude"' not in staff.get(page).content.decode()


def test_register_leads_to_the_training_record(staff, assessed):
    cadre = assessed.places[0].cadre
    answer = staff.get(reverse("admin:trainees_cadre_training_record", args=[cadre.pk]))
    assert (answer.status_code, answer["Location"]) == (303, reverse("trainees:record", args=[cadre.pk]))
