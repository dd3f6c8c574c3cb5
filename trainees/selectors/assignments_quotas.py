"""Sharing the seats of a class out among the units, by how many people they have."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, Q

from partyschool.accounts.enums import UnitKind
from partyschool.accounts.models import Unit
from trainees.models import Assignment, Cadre
from trainees.rules.assignments import apportion

from .assignments_rates import on_register

# Units that send people; what lies below one of them belongs to it.
SENDING_KINDS = (UnitKind.BUREAU, UnitKind.TOWNSHIP, UnitKind.INSTITUTION, UnitKind.ENTERPRISE)


@dataclass(frozen=True)
class QuotaRow:
    """One unit: its quota as stored, the people whom the class is meant for, and the number to begin with."""

    unit: Unit
    above: str
    people: int
    seats: int
    nominated: int
    proposed: int


def quota_rows(assignment: Assignment, *, share_out: int | None = None) -> list[QuotaRow]:
    """The uppermost sending units in the order of the tree, and all that have a quota. Three queries.

    With `share_out` so many people are proposed by headcount (largest remainders), else the stored quotas.
    """
    stored = {quota.unit_id: quota for quota in assignment.quotas.all()}
    found = Unit.objects.filter(
        Q(kind__in=SENDING_KINDS, closed_on=None) | Q(pk__in=stored) | Q(kind=UnitKind.ORG_DEPARTMENT)
    )
    units: list[Unit] = []
    names: dict[str, str] = {}
    for unit in found.order_by("path"):
        if unit.kind == UnitKind.ORG_DEPARTMENT and unit.pk not in stored:
            names[unit.path] = unit.name
        elif unit.pk in stored or not any(unit.path.startswith(one.path) for one in units[-1:]):
            units.append(unit)
    people = _people(assignment, units)
    proposed = (
        apportion(share_out, people)
        if share_out
        else [stored[one.pk].seats if one.pk in stored else 0 for one in units]
    )
    return [
        QuotaRow(
            unit,
            next((name for path, name in names.items() if unit.path.startswith(path)), ""),
            number,
            stored[unit.pk].seats if unit.pk in stored else 0,
            stored[unit.pk].nominated if unit.pk in stored else 0,
            max(share, stored[unit.pk].nominated if unit.pk in stored else 0),
        )
        for unit, number, share in zip(units, people, proposed, strict=True)
    ]


def _people(assignment: Assignment, units: Sequence[Unit]) -> list[int]:
    """How many people of each unit, and below, the class is meant for."""
    meant = on_register()
    if assignment.ranks:
        meant &= Q(rank__in=assignment.ranks)
    if assignment.categories:
        meant &= Q(category__in=assignment.categories)
    counts = (
        Cadre.objects.filter(meant)
        .unscoped("numbers, not people")
        .order_by()
        .values_list("unit__path")
        .annotate(Count("pk"))
    )
    by_path = list(counts)
    return [sum(number for path, number in by_path if path.startswith(unit.path)) for unit in units]
