"""Make-up training of those who failed: planned once, for failed results alone, by the day of the figure; ended once, in words."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from courses.enums import OfferingState
from partyschool.accounts.enums import Role
from partyschool.common import clock
from partyschool.common.errors import NotFound
from partyschool.notices.models import Notice
from tests.factories.accounts import City, make_user
from tests.factories.courses import OfferingFactory
from tests.factories.trainees import CadreFactory, make_scheme, make_trainee
from tests.factories.years import YEAR, earn, result_of, sealed_year
from trainees.enums import MakeUpState
from trainees.models import MakeUpPlan, TrainingFigure
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
from trainees.services.years import close_year

pytestmark = pytest.mark.django_db
LATER = date(2099, 6, 30)


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
