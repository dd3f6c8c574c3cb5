"""A changed figure begins on its day; what held before keeps its days."""

from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest

from partyschool.audit.models import AuditEvent
from partyschool.common import clock
from tests.concurrency.rivals import compete
from trainees.enums import FigureCode
from trainees.models import TrainingFigure
from trainees.selectors.figures import figure
from trainees.services.figures import InvalidFigure, set_figure

pytestmark = pytest.mark.django_db
CODE = FigureCode.CALLS_A_YEAR


def put(staff, value, days, **fields):
    facts = {
        "code": CODE,
        "value": Decimal(value),
        "valid_from": clock.school_date() + timedelta(days=days),
        "source": "市委组织部通知",
        "by": staff,
    }
    return set_figure(**(facts | fields))


def values(*days):
    return [figure(CODE, on=clock.school_date() + timedelta(days=day)) for day in days]


def test_the_old_value_ends_the_day_before_the_new_one_begins(staff):
    put(staff, 3, 30)
    assert values(0, 29, 30, 400) == [2, 2, 3, 3]
    event = AuditEvent.objects.unscoped("test").get(action="figure.set")
    assert (event.data["value"], event.data["was"]) == ("3", "2.0000")


def test_one_that_begins_earlier_ends_before_the_one_that_is_to_come(staff):
    put(staff, 3, 30)
    put(staff, 4, 10)
    assert values(9, 10, 29, 30) == [2, 4, 4, 3]


def test_one_that_has_not_begun_is_put_right(staff):
    put(staff, 3, 30)
    put(staff, 5, 30)
    assert values(29, 30) == [2, 5]
    assert TrainingFigure.objects.filter(code=CODE).count() == 2


def test_a_figure_begins_once_a_day(staff):
    put(staff, 3, 0)
    assert values(-1, 0) == [2, 3]
    with pytest.raises(InvalidFigure):
        put(staff, 4, 0)


@pytest.mark.parametrize(
    "wrong",
    [{"days": -1}, {"value": -1}, {"source": " "}, {"code": "cooking"}],
    ids=lambda wrong: next(iter(wrong)),
)
def test_what_cannot_be_right_is_refused(staff, wrong):
    fields = dict(wrong)
    value, days = fields.pop("value", 3), fields.pop("days", 5)
    with pytest.raises(InvalidFigure):
        put(staff, value, days, **fields)
    assert TrainingFigure.objects.filter(code=CODE).count() == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_changes_at_once_follow_each_other(staff):
    compete([partial(put, staff, value, 30) for value in (3, 4, 5)])
    rows = TrainingFigure.objects.filter(code=CODE).order_by("valid_from")
    assert rows.count() == 2
    assert rows[0].valid_until == rows[1].valid_from - timedelta(days=1)
