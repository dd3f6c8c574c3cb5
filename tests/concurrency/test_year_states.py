"""What moves a year on holds against what happens in it; and each lock's twin shows the race when the lock is off."""

from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError

from partyschool.accounts.enums import Role
from partyschool.audit.models import AuditEvent
from partyschool.common import clock
from partyschool.common.errors import Stale
from tests.concurrency.rivals import Gate, compete
from tests.factories.accounts import make_unit, make_user
from tests.factories.trainees import make_scheme, make_trainee
from tests.factories.years import OVER, YEAR, after, earn, open_year, result_of, sealed_year, versions_of
from trainees.enums import ObjectionState, YearState
from trainees.models import AssessmentObjection, AssessmentYear, MakeUpPlan
from trainees.selectors.year_states import year_of
from trainees.services import corrections, make_up_deadlines, objections, year_states, years
from trainees.services.corrections import Stated, correct_result
from trainees.services.make_up import PlanLine, end_make_up, plan_make_up
from trainees.services.make_up_deadlines import mark_missed
from trainees.services.objections import (
    NotOpenToObjections,
    ObjectionAnswered,
    answer_objection,
    raise_objection,
    withdraw_objection,
)
from trainees.services.year_locks import YearSealed
from trainees.services.year_states import AlreadyOpened, ObjectionsOpen, open_objections, seal_year
from trainees.services.years import close_year

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def staff() -> Any:
    return make_user(Role.STAFF)


@pytest.fixture
def scheme() -> Any:
    return make_scheme()


@pytest.fixture
def cadres(scheme: Any) -> list[Any]:
    unit = make_unit()
    return [make_trainee(unit=unit) for _each in range(4)]


def assert_sound() -> None:
    call_command("check_data", verbosity=0)


def unlocked(year: int) -> AssessmentYear:
    """The year's row as `share_year` and `lock_year` give it, without a lock."""
    return AssessmentYear.objects.get(year=year)


def test_two_who_open_a_year_open_it_once(staff, cadres):
    outcomes = compete([partial(open_objections, year=YEAR, by=staff)] * 3)
    assert sum(isinstance(one, AssessmentYear) for one in outcomes) == 1
    assert {type(one) for one in outcomes if isinstance(one, Exception)} == {AlreadyOpened}


def test_two_who_seal_a_year_seal_it_once(staff, cadres):
    held = open_objections(year=YEAR, by=staff, now=OVER)
    outcomes = compete([partial(seal_year, year=YEAR, by=staff, now=after(held))] * 3)
    assert [type(one) for one in outcomes].count(YearSealed) == 2
    assert_sound()


def test_closing_and_sealing_follow_each_other(staff, scheme, cadres):
    held = open_objections(year=YEAR, by=staff, now=OVER)
    for cadre in cadres:
        earn(cadre, scheme, 95, posted_at=OVER)
    outcomes = compete(
        [
            partial(seal_year, year=YEAR, by=staff, now=after(held)),
            *[partial(close_year, year=YEAR, by=staff)] * 3,
        ]
    )
    assert not isinstance(outcomes[0], Exception)
    assert {type(one) for one in outcomes[1:] if isinstance(one, Exception)} <= {YearSealed}
    assert {(row.result, row.sealed) for row in map(result_of, cadres)} == {("pass", True)}
    assert_sound()


def _object_and_seal(staff, cadre, held):
    """An objection at the last moment against sealing a moment later."""
    return compete(
        [
            partial(
                raise_objection,
                assessment_id=result_of(cadre).pk,
                text="x",
                by=cadre.user,
                now=held.objections_until,
            ),
            partial(seal_year, year=YEAR, by=staff, now=after(held)),
        ]
    )


def test_an_objection_comes_before_sealing_or_is_refused(staff, cadres):
    held = open_objections(year=YEAR, by=staff, now=OVER)
    for cadre in cadres:
        objected, sealed = _object_and_seal(staff, cadre, held)
        if isinstance(objected, AssessmentObjection):
            assert isinstance(sealed, ObjectionsOpen)
            answer_objection(objection_id=objected.pk, upheld=False, answer="x", by=staff)
        else:
            assert isinstance(objected, NotOpenToObjections)
            assert year_of(YEAR).state == YearState.SEALED
    assert_sound()


def test_twin_without_the_years_lock_an_objection_meets_a_year_being_sealed(staff, cadres, monkeypatch):
    """Both look before either writes: the database alone stops the one who comes second."""
    held = open_objections(year=YEAR, by=staff, now=OVER)
    gate = Gate(2)
    monkeypatch.setattr(objections, "share_year", gate.wrap(unlocked))
    monkeypatch.setattr(year_states, "lock_year", gate.wrap(unlocked))
    with pytest.raises(IntegrityError) as refusal:
        _object_and_seal(staff, cadres[0], held)
    assert refusal.value.__cause__.diag.constraint_name in {
        "trainees_assessmentobjection_year_tg",
        "trainees_assessmentyear_whole_tg",
    }
    assert_sound()


def test_twin_without_the_years_lock_a_closing_meets_a_year_that_was_sealed(
    staff, scheme, cadres, monkeypatch
):
    """The closing looked before the year was sealed and writes afterwards: the database alone stops it."""
    held = open_objections(year=YEAR, by=staff, now=OVER)
    gate = Gate(2, patience=20)
    monkeypatch.setattr(years, "share_year", gate.wrap(unlocked))

    def seal_and_earn() -> None:
        seal_year(year=YEAR, by=staff, now=after(held))
        earn(cadres[0], scheme, 95)

    with pytest.raises(IntegrityError) as refusal:
        compete([gate.wrap(seal_and_earn), partial(close_year, year=YEAR, by=staff)])
    assert refusal.value.__cause__.diag.constraint_name == "trainees_yearlyassessment_sealed_tg"
    assert_sound()


def test_an_objection_is_answered_once(staff, cadres):
    open_year(staff)
    cadre = cadres[0]
    made = raise_objection(assessment_id=result_of(cadre).pk, text="x", by=cadre.user)
    others = [make_user(Role.STAFF) for _each in range(2)]
    calls = [
        partial(answer_objection, objection_id=made.pk, upheld=False, answer="x", by=one) for one in others
    ]
    calls.append(partial(withdraw_objection, objection_id=made.pk, by=cadre.user))
    outcomes = compete(calls)
    assert [type(one) for one in outcomes].count(ObjectionAnswered) == 2


def test_twin_without_the_objections_lock_it_is_answered_and_withdrawn(staff, cadres, monkeypatch):
    """Both are told that it went well; the later one's state stays, which the allowed moves alone forbid."""
    open_year(staff)
    cadre = cadres[0]
    made = raise_objection(assessment_id=result_of(cadre).pk, text="x", by=cadre.user)
    gate = Gate(2)

    def read(objection_id: int) -> AssessmentObjection:
        return AssessmentObjection._base_manager.get(pk=objection_id)

    monkeypatch.setattr(objections, "_locked", gate.wrap(read))
    with pytest.raises(IntegrityError):
        compete(
            [
                partial(answer_objection, objection_id=made.pk, upheld=False, answer="x", by=staff),
                partial(withdraw_objection, objection_id=made.pk, by=cadre.user),
            ]
        )
    made.refresh_from_db()
    assert made.state in (ObjectionState.REJECTED, ObjectionState.WITHDRAWN)


def test_two_corrections_of_one_result_make_one(staff, scheme, cadres):
    sealed_year(staff)
    cadre = cadres[0]
    earn(cadre, scheme, 95)
    call = partial(correct_result, assessment_id=result_of(cadre).pk, stated=Stated(), reason="x", by=staff)
    outcomes = compete([call] * 3)
    assert [type(one) for one in outcomes].count(Stale) == 2
    assert [row.superseded for row in versions_of(cadre)] == [True, False]
    assert_sound()


def test_twin_without_the_results_lock_both_correct_it(staff, scheme, cadres, monkeypatch):
    """Both find it in force: the database alone stops the second row."""
    sealed_year(staff)
    cadre = cadres[0]
    earn(cadre, scheme, 95)
    gate = Gate(2)

    def read(model: Any, pk: Any) -> Any:
        return model._base_manager.get(pk=pk)

    monkeypatch.setattr(corrections, "lock_row", gate.wrap(read))
    call = partial(correct_result, assessment_id=result_of(cadre).pk, stated=Stated(), reason="x", by=staff)
    with pytest.raises(IntegrityError):
        compete([call] * 2)
    assert len(versions_of(cadre)) == 2
    assert_sound()


def test_a_plan_is_made_once_and_ended_once(staff, scheme, cadres):
    sealed_year(staff)
    line = PlanLine(result_of(cadres[0]).pk, "补训", Decimal(9))
    due = clock.school_date() + timedelta(days=30)
    made = compete([partial(plan_make_up, year=YEAR, plans=[line], due_on=due, by=staff)] * 3)
    assert sorted(map(len, made)) == [0, 0, 1]
    (plan,) = MakeUpPlan.objects.unscoped("test")
    ended = compete(
        [
            partial(end_make_up, plan_id=plan.pk, state=state, outcome="x", by=staff)
            for state in ("done", "missed", "cancelled")
        ]
    )
    assert sum(isinstance(one, MakeUpPlan) for one in ended) == 1


def planned(staff, cadre):
    """A plan, and a moment after its day."""
    sealed_year(staff)
    due = clock.school_date() + timedelta(days=30)
    line = PlanLine(result_of(cadre).pk, "补训", Decimal(9))
    (plan,) = plan_make_up(year=YEAR, plans=[line], due_on=due, by=staff)
    return plan, clock.now() + timedelta(days=40)


def test_a_missed_plan_is_marked_once_or_ended_by_somebody(staff, scheme, cadres):
    plan, later = planned(staff, cadres[0])
    rivals = [partial(mark_missed, now=later)] * 3
    rivals.append(partial(end_make_up, plan_id=plan.pk, state="done", outcome="x", by=staff))
    *marked, ended = compete(rivals)
    assert sum(marked) + isinstance(ended, MakeUpPlan) == 1
    assert AuditEvent.objects.filter(action="make_up.end").unscoped("test").count() == 1


def test_twin_without_the_plans_lock_it_is_marked_twice(staff, scheme, cadres, monkeypatch):
    _plan, later = planned(staff, cadres[0])
    gate = Gate(2)
    read = gate.wrap(lambda model, pk: model._base_manager.get(pk=pk))
    monkeypatch.setattr(make_up_deadlines, "lock_row", read)
    assert compete([partial(mark_missed, now=later)] * 2) == [1, 1]


def test_plans_for_many_in_opposite_order_do_not_wait_for_each_other(staff, scheme, cadres):
    sealed_year(staff)
    due = date(2099, 1, 1)
    lines = [PlanLine(result_of(cadre).pk, "补训", Decimal(9)) for cadre in cadres]
    made = compete(
        [
            partial(plan_make_up, year=YEAR, plans=lines, due_on=due, by=staff),
            partial(plan_make_up, year=YEAR, plans=lines[::-1], due_on=due, by=staff),
        ]
    )
    assert sorted(map(len, made)) == [0, 4]
