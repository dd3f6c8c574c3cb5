"""What became of a unit, in words; and the tree as it was on a day."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Q
from django.utils.translation import gettext as _

from partyschool.accounts.enums import UnitChangeKind
from partyschool.accounts.models import Unit, UnitChange

MOST = 200


@dataclass(frozen=True)
class HistoryLine:
    """A change and what it says, seen from the unit whose history is read."""

    change: UnitChange
    text: str


def unit_history(unit: Unit) -> list[HistoryLine]:
    """The newest `MOST` changes of `unit` and the units that it took over, newest first. One query."""
    changes = UnitChange.objects.filter(Q(unit=unit) | Q(into=unit))
    related = changes.select_related("unit", "from_parent", "to_parent", "into", "by")
    return [HistoryLine(change, _words(change, unit)) for change in related.order_by("-pk")[:MOST]]


def _words(change: UnitChange, unit: Unit) -> str:
    names = {
        "unit": change.unit.name,
        "into": change.into.name if change.into else "",
        "before": change.from_parent.name if change.from_parent else _("(top of the tree)"),
        "after": change.to_parent.name if change.to_parent else _("(top of the tree)"),
        "old": change.old_name,
        "new": change.new_name,
    }
    if change.into_id == unit.pk:
        return _("Took over “%(unit)s”") % names
    return {
        UnitChangeKind.CREATED: _("Created under “%(after)s”"),
        UnitChangeKind.MOVED: _("Moved from “%(before)s” to “%(after)s”"),
        UnitChangeKind.MERGED: _("Merged into “%(into)s”"),
        UnitChangeKind.CLOSED: _("Closed down"),
        UnitChangeKind.REOPENED: _("Reopened"),
        UnitChangeKind.RENAMED: _("Renamed from “%(old)s” to “%(new)s”"),
    }[UnitChangeKind(change.kind)] % names


@dataclass(frozen=True)
class TreeOn:
    """The unit tree as it was on a day: each unit's name, and the unit above it (None at the top), by key."""

    names: dict[int, str]
    above: dict[int, int | None]

    def way_down(self, top: int, unit: int) -> list[int]:
        """The units from directly below `top` down to `unit`; just `unit` if it did not lie below `top` (or is it)."""
        way = [unit]
        while (above := self.above.get(way[-1])) is not None and above != top and len(way) < len(self.above):
            way.append(above)
        return way[::-1] if above == top else [unit]


def tree_on(day: date) -> TreeOn:
    """Names and places of all units on `day`: those of today, with every later change taken back. Two queries."""
    units = list(Unit.objects.values_list("pk", "path", "name"))
    keys = {path: pk for pk, path, _name in units}
    names = {pk: name for pk, _path, name in units}
    above = {pk: keys.get(path[: -Unit.steplen]) for pk, path, _name in units}
    for change in UnitChange.objects.filter(effective_on__gt=day).order_by("-pk"):
        if change.kind == UnitChangeKind.RENAMED:
            names[change.unit_id] = change.old_name
        elif change.kind in {UnitChangeKind.MOVED, UnitChangeKind.MERGED}:
            above[change.unit_id] = change.from_parent_id
    return TreeOn(names, above)


def departments_then(day: date) -> dict[int, int | None]:
    """For each unit whose organisation department on `day` was another than today's: that one, by key (None where there was none).

    One query where nothing was moved since, four otherwise.
    """
    places = [UnitChangeKind.MOVED, UnitChangeKind.MERGED]
    if not UnitChange.objects.filter(effective_on__gt=day, kind__in=places).exists():
        return {}
    departments = set(Unit.objects.jurisdictions().values_list("pk", flat=True))
    then, now = tree_on(day), tree_on(date.max)

    def department(tree: TreeOn, unit: int) -> int | None:
        found: int | None = unit
        while found is not None and found not in departments:
            found = tree.above[found]
        return found

    pairs = {unit: (department(then, unit), department(now, unit)) for unit in then.names}
    return {unit: before for unit, (before, today) in pairs.items() if before != today}
