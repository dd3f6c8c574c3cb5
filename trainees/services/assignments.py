"""The school makes an assignment for a class, gives units quotas, issues it, moves its dates and ends it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError
from django.utils.translation import gettext as _

from courses.enums import OfferingState
from courses.models import Offering
from partyschool.accounts.models import Unit
from partyschool.audit.services.events import record_event
from partyschool.common import clock
from partyschool.common.errors import Duplicate, InvalidInput, NotFound, WrongState
from partyschool.common.locking import locking_transaction, violated_constraint
from trainees.enums import AssignmentState, DeferralState, NominationState
from trainees.models import Assignment, AssignmentQuota, Deferral, Nomination
from trainees.rules.assignments import ASSIGNED_KINDS
from trainees.rules.moves import ASSIGNMENT_MOVES, may_move

from .assignments_locks import lock_assignment
from .assignments_notices import tell_deadlines, tell_ended, tell_issued
from .enrolments import given_reason

LIVE_ASSIGNMENTS = (AssignmentState.DRAFT, AssignmentState.ISSUED)


def make_assignment(
    *,
    offering_id: int,
    nominate_by: datetime,
    confirm_by: datetime,
    substitutes_until: datetime,
    by: Any,
    instructions: str = "",
    ranks: list[str] | None = None,
    categories: list[str] | None = None,
    now: datetime | None = None,
) -> Assignment:
    """A draft of an assignment to a planned or published class; units know nothing of it yet.

    Raises `NotFound`, `WrongState` (the class is of another kind, or over), `Duplicate` (has one), `InvalidInput` (dates).
    """
    offering = Offering.objects.filter(pk=offering_id).first()
    if offering is None:
        raise NotFound(_("There is no such class."))
    if offering.kind not in ASSIGNED_KINDS:
        raise WrongState(_("“%(title)s” is chosen, not assigned.") % {"title": offering.title})
    if offering.state not in {OfferingState.PLANNED, OfferingState.PUBLISHED}:
        raise WrongState(
            _("“%(title)s” is %(state)s already.")
            % {"title": offering.title, "state": offering.get_state_display()}
        )
    at = now or clock.now()
    try:
        with locking_transaction():
            made = Assignment.objects.create(
                offering=offering,
                nominate_by=nominate_by,
                confirm_by=confirm_by,
                substitutes_until=substitutes_until,
                instructions=instructions.strip(),
                ranks=list(ranks or ()),
                categories=list(categories or ()),
                created_at=at,
                created_by=by,
            )
            record_event(
                action="assignment.make", subject=made, by=by, data={"offering": offering.pk}, now=at
            )
    except IntegrityError as error:
        raise _translated(error, offering) from error
    return made


def set_quotas(
    *, assignment_id: int, seats: Mapping[int, int], by: Any, now: datetime | None = None
) -> list[AssignmentQuota]:
    """Give units their quotas: unit id → people. Units left out keep theirs; 0 takes a quota away from which nobody was nominated.

    In a draft or under way; then units whose number grew or who are new get a notice. Quotas of a unit and of one above it at once
    would count the same people twice and are refused. Raises `NotFound`, `WrongState`, `InvalidInput`, `Busy`.
    Concurrency: locks the assignment.
    """
    if any(number < 0 for number in seats.values()):
        raise InvalidInput(_("A quota is a whole number from 0 on."))
    with locking_transaction():
        found = lock_assignment(assignment_id)
        if found.state not in LIVE_ASSIGNMENTS:
            raise _over(found)
        kept = {quota.unit_id: quota for quota in found.quotas.select_related("unit")}
        units = Unit.objects.filter(closed_on=None).in_bulk([one for one in seats if one not in kept])
        grown = []
        for unit_id, number in sorted(seats.items()):
            quota = kept.get(unit_id)
            if quota is None:
                if unit_id not in units:
                    raise NotFound(_("There is no such unit."))
                if number:
                    kept[unit_id] = AssignmentQuota.objects.create(
                        assignment=found, unit=units[unit_id], seats=number
                    )
                    grown.append(kept[unit_id])
            elif quota.seats != number:
                _check_enough(quota, number)
                if number == 0 and not Nomination.objects.filter(quota=quota).unscoped("a number").exists():
                    kept.pop(unit_id).delete()
                    continue
                if number > quota.seats:
                    grown.append(quota)
                    quota.reminded_at = quota.escalated_at = None
                quota.seats = number
                quota.save(update_fields=["seats", "reminded_at", "escalated_at"])
        _check_apart(kept.values())
        data = {"quotas": {str(unit_id): quota.seats for unit_id, quota in sorted(kept.items())}}
        record_event(action="assignment.quotas", subject=found, by=by, data=data, now=now)
        if found.state == AssignmentState.ISSUED:
            tell_issued(found, grown)
        return sorted(kept.values(), key=lambda quota: quota.unit.path)


def issue_assignment(*, assignment_id: int, by: Any, now: datetime | None = None) -> Assignment:
    """Send a draft to the units: their officers get a notice and nominate. Raises `NotFound`, `WrongState`, `InvalidInput`, `Busy`.

    Concurrency: locks the assignment.
    """
    with locking_transaction():
        found = lock_assignment(assignment_id)
        _check_move(found, AssignmentState.ISSUED)
        quotas = list(found.quotas.filter(seats__gt=0).select_related("unit"))
        if not quotas:
            raise InvalidInput(_("No unit has a quota yet."), remedy=_("Enter the quotas first."))
        at = now or clock.now()
        if found.nominate_by <= at:
            raise InvalidInput(
                _("The nominations would end on %(time)s, which is over.")
                % {"time": clock.in_words(found.nominate_by)}
            )
        found.state, found.issued_at = AssignmentState.ISSUED, at
        found.save(update_fields=["state", "issued_at"])
        data = {"units": len(quotas), "people": sum(quota.seats for quota in quotas)}
        record_event(action="assignment.issue", subject=found, by=by, data=data, now=at)
        tell_issued(found, quotas)
    return found


def change_assignment(
    *,
    assignment_id: int,
    nominate_by: datetime,
    confirm_by: datetime,
    substitutes_until: datetime,
    by: Any,
    instructions: str = "",
    ranks: list[str] | None = None,
    categories: list[str] | None = None,
    now: datetime | None = None,
) -> Assignment:
    """Change the dates, the instructions and whom the class is meant for, in a draft or under way.

    Under way, officers are told of new dates, and reminders go out anew for them.
    Raises `NotFound`, `WrongState`, `InvalidInput`, `Busy`. Concurrency: locks the assignment.
    """
    try:
        with locking_transaction():
            found = lock_assignment(assignment_id)
            if found.state not in LIVE_ASSIGNMENTS:
                raise _over(found)
            before = [found.nominate_by, found.confirm_by, found.substitutes_until]
            found.nominate_by, found.confirm_by = nominate_by, confirm_by
            found.substitutes_until, found.instructions = substitutes_until, instructions.strip()
            found.ranks, found.categories = list(ranks or ()), list(categories or ())
            found.save(
                update_fields=[
                    "nominate_by",
                    "confirm_by",
                    "substitutes_until",
                    "instructions",
                    "ranks",
                    "categories",
                ]
            )
            after = [nominate_by, confirm_by, substitutes_until]
            if before[0] != nominate_by:
                found.quotas.update(reminded_at=None, escalated_at=None)
            data = {"dates": [[one.isoformat() for one in before], [one.isoformat() for one in after]]}
            record_event(action="assignment.change", subject=found, by=by, data=data, now=now)
            if found.state == AssignmentState.ISSUED and before != after:
                tell_deadlines(found, _units(found))
    except IntegrityError as error:
        raise _translated(error, found.offering) from error
    return found


def close_assignment(*, assignment_id: int, by: Any, now: datetime | None = None) -> int:
    """End an assignment whose dates are over: the confirmed stay called, what nobody decided is taken back; returns how many.

    Raises `NotFound`, `WrongState`, `InvalidInput` while somebody can still be sent or decided, `Busy`.
    Concurrency: locks the assignment.
    """
    with locking_transaction():
        found = lock_assignment(assignment_id)
        _check_move(found, AssignmentState.CLOSED)
        at = now or clock.now()
        if (end := max(found.confirm_by, found.substitutes_until)) > at:
            raise InvalidInput(
                _("Units and organisation departments have until %(time)s.") % {"time": clock.in_words(end)},
                remedy=_("Bring the dates forward first, or wait."),
            )
        undecided = _end_undecided(found, _("The assignment was closed before it was decided."), by, at)
        _end(found, AssignmentState.CLOSED, by, at, {"undecided": undecided})
    return undecided


def cancel_assignment(*, assignment_id: int, reason: str, by: Any, now: datetime | None = None) -> None:
    """Call an assignment off for `reason`: nominations are taken back, officers are told. Confirmed people have a place in the class:
    while there are any, the class itself has to be cancelled, or the organisation departments take the calls back.

    Raises `InvalidInput` (reason), `NotFound`, `WrongState`, `Busy`. Concurrency: locks the assignment.
    """
    reason = given_reason(reason)
    with locking_transaction():
        found = lock_assignment(assignment_id)
        _check_move(found, AssignmentState.CANCELLED)
        called = found.nominations.filter(state=NominationState.CONFIRMED).unscoped("a number").count()
        if called:
            raise WrongState(
                _("%(number)s people are confirmed and have their places.") % {"number": called},
                remedy=_("Cancel the class itself, which tells all of them; or close the assignment."),
            )
        at = now or clock.now()
        was_issued = found.state == AssignmentState.ISSUED
        undecided = _end_undecided(found, reason, by, at)
        _end(found, AssignmentState.CANCELLED, by, at, {"reason": reason, "undecided": undecided})
        if was_issued:
            tell_ended(found, _units(found), reason)


def _end_undecided(found: Assignment, reason: str, by: Any, now: datetime) -> int:
    asked = Deferral.objects.filter(nomination__assignment=found, state=DeferralState.ASKED)
    asked.unscoped("the assignment ends").update(state=DeferralState.WITHDRAWN)
    undecided = found.nominations.filter(state=NominationState.NOMINATED).unscoped("the assignment ends")
    return undecided.update(state=NominationState.WITHDRAWN, decision=reason, decided_at=now, decided_by=by)


def _end(found: Assignment, to: AssignmentState, by: Any, now: datetime, data: dict[str, Any]) -> None:
    found.state, found.ended_at = to, now
    found.save(update_fields=["state", "ended_at"])
    record_event(action=f"assignment.{to.value}", subject=found, by=by, data=data, now=now)


def _units(found: Assignment) -> list[Unit]:
    return [quota.unit for quota in found.quotas.select_related("unit")]


def _check_move(found: Assignment, to: AssignmentState) -> None:
    if not may_move(ASSIGNMENT_MOVES, found.state, to):
        raise _over(found)


def _over(found: Assignment) -> WrongState:
    return WrongState(
        _("The assignment to “%(title)s” is: %(state)s.")
        % {"title": found.offering.title, "state": found.get_state_display()}
    )


def _check_enough(quota: AssignmentQuota, number: int) -> None:
    if number < quota.nominated:
        raise InvalidInput(
            _("%(unit)s has nominated %(nominated)s people already; its quota cannot be %(number)s.")
            % {"unit": quota.unit, "nominated": quota.nominated, "number": number}
        )


def _check_apart(quotas: Any) -> None:
    """Raises `InvalidInput` when a unit with a quota lies below another one."""
    above = None
    for quota in sorted(quotas, key=lambda one: one.unit.path):
        if above is not None and quota.unit.path.startswith(above.unit.path):
            raise InvalidInput(
                _("%(below)s belongs to %(above)s; only one of them can have a quota.")
                % {"below": quota.unit, "above": above.unit}
            )
        above = quota


def _translated(error: IntegrityError, offering: Offering) -> Exception:
    match violated_constraint(error):
        case "trainees_assignment_times_ck":
            return InvalidInput(_("Confirmation and substitutes end after the nomination, not before."))
        case "trainees_assignment_offering_id_key":
            return Duplicate(
                _("“%(title)s” has an assignment already.") % {"title": offering.title},
                remedy=_("Open that one."),
            )
    return error
