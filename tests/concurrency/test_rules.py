"""Changes of training figures, and the surplus that a year hands on, follow each other; each lock's twin shows the race without it."""

from datetime import date, timedelta
from decimal import Decimal
from functools import partial
from itertools import pairwise
from typing import Any

import pytest
from django.core.management import call_command
from django.db import IntegrityError
from django.db.models import Sum

from partyschool.accounts.enums import Role
from partyschool.common import clock
from tests.concurrency.rivals import Gate, compete
from tests.factories.accounts import make_user
from tests.factories.trainees import CadreFactory, make_scheme
from tests.factories.years import OVER, YEAR, after, earn, result_of, sealed_year
from trainees.enums import CreditCategory, FigureCode
from trainees.models import AssessmentYear, CreditEntry, TrainingFigure
from trainees.services import carrying, dated_rows
from trainees.services.carrying import CarryOver, carry_over
from trainees.services.figures import set_figure
from trainees.services.year_locks import YearSealed
from trainees.services.year_states import open_objections, seal_year

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]
CODE = FigureCode.values[0]


@pytest.fixture
def staff() -> Any:
    return make_user(Role.STAFF)


# -- figures


@pytest.fixture
def figure() -> None:
    """One value that has held for years and has no end."""
    TrainingFigure.objects.filter(code=CODE).delete()
    TrainingFigure.objects.create(code=CODE, value=1, valid_from=date(2020, 1, 1), source="条例")


def setting(value: int, days: int, by: Any) -> Any:
    begins = clock.school_date() + timedelta(days=days)
    return partial(set_figure, code=CODE, value=Decimal(value), valid_from=begins, source="通知", by=by)


def spans() -> list[tuple[date, date | None, Decimal]]:
    rows = TrainingFigure.objects.filter(code=CODE).order_by("valid_from")
    return [(row.valid_from, row.valid_until, row.value) for row in rows]


def test_changes_of_one_figure_follow_each_other(staff, figure):
    outcomes = compete([setting(10 + days, days, staff) for days in (1, 5, 3, 9, 7)])
    assert all(isinstance(one, TrainingFigure) for one in outcomes)
    held = spans()
    assert [value for _first, _last, value in held] == [1, 11, 13, 15, 17, 19]
    for (_first, last, _value), (following, _last, _next) in pairwise(held):
        assert last == following - timedelta(days=1)
    assert held[-1][1] is None


def test_of_two_values_for_one_day_the_later_puts_the_earlier_right(staff, figure):
    outcomes = compete([setting(value, 3, staff) for value in (11, 12, 13)])
    assert all(isinstance(one, TrainingFigure) for one in outcomes)
    held = spans()
    assert len(held) == 2
    assert held[1][2] in {11, 12, 13}


def test_twin_without_the_rows_locks_both_end_the_same_value(staff, figure, monkeypatch):
    """Both read the value that holds and begin another: the database alone keeps the days apart."""
    monkeypatch.setattr(dated_rows, "lock_rows", lambda _rows: None)
    monkeypatch.setattr(dated_rows, "Begun", Gate(2).wrap(dated_rows.Begun))
    with pytest.raises(IntegrityError) as refusal:
        compete([setting(11, 3, staff), setting(12, 5, staff)])
    assert refusal.value.__cause__.diag.constraint_name == "trainees_trainingfigure_one_ex"
    assert len(spans()) == 2


# -- the surplus


@pytest.fixture
def cadre(staff: Any) -> Any:
    """Somebody with a surplus of 5 from the sealed year; the next carries it over and is open to objections, its days being over."""
    scheme = make_scheme(YEAR, township_section=50)
    made = CadreFactory()
    earn(made, scheme, 55, posted_at=OVER)
    sealed_year(staff)
    make_scheme(YEAR + 1, fields={"carry_category": CreditCategory.ELECTIVE, "carry_most": Decimal(20)})
    return made


@pytest.fixture
def held(staff: Any, cadre: Any) -> AssessmentYear:
    return open_objections(year=YEAR + 1, by=staff, now=OVER.replace(year=YEAR + 2))


def ledger_of(cadre: Any) -> Decimal:
    entries = CreditEntry.objects.filter(cadre=cadre, year=YEAR + 1).unscoped("test")
    return entries.aggregate(sum=Sum("amount", default=Decimal(0)))["sum"]


def test_what_is_carried_into_a_year_is_in_its_sealed_results(staff, cadre, held):
    carried, sealed = compete(
        [
            partial(carry_over, year=YEAR + 1, by=staff, now=after(held)),
            partial(seal_year, year=YEAR + 1, by=staff, now=after(held)),
        ]
    )
    assert not isinstance(sealed, Exception)
    assert isinstance(carried, CarryOver | YearSealed)
    assert result_of(cadre, YEAR + 1).earned == ledger_of(cadre)
    call_command("check_data", verbosity=0)


def test_twin_without_the_years_lock_a_surplus_comes_into_a_sealed_year(staff, cadre, held, monkeypatch):
    """Carrying over looked before the year was sealed and posts afterwards: the sealed result lacks what the ledger has."""
    gate = Gate(2, patience=20)
    monkeypatch.setattr(carrying, "share_year", gate.wrap(lambda year: AssessmentYear.objects.get(year=year)))
    carried, _sealed = compete(
        [
            partial(carry_over, year=YEAR + 1, by=staff, now=after(held)),
            gate.wrap(partial(seal_year, year=YEAR + 1, by=staff, now=after(held))),
        ]
    )
    assert carried == CarryOver(YEAR + 1, 1, Decimal(5))
    assert (result_of(cadre, YEAR + 1).earned, ledger_of(cadre)) == (0, 5)
