"""What moving a unit would change, told before it is done."""

from collections.abc import Iterable
from dataclasses import dataclass

from partyschool.accounts.models import RoleGrant, Unit
from partyschool.accounts.occupants import people_in
from partyschool.common import clock


@dataclass(frozen=True)
class MovePreview:
    """How much moves along, to whom it answers before and after, and whose roles begin or cease to reach it."""

    people: int
    units: int
    department_before: Unit | None
    department_after: Unit | None
    lose: list[RoleGrant]
    gain: list[RoleGrant]


def move_preview(unit: Unit, target: Unit) -> MovePreview:
    """What moving `unit` under `target` today would do. Six queries, whatever the size."""
    before, after = set(path_to(unit)[:-1]), set(path_to(target))
    return MovePreview(
        people=people_in(unit, after=clock.school_date(), below=True),
        units=Unit.objects.filter(path__startswith=unit.path, closed_on__isnull=True).count(),
        department_before=unit.jurisdiction,
        department_after=unit.jurisdiction if unit.jurisdiction == unit else target.jurisdiction,
        lose=_grants_on(before - after),
        gain=_grants_on(after - before),
    )


def path_to(unit: Unit) -> list[str]:
    """The paths of the units above `unit` from the top down, and its own."""
    return [unit.path[:end] for end in range(Unit.steplen, len(unit.path) + 1, Unit.steplen)]


def _grants_on(paths: Iterable[str]) -> list[RoleGrant]:
    held = RoleGrant.objects.valid_on(clock.school_date()).filter(unit__path__in=paths, user__is_active=True)
    return list(held.select_related("user", "unit").order_by("unit__path", "role", "pk"))
