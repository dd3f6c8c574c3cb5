"""Making, issuing, changing and ending an assignment."""

from datetime import timedelta

import pytest

from courses.enums import OfferingKind, OfferingState
from partyschool.accounts.enums import Role
from partyschool.audit.models import AuditEvent
from partyschool.common import clock
from partyschool.common.errors import Duplicate, InvalidInput, NotFound, WrongState
from partyschool.notices.models import Notice
from tests.factories.accounts import make_unit, make_user
from tests.factories.assignments import Calling, fresh, make_class
from tests.factories.courses import OfferingFactory
from trainees.models import Assignment
from trainees.services.assignments import (
    cancel_assignment,
    change_assignment,
    close_assignment,
    issue_assignment,
    make_assignment,
    set_quotas,
)
from trainees.services.cancelling import cancel_offering

pytestmark = pytest.mark.django_db


def titles_of(user) -> list[str]:
    return list(Notice.objects.visible_to(user).order_by("pk").values_list("title", flat=True))


def make(offering, **fields):
    now = clock.now()
    dates = {
        f"{name}": now + timedelta(days=days)
        for name, days in (("nominate_by", 5), ("confirm_by", 6), ("substitutes_until", 7))
    }
    return make_assignment(offering_id=offering.pk, by=make_user(Role.STAFF), **{**dates, **fields})


def test_an_assignment_is_made_for_a_class_once():
    offering = make_class()
    made = make(offering, instructions="  带上证件 ", ranks=["staff"])
    assert (made.state, made.instructions, made.ranks) == ("draft", "带上证件", ["staff"])
    with pytest.raises(Duplicate):
        make(offering)


def test_no_assignment_for_a_class_that_is_over():
    with pytest.raises(WrongState):
        make(OfferingFactory(kind=OfferingKind.MAIN_CLASS, state=OfferingState.CANCELLED))


def test_no_assignment_for_what_people_choose():
    with pytest.raises(WrongState):
        make(OfferingFactory(kind=OfferingKind.ELECTIVE))


def test_dates_out_of_order_are_refused():
    now = clock.now()
    with pytest.raises(InvalidInput):
        make(make_class(), confirm_by=now + timedelta(days=1))


def test_issuing_tells_the_officers_of_the_units():
    calling = Calling(issued=False)
    assert titles_of(calling.officer) == []
    issue_assignment(assignment_id=calling.assignment.pk, by=calling.staff)
    (title,) = titles_of(calling.officer)
    assert calling.offering.title in title
    notice = Notice.objects.visible_to(calling.officer).get()
    assert notice.url == f"/assignments/{calling.assignment.pk}/"
    with pytest.raises(WrongState):
        issue_assignment(assignment_id=calling.assignment.pk, by=calling.staff)


def test_issuing_needs_quotas_and_time():
    made = make(make_class())
    staff = make_user(Role.STAFF)
    with pytest.raises(InvalidInput):
        issue_assignment(assignment_id=made.pk, by=staff)
    set_quotas(assignment_id=made.pk, seats={make_unit().pk: 1}, by=staff)
    with pytest.raises(InvalidInput):
        issue_assignment(assignment_id=made.pk, by=staff, now=clock.now() + timedelta(days=6))


def test_quotas_of_a_unit_and_of_one_above_it_are_refused():
    calling = Calling(issued=False)
    with pytest.raises(InvalidInput):
        set_quotas(assignment_id=calling.assignment.pk, seats={calling.city.east.pk: 3}, by=calling.staff)
    assert calling.assignment.quotas.count() == 3


def test_a_quota_is_not_set_below_the_people_nominated():
    calling = Calling()
    calling.nominate()
    unit = calling.city.finance_bureau.pk
    with pytest.raises(InvalidInput):
        set_quotas(assignment_id=calling.assignment.pk, seats={unit: 0}, by=calling.staff)
    set_quotas(assignment_id=calling.assignment.pk, seats={unit: 1}, by=calling.staff)
    assert calling.quota.seats == 1


def test_a_quota_that_nobody_used_is_taken_away():
    calling = Calling()
    set_quotas(
        assignment_id=calling.assignment.pk, seats={calling.city.finance_bureau.pk: 0}, by=calling.staff
    )
    assert not calling.assignment.quotas.filter(unit=calling.city.finance_bureau).exists()


def test_unknown_and_closed_units_get_no_quota():
    calling = Calling(issued=False)
    with pytest.raises(NotFound):
        set_quotas(assignment_id=calling.assignment.pk, seats={10**8: 1}, by=calling.staff)
    with pytest.raises(InvalidInput):
        set_quotas(assignment_id=calling.assignment.pk, seats={calling.city.east.pk: -1}, by=calling.staff)


def test_new_dates_are_told_and_let_reminders_go_out_anew():
    calling = Calling()
    calling.assignment.quotas.update(reminded_at=clock.now(), escalated_at=clock.now())
    change_assignment(
        assignment_id=calling.assignment.pk,
        nominate_by=calling.after(12),
        confirm_by=calling.after(15),
        substitutes_until=calling.after(20),
        by=calling.staff,
    )
    assert len(titles_of(calling.officer)) == 2
    assert (calling.quota.reminded_at, calling.quota.escalated_at) == (None, None)
    with pytest.raises(InvalidInput):
        change_assignment(
            assignment_id=calling.assignment.pk,
            nominate_by=calling.after(12),
            confirm_by=calling.after(11),
            substitutes_until=calling.after(20),
            by=calling.staff,
        )


def test_closing_keeps_the_confirmed_and_takes_back_what_nobody_decided():
    calling = Calling()
    kept, undecided = calling.confirmed(), calling.nominate()
    with pytest.raises(InvalidInput):
        close_assignment(assignment_id=calling.assignment.pk, by=calling.staff)
    ended = close_assignment(assignment_id=calling.assignment.pk, by=calling.staff, now=calling.after(21))
    assert (ended, fresh(kept.pk).state, fresh(undecided.pk).state) == (1, "confirmed", "withdrawn")
    assert Assignment.objects.get(pk=calling.assignment.pk).state == "closed"
    assert calling.quota.nominated == 1


def test_calling_off_needs_that_nobody_is_confirmed():
    calling = Calling()
    calling.nominate()
    confirmed = calling.confirmed()
    with pytest.raises(WrongState):
        cancel_assignment(assignment_id=calling.assignment.pk, reason="不办了", by=calling.staff)
    cancel_offering(offering_id=calling.offering.pk, reason="不办了", by=calling.staff)
    assert fresh(confirmed.pk).state == "withdrawn"
    cancel_assignment(assignment_id=calling.assignment.pk, reason="不办了", by=calling.staff)
    assert Assignment.objects.get(pk=calling.assignment.pk).state == "cancelled"
    assert calling.quota.nominated == 0
    assert "不办了" in Notice.objects.visible_to(calling.officer).last().body


def test_every_step_is_on_record():
    calling = Calling()
    calling.confirmed()
    actions = AuditEvent.objects.unscoped("tests").values_list("action", flat=True)
    assert {
        "assignment.make",
        "assignment.quotas",
        "assignment.issue",
        "nomination.nominate",
        "nomination.confirm",
    } <= set(actions)
