"""A unit merged into another: its people serve there from the day on, and what was said under its name stays readable."""

from datetime import date, timedelta

import pytest

from partyschool.accounts.enums import Role, UnitChangeKind, UnitKind
from partyschool.accounts.models import Unit
from partyschool.accounts.services.unit_merging import DepartmentsOnly
from partyschool.accounts.services.units import (
    UnitBelowItself,
    UnitIsClosed,
    close_unit,
    move_unit,
    rename_unit,
)
from partyschool.common import clock
from partyschool.common.integrity import all_checks
from tests.factories.accounts import make_unit, make_user
from tests.factories.courses import OfferingFactory, SelectionRoundFactory
from tests.factories.trainees import CadreFactory, make_scheme
from trainees.models import Cadre, Posting, YearlyAssessment
from trainees.selectors.reports import read_report
from trainees.selectors.unit_merging import plans_naming
from trainees.services.unit_merging import merge_units
from trainees.services.years import close_year

pytestmark = pytest.mark.django_db

TODAY = clock.school_date()


def unit_of(cadre: Cadre) -> Unit:
    return Cadre.objects.unscoped("tests").get(pk=cadre.pk).unit


def test_people_serve_in_the_other_unit_from_the_day_on(city, staff):
    people = [CadreFactory(unit=city.finance_bureau) for _each in range(3)]
    gone = CadreFactory(unit=city.finance_bureau, left_on=TODAY - timedelta(days=400))
    day = TODAY - timedelta(days=2)
    done = merge_units(
        unit_id=city.finance_bureau.pk, into_id=city.cousin_bureau.pk, reason="机构改革", by=staff, on=day
    )
    assert (done.people, done.change.kind, done.change.into) == (3, "merged", city.cousin_bureau)
    assert {unit_of(cadre) for cadre in people} == {city.cousin_bureau}
    assert unit_of(gone) == city.finance_bureau
    last = Posting.objects.filter(cadre=people[0]).unscoped("tests").order_by("-starts_on").first()
    assert (last.starts_on, last.reason, last.noted_by) == (day, "机构改革", staff)


def test_who_came_after_the_day_is_taken_to_have_come_to_the_other_unit(city, staff):
    late = CadreFactory(unit=city.finance_bureau, joined_on=TODAY)
    merge_units(
        unit_id=city.finance_bureau.pk,
        into_id=city.culture_bureau.pk,
        reason="r",
        by=staff,
        on=TODAY - timedelta(days=9),
    )
    postings = Posting.objects.filter(cadre=late).unscoped("tests")
    assert [(one.unit, one.starts_on, one.ends_on) for one in postings] == [
        (city.culture_bureau, TODAY, None)
    ]


def test_units_below_go_along_and_the_merged_one_is_kept_closed_below(city, staff):
    division, closed = make_unit(city.finance_bureau), make_unit(city.finance_bureau)
    close_unit(unit_id=closed.pk, reason="r", by=staff)
    merge_units(unit_id=city.finance_bureau.pk, into_id=city.cousin_bureau.pk, reason="r", by=staff)
    merged = Unit.objects.get(pk=city.finance_bureau.pk)
    parents = {
        unit.pk: Unit.objects.get_parent(Unit.objects.get(pk=unit.pk)) for unit in (division, merged, closed)
    }
    assert merged.closed_on == TODAY
    assert parents == {division.pk: city.cousin_bureau, merged.pk: city.cousin_bureau, closed.pk: merged}
    assert list(division.changes.values_list("kind", "to_parent")) == [
        (UnitChangeKind.MOVED, city.cousin_bureau.pk)
    ]
    assert list(all_checks()["accounts.tree"]()) == []


def test_roles_end_and_the_successor_reads_the_past(city, staff):
    make_scheme(2025)
    CadreFactory(unit=city.finance_bureau)
    close_year(year=2025, by=staff)
    old = make_user(Role.OFFICER, unit=city.finance_bureau)
    merge_units(unit_id=city.finance_bureau.pk, into_id=city.cousin_bureau.pk, reason="r", by=staff)
    assert old.grants.get().valid_until == TODAY
    new = make_user(Role.OFFICER, unit=city.cousin_bureau)
    row = YearlyAssessment.objects.visible_to(new).get(year=2025)
    assert (row.unit, row.jurisdiction) == (city.finance_bureau, city.east)


def test_last_years_report_shows_last_years_tree(city, staff):
    """Renamed, merged, moved to another jurisdiction: what was reported of last year reads as it did."""
    make_scheme(2025)
    division = make_unit(city.culture_bureau, name="东区文化局剧院")
    third = make_unit(city.east, name="东区档案局")
    for unit in (city.finance_bureau, division, third, city.east):
        CadreFactory(unit=unit)
    close_year(year=2025, by=staff)
    before = read_report(year=2025, recipient_id=city.east.pk)
    rename_unit(unit_id=city.finance_bureau.pk, name="东区财政国资局", reason="r", by=staff)
    merge_units(unit_id=city.culture_bureau.pk, into_id=city.finance_bureau.pk, reason="r", by=staff)
    move_unit(unit_id=third.pk, to_id=city.west.pk, reason="r", by=staff)
    after = read_report(year=2025, recipient_id=city.east.pk)
    assert [(line.unit, line.office) for line in after.lines] == [
        ("东区委组织部", ""),
        ("东区财政局", ""),
        ("东区文化局", "东区文化局剧院"),
        ("东区档案局", ""),
    ]
    assert after.digest == before.digest


def test_a_year_closed_after_a_move_goes_to_the_department_of_its_last_day(city, staff):
    make_scheme(2025)
    division = make_unit(city.finance_bureau)
    people = [CadreFactory(unit=unit) for unit in (city.finance_bureau, division, city.culture_bureau)]
    january = {"reason": "r", "by": staff, "on": date(2026, 1, 3)}
    move_unit(unit_id=city.finance_bureau.pk, to_id=city.west.pk, **january)
    merge_units(unit_id=city.culture_bureau.pk, into_id=city.cousin_bureau.pk, **january)
    close_year(year=2025, by=staff)
    rows = YearlyAssessment.objects.filter(cadre__in=people, year=2025).unscoped("tests")
    assert {row.jurisdiction for row in rows} == {city.east}
    assert [line.unit for line in read_report(year=2025, recipient_id=city.east.pk).lines] == [
        "东区财政局",
        "东区财政局",
        "东区文化局",
    ]
    late = CadreFactory(unit=division, joined_on=date(2025, 1, 1))
    make_scheme(2026)
    close_year(year=2026, by=staff)
    row = YearlyAssessment.objects.unscoped("tests").get(cadre=late, year=2026)
    assert row.jurisdiction == city.west


def test_a_division_is_merged_into_the_unit_above_it(city, staff):
    division = make_unit(city.finance_bureau)
    cadre = CadreFactory(unit=division)
    merge_units(unit_id=division.pk, into_id=city.finance_bureau.pk, reason="r", by=staff)
    assert unit_of(cadre) == city.finance_bureau
    assert Unit.objects.get(pk=division.pk).closed_on == TODAY


def test_departments_merge_with_departments_alone(city, staff):
    with pytest.raises(DepartmentsOnly):
        merge_units(unit_id=city.east.pk, into_id=city.cousin_bureau.pk, reason="r", by=staff)
    merge_units(unit_id=city.east.pk, into_id=city.west.pk, reason="r", by=staff)
    assert Unit.objects.get(pk=city.finance_bureau.pk).jurisdiction == city.west


def test_nothing_is_merged_into_itself_or_into_what_is_closed(city, staff):
    division = make_unit(city.finance_bureau)
    close_unit(unit_id=city.cousin_bureau.pk, reason="r", by=staff)
    for target, refusal in (
        (city.finance_bureau, UnitBelowItself),
        (division, UnitBelowItself),
        (city.cousin_bureau, UnitIsClosed),
    ):
        with pytest.raises(refusal):
            merge_units(unit_id=city.finance_bureau.pk, into_id=target.pk, reason="r", by=staff)


def test_plans_that_name_the_unit_are_told(city):
    found = SelectionRoundFactory(name="秋季选学")
    found.units.add(city.finance_bureau)
    found.openings.create(unit=city.finance_bureau, opens_at=clock.now())
    topic = OfferingFactory(title="数字政府", selection_round=found, capacity=9)
    topic.quotas.create(unit=city.finance_bureau, most=2)
    topic.reservations.create(name="财政", unit=city.finance_bureau, seats=2)
    over = SelectionRoundFactory(name="去年", state="closed")
    over.units.add(city.finance_bureau)
    assert [named.where for named in plans_naming(city.finance_bureau)] == [
        "秋季选学",
        "秋季选学",
        "数字政府",
        "数字政府",
    ]
    assert list(plans_naming(city.culture_bureau)) == []


def test_kinds_are_as_they_were(city, staff):
    merge_units(unit_id=city.finance_bureau.pk, into_id=city.culture_bureau.pk, reason="r", by=staff)
    assert Unit.objects.get(pk=city.finance_bureau.pk).kind == UnitKind.BUREAU
