"""Who decides on leave and what a cycle asks for have their days: what has begun stands, on any path."""

from datetime import timedelta
from decimal import Decimal
from functools import partial

import pytest
from django.db import IntegrityError, transaction

from partyschool.audit.models import AuditEvent
from partyschool.common import clock
from partyschool.common.errors import NotFound
from tests.concurrency.rivals import compete
from tests.factories.trainees import CadreFactory
from trainees.enums import LeaveApprover, Rank
from trainees.models import CycleRequirement, LeaveTier
from trainees.models.dated import valid_on
from trainees.rules.leaves import approver_of
from trainees.selectors.credits import cycle_of
from trainees.services.figures import (
    InvalidFigure,
    end_leave_tier,
    set_cycle_requirement,
    set_leave_tier,
)

pytestmark = pytest.mark.django_db


def day(days):
    return clock.school_date() + timedelta(days=days)


def tier(staff, days, **fields):
    facts = {
        "most_half_days": 2,
        "approver": LeaveApprover.LEADER,
        "valid_from": day(days),
        "source": "校务会",
        "by": staff,
    }
    return set_leave_tier(**(facts | fields))


def deciding(half_days, days):
    """Who decides on a leave that is asked for then."""
    tiers = list(LeaveTier.objects.filter(valid_on(day(days))))
    return approver_of(half_days, tiers, class_teacher=True)


def cycle(staff, days, hours, **fields):
    facts = {
        "rank": Rank.STAFF,
        "first_year": 2023,
        "last_year": 2027,
        "hours": Decimal(hours),
        "valid_from": day(days),
        "source": "条例",
        "by": staff,
    }
    return set_cycle_requirement(**(facts | fields))


def test_another_decides_from_its_day_on(staff):
    tier(staff, 10)
    assert [deciding(2, days) for days in (0, 9, 10, 400)] == ["academic", "academic", "leader", "leader"]
    event = AuditEvent.objects.unscoped("test").get(action="leave_tier.set")
    assert (event.data["approver"], event.data["was"]) == ("leader", "academic")


def test_the_tier_without_a_limit_is_one_of_its_kind(staff):
    tier(staff, 10, most_half_days=None)
    assert (deciding(50, 9), deciding(50, 10)) == ("orgdept", "leader")
    with pytest.raises(IntegrityError), transaction.atomic():
        LeaveTier.objects.create(approver="leader", valid_from=day(20), source="x")


def test_a_tier_without_another_in_its_stead_ends(staff):
    (held,) = LeaveTier.objects.filter(most_half_days=2)
    end_leave_tier(tier_id=held.pk, last_day=day(3), by=staff)
    assert [deciding(2, days) for days in (3, 4)] == ["academic", "leader"]
    for last_day in (day(4), day(-1)):
        with pytest.raises(InvalidFigure):
            end_leave_tier(tier_id=held.pk, last_day=last_day, by=staff)
    with pytest.raises(NotFound):
        end_leave_tier(tier_id=0, last_day=day(3), by=staff)


def test_a_cycle_asks_for_more_from_a_day_on(staff):
    cadre = CadreFactory(rank=Rank.STAFF)
    before = cycle_of(cadre).needed
    cycle(staff, 5, 500)
    assert cycle_of(cadre).needed == before
    cycle(staff, 0, 480)
    assert cycle_of(cadre).needed == 480
    rows = CycleRequirement.objects.filter(rank=Rank.STAFF).order_by("valid_from")
    assert [(row.hours, row.valid_until) for row in rows] == [
        (before, day(-1)),
        (480, day(4)),
        (500, None),
    ]


@pytest.mark.parametrize(
    "wrong",
    [
        {"valid_from": -1},
        {"source": " "},
        {"approver": "cook"},
        {"most_half_days": 0},
    ],
    ids=lambda wrong: next(iter(wrong)),
)
def test_a_tier_that_cannot_be_right_is_refused(staff, wrong):
    if "valid_from" in wrong:
        wrong = {"valid_from": day(wrong["valid_from"])}
    with pytest.raises(InvalidFigure):
        tier(staff, 1, **wrong)


@pytest.mark.parametrize("wrong", [{"hours": -1}, {"last_year": 2022}, {"rank": "cook"}, {"source": ""}])
def test_a_cycle_that_cannot_be_right_is_refused(staff, wrong):
    with pytest.raises(InvalidFigure):
        cycle(staff, 1, **{"hours": 1, **wrong})


ROWS = [
    (LeaveTier, {"most_half_days": 2}, {"approver": "orgdept"}),
    (LeaveTier, {"most_half_days": 2}, {"most_half_days": 3}),
    (CycleRequirement, {"rank": Rank.STAFF}, {"hours": 1}),
    (CycleRequirement, {"rank": Rank.STAFF}, {"last_year": 2030}),
]


@pytest.mark.parametrize(("model", "which", "change"), ROWS)
def test_what_has_begun_is_not_edited_on_any_path(staff, model, which, change):
    rows = model.objects.filter(**which)
    for values in (change, {"valid_from": day(-9)}, {"source": "x"}, {"valid_until": day(-2)}):
        with pytest.raises(IntegrityError), transaction.atomic():
            rows.update(**values)
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.delete()
    assert rows.update(valid_until=day(-1)) == 1
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(valid_until=None)


@pytest.mark.parametrize(("model", "which", "change"), ROWS)
def test_what_has_not_begun_is_put_right(staff, model, which, change):
    """Only of what is to come: the row of today keeps its facts."""
    (held,) = model.objects.filter(**which)
    held.valid_until = day(4)
    held.save()
    held.pk, held.valid_from, held.valid_until = None, day(5), None
    held.save(force_insert=True)
    coming = model.objects.filter(pk=held.pk)
    assert coming.update(**change) == 1
    assert coming.delete()[0] == 1


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_changes_at_once_follow_each_other(staff):
    compete([partial(tier, staff, 30, approver=one) for one in ("leader", "orgdept", "academic")])
    rows = LeaveTier.objects.filter(most_half_days=2).order_by("valid_from")
    assert rows.count() == 2
    assert rows[0].valid_until == rows[1].valid_from - timedelta(days=1)
