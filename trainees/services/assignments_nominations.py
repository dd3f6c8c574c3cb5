"""Units nominate within their quotas, send somebody in another's stead, and take nominations back."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.db import IntegrityError
from django.utils.translation import gettext as _

from partyschool.accounts.enums import Role
from partyschool.audit.services.events import record_event
from partyschool.common import clock
from partyschool.common.errors import Duplicate, InvalidInput, WrongState
from partyschool.common.locking import locking_transaction, violated_constraint
from trainees.enums import LIVE_NOMINATION_STATES, NominationState
from trainees.models import Assignment, AssignmentQuota, Cadre, Nomination
from trainees.rules.assignments import (
    REPLACEABLE,
    QuotaFull,
    UnseenWarning,
    left_denial,
    nomination_denial,
    state_denial,
    warning_codes,
)
from trainees.selectors.assignments_access import (
    decided_by,
    nominated_by_units_of,
    paths_as,
    within,
)
from trainees.selectors.assignments_facts import cadres_of, candidate, quota_with_class

from .assignments_locks import (
    deadlines_of,
    lock_assignment,
    lock_cadre,
    lock_places,
    no_assignment,
    no_nomination,
    reread,
)
from .assignments_notices import tell_released
from .enrolments import given_reason
from .freed_seats import promote_soon
from .moving import take_back_place

NOTE_MOST = Nomination._meta.get_field("note").max_length or 0


def nominate_cadre(
    *,
    quota_id: int,
    cadre_id: int,
    by: Any,
    note: str = "",
    seen: Collection[str] = (),
    replaces_id: int | None = None,
    reason: str = "",
    now: datetime | None = None,
) -> int:
    """Nominate a person of the unit within its quota; returns the nomination's id. The organisation department confirms it.

    `seen` are the codes of the warnings that `by` has seen of the person (`UnseenWarning` when there are others by now); they are kept.
    With `replaces_id` the person stands in for a nomination of the same quota that was returned, withdrawn or deferred, or is
    confirmed: that one is then replaced for `reason`, and its place is given back in the same transaction.
    Raises `NotFound` (quota, person or nomination out of scope), `WindowClosed`, `WrongState`, `QuotaFull`, `Duplicate`,
    `NotEligible` (left the register), `InvalidInput`, `RollCalled`, `Busy`.
    Concurrency: locks the cadres by key (and, when a place is given back, the class and its seats), then the assignment.
    """
    note = checked_note(note)
    quota = _own_quota(quota_id, by)
    cadre = cadres_of(by, quota.unit).select_related("unit").filter(pk=cadre_id).first()
    if cadre is None:
        raise no_nomination()
    replaced = _replaced(replaces_id, quota, by)
    if replaced and replaced.cadre_id == cadre.pk:
        raise InvalidInput(_("Nobody stands in for himself or herself."), remedy=_("Choose somebody else."))
    gives_back = replaced is not None and replaced.state == NominationState.CONFIRMED
    reason = given_reason(reason) if gives_back else ""
    try:
        with locking_transaction():
            if replaced and gives_back:
                lock_places([cadre.pk, replaced.cadre_id], quota.assignment.offering_id)
            else:
                lock_cadre(cadre.pk)
            assignment = lock_assignment(quota.assignment_id)
            at = now or clock.now()
            if denial := nomination_denial(
                deadlines_of(assignment), substitute=replaces_id is not None, now=at
            ):
                raise denial
            if replaces_id is not None:
                _end_replaced(replaces_id, assignment, reason, by, at)
            quota.refresh_from_db(fields=["nominated", "seats"])
            codes = checked_person(cadre, assignment, seen, at)
            if quota.nominated >= quota.seats:
                raise _quota_full(quota)
            made = Nomination.objects.create(
                assignment=assignment,
                quota=quota,
                cadre=cadre,
                warnings=codes,
                note=note,
                nominated_at=at,
                nominated_by=by,
                replaces_id=replaces_id,
            )
            data = {"cadre": cadre.pk, "quota": quota.pk, "warnings": codes, "replaces": replaces_id}
            record_event(action="nomination.nominate", subject=made, by=by, data=data, now=at)
    except IntegrityError as error:
        match violated_constraint(error):
            case "trainees_assignmentquota_nominated_ck":
                raise _quota_full(quota) from error
            case "trainees_nomination_live_uq":
                raise _called_already(cadre, quota.assignment) from error
            case "trainees_nomination_replaces_id_key":
                raise _stood_in_for() from error
        raise
    return made.pk


def withdraw_nomination(*, nomination_id: int, reason: str, by: Any, now: datetime | None = None) -> None:
    """Take a nomination back for `reason`: the unit one that is not decided yet, the organisation department one it has confirmed.

    A confirmed one loses its place in the same transaction, and the person gets a notice. Raises `InvalidInput` (reason), `NotFound`,
    `WrongState`, `RollCalled`, `WindowClosed` (the class is over), `Busy`.
    Concurrency: cadre, class and seats, assignment.
    """
    reason = given_reason(reason)
    found = nominated_by_units_of(by).filter(pk=nomination_id).select_related("assignment").first()
    states = {NominationState.NOMINATED} if found else set()
    if decides := decided_by(by).filter(pk=nomination_id).select_related("assignment").first():
        states.add(NominationState.CONFIRMED)
    found = found or decides
    if found is None:
        raise no_nomination()
    with locking_transaction():
        lock_places([found.cadre_id], found.assignment.offering_id)
        assignment = lock_assignment(found.assignment_id)
        if denial := state_denial(deadlines_of(assignment)):
            raise denial
        nomination = reread(nomination_id)
        at = now or clock.now()
        if nomination.state not in states:
            raise wrong_state(nomination)
        end_call(nomination, assignment, NominationState.WITHDRAWN, reason=reason, by=by, now=at)


def end_call(
    nomination: Nomination,
    assignment: Assignment,
    to: NominationState,
    *,
    reason: str,
    by: Any,
    now: datetime,
) -> None:
    """Move a nomination, read behind the locks, to a state that is not alive; a confirmed one gives its place back.

    Concurrency: runs in the caller's `locking_transaction()`, behind `lock_places` and `lock_assignment`.
    """
    place = nomination.enrolment if nomination.state == NominationState.CONFIRMED else None
    nomination.state, nomination.decision = to, reason
    nomination.decided_at, nomination.decided_by = now, by
    nomination.save(update_fields=["state", "decision", "decided_at", "decided_by"])
    data = {"cadre": nomination.cadre_id, "reason": reason}
    record_event(action=f"nomination.{to.value}", subject=nomination, by=by, data=data, now=now)
    if place is not None:
        take_back_place(place, reason, by, now)
        promote_soon(place.offering_id, cadre_id=place.cadre_id)
        tell_released(nomination, assignment)


def checked_person(cadre: Cadre, assignment: Assignment, seen: Collection[str], now: datetime) -> list[str]:
    """The codes of all that speaks against calling the person, as it is now.

    Raises `Duplicate`, `NotEligible` (left the register), `UnseenWarning` for a code that is not in `seen`.
    """
    called = Nomination.objects.filter(assignment=assignment, cadre=cadre, state__in=LIVE_NOMINATION_STATES)
    if called.unscoped("whether somebody in scope is called already").exists():
        raise _called_already(cadre, assignment)
    known = candidate(cadre, assignment)
    if denial := left_denial(known.facts, cadre.name, now):
        raise denial
    new = [one for one in known.against if one.code.value not in seen]
    if new:
        raise UnseenWarning(" ".join([_("%(name)s:") % {"name": cadre.name}, *(one.text for one in new)]))
    return warning_codes(known.findings)


def checked_note(note: str) -> str:
    """`note` without blanks around it. Raises `InvalidInput` when it is longer than a record keeps."""
    note = note.strip()
    if len(note) > NOTE_MOST:
        raise InvalidInput(_("The note has more than %(most)s characters.") % {"most": NOTE_MOST})
    return note


def wrong_state(nomination: Nomination) -> WrongState:
    """The refusal of a step that the nomination's present state does not know."""
    return WrongState(
        _("%(name)s is: %(state)s.")
        % {"name": nomination.cadre.name, "state": nomination.get_state_display()}
    )


def _own_quota(quota_id: int, by: Any) -> AssignmentQuota:
    quota = quota_with_class(quota_id)
    if quota is None or not within(quota.unit.path, paths_as(by, Role.OFFICER)):
        raise no_assignment()
    return quota


def _replaced(replaces_id: int | None, quota: AssignmentQuota, by: Any) -> Nomination | None:
    if replaces_id is None:
        return None
    found = nominated_by_units_of(by).filter(pk=replaces_id, quota=quota).first()
    if found is None:
        raise no_nomination()
    return found


def _end_replaced(replaces_id: int, assignment: Assignment, reason: str, by: Any, now: datetime) -> None:
    """See that somebody can be sent in the nomination's stead, and end a confirmed one for it."""
    old = reread(replaces_id)
    if old.state not in REPLACEABLE:
        raise wrong_state(old)
    stood_in = Nomination.objects.filter(replaces=old).unscoped("whether somebody stands in already")
    if stood_in.exists():
        raise _stood_in_for()
    if old.state == NominationState.CONFIRMED:
        if not reason:  # it was confirmed after the page was asked for, so its seats are not locked
            raise wrong_state(old)
        end_call(old, assignment, NominationState.REPLACED, reason=reason, by=by, now=now)


def _quota_full(quota: AssignmentQuota) -> QuotaFull:
    return QuotaFull(
        _("%(unit)s sends %(seats)s; %(nominated)s are nominated or confirmed.")
        % {"unit": quota.unit, "seats": quota.seats, "nominated": quota.nominated}
    )


def _called_already(cadre: Cadre, assignment: Assignment) -> Duplicate:
    return Duplicate(
        _("%(name)s is called to “%(title)s” already.")
        % {"name": cadre.name, "title": assignment.offering.title},
        remedy=_("Choose somebody else."),
    )


def _stood_in_for() -> Duplicate:
    return Duplicate(_("Somebody stands in for this person already."), remedy=_("Reload the page."))
