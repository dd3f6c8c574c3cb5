"""What became of a unit, in words."""

from dataclasses import dataclass

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
