"""Choosing a unit of a tree that may be large: walk down from the top, or search by name or code."""

from collections.abc import Mapping
from dataclasses import dataclass

from django.db.models import Q

from partyschool.accounts.models import Unit
from partyschool.common.numbers import whole_number

from .unit_moves import path_to

FOUND_MOST = 30


@dataclass(frozen=True)
class Choice:
    """A unit to be chosen, with the names of the units above it; `leads_on`: there are others below."""

    unit: Unit
    place: str
    leads_on: bool


@dataclass(frozen=True)
class UnitPicker:
    """One step of choosing: the units above (from the top), the one looked at, those below it, or what a search found."""

    above: list[Unit]
    here: Unit | None
    choices: list[Choice]
    query: str
    cut: bool


def pick_unit(query: Mapping[str, str], *, leaving_out: Unit) -> UnitPicker:
    """The step that the address asks for by `q` (search) or `under` (key of the unit looked at); `leaving_out` is offered nowhere.

    At most four queries.
    """
    units = Unit.objects.filter(closed_on__isnull=True).exclude(path__startswith=leaving_out.path)
    if words := query.get("q", "").strip():
        found = units.filter(Q(name__icontains=words) | Q(code__iexact=words)).order_by("path")
        rows = list(found[: FOUND_MOST + 1])
        return UnitPicker([], None, _choices(rows[:FOUND_MOST]), words, cut=len(rows) > FOUND_MOST)
    here = units.filter(pk=whole_number(query.get("under", ""))).first() or _only_root()
    below = units.filter(path__startswith=here.path, depth=here.depth + 1) if here else units.filter(depth=1)
    above = list(Unit.objects.filter(path__in=path_to(here)[:-1]).order_by("path")) if here else []
    choices = [Choice(unit, "", leads_on=unit.numchild > 0) for unit in below.order_by("path")]
    return UnitPicker(above, here, choices, "", cut=False)


def _only_root() -> Unit | None:
    roots = list(Unit.objects.filter(depth=1)[:2])
    return roots[0] if len(roots) == 1 else None


def _choices(rows: list[Unit]) -> list[Choice]:
    names = dict(
        Unit.objects.filter(path__in={path for unit in rows for path in path_to(unit)}).values_list(
            "path", "name"
        )
    )
    return [
        Choice(unit, " / ".join(names[path] for path in path_to(unit)[:-1]), leads_on=unit.numchild > 0)
        for unit in rows
    ]
