"""Merging one unit into another: its people are posted there, then the tree closes it."""

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import F, Value
from django.db.models.functions import Greatest

from partyschool.accounts.models import Unit, UnitChange, User
from partyschool.accounts.services.unit_locks import lock_unit_against_people
from partyschool.accounts.services.unit_merging import merge_denial, take_over
from partyschool.accounts.services.units import given_day, given_reason, open_unit, tree_transaction
from partyschool.common import clock
from partyschool.common.errors import Busy
from trainees.models import Cadre, Posting
from trainees.selectors.unit_people import people_of


@dataclass(frozen=True)
class Merger:
    """What a merging did: the line of the history, and how many people were posted to the other unit."""

    change: UnitChange
    people: int


def merge_units(
    *,
    unit_id: int,
    into_id: int,
    reason: str,
    by: User,
    on: date | None = None,
    now: datetime | None = None,
) -> Merger:
    """Merge a unit into another: people are posted there from the day on, its open units move under it, and it is closed.

    Rank, post and category of the people stay. Whoever came to the unit on that day or later is taken to have come to the other one.
    People who had left before stay with the closed unit, which is kept below the other one, with the results of its years. Roles held
    for the unit end. Quotas, openings and reserved seats that name it stay as they are and hold for nobody any more: the preview lists
    them (`selectors.unit_merging`), since only the school can say whether the other unit is to have more.
    Raises `NotFound`, `UnitIsClosed`, `UnitBelowItself`, `DepartmentsOnly`, `InvalidInput`, `Busy`.
    Concurrency: holds the tree alone; locks the people by key, then the unit against newcomers, and begins anew (`Busy`) if somebody came
    between the two.
    """
    now, reason = now or clock.now(), given_reason(reason)
    with tree_transaction():
        unit, into = open_unit(unit_id), open_unit(into_id)
        if denial := merge_denial(unit, into):
            raise denial
        day = given_day(unit, on, now)
        moved = _move_people(unit, into, day, reason=reason, by=by, now=now)
        change = take_over(unit=unit, into=into, day=day, reason=reason, by=by, now=now)
    return Merger(change, moved)


def _move_people(unit: Unit, into: Unit, day: date, *, reason: str, by: User, now: datetime) -> int:
    there = Cadre.objects.filter(people_of(unit, day)).unscoped("the whole unit is merged")
    locked = set(
        there.select_for_update(no_key=True, of=("self",)).order_by("pk").values_list("pk", flat=True)
    )
    lock_unit_against_people(unit.pk)
    if not locked.issuperset(there.values_list("pk", flat=True)):
        raise Busy
    people = Cadre.objects.filter(pk__in=locked).unscoped("the whole unit is merged")
    people.update(unit=into, posted_on=Greatest(F("posted_on"), Value(day)))
    postings = Posting.objects.filter(cadre__in=locked, starts_on=F("cadre__posted_on"))
    postings.unscoped("the whole unit is merged").update(reason=reason, noted_by=by, noted_at=now)
    return len(locked)
