"""To whom the results of a year are reported: organisation departments, and the units that people belonged to.

A division is no body of its own that documents are sent to: its people are in the report to the unit that it belongs to.
"""

from dataclasses import dataclass
from datetime import date

from django.db.models import Q

from partyschool.accounts.enums import UnitKind
from partyschool.accounts.models import Unit
from partyschool.accounts.selectors.unit_history import TreeOn, tree_on
from trainees.models import YearlyAssessment


@dataclass(frozen=True)
class Houses:
    """The unit tree as at the end of a year, and which unit answers for each: itself, or the one that a division belongs to; by key."""

    tree: TreeOn
    house: dict[int, int]

    def reported_to(self, recipient: Unit) -> Q:
        """The results that a report to `recipient` is about: of its jurisdiction at the closing, and of itself and its divisions."""
        family = [unit for unit, house in self.house.items() if house == recipient.pk]
        return Q(jurisdiction=recipient) | Q(unit__in=family)


def houses_of(year: int) -> Houses:
    """Who answers for whom in `year`. Three queries."""
    tree = tree_on(date(year, 12, 31))
    divisions = set(Unit.objects.filter(kind=UnitKind.DIVISION).values_list("pk", flat=True))
    house = {}
    for unit in tree.names:
        found: int = unit
        while found in divisions and (above := tree.above.get(found)) is not None:
            found = above
        house[unit] = found
    return Houses(tree, house)


def recipients_of(year: int) -> list[Unit]:
    """The organisation departments that have cadres with a result in `year` and the units that answer for them, in the order of the tree."""
    results = YearlyAssessment.objects.filter(year=year).unscoped("who gets a report").order_by()
    departments = set(results.values_list("jurisdiction", flat=True).distinct()) - {None}
    units = set(results.values_list("unit", flat=True).distinct())
    house = houses_of(year).house if units else {}
    return list(Unit.objects.filter(pk__in=departments | {house[unit] for unit in units}))
