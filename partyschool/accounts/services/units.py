"""The unit tree, changed with its history: make, move, rename, close and reopen a unit. Merging: `unit_merging`."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import F, Max, Q, Value
from django.db.models.functions import Greatest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from partyschool.accounts.enums import UnitChangeKind, UnitKind
from partyschool.accounts.models import RoleGrant, Unit, UnitChange, User
from partyschool.accounts.occupants import people_in
from partyschool.common import clock
from partyschool.common.deeds import tell
from partyschool.common.errors import DomainError, InvalidInput, NotFound, WrongState
from partyschool.common.locking import locking_transaction

from .unit_locks import lock_tree, lock_unit_against_people

REASON_MOST = UnitChange._meta.get_field("reason").max_length or 0
NAME_MOST = Unit._meta.get_field("name").max_length or 0
# City, department, unit, division and some to spare; a path holds 63.
DEPTH_MOST = 12


class UnitIsClosed(WrongState):
    """Nothing is moved into a closed unit, and a closed one is changed no more."""

    code = "unit_closed"
    title = gettext_lazy("This unit is closed down")
    remedy = gettext_lazy("Reopen it first, or choose another unit.")


class UnitIsOpen(WrongState):
    """Only a closed unit is reopened."""

    code = "unit_open"
    title = gettext_lazy("This unit is not closed")


class UnitOccupied(WrongState):
    """A unit with people or open units in it cannot be closed."""

    code = "unit_occupied"
    title = gettext_lazy("This unit is not empty")
    remedy = gettext_lazy(
        "Transfer the people and move or close the units below it first, or merge the unit into another."
    )


class UnitBelowItself(InvalidInput):
    """A unit cannot stand below itself."""

    code = "unit_cycle"
    title = gettext_lazy("A unit cannot be placed below itself")
    remedy = gettext_lazy("Choose a unit that does not belong to the one you are moving.")


class UnitStaysWhereItIs(WrongState):
    """It stands there already, or has that name already."""

    code = "unit_unchanged"
    title = gettext_lazy("Nothing would change")
    remedy = gettext_lazy("Reload the page to see the unit as it is now.")


def given_reason(reason: str) -> str:
    """`reason` without blanks around it. Raises `InvalidInput` when it is empty or longer than the history keeps."""
    reason = reason.strip()
    if not reason:
        raise InvalidInput(_("A reason is needed."))
    if len(reason) > REASON_MOST:
        raise InvalidInput(_("The reason has more than %(most)s characters.") % {"most": REASON_MOST})
    return reason


def given_day(unit: Unit, on: date | None, now: datetime) -> date:
    """The day from which a change of `unit` holds: `on`, or today. Raises `InvalidInput` for days to come or before the last change."""
    today = clock.school_date(now)
    day = on or today
    if day > today:
        raise InvalidInput(_("The day lies in the future: enter the change on that day."))
    last = unit.changes.aggregate(last=Max("effective_on"))["last"]
    if last is not None and day < last:
        raise InvalidInput(
            _("The unit was last changed with effect from %(last)s: choose that day or a later one.")
            % {"last": last.isoformat()}
        )
    return day


@contextmanager
def tree_transaction() -> Iterator[None]:
    """A transaction that holds the tree alone. Raises `Busy`."""
    with locking_transaction():
        lock_tree()
        yield


def unit_or_refusal(unit_id: int) -> Unit:
    """The unit as it stands. Raises `NotFound`."""
    unit = Unit.objects.filter(pk=unit_id).first()
    if unit is None:
        raise NotFound(_("There is no such unit."))
    return unit


def open_unit(unit_id: int) -> Unit:
    """The unit as it stands, if it is open. Raises `NotFound`, `UnitIsClosed`."""
    unit = unit_or_refusal(unit_id)
    if unit.closed_on:
        raise UnitIsClosed(unit.name)
    return unit


def record_change(
    *, unit: Unit, kind: str, by: User, at: datetime, effective_on: date, reason: str, **facts: Any
) -> UnitChange:
    """Write one line of the history, and tell the trail."""
    change = UnitChange.objects.create(
        unit=unit, kind=kind, effective_on=effective_on, reason=reason, by=by, at=at, **facts
    )
    told = {name: getattr(value, "pk", value) for name, value in facts.items()}
    data = {"effective_on": effective_on.isoformat(), "reason": reason, **told}
    tell(action=f"unit.{kind}", subject=unit, by=by, data=data)
    return change


def create_unit(
    *,
    code: str,
    name: str,
    kind: str,
    parent_id: int | None,
    by: User,
    on: date | None = None,
    reason: str = "",
    now: datetime | None = None,
) -> Unit:
    """Add a unit below `parent_id`, or at the top of the tree; returns it.

    Raises `NotFound`, `UnitIsClosed`, `InvalidInput` (too deep, unknown kind, a day to come), `Busy`; a taken code is an IntegrityError.
    Concurrency: holds the tree alone; works inside a caller's transaction too.
    """
    now = now or clock.now()
    if kind not in UnitKind.values:
        raise InvalidInput(kind)
    with transaction.atomic():
        lock_tree()
        fields = {"code": code, "name": name.strip(), "kind": kind}
        parent = open_unit(parent_id) if parent_id else None
        if parent is not None and parent.depth >= DEPTH_MOST:
            raise _too_deep()
        unit = Unit.objects.add_child(parent, fields) if parent else Unit.objects.add_root(fields)
        record_change(
            unit=unit,
            kind=UnitChangeKind.CREATED,
            to_parent=parent,
            effective_on=given_day(unit, on, now),
            reason=reason.strip()[:REASON_MOST],
            by=by,
            at=now,
        )
    return unit


def set_unit_kind(*, unit_id: int, kind: str, by: User) -> Unit:
    """Say anew what kind of unit it is; organisation departments stay what they are, since jurisdiction hangs on them.

    Raises `NotFound`, `InvalidInput`, `Busy`. Concurrency: holds the tree alone; works inside a caller's transaction too.
    """
    with transaction.atomic():
        lock_tree()
        unit = unit_or_refusal(unit_id)
        if kind not in UnitKind.values or (
            kind != unit.kind and UnitKind.ORG_DEPARTMENT in {kind, unit.kind}
        ):
            raise InvalidInput(_("The kind of an organisation department stands."))
        if kind != unit.kind:
            before, unit.kind = unit.kind, kind
            unit.save(update_fields=["kind"])
            tell(action="unit.set_kind", subject=unit, by=by, data={"kind": [before, kind]})
    return unit


def move_unit(
    *,
    unit_id: int,
    to_id: int,
    reason: str,
    by: User,
    on: date | None = None,
    now: datetime | None = None,
) -> UnitChange:
    """Place a unit with everything below it under another one; who sees it follows from that moment on.

    What was decided under the old place stays as it was: yearly assessments and issued reports name unit and jurisdiction themselves.
    Raises `NotFound`, `UnitIsClosed` (either), `UnitBelowItself`, `UnitStaysWhereItIs`, `InvalidInput` (reason, day, too deep), `Busy`.
    Concurrency: holds the tree alone, and decides behind that lock.
    """
    now, reason = now or clock.now(), given_reason(reason)
    with tree_transaction():
        unit, target = open_unit(unit_id), open_unit(to_id)
        if denial := move_denial(unit, target):
            raise denial
        day, above = given_day(unit, on, now), parent_of(unit)
        place_under(unit, target)
        return record_change(
            unit=unit,
            kind=UnitChangeKind.MOVED,
            from_parent=above,
            to_parent=target,
            effective_on=day,
            reason=reason,
            by=by,
            at=now,
        )


def move_denial(unit: Unit, target: Unit) -> DomainError | None:
    """Why `unit` cannot be moved under `target`; both are open."""
    names = {"target": target.name, "unit": unit.name}
    if unit.contains(target):
        return UnitBelowItself(_("“%(target)s” belongs to “%(unit)s”.") % names)
    if target.path == unit.path[: -Unit.steplen]:
        return UnitStaysWhereItIs(_("“%(unit)s” stands under “%(target)s” already.") % names)
    return None


def rename_unit(
    *, unit_id: int, name: str, reason: str, by: User, on: date | None = None, now: datetime | None = None
) -> UnitChange:
    """Give a unit a new name; its history keeps the old one.

    Raises `NotFound`, `UnitIsClosed`, `UnitStaysWhereItIs`, `InvalidInput` (name, reason, day), `Busy`. Concurrency: holds the tree alone.
    """
    now, reason, name = now or clock.now(), given_reason(reason), name.strip()
    if not name or len(name) > NAME_MOST:
        raise InvalidInput(_("A unit needs a name of at most %(most)s characters.") % {"most": NAME_MOST})
    with tree_transaction():
        unit = open_unit(unit_id)
        day = given_day(unit, on, now)
        if unit.name == name:
            raise UnitStaysWhereItIs(_("The unit has this name already."))
        before, unit.name = unit.name, name
        unit.save(update_fields=["name"])
        return record_change(
            unit=unit,
            kind=UnitChangeKind.RENAMED,
            old_name=before,
            new_name=name,
            effective_on=day,
            reason=reason,
            by=by,
            at=now,
        )


def close_unit(
    *, unit_id: int, reason: str, by: User, on: date | None = None, now: datetime | None = None
) -> UnitChange:
    """Close an empty unit down; roles held for it end that day. The unit stays, for what happened under its name.

    Raises `NotFound`, `UnitIsClosed`, `UnitOccupied` while people belong to it or open units stand below it, `InvalidInput`, `Busy`.
    Concurrency: holds the tree alone, and the unit against people who are put into it; both are counted behind the locks.
    """
    now, reason = now or clock.now(), given_reason(reason)
    with tree_transaction():
        unit = open_unit(unit_id)
        day = given_day(unit, on, now)
        lock_unit_against_people(unit.pk)
        if facts := occupied_by(unit, day):
            raise UnitOccupied(facts)
        shut(unit, day, now)
        return record_change(
            unit=unit, kind=UnitChangeKind.CLOSED, effective_on=day, reason=reason, by=by, at=now
        )


def reopen_unit(
    *, unit_id: int, reason: str, by: User, on: date | None = None, now: datetime | None = None
) -> UnitChange:
    """Open a closed unit again, where it stands; roles that ended with it are given anew by hand.

    Raises `NotFound`, `UnitIsOpen`, `UnitIsClosed` (the unit above it), `InvalidInput`, `Busy`. Concurrency: holds the tree alone.
    """
    now, reason = now or clock.now(), given_reason(reason)
    with tree_transaction():
        unit = unit_or_refusal(unit_id)
        if unit.closed_on is None:
            raise UnitIsOpen(unit.name)
        day = given_day(unit, on, now)
        above = parent_of(unit)
        if above is not None and above.closed_on:
            raise UnitIsClosed(above.name)
        unit.closed_on = None
        unit.save(update_fields=["closed_on"])
        return record_change(
            unit=unit, kind=UnitChangeKind.REOPENED, effective_on=day, reason=reason, by=by, at=now
        )


def parent_of(unit: Unit) -> Unit | None:
    """The unit directly above, freshly read."""
    return Unit.objects.filter(path=unit.path[: -Unit.steplen]).first() if unit.depth > 1 else None


def place_under(unit: Unit, target: Unit) -> None:
    """Move the branch of `unit` to the end of the units under `target`. Raises `InvalidInput` if it would go too deep.

    Concurrency: call it behind `lock_tree`.
    """
    branch = Unit.objects.filter(path__startswith=unit.path).aggregate(deepest=Max("depth"))["deepest"]
    if target.depth + 1 + branch - unit.depth > DEPTH_MOST:
        raise _too_deep()
    Unit.objects.move(unit, target, "last-child")


def occupied_by(unit: Unit, day: date) -> str:
    """What keeps `unit` from being closed on `day`, as a sentence; empty if nothing does."""
    found = []
    if people := people_in(unit, after=day):
        found.append(
            ngettext("%(number)s person belongs to it", "%(number)s people belong to it", people)
            % {"number": people}
        )
    open_below = Unit.objects.filter(path__startswith=unit.path, closed_on__isnull=True).exclude(pk=unit.pk)
    if units := open_below.count():
        found.append(
            ngettext("%(number)s unit stands below it", "%(number)s units stand below it", units)
            % {"number": units}
        )
    return _(", ").join(found)


def live_grants(unit: Unit, day: date) -> Any:
    """The roles held for `unit` that go on after `day`."""
    return RoleGrant.objects.filter(unit=unit).filter(Q(valid_until__isnull=True) | Q(valid_until__gt=day))


def shut(unit: Unit, day: date, now: datetime) -> None:
    """Mark `unit` as closed on `day`; roles held for it end today, or on their first day if that is still to come."""
    unit.closed_on = day
    unit.save(update_fields=["closed_on"])
    today = clock.school_date(now)
    live_grants(unit, today).update(valid_until=Greatest(F("valid_from"), Value(today)))


def _too_deep() -> InvalidInput:
    return InvalidInput(_("The tree would have more than %(most)s levels there.") % {"most": DEPTH_MOST})
