"""The tree's part of merging one unit into another. People are moved by the floor that knows them (`trainees.services.unit_merging`)."""

from datetime import date, datetime

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partyschool.accounts.enums import UnitChangeKind, UnitKind
from partyschool.accounts.models import Unit, UnitChange, User
from partyschool.common.errors import InvalidInput

from .units import UnitBelowItself, UnitOccupied, occupied_by, parent_of, place_under, record_change, shut


class DepartmentsOnly(InvalidInput):
    """An organisation department goes into another one only: its units would answer to nobody."""

    code = "unit_departments"
    title = gettext_lazy("An organisation department can be merged into another one only")
    remedy = gettext_lazy("Choose an organisation department, or move the units below it one by one.")


def merge_denial(unit: Unit, into: Unit) -> InvalidInput | None:
    """Why `unit` cannot be merged into `into`; both are open."""
    if unit.contains(into):
        return UnitBelowItself(
            _("“%(target)s” belongs to “%(unit)s”.") % {"target": into.name, "unit": unit.name}
        )
    if unit.kind == UnitKind.ORG_DEPARTMENT and into.kind != UnitKind.ORG_DEPARTMENT:
        return DepartmentsOnly(into.name)
    return None


def open_children(unit: Unit) -> list[Unit]:
    """The open units directly below `unit`, in the order of the tree."""
    return list(Unit.objects.get_children(unit).filter(closed_on__isnull=True))


def take_over(*, unit: Unit, into: Unit, day: date, reason: str, by: User, now: datetime) -> UnitChange:
    """Let `into` take over `unit`, which nobody belongs to any more: its open units move under `into`, and it is closed.

    The closed unit itself is kept below `into`: whoever is responsible there reads what happened under its name. Roles held for it end.
    Raises `UnitOccupied` if people still belong to it.
    Concurrency: call it behind `lock_tree` and `lock_unit_against_people`, with both units read there.
    """
    above = parent_of(unit)
    for child in open_children(unit):
        place_under(child, into)
        record_change(
            unit=child,
            kind=UnitChangeKind.MOVED,
            from_parent=unit,
            to_parent=into,
            effective_on=day,
            reason=reason,
            by=by,
            at=now,
        )
    unit.refresh_from_db()
    if facts := occupied_by(unit, day):
        raise UnitOccupied(facts)
    shut(unit, day, now)
    into.refresh_from_db()
    if above != into:
        place_under(unit, into)
    return record_change(
        unit=unit,
        kind=UnitChangeKind.MERGED,
        into=into,
        from_parent=above,
        to_parent=into,
        effective_on=day,
        reason=reason,
        by=by,
        at=now,
    )
