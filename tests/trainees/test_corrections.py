"""Correcting sealed results: a further row by the old scheme from the present ledger, the old one kept; made once, told to all concerned."""

from datetime import date
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from partyschool.accounts.enums import Role
from partyschool.audit.models import AuditEvent
from partyschool.common.errors import NotFound, Stale
from partyschool.common.integrity import all_checks
from partyschool.notices.models import Notice
from tests.factories.accounts import make_user
from tests.factories.trainees import CadreFactory, make_scheme, make_trainee
from tests.factories.years import OVER, YEAR, earn, result_of, sealed_year, versions_of
from trainees.enums import ExemptionGround, MakeUpState, Rank
from trainees.models import AssessmentExemption, CreditScheme, MakeUpPlan, YearlyAssessment
from trainees.services.corrections import (
    InvalidCorrection,
    NothingToCorrect,
    NotSealed,
    OwnResult,
    Stated,
    correct_result,
    judge_again,
)
from trainees.services.make_up import PlanLine, plan_make_up
from trainees.services.years import close_year

pytestmark = pytest.mark.django_db


@pytest.fixture
def scheme():
    return make_scheme(township_section=50, staff=40)


@pytest.fixture
def cadre(city, scheme):
    return make_trainee(unit=city.finance_bureau, name="更正人")


@pytest.fixture
def sealed(cadre, staff):
    return sealed_year(staff)


def correct(cadre, by, stated=Stated(), **fields):  # noqa: B008 -- frozen
    return correct_result(
        assessment_id=result_of(cadre).pk, stated=stated, reason=fields.pop("reason", "补记"), by=by, **fields
    )


def frozen(row):
    return YearlyAssessment.versions.filter(pk=row.pk).unscoped("test").values().get()


def test_a_correction_takes_up_the_ledger_of_today(sealed, staff, cadre, scheme):
    before = frozen(result_of(cadre))
    earn(cadre, scheme, 55)
    after = correct(cadre, staff)
    old, new = versions_of(cadre)
    assert frozen(old) == before | {"superseded": True}
    assert new == after == result_of(cadre)
    assert (new.result, new.counted, new.sealed, new.corrects, new.correction_reason) == (
        "pass",
        Decimal(55),
        True,
        old,
        "补记",
    )
    assert (new.unit, new.jurisdiction, new.rank, new.scheme) == (
        old.unit,
        old.jurisdiction,
        old.rank,
        scheme,
    )
    event = AuditEvent.objects.unscoped("test").get(action="result.correct")
    assert (event.data["before"][0], event.data["after"][0]) == ("fail", "pass")


def test_corrections_follow_each_other(sealed, staff, cadre, scheme):
    for amount in (20, 20, 20):
        earn(cadre, scheme, amount)
        correct(cadre, staff)
    rows = versions_of(cadre)
    assert [row.counted for row in rows] == [0, 20, 40, 60]
    assert [row.superseded for row in rows] == [True, True, True, False]
    assert [row.corrects_id for row in rows] == [None, *(row.pk for row in rows[:-1])]
    assert all(row.sealed for row in rows)
    assert [fault for check in all_checks().values() for fault in check()] == []


def test_the_scheme_of_the_result_judges_not_a_later_version(sealed, staff, cadre, scheme):
    CreditScheme.objects.filter(pk=scheme.pk).update(state="retired")
    make_scheme(version=2, township_section=500)
    earn(cadre, scheme, 55)
    after = correct(cadre, staff)
    assert (after.scheme, after.needed, after.result) == (scheme, 50, "pass")


def test_a_rank_and_an_exemption_can_be_stated(sealed, staff, cadre, scheme):
    earn(cadre, scheme, 45)
    assert correct(cadre, staff, Stated(rank=Rank.STAFF)).result == "pass"
    exempt = correct(cadre, staff, Stated(ground=ExemptionGround.SECONDED))
    assert (exempt.result, exempt.reasons) == ("exempt", [{"code": "exempt", "ground": "seconded"}])


def test_an_exemption_on_record_can_be_set_aside(staff, cadre, scheme):
    AssessmentExemption.objects.create(cadre=cadre, year=YEAR, ground=ExemptionGround.OTHER)
    sealed_year(staff)
    assert result_of(cadre).result == "exempt"
    assert correct(cadre, staff, Stated(ground="")).result == "fail"


def test_nothing_to_correct_is_refused(sealed, staff, cadre):
    with pytest.raises(NothingToCorrect):
        correct(cadre, staff)
    assert len(versions_of(cadre)) == 1


def test_before_sealing_nothing_is_corrected(staff, cadre, scheme):
    close_year(year=YEAR, by=staff)
    with pytest.raises(NotSealed):
        correct(cadre, staff)


@pytest.mark.parametrize("reason", ["", "  ", "长" * 401])
def test_a_reason_is_wanted(sealed, staff, cadre, reason):
    with pytest.raises(InvalidCorrection):
        correct(cadre, staff, reason=reason)


@pytest.mark.parametrize("stated", [Stated(rank="emperor"), Stated(ground="bored")])
def test_nonsense_is_not_stated(sealed, staff, cadre, stated):
    with pytest.raises(InvalidCorrection):
        correct(cadre, staff, stated)


def test_nobody_corrects_the_own_result(sealed, cadre, scheme):
    earn(cadre, scheme, 55)
    with pytest.raises(OwnResult):
        correct(cadre, cadre.user)


def test_what_was_confirmed_is_what_is_written(sealed, staff, cadre, scheme):
    earn(cadre, scheme, 10)
    seen = judge_again(result_of(cadre), Stated(), by=staff, now=OVER).digest
    earn(cadre, scheme, 10)
    with pytest.raises(Stale):
        correct(cadre, staff, seen=seen)
    seen = judge_again(result_of(cadre), Stated(), by=staff, now=OVER).digest
    assert correct(cadre, staff, seen=seen).counted == 20


def test_an_old_version_is_not_corrected_again(sealed, staff, cadre, scheme):
    old = result_of(cadre)
    earn(cadre, scheme, 10)
    correct(cadre, staff)
    earn(cadre, scheme, 10)
    with pytest.raises(Stale):
        correct_result(assessment_id=old.pk, stated=Stated(), reason="x", by=staff)
    with pytest.raises(NotFound):
        correct_result(assessment_id=0, stated=Stated(), reason="x", by=staff)


def test_the_database_keeps_the_chain_whole(sealed, staff, cadre, city, scheme):
    other = CadreFactory(unit=city.finance_bureau)
    earn(cadre, scheme, 10)
    row = result_of(cadre)
    judged = judge_again(row, Stated(), by=staff, now=OVER)

    def insert(**fields):
        made = judged.as_row(row)
        made.sealed, made.closed_by, made.correction_reason, made.corrects = True, staff, "x", row
        for name, value in fields.items():
            setattr(made, name, value)
        with pytest.raises(IntegrityError), transaction.atomic():
            made.save(force_insert=True)

    insert()  # the old one is still in force
    insert(correction_reason="")
    insert(sealed=False)
    insert(corrects=None, correction_reason="", cadre=other)
    assert result_of(cadre) == row


def test_a_transfer_since_then_does_not_move_the_corrected_result(sealed, staff, city, cadre, scheme):
    cadre.unit, cadre.posted_on = city.cousin_bureau, date(2026, 3, 1)
    cadre.save()
    earn(cadre, scheme, 55)
    after = correct(cadre, staff)
    assert (after.unit, after.jurisdiction) == (city.finance_bureau, city.east)


def test_all_concerned_are_told_what_it_was_and_is(sealed, staff, city, cadre, scheme):
    concerned = [
        cadre.user,
        make_user(Role.OFFICER, unit=city.finance_bureau),
        make_user(Role.ORGDEPT, unit=city.east),
        make_user(Role.LEADER),
    ]
    make_user(Role.OFFICER, unit=city.culture_bureau)
    make_user(Role.ORGDEPT, unit=city.west)
    earn(cadre, scheme, 55)
    correct(cadre, staff, reason="漏记一篇论文")
    notices = list(Notice.objects.unscoped("test"))
    assert {one.recipient for one in notices} == set(concerned)
    assert all("漏记一篇论文" in one.body and "55" in one.body for one in notices)


def test_make_up_training_ends_with_a_failure_that_was_none(sealed, staff, cadre, scheme):
    plan_make_up(
        year=YEAR,
        plans=[PlanLine(result_of(cadre).pk, "补训", Decimal(50))],
        due_on=date(2099, 1, 1),
        by=staff,
    )
    earn(cadre, scheme, 10)
    correct(cadre, staff)
    assert MakeUpPlan.objects.unscoped("test").get().state == MakeUpState.PLANNED
    earn(cadre, scheme, 45)
    correct(cadre, staff)
    plan = MakeUpPlan.objects.unscoped("test").get()
    assert (plan.state, plan.ended_by, plan.outcome) == (MakeUpState.CANCELLED, staff, "结果已更正。")
