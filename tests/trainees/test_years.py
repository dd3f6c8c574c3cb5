"""Closing a year: explained, repeatable, scoped to the register. Its rules are compared with their plain reading in test_reckoning."""

from datetime import date, time, timedelta
from decimal import Decimal
from functools import partial
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction

from partyschool.audit.models import AuditEvent
from partyschool.common import clock
from tests.concurrency.rivals import compete
from tests.factories.accounts import make_unit
from tests.factories.trainees import CadreFactory, CreditEntryFactory, make_scheme
from trainees.enums import CreditCategory, Rank
from trainees.models import CreditScheme, YearlyAssessment
from trainees.services.credits import NoSchemeInForce
from trainees.services.years import RequirementMissing, YearClosing, YearNotBegun, close_year

pytestmark = pytest.mark.django_db
NEXT_YEAR = clock.school_instant(date(2026, 1, 1), time.min)
LAST_MINUTE = NEXT_YEAR - timedelta(minutes=1)


def result_of(cadre, year=2025):
    return YearlyAssessment.objects.unscoped("test").get(cadre=cadre, year=year)


def earn(cadre, scheme, amount, category=CreditCategory.CONCENTRATED, **fields):
    return CreditEntryFactory(cadre=cadre, scheme=scheme, amount=Decimal(amount), category=category, **fields)


def stored_results():
    return {row.cadre_id: row for row in YearlyAssessment.objects.unscoped("test").filter(year=2025)}


# --- one rule at a time ------------------------------------------------------------------------------------------------------------------


def test_a_result_carries_everything_that_explains_it(staff, city):
    scheme = make_scheme(
        township_section=50,
        change=lambda draft: draft.requirements.create(
            rank=Rank.TOWNSHIP_SECTION, category=CreditCategory.CONCENTRATED, least=20
        ),
    )
    cadre = CadreFactory(unit=city.finance_bureau)
    earn(cadre, scheme, 12)
    earn(cadre, scheme, "47.5", CreditCategory.ONLINE)
    now = clock.now()
    assert close_year(year=2025, by=staff, now=now) == YearClosing(
        year=2025, total=1, passed=0, failed=1, exempt=0, changed=1, provisional=False, open_offerings=0
    )
    row = result_of(cadre)
    assert (row.unit, row.jurisdiction, row.rank, row.scheme) == (
        city.finance_bureau,
        city.east,
        cadre.rank,
        scheme,
    )
    assert (row.earned, row.counted, row.needed) == (Decimal("59.5"), 52, 50)
    assert row.breakdown == {
        "concentrated": {"earned": 12, "cap": None, "counted": 12},
        "elective": {"earned": 0, "cap": None, "counted": 0},
        "online": {"earned": 47.5, "cap": 40, "counted": 40},
        "other": {"earned": 0, "cap": None, "counted": 0},
    }
    assert row.reasons == [{"code": "short", "category": "concentrated", "needed": 20, "counted": 12}]
    assert (row.result, row.bars_excellent, row.closed_at, row.closed_by) == ("fail", True, now, staff)


def test_only_what_changed_is_written_again(staff, city):
    scheme = make_scheme()
    first, second = CadreFactory(unit=city.finance_bureau), CadreFactory(unit=city.finance_bureau)
    close_year(year=2025, by=staff)
    before = result_of(first).closed_at, result_of(second).closed_at
    earn(second, scheme, 90)
    closing = close_year(year=2025, by=staff)
    assert (closing.changed, closing.passed, closing.failed) == (1, 1, 1)
    assert result_of(first).closed_at == before[0]
    assert result_of(second).closed_at > before[1]
    assert AuditEvent.objects.unscoped("test").filter(action="year.close").count() == 2


def test_a_new_version_of_the_scheme_is_taken_up(staff, city):
    old, cadre = make_scheme(), CadreFactory(unit=city.finance_bureau)
    earn(cadre, old, 80)
    close_year(year=2025, by=staff)
    CreditScheme.objects.filter(pk=old.pk).update(state="retired")
    new = make_scheme(version=2, township_section=80)
    close_year(year=2025, by=staff)
    assert (result_of(cadre).scheme, result_of(cadre).result) == (new, "pass")


def test_the_register_of_a_year_is_who_was_there_on_any_day_of_it(staff, city):
    make_scheme()
    unit = city.finance_bureau
    there = [
        CadreFactory(unit=unit, joined_on=date(2025, 12, 31)),
        CadreFactory(unit=unit, left_on=date(2025, 1, 1)),
    ]
    CadreFactory(unit=unit, joined_on=date(2026, 1, 1))
    CadreFactory(unit=unit, left_on=date(2024, 12, 31))
    assert close_year(year=2025, by=staff).total == 2
    assert set(stored_results()) == {cadre.pk for cadre in there}


def test_a_transfer_after_the_year_does_not_move_the_past(staff, city):
    scheme = make_scheme(township_section=10, staff=99)
    cadre = CadreFactory(unit=city.finance_bureau)
    cadre.unit, cadre.rank, cadre.posted_on = city.cousin_bureau, Rank.STAFF, date(2026, 1, 1)
    cadre.save()
    earn(cadre, scheme, 10)
    close_year(year=2025, by=staff)
    row = result_of(cadre)
    assert (row.unit, row.jurisdiction, row.rank, row.result) == (
        city.finance_bureau,
        city.east,
        Rank.TOWNSHIP_SECTION,
        "pass",
    )


def test_a_running_year_is_provisional_and_follows_a_transfer(staff, city):
    make_scheme()
    cadre = CadreFactory(unit=city.finance_bureau)
    assert close_year(year=2025, by=staff, now=LAST_MINUTE).provisional is True
    cadre.unit, cadre.posted_on = city.cousin_bureau, date(2025, 12, 31)
    cadre.save()
    closing = close_year(year=2025, by=staff, now=NEXT_YEAR)
    assert (closing.provisional, closing.changed) == (False, 1)
    assert (result_of(cadre).unit, result_of(cadre).jurisdiction) == (city.cousin_bureau, city.west)


def test_while_the_year_runs_the_unit_is_todays_and_at_its_end_that_of_the_last_day(staff, city):
    make_scheme()
    cadre = CadreFactory(unit=city.finance_bureau)
    cadre.unit, cadre.posted_on = city.cousin_bureau, date(2025, 10, 1)
    cadre.save()
    for moment, unit in (
        (clock.school_instant(date(2025, 9, 30), time(12)), city.finance_bureau),
        (clock.school_instant(date(2025, 10, 1), time(12)), city.cousin_bureau),
        (NEXT_YEAR, city.cousin_bureau),
    ):
        close_year(year=2025, by=staff, now=moment)
        assert result_of(cadre).unit == unit


def test_who_left_during_the_year_is_judged_where_they_served_last(staff, city):
    make_scheme(township_section=90, staff=0)
    cadre = CadreFactory(unit=city.finance_bureau)
    cadre.unit, cadre.rank, cadre.posted_on = city.cousin_bureau, Rank.STAFF, date(2025, 3, 1)
    cadre.save()
    cadre.left_on = date(2025, 6, 30)
    cadre.save()
    close_year(year=2025, by=staff)
    assert (result_of(cadre).unit, result_of(cadre).rank, result_of(cadre).result) == (
        city.cousin_bureau,
        Rank.STAFF,
        "pass",
    )


def test_a_posting_entered_late_is_followed(staff, city):
    make_scheme()
    cadre = CadreFactory(unit=city.finance_bureau)
    close_year(year=2025, by=staff, now=NEXT_YEAR)
    cadre.unit, cadre.posted_on = city.cousin_bureau, date(2025, 12, 1)
    cadre.save()
    close_year(year=2025, by=staff)
    assert (result_of(cadre).unit, result_of(cadre).jurisdiction) == (city.cousin_bureau, city.west)


def test_a_tree_rearranged_after_the_year_leaves_the_organisation_department(staff, city):
    make_scheme()
    cadre = CadreFactory(unit=city.finance_bureau)
    close_year(year=2025, by=staff, now=NEXT_YEAR)
    city.east.kind = "bureau"
    city.east.save()
    close_year(year=2025, by=staff)
    assert result_of(cadre).jurisdiction == city.east


def test_the_first_closing_after_the_year_settles_unchanged_rows_too(staff, city):
    make_scheme()
    cadre = CadreFactory(unit=city.finance_bureau)
    close_year(year=2025, by=staff, now=LAST_MINUTE)
    assert close_year(year=2025, by=staff, now=NEXT_YEAR).changed == 1
    assert result_of(cadre).closed_at == NEXT_YEAR


def test_the_jurisdiction_is_the_nearest_organisation_department_above(staff, city):
    make_scheme()
    inner = make_unit(city.finance_bureau, kind="org_department")
    division = make_unit(inner, kind="division")
    cadres = [CadreFactory(unit=unit) for unit in (division, inner, city.culture_bureau, city.root)]
    close_year(year=2025, by=staff)
    assert [result_of(cadre).jurisdiction for cadre in cadres] == [inner, inner, city.east, None]


def test_a_year_ahead_is_refused(staff):
    make_scheme(2026)
    with pytest.raises(YearNotBegun):
        close_year(year=2026, by=staff, now=LAST_MINUTE)


def test_without_a_scheme_in_force_nothing_is_judged(staff, city):
    CadreFactory(unit=city.finance_bureau)
    make_scheme(state="draft")
    with pytest.raises(NoSchemeInForce):
        close_year(year=2025, by=staff)
    assert stored_results() == {}


def test_a_rank_without_a_total_is_refused_by_name(staff, city):
    gone = [Rank.STAFF, Rank.COUNTY_DIVISION]
    make_scheme(change=lambda draft: draft.requirements.filter(rank__in=gone).delete())
    CadreFactory(unit=city.finance_bureau, rank=Rank.STAFF)
    with pytest.raises(RequirementMissing, match=str(Rank.STAFF.label)) as refusal:
        close_year(year=2025, by=staff)
    assert str(Rank.COUNTY_DIVISION.label) not in refusal.value.facts


def test_what_a_result_names_cannot_be_deleted_by_raw_sql(staff, city):
    scheme = make_scheme()
    lonely = make_unit(city.east)
    cadre = CadreFactory(unit=lonely)
    close_year(year=2025, by=staff)
    cadre.unit = city.finance_bureau
    cadre.save()
    for table, row in (
        ("accounts_unit", lonely),
        ("trainees_cadre", cadre),
        ("trainees_creditscheme", scheme),
    ):
        with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(f"DELETE FROM {table} WHERE id = %s", [row.pk])


def test_the_command_closes_and_counts(staff, city):
    make_scheme()
    CadreFactory(unit=city.finance_bureau)
    out = StringIO()
    call_command("close_year", "2025", by=staff.username, stdout=out)
    assert out.getvalue().splitlines() == [
        f"2025 年度已由 {staff.username} 完成结算：共考核 1 名干部。",
        "合格 0 人，不合格 1 人，免予考核 0 人；新增或变更结果 1 条。",
        "年度状态：预览。",
    ]


def test_the_command_tells_a_refusal_and_an_unknown_closer(staff):
    with pytest.raises(CommandError, match="2025"):
        call_command("close_year", "2025")
    with pytest.raises(CommandError, match="nobody"):
        call_command("close_year", "2025", by="nobody")


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_two_closings_at_once_give_one_result_each(staff, city):
    scheme = make_scheme()
    for _ in range(20):
        earn(CadreFactory(unit=city.finance_bureau), scheme, 90)
    closings = compete([partial(close_year, year=2025, by=staff)] * 3)
    assert sorted(closing.changed for closing in closings) == [0, 0, 20]
    assert {(closing.total, closing.passed) for closing in closings} == {(20, 20)}
