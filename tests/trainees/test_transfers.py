"""Transfers are dated history: the person moves, and what was said of earlier years stays."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, transaction

from partyschool.accounts.enums import Role
from partyschool.accounts.models import User
from partyschool.accounts.services.units import UnitIsClosed, UnitOccupied, close_unit
from partyschool.audit.models import AuditEvent
from partyschool.common import clock
from partyschool.common.errors import InvalidInput, NotFound
from tests.factories.accounts import City, make_user
from tests.factories.trainees import CadreFactory, make_scheme
from trainees.models import Cadre, Posting, YearlyAssessment
from trainees.selectors.reports import read_report
from trainees.services.citizen_numbers import find_by_citizen_no
from trainees.services.transfers import (
    DayOutOfOrder,
    LeftTheRegister,
    NothingChanges,
    PostingFacts,
    correct_posting,
    transfer_cadre,
)
from trainees.services.years import close_year

pytestmark = pytest.mark.django_db

NUMBER = "11010519491231002X"
TODAY = clock.school_date()


@pytest.fixture
def cadre(city) -> Cadre:
    return again(CadreFactory(unit=city.finance_bureau, post="科员", joined_on=date(2020, 1, 1)))


def again(cadre: Cadre) -> Cadre:
    return Cadre.objects.unscoped("tests").get(pk=cadre.pk)


def facts(cadre: Cadre, **changed) -> PostingFacts:
    known = {name: getattr(cadre, name) for name in ("unit_id", "rank", "post", "category")}
    return PostingFacts(**known | changed)


def history(cadre: Cadre) -> list[tuple]:
    rows = Posting.objects.filter(cadre=cadre).unscoped("tests").order_by("starts_on")
    return [(row.unit_id, row.post, row.starts_on, row.ends_on) for row in rows]


def sees(user: User, cadre: Cadre) -> bool:
    fresh = User.objects.with_grants().get(pk=user.pk)
    return Cadre.objects.visible_to(fresh).filter(pk=cadre.pk).exists()


def test_a_transfer_ends_one_posting_and_begins_the_next(city, staff, cadre):
    day = TODAY - timedelta(days=5)
    to = facts(cadre, unit_id=city.cousin_bureau.pk, post="副科长", rank="township_section")
    posting = transfer_cadre(cadre_id=cadre.pk, to=to, on=day, reason="组织调动", by=staff)
    assert (posting.reason, posting.noted_by) == ("组织调动", staff)
    assert history(cadre) == [
        (city.finance_bureau.pk, "科员", date(2020, 1, 1), day - timedelta(days=1)),
        (city.cousin_bureau.pk, "副科长", day, None),
    ]
    assert (again(cadre).unit, again(cadre).posted_on) == (city.cousin_bureau, day)
    event = AuditEvent.objects.unscoped("tests").get(action="cadre.transfer")
    assert event.data["changes"]["unit_id"] == [city.finance_bureau.pk, city.cousin_bureau.pk]


def test_the_new_units_officer_sees_the_person_at_once_and_the_old_ones_no_more(city, staff, cadre):
    old, new = (make_user(Role.OFFICER, unit=unit) for unit in (city.finance_bureau, city.culture_bureau))
    assert [sees(user, cadre) for user in (old, new)] == [True, False]
    to = facts(cadre, unit_id=city.culture_bureau.pk)
    transfer_cadre(cadre_id=cadre.pk, to=to, on=TODAY, reason="r", by=staff)
    assert [sees(user, cadre) for user in (old, new)] == [False, True]


@pytest.mark.parametrize("days", [1, -10_000])
def test_no_transfer_lies_in_the_future_or_before_the_present_posting(city, staff, cadre, days):
    to = facts(cadre, unit_id=city.culture_bureau.pk)
    with pytest.raises(DayOutOfOrder):
        transfer_cadre(cadre_id=cadre.pk, to=to, on=TODAY + timedelta(days=days), reason="r", by=staff)
    with pytest.raises(DayOutOfOrder):
        transfer_cadre(cadre_id=cadre.pk, to=to, on=cadre.posted_on, reason="r", by=staff)
    assert len(history(cadre)) == 1


def test_a_transfer_to_the_same_is_none(staff, cadre):
    with pytest.raises(NothingChanges):
        transfer_cadre(cadre_id=cadre.pk, to=facts(cadre), on=TODAY, reason="r", by=staff)


@pytest.mark.parametrize("changed", [{"rank": "king"}, {"category": "x"}])
def test_unknown_words_are_refused(staff, cadre, changed):
    with pytest.raises(InvalidInput):
        transfer_cadre(cadre_id=cadre.pk, to=facts(cadre, **changed), on=TODAY, reason="r", by=staff)


@pytest.mark.parametrize("reason", ["", " ", "长" * 201])
def test_a_reason_is_needed(city, staff, cadre, reason):
    to = facts(cadre, unit_id=city.culture_bureau.pk)
    with pytest.raises(InvalidInput):
        transfer_cadre(cadre_id=cadre.pk, to=to, on=TODAY, reason=reason, by=staff)


def test_nobody_is_transferred_into_a_closed_unit(city, staff, cadre):
    close_unit(unit_id=city.cousin_bureau.pk, reason="r", by=staff)
    to = facts(cadre, unit_id=city.cousin_bureau.pk)
    with pytest.raises(UnitIsClosed):
        transfer_cadre(cadre_id=cadre.pk, to=to, on=TODAY, reason="r", by=staff)


def test_who_left_is_not_transferred(city, staff, cadre):
    Cadre.objects.filter(pk=cadre.pk).unscoped("tests").update(left_on=TODAY - timedelta(days=1))
    to = facts(cadre, unit_id=city.culture_bureau.pk)
    with pytest.raises(LeftTheRegister):
        transfer_cadre(cadre_id=cadre.pk, to=to, on=TODAY, reason="r", by=staff)


def test_people_and_units_outside_the_scope_do_not_exist(city, cadre):
    cousin, own = (make_user(Role.ORGDEPT, unit=unit) for unit in (city.west, city.east))
    for by, unit in ((cousin, city.cousin_bureau), (own, city.cousin_bureau)):
        with pytest.raises(NotFound):
            transfer_cadre(cadre_id=cadre.pk, to=facts(cadre, unit_id=unit.pk), on=TODAY, reason="r", by=by)


# --- correcting --------------------------------------------------------------------------------------------------------------------------


def test_a_correction_begins_no_posting(city, staff, cadre):
    to = facts(cadre, unit_id=city.culture_bureau.pk, post="主任科员")
    correct_posting(cadre_id=cadre.pk, to=to, since=date(2020, 3, 1), reason="登记有误", by=staff)
    assert history(cadre) == [(city.culture_bureau.pk, "主任科员", date(2020, 3, 1), None)]


@pytest.mark.parametrize("shift", [-3, 0, 3])
def test_a_correction_of_the_day_moves_the_end_of_the_one_before(city, staff, cadre, shift):
    day = TODAY - timedelta(days=30)
    to = facts(cadre, unit_id=city.culture_bureau.pk)
    transfer_cadre(cadre_id=cadre.pk, to=to, on=day, reason="r", by=staff)
    right = day + timedelta(days=shift)
    to = facts(again(cadre), post="科长")
    correct_posting(cadre_id=cadre.pk, to=to, since=right, reason="r", by=staff)
    assert history(cadre) == [
        (city.finance_bureau.pk, "科员", date(2020, 1, 1), right - timedelta(days=1)),
        (city.culture_bureau.pk, "科长", right, None),
    ]


def test_a_correction_does_not_swallow_the_posting_before(city, staff, cadre):
    to = facts(cadre, unit_id=city.culture_bureau.pk)
    transfer_cadre(cadre_id=cadre.pk, to=to, on=TODAY, reason="r", by=staff)
    for since in (date(2020, 1, 1), date(2019, 1, 1), TODAY + timedelta(days=1)):
        with pytest.raises(DayOutOfOrder):
            correct_posting(cadre_id=cadre.pk, to=to, since=since, reason="r", by=staff)
    assert len(history(cadre)) == 2


# --- years -------------------------------------------------------------------------------------------------------------------------------


def _move_after_new_year(city: City, staff: User, cadre: Cadre) -> None:
    to = facts(cadre, unit_id=city.cousin_bureau.pk, rank="county_division")
    transfer_cadre(cadre_id=cadre.pk, to=to, on=date(2026, 1, 5), reason="r", by=staff)


@pytest.mark.parametrize("closed_first", [True, False])
def test_last_years_report_shows_last_years_unit(city, staff, cadre, closed_first):
    make_scheme(2025)
    closing = {"year": 2025, "by": staff}
    if closed_first:
        close_year(**closing)
    _move_after_new_year(city, staff, cadre)
    close_year(**closing)
    row = YearlyAssessment.objects.unscoped("tests").get(year=2025)
    assert (row.unit, row.jurisdiction, row.rank) == (city.finance_bureau, city.east, "township_section")
    report = read_report(year=2025, recipient_id=city.east.pk)
    assert [line.unit for line in report.lines] == [city.finance_bureau.name]
    assert read_report(year=2025, recipient_id=city.west.pk) is None


def test_the_old_units_officer_keeps_last_years_result_and_the_new_one_sees_the_person(city, staff, cadre):
    make_scheme(2025)
    close_year(year=2025, by=staff)
    _move_after_new_year(city, staff, cadre)
    old, new = (make_user(Role.OFFICER, unit=unit) for unit in (city.finance_bureau, city.cousin_bureau))
    results = [YearlyAssessment.objects.visible_to(user).filter(cadre=cadre).count() for user in (old, new)]
    assert (results, [sees(user, cadre) for user in (old, new)]) == ([1, 0], [False, True])


# --- closed units, on any path -----------------------------------------------------------------------------------------------------------


def test_a_unit_with_people_is_not_closed(city, staff, cadre):
    with pytest.raises(UnitOccupied):
        close_unit(unit_id=city.finance_bureau.pk, reason="r", by=staff)
    Cadre.objects.filter(pk=cadre.pk).unscoped("tests").update(left_on=TODAY)
    close_unit(unit_id=city.finance_bureau.pk, reason="r", by=staff)


def test_the_database_keeps_people_and_closed_units_apart(city, staff, cadre):
    close_unit(unit_id=city.cousin_bureau.pk, reason="r", by=staff)
    rows = Cadre.objects.filter(pk=cadre.pk).unscoped("tests")
    with pytest.raises(IntegrityError), transaction.atomic():
        rows.update(unit=city.cousin_bureau)
    with pytest.raises(IntegrityError), transaction.atomic():
        type(city.east).objects.filter(pk=city.finance_bureau.pk).update(closed_on=TODAY)


# --- looking up --------------------------------------------------------------------------------------------------------------------------


def test_somebody_is_found_by_number_within_scope_and_the_trail_does_not_tell_it(city, staff, cadre):
    cadre.set_citizen_no(NUMBER)
    cadre.save()
    assert find_by_citizen_no(number=NUMBER, by=staff) == cadre
    cousin = make_user(Role.ORGDEPT, unit=city.west)
    with pytest.raises(NotFound):
        find_by_citizen_no(number=NUMBER, by=cousin)
    with pytest.raises(NotFound):
        find_by_citizen_no(number="110105194912310046", by=staff)
    events = AuditEvent.objects.unscoped("tests").filter(action="cadre.find_by_citizen_no").order_by("pk")
    assert [(event.subject, event.data) for event in events] == [
        (f"trainees.cadre:{cadre.pk}", {"found": True}),
        ("trainees.Cadre", {"found": False}),
        ("trainees.Cadre", {"found": False}),
    ]
