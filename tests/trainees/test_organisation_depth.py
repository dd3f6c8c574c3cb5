"""Deeper into the credit report: hours against plan, a person's entries and attendance, sealed years beside each other."""

from datetime import date, datetime, time
from decimal import Decimal

import pytest
from django.urls import reverse

from partyschool.audit.models import AuditEvent
from partyschool.common import clock
from tests.factories.accounts import make_unit, make_user
from tests.factories.courses import LessonFactory, OfferingFactory
from tests.factories.reports import ClosedYear
from tests.factories.trainees import CreditEntryFactory, EnrolmentFactory, make_scheme
from tests.factories.years import sealed_year
from trainees.enums import AttendanceStatus, CreditCategory
from trainees.models import AttendanceMark, Cadre, CreditEntry, CycleRequirement
from trainees.selectors.hours import HoursTally, hours_a_year
from trainees.selectors.organisation import overview
from trainees.selectors.years_compared import compare_years
from trainees.services.credits import reverse_credit
from trainees.services.years import close_year

pytestmark = pytest.mark.django_db

OVERVIEW, YEARS = "/organisation/", "/organisation/years/"


# --- hours against plan ------------------------------------------------------------------------------------------------------------------


def make_up_hours(closed, unit, hours):
    """The cadre who failed in `unit` did so many class-hours more."""
    CreditEntryFactory(cadre=closed.failed[unit.pk], scheme=closed.scheme, hours=Decimal(hours))


def test_a_years_share_of_the_requirement():
    found = {one.rank: one.hours for one in CycleRequirement.objects.filter(first_year=2023)}
    assert hours_a_year(2025) == {rank: hours / 5 for rank, hours in found.items()}
    assert hours_a_year(2025)["township_section"] == 90
    assert hours_a_year(1999) == {}


def test_where_nothing_is_planned_nobody_is_behind():
    assert (HoursTally().percent, HoursTally().behind, HoursTally().done_a_head) == (None, False, None)


def test_hours_are_those_of_the_years_units_without_the_exempt(closed):
    city = closed.city
    for other in ({"category": CreditCategory.ONLINE}, {"year": 2024, "scheme": make_scheme(2024)}):
        given = {"year": 2025, "scheme": closed.scheme, **other}
        earned_on = date(given["year"], 6, 2)
        CreditEntryFactory(
            cadre=closed.failed[city.culture_bureau.pk], hours=Decimal(500), earned_on=earned_on, **given
        )
    CreditEntryFactory(cadre=closed.exempt, scheme=closed.scheme, hours=Decimal(700))
    found = overview(make_user("orgdept", unit=city.east), year=2025, within=None)
    assert (found.hours.people, found.hours.done, found.hours.planned) == (4, Decimal(272), Decimal(360))
    lines = {line.unit: (line.hours.done, line.hours.planned) for line in found.units}
    assert lines == {city.east: (272, 360)}
    below = overview(make_user("orgdept", unit=city.east), year=2025, within=city.east)
    assert [(line.unit, line.hours.done, line.hours.percent) for line in below.units] == [
        (city.finance_bureau, 136, Decimal("75.6")),
        (city.culture_bureau, 136, Decimal("75.6")),
    ]
    assert [line.unit for line in below.behind] == [city.finance_bureau, city.culture_bureau]
    for bureau in (city.finance_bureau, city.culture_bureau):
        make_up_hours(closed, bureau, 44)
    make_up_hours(closed, city.cousin_bureau, 45)
    assert overview(make_user("staff"), year=2025, within=None).behind == []


def test_hours_of_two_ranks_in_a_unit_are_added_once(closed):
    closed.cadre(closed.city.culture_bureau, 50, rank="staff")
    closed.close()
    user = make_user("officer", unit=closed.city.culture_bureau)
    found = overview(user, year=2025, within=closed.city.culture_bureau)
    assert (found.hours.people, found.hours.done, found.hours.planned) == (3, 186, 270)


def test_units_behind_are_shown_with_their_numbers_and_no_neighbour(client, closed, as_user):
    city = closed.city
    as_user("orgdept", unit=city.east)
    shown = client.get(OVERVIEW)
    assert shown.context["behind_labels"] == [city.finance_bureau.name, city.culture_bureau.name]
    chart = dict(zip(shown.context["behind_labels"], shown.context["behind_series"][0]["data"], strict=True))
    lines = {line.unit.name: line.hours.done_a_head for line in shown.context["overview"].units}
    assert chart == lines
    assert city.cousin_bureau.name not in shown.text
    make_up_hours(closed, city.finance_bureau, 44)
    assert client.get(OVERVIEW).context["behind_labels"] == [city.culture_bureau.name]
    make_up_hours(closed, city.culture_bureau, 100)
    assert "各单位均已达到计划" in client.get(OVERVIEW).text


# --- person, entry, attendance -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def taught(closed):
    """The failed cadre of the finance bureau attended one of two lessons."""
    cadre = closed.failed[closed.city.finance_bureau.pk]
    offering = OfferingFactory(title="应急管理专题", year=2025)
    enrolment = EnrolmentFactory(cadre=cadre, offering=offering, created_by=closed.staff)
    for number, status in enumerate((AttendanceStatus.PRESENT, AttendanceStatus.ABSENT)):
        start = clock.school_instant(date(2025, 6, 2 + number), time(9))
        lesson = LessonFactory(
            offering=offering, title=f"第{number + 1}讲", starts_at=start, ends_at=_noon(start)
        )
        AttendanceMark.objects.create(
            enrolment=enrolment, lesson=lesson, status=status, marked_by=closed.staff
        )
    return cadre, CreditEntryFactory(cadre=cadre, scheme=closed.scheme, offering=offering)


def _noon(start: datetime) -> datetime:
    return start.replace(hour=start.hour + 2)


def entry_url(cadre, entry):
    return reverse("trainees:organisation_entry", args=[cadre.pk, entry.pk])


def attendance_url(cadre, offering_id):
    return reverse("trainees:organisation_attendance", args=[cadre.pk, offering_id])


def test_way_from_unit_to_attendance_mark(client, closed, as_user, taught):
    cadre, entry = taught
    reader = as_user("orgdept", unit=closed.city.east)
    person = reverse("trainees:organisation_cadre", args=[cadre.pk])
    assert person in client.get("/organisation/cadres/", {"unit": closed.city.finance_bureau.pk}).text
    assert entry_url(cadre, entry) in client.get(person, {"year": 2025}).text
    shown = client.get(entry_url(cadre, entry)).text
    assert attendance_url(cadre, entry.offering_id) in shown
    assert "应急管理专题" in shown
    marks = client.get(attendance_url(cadre, entry.offering_id)).text
    for words in ("第1讲", "第2讲", "旷课", cadre.name):
        assert words in marks
    looks = AuditEvent.objects.unscoped("tests").filter(action="cadre.view", actor=reader)
    assert looks.count() == 3


@pytest.mark.parametrize(("role", "unit"), [("orgdept", "west"), ("officer", "culture_bureau")])
def test_entry_and_attendance_of_neighbours_are_not_found(client, closed, as_user, taught, role, unit):
    cadre, entry = taught
    as_user(role, unit=getattr(closed.city, unit))
    assert client.get(entry_url(cadre, entry)).status_code == 404
    assert client.get(attendance_url(cadre, entry.offering_id)).status_code == 404


def test_entry_is_found_with_its_own_cadre_alone(client, closed, as_user, taught):
    cadre, entry = taught
    other = closed.passed[closed.city.finance_bureau.pk]
    as_user("officer", unit=closed.city.finance_bureau)
    assert client.get(entry_url(other, entry)).status_code == 404
    assert client.get(attendance_url(other, entry.offering_id)).status_code == 404
    assert client.get(entry_url(cadre, entry)).status_code == 200


def test_entry_of_who_has_moved_away_is_not_found(client, closed, as_user, taught):
    cadre, entry = taught
    cadre.unit, cadre.posted_on = closed.city.cousin_bureau, date(2026, 2, 1)
    cadre.save()
    as_user("orgdept", unit=closed.city.east)
    assert client.get(entry_url(cadre, entry)).status_code == 404
    assert client.get(attendance_url(cadre, entry.offering_id)).status_code == 404


def test_entry_and_its_reversal_lead_to_each_other(client, closed, as_user, taught):
    cadre, entry = taught
    reversal = reverse_credit(entry_id=entry.pk, reason="重复记入", by=closed.staff)
    as_user("officer", unit=closed.city.finance_bureau)
    assert entry_url(cadre, reversal) in client.get(entry_url(cadre, entry)).text
    back = client.get(entry_url(cadre, reversal)).text
    assert entry_url(cadre, entry) in back
    assert "重复记入" in back


@pytest.mark.parametrize("role", ["trainee", "teacher", "finance", "admin"])
def test_others_are_refused_entries_and_attendance(client, closed, as_user, taught, role):
    cadre, entry = taught
    as_user(role)
    assert client.get(entry_url(cadre, entry)).status_code == 403
    assert client.get(attendance_url(cadre, entry.offering_id)).status_code == 403


# --- years compared ----------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def sealed():
    """2025, sealed."""
    made = ClosedYear()
    made.seal()
    return made


def figures_of(found):
    return {
        line.unit.name: [(cell.figures.tally.total, cell.figures.rate) for cell in line.cells]
        for line in found.units
    }


def test_years_are_counted_in_the_units_of_their_own_time(sealed):
    city = sealed.city
    moved = sealed.passed[city.finance_bureau.pk]
    moved.unit, moved.posted_on = city.cousin_bureau, date(2026, 2, 1)
    moved.save()
    east, west = (make_user("orgdept", unit=unit) for unit in (city.east, city.west))
    assert figures_of(compare_years(east, years=[2025], within=city.east)) == {
        city.finance_bureau.name: [(3, Decimal("50.0"))],
        city.culture_bureau.name: [(2, Decimal("50.0"))],
    }
    assert figures_of(compare_years(west, years=[2025], within=city.west)) == {
        city.cousin_bureau.name: [(2, Decimal("50.0"))]
    }


def test_only_sealed_years_are_compared(client, as_user):
    closed = ClosedYear()
    as_user("orgdept", unit=closed.city.east)
    assert "暂无可对比的年度" in client.get(YEARS).text
    assert "暂无可对比的年度" in client.get(YEARS, {"years": "2025"}).text
    closed.seal()
    shown = client.get(YEARS)
    assert shown.context["found"].people == 5
    assert client.get(YEARS, {"years": ["2025", "1999"]}).context["chosen_years"] == [2025]
    assert client.get(YEARS, {"years": "x"}).status_code == 404


def test_neighbours_stand_in_no_table_and_no_chart(client, sealed, as_user):
    city = sealed.city
    as_user("orgdept", unit=city.east)
    shown = client.get(YEARS)
    assert shown.context["unit_labels"] == [city.finance_bureau.name, city.culture_bureau.name]
    assert city.cousin_bureau.name not in shown.text
    for unit in (city.west, city.cousin_bureau, city.root):
        assert client.get(YEARS, {"unit": unit.pk}).status_code == 404
    as_user("officer", unit=city.culture_bureau)
    assert client.get(YEARS).context["found"].people == 2
    assert city.finance_bureau.name not in client.get(YEARS).text


def test_change_is_told_against_the_compared_year_before():
    closed = ClosedYear(close=False)
    scheme = make_scheme(2024)
    for cadre in Cadre.objects.unscoped("tests"):
        CreditEntry.objects.create(
            cadre=cadre, scheme=scheme, year=2024, category="concentrated", amount=96, hours=96,
            earned_on=date(2024, 6, 2), source_kind="recognised", source_ref=f"x{cadre.pk}", posted_by=closed.staff,
        )  # fmt: skip
    close_year(year=2024, by=closed.staff, now=clock.school_instant(date(2025, 1, 5), time(12)))
    sealed_year(closed.staff, year=2024)
    closed.close()
    sealed_year(closed.staff)
    found = compare_years(make_user("staff"), years=[2025, 2024], within=None)
    assert [cell.year for cell in found.whole] == [2024, 2025]
    assert [(cell.figures.rate, cell.change, cell.trend) for cell in found.whole] == [
        (Decimal("100.0"), None, ""),
        (Decimal("50.0"), Decimal("-50.0"), "down"),
    ]


@pytest.mark.parametrize("units", [1, 3])
def test_comparison_costs_the_same_for_one_unit_and_three(client, as_user, units, django_assert_num_queries):
    closed = ClosedYear(close=False)
    for _number in range(units - 1):
        closed.cadre(make_unit(closed.city.west), 40)
    closed.close()
    closed.seal()
    as_user("orgdept", unit=closed.city.west)
    # Session, user with grants, the unit twice, sealed years, figures, names of units, unread notices.
    with django_assert_num_queries(8):
        assert len(client.get(YEARS).context["found"].units) == units
