"""Rates by unit and people never called, within the reader's scope."""

import io

import pytest

from partyschool.accounts.enums import Role
from partyschool.common import clock
from tests.factories.accounts import make_unit, make_user
from tests.factories.assignments import Calling, make_class
from tests.factories.trainees import EnrolmentFactory
from trainees.exporters.assignments import build_never_called, build_rates
from trainees.models import AttendanceMark
from trainees.selectors.assignments_rates import never_called, rates
from trainees.services.assignments_decisions import call_by_name, return_nomination

pytestmark = pytest.mark.django_db


@pytest.fixture
def calling() -> Calling:
    return Calling(seats=2)


def numbers(line):
    rate = line.rate
    return (rate.people, rate.seats, rate.called, rate.confirmed, rate.attended, rate.persons)


def lines(user, calling, **fields):
    found = rates(user, year=calling.offering.year, **fields)
    return {line.unit: line.rate for line in found.units}


def test_quotas_calls_and_attendance_are_counted_by_unit(calling):
    seen, unseen = calling.confirmed(), calling.confirmed()
    lesson = calling.offering.lessons.get()
    for place, statuses in (
        (seen.enrolment, ["absent", "present"]),
        (unseen.enrolment, ["present", "absent"]),
    ):
        for status in statuses:
            AttendanceMark.objects.create(
                enrolment=place, lesson=lesson, status=status, marked_by=calling.staff
            )
    returned = calling.nominate(unit=calling.city.culture_bureau)
    return_nomination(nomination_id=returned.pk, reason="r", by=calling.orgdept)
    calling.nominate(unit=calling.city.culture_bureau)
    named = calling.cadre(make_unit(calling.city.culture_bureau))
    call_by_name(assignment_id=calling.assignment.pk, cadre_id=named.pk, by=calling.orgdept)
    found = rates(calling.orgdept, year=calling.offering.year, within=calling.city.east)
    assert [(line.unit, numbers(line)) for line in found.units] == [
        (calling.city.finance_bureau, (2, 2, 2, 2, 1, 2)),
        (calling.city.culture_bureau, (3, 2, 2, 1, 0, 1)),
    ]
    finance, culture = (line.rate for line in found.units)
    assert (finance.fill_rate, finance.attend_rate, finance.reach) == (100.0, 50.0, 100.0)
    # A call by name fills no quota.
    assert (culture.fill_rate, culture.attend_rate, culture.reach) == (0.0, 0.0, 33.3)
    assert (found.whole.seats, found.whole.confirmed) == (4, 3)
    assert [line.unit for line in found.lowest] == [calling.city.culture_bureau, calling.city.finance_bureau]


def test_each_reader_sees_the_own_units(calling):
    calling.nominate(unit=calling.city.cousin_bureau)
    city = calling.city
    assert set(lines(calling.officer, calling)) == {city.finance_bureau}
    assert set(lines(calling.orgdepts[city.west.pk], calling)) == {city.west}
    for role in (Role.STAFF, Role.LEADER):
        assert set(lines(make_user(role), calling)) == {city.east, city.west}


def test_one_class_and_one_year_can_be_asked_for(calling):
    other = calling.assign(make_class(days_ahead=60))
    assert lines(calling.staff, calling, assignment_id=other.pk) == {}
    assert rates(calling.staff, year=calling.offering.year - 1).whole.seats == 0


@pytest.mark.parametrize("people", [1, 3])
def test_the_figures_cost_four_queries(calling, django_assert_num_queries, people):
    for _each in range(people):
        calling.cadre(make_unit(calling.city.finance_bureau))
    with django_assert_num_queries(4):
        rates(calling.staff, year=calling.offering.year)


def test_people_never_called_this_year_and_ever(calling):
    year = calling.offering.year
    never, before, now, gone = (calling.cadre() for _each in range(4))
    EnrolmentFactory(cadre=before, offering=make_class(year=year - 1))
    EnrolmentFactory(cadre=now, offering=make_class(year=year))
    type(gone).objects.filter(pk=gone.pk).unscoped("tests").update(left_on=clock.school_date())
    assert set(never_called(calling.officer, year=year)) == {never, before}
    assert set(never_called(calling.officer, year=None)) == {never}
    assert list(never_called(calling.orgdepts[calling.city.west.pk], year=year)) == []
    assert never_called(calling.officer, year=year).get(pk=before.pk).last_on is not None


def test_an_officer_who_is_a_cadre_elsewhere_is_not_on_the_own_list(calling):
    calling.cadre(calling.city.cousin_bureau, user=calling.officer)
    assert list(never_called(calling.officer, year=calling.offering.year)) == []


def test_workbooks_hold_what_the_pages_show(calling):
    import openpyxl

    calling.confirmed()
    year, now = calling.offering.year, clock.now()
    book = openpyxl.load_workbook(
        io.BytesIO(build_rates(rates(calling.orgdept, year=year), year=year, now=now))
    )
    rows = list(book.active.iter_rows(values_only=True))
    assert rows[2][0] == calling.city.east.name
    assert rows[2][1:6] == (1, 4, 1, 1, 0)
    assert rows[3][1:6] == (1, 4, 1, 1, 0)
    calling.cadre(name="=1+1")
    content, number = build_never_called(never_called(calling.officer, year=year), ever=False, now=now)
    people = list(openpyxl.load_workbook(io.BytesIO(content)).active.iter_rows(values_only=True))
    assert (number, people[2][1]) == (1, "=1+1")
