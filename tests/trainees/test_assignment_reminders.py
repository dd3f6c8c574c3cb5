"""Reminders before the deadline, reports after it: once each."""

from datetime import timedelta

import pytest

from partyschool.notices.models import Notice
from tests.factories.assignments import Calling
from trainees.enums import FigureCode
from trainees.models import TrainingFigure
from trainees.services.assignments import cancel_assignment, change_assignment
from trainees.services.assignments_reminders import Tended, tend_assignments

pytestmark = pytest.mark.django_db


@pytest.fixture
def calling() -> Calling:
    return Calling(seats=1)


def titles(user) -> list[str]:
    return list(Notice.objects.visible_to(user).order_by("pk").values_list("title", flat=True))


def test_units_with_open_places_are_reminded_once_before_the_deadline(calling):
    calling.nominate()
    assert tend_assignments(now=calling.after(6.9)) == Tended(0, 0)
    assert tend_assignments(now=calling.after(7)) == Tended(2, 0)
    assert tend_assignments(now=calling.after(8)) == Tended(0, 0)
    assert len(titles(calling.officer)) == 1
    other = calling.officers[calling.city.culture_bureau.pk]
    notice = Notice.objects.visible_to(other).last()
    assert "催报" in notice.title or "Reminder" in notice.title
    assert notice.url == f"/assignments/{calling.assignment.pk}/"


def test_the_organisation_department_is_told_once_after_the_deadline(calling):
    assert tend_assignments(now=calling.after(10.9)) == Tended(0, 0)
    assert tend_assignments(now=calling.after(11)) == Tended(0, 3)
    assert tend_assignments(now=calling.after(12)) == Tended(0, 0)
    # Two units of this jurisdiction, one of the other.
    assert [len(titles(user)) for user in calling.orgdepts.values()] == [2, 1]


def test_the_days_are_figures(calling):
    TrainingFigure.objects.filter(code=FigureCode.REMIND_DAYS).update(value=5)
    TrainingFigure.objects.filter(code=FigureCode.ESCALATE_DAYS).update(value=3)
    assert tend_assignments(now=calling.after(5)) == Tended(3, 0)
    assert tend_assignments(now=calling.after(12.9)) == Tended(0, 0)
    assert tend_assignments(now=calling.after(13)) == Tended(0, 3)


def test_a_later_deadline_reminds_anew(calling):
    tend_assignments(now=calling.after(8))
    change_assignment(
        assignment_id=calling.assignment.pk,
        nominate_by=calling.after(14),
        confirm_by=calling.after(15),
        substitutes_until=calling.after(20),
        by=calling.staff,
    )
    assert tend_assignments(now=calling.after(9)) == Tended(0, 0)
    assert tend_assignments(now=calling.after(12)) == Tended(3, 0)
    assert sum("报名" in one or "Reminder" in one or "催" in one for one in titles(calling.officer)) >= 2


def test_nobody_is_reminded_of_what_is_off(calling):
    cancel_assignment(assignment_id=calling.assignment.pk, reason="r", by=calling.staff)
    assert tend_assignments(now=calling.after(9)) == Tended(0, 0)
    assert tend_assignments(now=calling.after(12) + timedelta(hours=1)) == Tended(0, 0)
