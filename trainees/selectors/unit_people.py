"""Who belongs to a unit; the floor of the units, which does not know people, is told how many they are."""

from datetime import date

from django.db.models import Q

from partyschool.accounts.models import Unit
from partyschool.accounts.occupants import counts_people
from trainees.models import Cadre


def people_of(unit: Unit, day: date, *, below: bool = False) -> Q:
    """The cadres who belong to `unit` beyond `day`; with `below`, to everything under it too."""
    place = Q(unit__path__startswith=unit.path) if below else Q(unit=unit)
    return place & (Q(left_on__isnull=True) | Q(left_on__gt=day))


@counts_people
def cadres_in(unit: Unit, below: bool, after: date) -> int:
    """The number of cadres who belong to `unit` beyond the day `after`."""
    return Cadre.objects.filter(people_of(unit, after, below=below)).unscoped("a number of people").count()
