"""Objections: who may raise one, when, with what; who answers, and what an answer does."""

from datetime import date, timedelta

import pytest
from django.core.exceptions import PermissionDenied
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import IntegrityError, transaction

from partyschool.accounts.enums import Role
from partyschool.audit.models import AuditEvent
from partyschool.common import clock
from partyschool.common.errors import NotFound
from partyschool.common.ledger import reverse_entry
from partyschool.notices.models import Notice
from tests.factories.accounts import City, make_unit, make_user
from tests.factories.trainees import CadreFactory, make_scheme, make_trainee
from tests.factories.years import OVER, YEAR, after, earn, open_year, result_of, sealed_year
from trainees.enums import ExemptionGround, ObjectionState
from trainees.models import AssessmentExemption, AssessmentObjection, Evidence
from trainees.selectors.objections import objections_of_units, objections_to
from trainees.services.evidence import EvidenceRefused
from trainees.services.objections import (
    InvalidObjection,
    NothingCorrected,
    NotOpenToObjections,
    ObjectionAnswered,
    ObjectionStands,
    OwnObjection,
    answer_objection,
    raise_objection,
    withdraw_objection,
)
from trainees.services.year_states import open_objections
from trainees.services.years import close_year

pytestmark = pytest.mark.django_db
PDF = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


@pytest.fixture(autouse=True)
def own_storage(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


@pytest.fixture
def staff():
    return make_user(Role.STAFF)


@pytest.fixture
def city():
    return City()


@pytest.fixture
def scheme():
    return make_scheme()


@pytest.fixture
def cadre(city, scheme):
    return make_trainee(unit=city.finance_bureau, name="异议人")


@pytest.fixture
def opened(cadre, staff):
    return open_year(staff)


def objects(cadre, by=None, **fields):
    return raise_objection(
        assessment_id=result_of(cadre).pk, text="少算一门课", by=by or cadre.user, **fields
    )


def test_a_cadre_objects_with_evidence(opened, cadre):
    made = objects(cadre, files=[SimpleUploadedFile("证明.pdf", PDF)])
    assert (made.state, made.by_unit, made.raised_by) == (ObjectionState.RAISED, False, cadre.user)
    file = Evidence.objects.unscoped("test").get()
    assert (file.objection, file.cadre, file.added_by) == (made, cadre, cadre.user)


def test_a_file_that_is_no_evidence_raises_nothing(opened, cadre):
    with pytest.raises(EvidenceRefused):
        objects(cadre, files=[SimpleUploadedFile("a.pdf", b"<script>")])
    assert not AssessmentObjection.objects.unscoped("test").exists()


def test_an_officer_objects_for_a_person_of_the_unit_of_that_year(opened, city, cadre):
    officer = make_user(Role.OFFICER, unit=city.finance_bureau)
    above = make_user(Role.OFFICER, unit=city.east)
    made = objects(cadre, officer)
    assert made.by_unit is True
    withdraw_objection(objection_id=made.pk, by=officer)
    assert objects(cadre, above).by_unit is True


def test_both_sides_may_object_once_at_a_time(opened, city, cadre):
    officer = make_user(Role.OFFICER, unit=city.finance_bureau)
    objects(cadre)
    objects(cadre, officer)
    for by in (cadre.user, officer):
        with pytest.raises(ObjectionStands):
            objects(cadre, by)


@pytest.mark.parametrize("place", ["culture_bureau", "cousin_bureau", "west"])
def test_officers_of_siblings_and_cousins_find_no_result(opened, city, cadre, place):
    with pytest.raises(NotFound):
        objects(cadre, make_user(Role.OFFICER, unit=getattr(city, place)))


def test_an_officer_of_the_new_unit_sees_the_person_and_not_the_past(opened, city, cadre):
    cadre.unit, cadre.posted_on = city.cousin_bureau, date(2026, 2, 1)
    cadre.save()
    with pytest.raises(NotFound):
        objects(cadre, make_user(Role.OFFICER, unit=city.cousin_bureau))
    assert objects(cadre, make_user(Role.OFFICER, unit=city.finance_bureau)).by_unit


@pytest.mark.parametrize("role", [Role.STAFF, Role.LEADER, Role.AUDITOR, Role.ORGDEPT])
def test_who_reads_a_result_does_not_therefore_object(opened, city, cadre, role):
    with pytest.raises(PermissionDenied):
        objects(cadre, make_user(role, unit=city.east))


def test_another_cadre_finds_no_result(opened, city, cadre):
    with pytest.raises(NotFound):
        objects(cadre, make_trainee(unit=city.finance_bureau).user)


def test_an_organisation_department_that_is_officer_elsewhere_objects_only_there(opened, city, cadre):
    both = make_user(Role.ORGDEPT, Role.OFFICER, unit=city.east)
    both.grants.filter(role=Role.OFFICER).update(unit=city.culture_bureau)
    both = type(both).objects.with_grants().get(pk=both.pk)
    with pytest.raises(PermissionDenied):
        objects(cadre, both)


def test_objections_are_taken_in_the_period_alone(staff, cadre):
    close_year(year=YEAR, by=staff)
    with pytest.raises(NotOpenToObjections):
        objects(cadre)
    held = open_year(staff)
    objects(cadre, now=held.objections_until)
    late = make_user(Role.OFFICER, unit=cadre.unit)
    with pytest.raises(NotOpenToObjections):
        objects(cadre, late, now=held.objections_until + timedelta(seconds=1))


def test_a_sealed_year_takes_no_objection(staff, cadre):
    sealed_year(staff)
    with pytest.raises(NotOpenToObjections):
        objects(cadre, now=OVER)


@pytest.mark.parametrize("text", ["", "  \n", "长" * 2001])
def test_an_objection_says_something_and_not_too_much(opened, cadre, text):
    with pytest.raises(InvalidObjection):
        raise_objection(assessment_id=result_of(cadre).pk, text=text, by=cadre.user)


def test_only_who_raised_it_takes_it_back(opened, city, cadre):
    made = objects(cadre)
    with pytest.raises(NotFound):
        withdraw_objection(objection_id=made.pk, by=make_user(Role.OFFICER, unit=city.finance_bureau))
    assert withdraw_objection(objection_id=made.pk, by=cadre.user).state == ObjectionState.WITHDRAWN
    with pytest.raises(ObjectionAnswered):
        withdraw_objection(objection_id=made.pk, by=cadre.user)


def test_a_rejection_gives_its_reason_and_leaves_the_result(opened, staff, city, cadre, scheme):
    officer = make_user(Role.OFFICER, unit=city.finance_bureau)
    made, before = objects(cadre, officer), result_of(cadre)
    earn(cadre, scheme, 95)
    answered = answer_objection(objection_id=made.pk, upheld=False, answer="证明与台账不符", by=staff)
    assert (answered.state, answered.answered_by) == (ObjectionState.REJECTED, staff)
    assert result_of(cadre).counted == before.counted
    told = {one.recipient: one.body for one in Notice.objects.unscoped("test")}
    assert told == {cadre.user: "证明与台账不符", officer: "证明与台账不符"}


def test_upholding_reckons_the_one_result_again(staff, city, cadre, scheme):
    other = CadreFactory(unit=city.finance_bureau)
    open_year(staff)
    made = objects(cadre)
    for person in (cadre, other):
        earn(person, scheme, 95)
    answer_objection(objection_id=made.pk, upheld=True, answer="补记一门课", by=staff)
    assert (result_of(cadre).result, result_of(other).result) == ("pass", "fail")
    notice = Notice.objects.unscoped("test").get(recipient=cadre.user)
    assert "补记一门课" in notice.body
    assert "不合格" in notice.body.split("现")[0]
    assert notice.url == f"/credits/?year={YEAR}"


def test_upholding_takes_what_was_corrected_by_a_closing_in_between(opened, staff, cadre, scheme):
    made = objects(cadre)
    earn(cadre, scheme, 95)
    close_year(year=YEAR, by=staff)
    answer_objection(objection_id=made.pk, upheld=True, answer="已补记", by=staff)
    assert result_of(cadre).result == "pass"


def test_upholding_takes_an_exemption(opened, staff, cadre):
    made = objects(cadre)
    AssessmentExemption.objects.create(cadre=cadre, year=YEAR, ground=ExemptionGround.LONG_LEAVE)
    answer_objection(objection_id=made.pk, upheld=True, answer="补登免予考核", by=staff)
    assert result_of(cadre).result == "exempt"


def test_upholding_without_a_correction_is_refused(opened, staff, cadre, scheme):
    made = objects(cadre)
    with pytest.raises(NothingCorrected):
        answer_objection(objection_id=made.pk, upheld=True, answer="同意", by=staff)
    made.refresh_from_db()
    assert made.state == ObjectionState.RAISED
    reverse_entry(earn(cadre, scheme, 5), by=staff, reason="重复")
    answer_objection(objection_id=made.pk, upheld=True, answer="改正后总数不变", by=staff)


def test_nobody_answers_what_was_raised_by_or_concerns_oneself(opened, city, cadre, scheme):
    worker = make_user(Role.STAFF, Role.OFFICER, unit=city.finance_bureau)
    made = objects(cadre, worker)
    with pytest.raises(OwnObjection):
        answer_objection(objection_id=made.pk, upheld=False, answer="否", by=worker)
    both = make_user(Role.STAFF, Role.TRAINEE)
    cadre.user = both
    cadre.save()
    with pytest.raises(OwnObjection):
        answer_objection(objection_id=made.pk, upheld=False, answer="否", by=both)
    with pytest.raises(IntegrityError), transaction.atomic():
        AssessmentObjection.objects.filter(pk=made.pk).unscoped("test").update(
            state="rejected", answer="x", answered_at=clock.now(), answered_by=worker
        )


def test_an_answer_is_given_once_and_with_words(opened, staff, cadre):
    made = objects(cadre)
    with pytest.raises(InvalidObjection):
        answer_objection(objection_id=made.pk, upheld=False, answer=" ", by=staff)
    answer_objection(objection_id=made.pk, upheld=False, answer="否", by=staff)
    with pytest.raises(ObjectionAnswered):
        answer_objection(objection_id=made.pk, upheld=False, answer="否", by=staff)
    with pytest.raises(NotFound):
        answer_objection(objection_id=0, upheld=False, answer="否", by=staff)


def test_after_the_period_answers_are_still_given(staff, cadre):
    held = open_objections(year=YEAR, by=staff, now=OVER)
    made = objects(cadre, now=OVER)
    answer_objection(objection_id=made.pk, upheld=False, answer="否", by=staff, now=after(held))


def test_objections_are_seen_by_the_unit_of_that_year(opened, city, cadre):
    made = objects(cadre)
    seen = {
        "own": make_user(Role.OFFICER, unit=city.finance_bureau),
        "department": make_user(Role.ORGDEPT, unit=city.east),
        "staff": make_user(Role.STAFF),
        "sibling": make_user(Role.OFFICER, unit=city.culture_bureau),
        "cousin": make_user(Role.ORGDEPT, unit=city.west),
        "inner": make_user(Role.OFFICER, unit=make_unit(city.finance_bureau)),
        "trainee": make_trainee(unit=city.finance_bureau).user,
    }
    found = {who: list(objections_of_units(user, year=YEAR)) for who, user in seen.items()}
    assert {who for who, rows in found.items() if rows} == {"own", "department", "staff"}
    assert [line.objection for line in objections_to(cadre.user, cadre, YEAR)] == [made]
    assert list(objections_of_units(cadre.user, year=YEAR)) == []


def test_reckoning_one_result_again_is_no_closing_of_the_year(staff, cadre, scheme):
    """The trail tells that the objection was answered, with the result before and after; nobody closed the year."""
    open_year(staff)
    made = objects(cadre)
    earn(cadre, scheme, 95)
    closings = AuditEvent.objects.filter(action="year.close").unscoped("test")
    before = closings.count()
    answer_objection(objection_id=made.pk, upheld=True, answer="补记一门课", by=staff)
    assert closings.count() == before
    answered = AuditEvent.objects.unscoped("test").get(action="objection.answer")
    assert answered.data["after"] == "95.00"
