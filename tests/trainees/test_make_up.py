"""Make-up training of those who failed: planned once, for failed results alone, by the day of the figure; ended once, in words."""

from datetime import date, time, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from courses.enums import OfferingState
from partyschool.accounts.enums import Role
from partyschool.audit.models import AuditEvent
from partyschool.common import clock
from partyschool.common.errors import NotFound
from partyschool.notices.models import Notice
from tests.factories.accounts import make_user
from tests.factories.courses import OfferingFactory
from tests.factories.trainees import CadreFactory, EnrolmentFactory, make_scheme, make_trainee
from tests.factories.years import YEAR, earn, result_of, sealed_year
from trainees.enums import MakeUpState
from trainees.models import MakeUpPlan, TrainingFigure
from trainees.selectors.make_up import unplanned
from trainees.selectors.year_states import year_of
from trainees.services.corrections import NotSealed
from trainees.services.make_up import (
    InvalidPlan,
    NotFailed,
    PlanEnded,
    PlanLine,
    due_date,
    end_make_up,
    plan_make_up,
)
from trainees.services.make_up_deadlines import mark_missed
from trainees.services.years import close_year

pytestmark = pytest.mark.django_db
LATER = date(2099, 6, 30)


@pytest.fixture
def scheme():
    return make_scheme()


@pytest.fixture
def cadre(city, scheme):
    return make_trainee(unit=city.finance_bureau)


@pytest.fixture
def sealed(cadre, staff):
    return sealed_year(staff)


def line(cadre, content="补修集中培训", credits_=90, offering=None):
    return PlanLine(result_of(cadre).pk, content, Decimal(credits_), offering)


def test_plans_are_made_in_bulk_and_told(sealed, staff, city, cadre):
    officer = make_user(Role.OFFICER, unit=city.finance_bureau)
    (plan,) = plan_make_up(year=YEAR, plans=[line(cadre)], due_on=LATER, by=staff)
    assert (plan.state, plan.due_on, plan.planned_by) == (MakeUpState.PLANNED, LATER, staff)
    assert {one.recipient for one in Notice.objects.unscoped("test")} == {cadre.user, officer}
    assert plan_make_up(year=YEAR, plans=[line(cadre)], due_on=LATER, by=staff) == []


def test_the_day_comes_from_the_figure(sealed, staff):
    held = year_of(YEAR)
    days = int(TrainingFigure.objects.get(code="make_up_days").value)
    assert due_date(held) == clock.school_date(held.sealed_at) + timedelta(days=days)


def test_only_a_sealed_failure_in_force_is_made_up_for(staff, city, cadre, scheme):
    passed = CadreFactory(unit=city.finance_bureau)
    earn(passed, scheme, 95)
    close_year(year=YEAR, by=staff)
    with pytest.raises(NotSealed):
        plan_make_up(year=YEAR, plans=[line(cadre)], due_on=LATER, by=staff)
    sealed_year(staff)
    with pytest.raises(NotFailed):
        plan_make_up(year=YEAR, plans=[line(cadre), line(passed)], due_on=LATER, by=staff)
    assert not MakeUpPlan.objects.unscoped("test").exists()


@pytest.mark.parametrize("fields", [{"content": " "}, {"credits_": 0}, {"content": "长" * 201}])
def test_a_plan_says_what_and_how_much(sealed, staff, cadre, fields):
    with pytest.raises(InvalidPlan):
        plan_make_up(year=YEAR, plans=[line(cadre, **fields)], due_on=LATER, by=staff)


def test_a_plan_names_an_offering_that_is_held_and_a_day_to_come(sealed, staff, cadre):
    held = OfferingFactory()
    over = OfferingFactory(state=OfferingState.PLANNED)
    with pytest.raises(InvalidPlan):
        plan_make_up(year=YEAR, plans=[line(cadre, offering=over.pk)], due_on=LATER, by=staff)
    with pytest.raises(InvalidPlan):
        plan_make_up(year=YEAR, plans=[line(cadre)], due_on=date(2026, 1, 1), by=staff)
    with pytest.raises(NotFound):
        plan_make_up(year=YEAR, plans=[PlanLine(0, "x", Decimal(1))], due_on=LATER, by=staff)
    (plan,) = plan_make_up(year=YEAR, plans=[line(cadre, offering=held.pk)], due_on=LATER, by=staff)
    assert plan.offering == held


@pytest.mark.parametrize("state", [MakeUpState.DONE, MakeUpState.MISSED, MakeUpState.CANCELLED])
def test_a_plan_ends_once_and_in_words(sealed, staff, cadre, state):
    (plan,) = plan_make_up(year=YEAR, plans=[line(cadre)], due_on=LATER, by=staff)
    for wrong in ({"state": state, "outcome": " "}, {"state": MakeUpState.PLANNED, "outcome": "x"}):
        with pytest.raises(InvalidPlan):
            end_make_up(plan_id=plan.pk, by=staff, **wrong)
    ended = end_make_up(plan_id=plan.pk, state=state, outcome="已完成 90 学分", by=staff)
    assert (ended.state, ended.ended_by, ended.outcome) == (state, staff, "已完成 90 学分")
    with pytest.raises(PlanEnded):
        end_make_up(plan_id=plan.pk, state=MakeUpState.MISSED, outcome="x", by=staff)
    with pytest.raises(NotFound):
        end_make_up(plan_id=0, state=state, outcome="x", by=staff)


def day_after(plan):
    """The first moment of the day after the deadline at the school."""
    return clock.school_instant(plan.due_on + timedelta(days=1), time.min)


def test_a_plan_past_its_day_is_marked_missed_and_told_once(sealed, staff, city, cadre):
    officer, cousin = (make_user(Role.OFFICER, unit=unit) for unit in (city.finance_bureau, city.west))
    (plan,) = plan_make_up(year=YEAR, plans=[line(cadre)], due_on=LATER, by=staff)
    midnight = day_after(plan)
    assert mark_missed(now=midnight - timedelta(microseconds=1)) == 0
    assert [mark_missed(now=midnight), mark_missed(now=midnight + timedelta(days=9))] == [1, 0]
    plan = MakeUpPlan.objects.unscoped("test").get()
    assert (plan.state, plan.ended_at, plan.ended_by) == (MakeUpState.MISSED, midnight, None)
    assert "2099" in plan.outcome
    told = Notice.objects.filter(event=f"make_up.end:{plan.pk}").unscoped("test")
    assert sorted(told.values_list("recipient", flat=True)) == sorted([cadre.user_id, officer.pk])
    assert cousin.pk not in told.values_list("recipient", flat=True)
    (event,) = AuditEvent.objects.filter(action="make_up.end").unscoped("test")
    assert (event.actor, event.data["state"]) == (None, "missed")


def test_who_missed_a_plan_can_be_given_another(sealed, staff, cadre):
    (plan,) = plan_make_up(year=YEAR, plans=[line(cadre)], due_on=LATER, by=staff)
    assert not unplanned(staff, year=YEAR).exists()
    mark_missed(now=day_after(plan))
    assert [one.cadre for one in unplanned(staff, year=YEAR)] == [cadre]
    assert len(plan_make_up(year=YEAR, plans=[line(cadre)], due_on=LATER, by=staff)) == 1


@pytest.mark.parametrize(("state", "missed"), [("completed", 0), ("not_completed", 1), ("enrolled", 1)])
def test_who_completed_the_planned_offering_missed_nothing(sealed, staff, cadre, state, missed):
    offering = OfferingFactory()
    (plan,) = plan_make_up(year=YEAR, plans=[line(cadre, offering=offering.pk)], due_on=LATER, by=staff)
    ended = {} if state == "enrolled" else {"ended_at": clock.now(), "ended_by": staff}
    EnrolmentFactory(cadre=cadre, offering=offering, state=state, **ended)
    assert mark_missed(now=day_after(plan)) == missed


@pytest.mark.parametrize("state", [MakeUpState.DONE, MakeUpState.CANCELLED])
def test_an_ended_plan_is_not_missed_and_nobody_but_the_portal_ends_without_a_name(
    sealed, staff, cadre, state
):
    (plan,) = plan_make_up(year=YEAR, plans=[line(cadre)], due_on=LATER, by=staff)
    found = MakeUpPlan.objects.filter(pk=plan.pk).unscoped("test")
    with pytest.raises(IntegrityError), transaction.atomic():
        found.update(state=state, ended_at=clock.now())
    end_make_up(plan_id=plan.pk, state=state, outcome="x", by=staff)
    assert mark_missed(now=day_after(plan)) == 0
    assert found.get().state == state
