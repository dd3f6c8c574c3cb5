"""Two who change the unit tree at once leave a tree behind; and each guard's twin shows what happens without it."""

from functools import partial
from typing import Any

import pytest
from django.db import IntegrityError

from partyschool.accounts.enums import Role
from partyschool.accounts.models import Unit, UnitChange
from partyschool.accounts.services import units
from partyschool.accounts.services.units import UnitBelowItself, close_unit, create_unit, move_unit
from partyschool.common import clock
from partyschool.common.errors import Busy
from partyschool.common.integrity import all_checks
from tests.concurrency.rivals import Gate, compete
from tests.factories.accounts import City, make_unit, make_user
from tests.factories.trainees import CadreFactory
from trainees.models import Cadre, Posting
from trainees.services import transfers, unit_merging
from trainees.services.transfers import PostingFacts, transfer_cadre
from trainees.services.unit_merging import merge_units

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def staff() -> Any:
    return make_user(Role.STAFF)


@pytest.fixture
def city() -> City:
    return City()


def faults() -> list[str]:
    return list(all_checks()["accounts.tree"]())


def moving(unit: Unit, to: Unit, by: Any) -> Any:
    return partial(move_unit, unit_id=unit.pk, to_id=to.pk, reason="r", by=by)


def won(outcomes: list[Any]) -> list[Any]:
    return [one for one in outcomes if not isinstance(one, Exception)]


def as_outcome(call: Any) -> Any:
    """What the call returned, or the database's refusal: for twins, where the database is all that is left."""

    def tried() -> Any:
        try:
            return call()
        except IntegrityError as refusal:
            return refusal

    return tried


def test_many_moves_at_once_leave_a_tree(staff, city):
    bureaus = [make_unit(city.east) for _each in range(4)]
    for bureau in bureaus:
        make_unit(bureau)
    homes = [city.east, city.west, *bureaus]
    calls = [
        moving(bureau, homes[(number + step) % len(homes)], staff)
        for step in range(1, 5)
        for number, bureau in enumerate(bureaus, 2)
    ]
    outcomes = compete(calls)
    assert faults() == []
    assert UnitChange.objects.count() == len(won(outcomes)) > 0


def _crosswise(monkeypatch: Any, staff: Any, city: City) -> list[Any]:
    monkeypatch.setattr(units, "parent_of", Gate(2).wrap(units.parent_of))
    one, other = city.finance_bureau, city.culture_bureau
    return compete([as_outcome(moving(one, other, staff)), as_outcome(moving(other, one, staff))])


def test_two_crosswise_moves_make_no_circle(monkeypatch, staff, city):
    outcomes = _crosswise(monkeypatch, staff, city)
    assert len(won(outcomes)) == 1
    assert [type(one) for one in outcomes].count(UnitBelowItself) == 1
    assert faults() == []


def _into_a_moving_branch(monkeypatch: Any, staff: Any, city: City) -> list[Any]:
    """A bureau moves to the other department, while a unit is made under it, below the path that it had."""
    monkeypatch.setattr(units, "open_unit", Gate(2).wrap(units.open_unit))
    make = partial(create_unit, code="NEW", name="新科", kind="division", by=staff)
    return compete(
        [
            as_outcome(moving(city.finance_bureau, city.west, staff)),
            as_outcome(partial(make, parent_id=city.finance_bureau.pk)),
        ]
    )


def test_what_is_put_into_a_moving_branch_goes_along(monkeypatch, staff, city):
    outcomes = _into_a_moving_branch(monkeypatch, staff, city)
    assert len(won(outcomes)) == 2
    made = Unit.objects.get(code="NEW")
    assert made.path.startswith(Unit.objects.get(pk=city.finance_bureau.pk).path)
    assert faults() == []


def _two_into_one_place(monkeypatch: Any, staff: Any, city: City) -> list[Any]:
    """Two units move under the same one; each is given the last place there, if nothing hinders them."""
    manager = type(Unit.objects)
    monkeypatch.setattr(manager, "update_move_to_child_vars", Gate(2).wrap(manager.update_move_to_child_vars))
    moved = (city.finance_bureau, city.culture_bureau)
    return compete([as_outcome(moving(unit, city.west, staff)) for unit in moved])


def test_two_moves_to_one_unit_follow_each_other(monkeypatch, staff, city):
    assert len(won(_two_into_one_place(monkeypatch, staff, city))) == 2
    assert faults() == []


def test_twin_without_the_lock_gives_one_place_twice(monkeypatch, staff, city):
    monkeypatch.setattr(units, "lock_tree", lambda: None)
    outcomes = _two_into_one_place(monkeypatch, staff, city)
    assert [type(one) for one in outcomes].count(IntegrityError) == 1
    assert faults() == []


def _leave_behind(monkeypatch: Any, staff: Any, city: City) -> list[Any]:
    """A bureau moves into a division's branch whose own move has begun: paths are read, none is written."""
    branch = city.culture_bureau
    manager = type(Unit.objects)
    monkeypatch.setattr(manager, "update_move_to_child_vars", Gate(2).wrap(manager.update_move_to_child_vars))
    return compete(
        [
            as_outcome(moving(branch, city.west, staff)),
            as_outcome(moving(city.finance_bureau, branch, staff)),
        ]
    )


def test_a_branch_leaves_nothing_behind(monkeypatch, staff, city):
    assert len(won(_leave_behind(monkeypatch, staff, city))) == 2
    assert faults() == []


def test_twin_without_the_lock_leaves_a_unit_behind_or_is_stopped_by_the_database(monkeypatch, staff, city):
    monkeypatch.setattr(units, "lock_tree", lambda: None)
    outcomes = _leave_behind(monkeypatch, staff, city)
    assert len(won(outcomes)) < 2 or faults() != []


def test_two_who_close_a_unit_close_it_once(staff, city):
    calls = [partial(close_unit, unit_id=city.cousin_bureau.pk, reason="r", by=staff) for _each in range(4)]
    assert len(won(compete(calls))) == UnitChange.objects.count() == 1


def test_closing_and_making_below_end_in_one_of_both(staff, city):
    for number in range(4):
        unit = make_unit(city.east)
        make = partial(create_unit, code=f"N{number}", name="新", kind="division", by=staff)
        outcomes = compete(
            [
                partial(close_unit, unit_id=unit.pk, reason="r", by=staff),
                partial(make, parent_id=unit.pk),
            ]
        )
        assert len(won(outcomes)) == 1
    assert faults() == []


# --- people ------------------------------------------------------------------------------------------------------------------------------


def transferring(cadre: Cadre, to: Unit, by: Any) -> Any:
    facts = PostingFacts(to.pk, cadre.rank, cadre.post, cadre.category)
    return partial(transfer_cadre, cadre_id=cadre.pk, to=facts, on=clock.school_date(), reason="r", by=by)


def unit_of(cadre: Cadre) -> Unit:
    return Cadre.objects.unscoped("tests").get(pk=cadre.pk).unit


def test_closing_and_a_transfer_into_the_unit_end_in_one_of_both(staff, city):
    for _time in range(5):
        unit, cadre = make_unit(city.east), CadreFactory(unit=city.culture_bureau)
        outcomes = compete(
            [partial(close_unit, unit_id=unit.pk, reason="r", by=staff), transferring(cadre, unit, staff)]
        )
        assert len(won(outcomes)) == 1
        assert (unit_of(cadre) == unit) == isinstance(outcomes[1], Posting)


def _close_during_a_transfer(monkeypatch: Any, staff: Any, city: City) -> tuple[Cadre, list[Any]]:
    """Somebody has been put into the unit, and it is not committed yet, when the people of the unit are counted."""
    cadre = CadreFactory(unit=city.culture_bureau)
    placed, pause = Gate(2, patience=5), Gate(2, patience=1)
    monkeypatch.setattr(transfers, "_note", pause.wrap(placed.wrap(transfers._note)))

    def close() -> Any:
        placed.wrap(lambda: None)()
        return close_unit(unit_id=city.cousin_bureau.pk, reason="r", by=staff)

    outcomes = compete([as_outcome(transferring(cadre, city.cousin_bureau, staff)), as_outcome(close)])
    return cadre, outcomes


def test_closing_waits_for_a_transfer_under_way(monkeypatch, staff, city):
    cadre, outcomes = _close_during_a_transfer(monkeypatch, staff, city)
    assert isinstance(outcomes[1], units.UnitOccupied)
    assert unit_of(cadre) == city.cousin_bureau


def test_closing_twin_without_the_lock_on_the_unit_overlooks_somebody(monkeypatch, staff, city):
    monkeypatch.setattr(units, "lock_unit_against_people", lambda pk: Unit.objects.get(pk=pk))
    cadre, outcomes = _close_during_a_transfer(monkeypatch, staff, city)
    assert len(won(outcomes)) == 2
    assert unit_of(cadre).closed_on is not None


def test_merging_while_people_are_transferred_leaves_nobody_in_the_closed_unit(staff, city):
    for _time in range(3):
        unit = make_unit(city.east)
        inside = [CadreFactory(unit=unit) for _each in range(4)]
        outside = [CadreFactory(unit=city.culture_bureau) for _each in range(4)]
        compete(
            [
                partial(merge_units, unit_id=unit.pk, into_id=city.cousin_bureau.pk, reason="r", by=staff),
                *(transferring(cadre, city.culture_bureau, staff) for cadre in inside),
                *(transferring(cadre, unit, staff) for cadre in outside),
            ]
        )
        merged = Unit.objects.get(pk=unit.pk)
        assert Cadre.objects.filter(unit=unit).unscoped("tests").exists() == (merged.closed_on is None)
    assert faults() == []


def _merge_during_a_transfer(monkeypatch: Any, staff: Any, city: City) -> tuple[Cadre, list[Any]]:
    """Somebody has been put into the unit, and it is not committed yet, when its people are looked up to be taken along."""
    cadre = CadreFactory(unit=city.culture_bureau)
    placed, pause = Gate(2, patience=5), Gate(2, patience=1)
    monkeypatch.setattr(transfers, "_note", pause.wrap(placed.wrap(transfers._note)))
    unit, into = city.cousin_bureau.pk, city.finance_bureau.pk

    def merge() -> Any:
        placed.wrap(lambda: None)()
        return merge_units(unit_id=unit, into_id=into, reason="r", by=staff)

    outcomes = compete([as_outcome(transferring(cadre, city.cousin_bureau, staff)), as_outcome(merge)])
    return cadre, outcomes


def test_merging_waits_for_a_transfer_under_way_and_begins_anew(monkeypatch, staff, city):
    cadre, outcomes = _merge_during_a_transfer(monkeypatch, staff, city)
    assert isinstance(outcomes[1], Busy)
    assert unit_of(cadre) == city.cousin_bureau
    assert unit_of(cadre).closed_on is None
    merge_units(unit_id=city.cousin_bureau.pk, into_id=city.finance_bureau.pk, reason="r", by=staff)
    assert unit_of(cadre) == city.finance_bureau


def test_merging_twin_without_the_lock_on_the_unit_leaves_somebody_behind(monkeypatch, staff, city):
    monkeypatch.setattr(unit_merging, "lock_unit_against_people", lambda pk: Unit.objects.get(pk=pk))
    cadre, outcomes = _merge_during_a_transfer(monkeypatch, staff, city)
    assert len(won(outcomes)) == 2
    assert unit_of(cadre).closed_on is not None


def test_two_who_merge_a_unit_merge_it_once(staff, city):
    people = [CadreFactory(unit=city.cousin_bureau) for _each in range(3)]
    into = (city.finance_bureau, city.culture_bureau)
    calls = [
        partial(merge_units, unit_id=city.cousin_bureau.pk, into_id=unit.pk, reason="r", by=staff)
        for unit in into
    ]
    (merger,) = won(compete(calls))
    assert merger.people == len(people)
    assert len({unit_of(cadre) for cadre in people}) == 1
    assert faults() == []
