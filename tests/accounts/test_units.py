"""Units move, merge their tree, close and reopen: with a history that stands, and with scope that follows at once."""

from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from partyschool.accounts.enums import Role, UnitChangeKind, UnitKind
from partyschool.accounts.models import Unit, UnitChange, User
from partyschool.accounts.services import units
from partyschool.accounts.services.unit_merging import DepartmentsOnly, merge_denial
from partyschool.accounts.services.units import (
    UnitBelowItself,
    UnitIsClosed,
    UnitIsOpen,
    UnitOccupied,
    UnitStaysWhereItIs,
    close_unit,
    create_unit,
    move_unit,
    rename_unit,
    reopen_unit,
    set_unit_kind,
)
from partyschool.audit.models import AuditEvent
from partyschool.common import clock
from partyschool.common.errors import InvalidInput, NotFound
from partyschool.common.integrity import all_checks
from tests.factories.accounts import City, make_unit, make_user

pytestmark = pytest.mark.django_db


@pytest.fixture
def city() -> City:
    return City()


@pytest.fixture
def staff() -> User:
    return make_user(Role.STAFF)


def again(unit: Unit) -> Unit:
    return Unit.objects.get(pk=unit.pk)


def sees(user: User, unit: Unit) -> bool:
    """Whether the user, as read for the next request, has the unit in scope."""
    fresh = User.objects.with_grants().get(pk=user.pk)
    return Unit.objects.visible_to(fresh).filter(pk=unit.pk).exists()


def assert_whole() -> None:
    assert list(all_checks()["accounts.tree"]()) == []
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED")


def history(unit: Unit) -> list[str]:
    return list(unit.changes.order_by("pk").values_list("kind", flat=True))


# --- moving ------------------------------------------------------------------------------------------------------------------------------


def test_a_branch_moves_with_all_below_it(city, staff):
    division = make_unit(city.finance_bureau, kind=UnitKind.DIVISION)
    change = move_unit(unit_id=city.finance_bureau.pk, to_id=city.west.pk, reason="区划调整", by=staff)
    assert again(city.finance_bureau).jurisdiction == city.west
    assert again(division).jurisdiction == city.west
    assert again(city.east).numchild == 1
    assert (change.kind, change.from_parent, change.to_parent) == (
        UnitChangeKind.MOVED,
        city.east,
        city.west,
    )
    assert (change.effective_on, change.by, change.reason) == (clock.school_date(), staff, "区划调整")
    assert_whole()


def test_scope_follows_a_move_at_once(city, staff):
    east, west = (make_user(Role.ORGDEPT, unit=unit) for unit in (city.east, city.west))
    assert [sees(user, city.finance_bureau) for user in (east, west)] == [True, False]
    move_unit(unit_id=city.finance_bureau.pk, to_id=city.west.pk, reason="r", by=staff)
    assert [sees(user, city.finance_bureau) for user in (east, west)] == [False, True]


def test_scope_of_an_officer_moves_with_the_unit(city, staff):
    officer = make_user(Role.OFFICER, unit=city.finance_bureau)
    move_unit(unit_id=city.finance_bureau.pk, to_id=city.west.pk, reason="r", by=staff)
    fresh = User.objects.with_grants().get(pk=officer.pk)
    assert list(Unit.objects.visible_to(fresh)) == [city.finance_bureau]


def test_a_move_is_an_audit_event(city, staff):
    move_unit(unit_id=city.finance_bureau.pk, to_id=city.west.pk, reason="r", by=staff)
    event = AuditEvent.objects.unscoped("tests").get(action="unit.moved")
    assert (event.actor, event.subject) == (staff, f"accounts.unit:{city.finance_bureau.pk}")
    assert event.data["from_parent"] == city.east.pk


def test_no_unit_goes_below_itself(city, staff):
    division = make_unit(city.finance_bureau)
    for target in (city.finance_bureau, division):
        with pytest.raises(UnitBelowItself):
            move_unit(unit_id=city.finance_bureau.pk, to_id=target.pk, reason="r", by=staff)
    assert_whole()


def test_a_move_to_where_it_stands_is_told_so(city, staff):
    with pytest.raises(UnitStaysWhereItIs):
        move_unit(unit_id=city.finance_bureau.pk, to_id=city.east.pk, reason="r", by=staff)
    assert history(city.finance_bureau) == []


def test_nothing_moves_into_a_closed_unit_and_no_closed_one_moves(city, staff):
    close_unit(unit_id=city.cousin_bureau.pk, reason="r", by=staff)
    for unit, target in ((city.finance_bureau, city.cousin_bureau), (city.cousin_bureau, city.east)):
        with pytest.raises(UnitIsClosed):
            move_unit(unit_id=unit.pk, to_id=target.pk, reason="r", by=staff)


def test_closed_units_move_along_with_their_branch(city, staff):
    division = make_unit(city.finance_bureau)
    close_unit(unit_id=division.pk, reason="r", by=staff)
    move_unit(unit_id=city.finance_bureau.pk, to_id=city.west.pk, reason="r", by=staff)
    assert again(division).path.startswith(again(city.finance_bureau).path)
    assert_whole()


def test_the_tree_grows_no_deeper_than_it_may(city, staff):
    below = city.finance_bureau
    while below.depth < units.DEPTH_MOST:
        below = make_unit(below)
    with pytest.raises(InvalidInput):
        create_unit(code="D", name="深", kind=UnitKind.DIVISION, parent_id=below.pk, by=staff)
    with pytest.raises(InvalidInput):
        move_unit(unit_id=city.finance_bureau.pk, to_id=city.culture_bureau.pk, reason="r", by=staff)


@pytest.mark.parametrize("reason", ["", "  ", "长" * 201])
def test_a_reason_is_needed(city, staff, reason):
    with pytest.raises(InvalidInput):
        move_unit(unit_id=city.finance_bureau.pk, to_id=city.west.pk, reason=reason, by=staff)


def test_days_to_come_and_before_the_last_change_are_refused(city, staff):
    today = clock.school_date()
    move = {"unit_id": city.finance_bureau.pk, "reason": "r", "by": staff}
    with pytest.raises(InvalidInput):
        move_unit(**move, to_id=city.west.pk, on=today + timedelta(days=1))
    move_unit(**move, to_id=city.west.pk, on=today - timedelta(days=10))
    with pytest.raises(InvalidInput):
        move_unit(**move, to_id=city.east.pk, on=today - timedelta(days=11))
    assert move_unit(**move, to_id=city.east.pk, on=today - timedelta(days=10)).effective_on < today


def test_an_unknown_unit_is_not_found(city, staff):
    with pytest.raises(NotFound):
        move_unit(unit_id=10**9, to_id=city.west.pk, reason="r", by=staff)


# --- making, renaming ---------------------------------------------------------------------------------------------------------------------


def test_a_new_unit_has_the_first_line_of_its_history(city, staff):
    made = create_unit(code="N", name="新局", kind=UnitKind.BUREAU, parent_id=city.east.pk, by=staff)
    assert made.jurisdiction == city.east
    change = made.changes.get()
    assert (change.kind, change.to_parent, change.from_parent) == (UnitChangeKind.CREATED, city.east, None)
    top = create_unit(code="T", name="另一市", kind=UnitKind.CITY, parent_id=None, by=staff)
    assert (top.depth, top.changes.get().to_parent) == (1, None)


def test_a_renamed_unit_keeps_its_old_name_in_the_history(city, staff):
    change = rename_unit(unit_id=city.finance_bureau.pk, name=" 东区财政和国资局 ", reason="r", by=staff)
    assert again(city.finance_bureau).name == "东区财政和国资局"
    assert (change.old_name, change.new_name) == ("东区财政局", "东区财政和国资局")
    for name in ("东区财政和国资局", "", "长" * 101):
        with pytest.raises((UnitStaysWhereItIs, InvalidInput)):
            rename_unit(unit_id=city.finance_bureau.pk, name=name, reason="r", by=staff)


def test_kind_changes_but_not_to_or_from_a_department(city, staff):
    set_unit_kind(unit_id=city.finance_bureau.pk, kind=UnitKind.INSTITUTION, by=staff)
    assert again(city.finance_bureau).kind == UnitKind.INSTITUTION
    for unit, kind in ((city.east, UnitKind.BUREAU), (city.culture_bureau, UnitKind.ORG_DEPARTMENT)):
        with pytest.raises(InvalidInput):
            set_unit_kind(unit_id=unit.pk, kind=kind, by=staff)


# --- closing and reopening ---------------------------------------------------------------------------------------------------------------


def test_an_empty_unit_is_closed_and_reopened(city, staff):
    day = clock.school_date() - timedelta(days=3)
    close_unit(unit_id=city.cousin_bureau.pk, reason="撤销", by=staff, on=day)
    assert again(city.cousin_bureau).closed_on == day
    with pytest.raises(UnitIsClosed):
        close_unit(unit_id=city.cousin_bureau.pk, reason="r", by=staff)
    reopen_unit(unit_id=city.cousin_bureau.pk, reason="恢复", by=staff)
    assert again(city.cousin_bureau).closed_on is None
    with pytest.raises(UnitIsOpen):
        reopen_unit(unit_id=city.cousin_bureau.pk, reason="r", by=staff)
    assert history(city.cousin_bureau) == [UnitChangeKind.CLOSED, UnitChangeKind.REOPENED]


def test_a_unit_with_open_units_below_is_not_closed(city, staff):
    with pytest.raises(UnitOccupied) as refused:
        close_unit(unit_id=city.east.pk, reason="r", by=staff)
    assert "2" in str(refused.value.facts)
    assert again(city.east).closed_on is None


def test_below_a_closed_unit_nothing_is_reopened_or_made(city, staff):
    close_unit(unit_id=city.cousin_bureau.pk, reason="r", by=staff)
    close_unit(unit_id=city.west.pk, reason="r", by=staff)
    with pytest.raises(UnitIsClosed):
        reopen_unit(unit_id=city.cousin_bureau.pk, reason="r", by=staff)
    with pytest.raises(UnitIsClosed):
        create_unit(code="N", name="新局", kind=UnitKind.BUREAU, parent_id=city.west.pk, by=staff)


def test_roles_held_for_a_unit_end_with_it(city, staff):
    officer = make_user(Role.OFFICER, unit=city.cousin_bureau)
    close_unit(unit_id=city.cousin_bureau.pk, reason="r", by=staff)
    assert officer.grants.get().valid_until == clock.school_date()


def test_a_role_that_begins_later_ends_on_its_first_day(city, staff):
    officer = make_user(Role.OFFICER, unit=city.cousin_bureau)
    later = clock.school_date() + timedelta(days=30)
    officer.grants.update(valid_from=later)
    close_unit(unit_id=city.cousin_bureau.pk, reason="r", by=staff)
    assert officer.grants.get().valid_until == later


# --- merging: what the tree says ----------------------------------------------------------------------------------------------------------


def test_who_may_be_merged_into_whom(city):
    division = make_unit(city.finance_bureau)
    assert merge_denial(city.finance_bureau, city.cousin_bureau) is None
    assert merge_denial(city.east, city.west) is None
    assert isinstance(merge_denial(city.finance_bureau, division), UnitBelowItself)
    assert isinstance(merge_denial(city.finance_bureau, city.finance_bureau), UnitBelowItself)
    assert isinstance(merge_denial(city.east, city.cousin_bureau), DepartmentsOnly)


# --- what the database refuses -------------------------------------------------------------------------------------------------------------


def test_history_stands(city, staff):
    rename_unit(unit_id=city.finance_bureau.pk, name="新名", reason="r", by=staff)
    for deed in (lambda: UnitChange.objects.update(reason="x"), lambda: UnitChange.objects.all().delete()):
        with pytest.raises(IntegrityError), transaction.atomic():
            deed()


def test_a_unit_is_never_deleted(city):
    with pytest.raises(IntegrityError), transaction.atomic():
        Unit.objects.filter(pk=city.cousin_bureau.pk)._raw_delete(using="default")


def _update_and_commit(unit: Unit, **fields) -> None:
    with transaction.atomic():
        Unit.objects.filter(pk=unit.pk).update(**fields)
        with connection.cursor() as cursor:
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")


@pytest.mark.parametrize(
    "fault",
    [
        {"path": "000100010009000900010001", "depth": 6},
        {"path": "00010001000100010001", "depth": 4},
        {"closed_on": None},
    ],
)
def test_the_database_refuses_a_tree_that_is_none(city, staff, fault):
    close_unit(unit_id=city.cousin_bureau.pk, reason="r", by=staff)
    close_unit(unit_id=city.west.pk, reason="r", by=staff)
    with pytest.raises(IntegrityError):
        _update_and_commit(city.cousin_bureau, **fault)


def test_the_database_refuses_to_close_above_an_open_unit(city):
    with pytest.raises(IntegrityError):
        _update_and_commit(city.east, closed_on=date(2026, 1, 1))
