"""The organisation department confirms, returns and calls by name: the only way from a nomination to a place."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError
from django.utils.translation import gettext as _

from partyschool.audit.services.events import record_event
from partyschool.common import clock
from partyschool.common.errors import DomainError, Full, NotApproved
from partyschool.common.locking import locking_transaction
from trainees.enums import CallMode, EnrolmentOrigin, NominationState
from trainees.models import Assignment, Nomination
from trainees.rules.assignments import decision_denial
from trainees.rules.electives import SeatFacts
from trainees.selectors.assignments_access import callable_by, decided_by
from trainees.selectors.electives import facts_for_cadre

from .assignments_locks import (
    deadlines_of,
    lock_assignment,
    lock_places,
    no_assignment,
    no_nomination,
    reread,
)
from .assignments_nominations import checked_note, checked_person, wrong_state
from .assignments_notices import tell_confirmed, tell_returned
from .electives import refusal_of
from .enrolments import given_reason, place_by_staff


def confirm_nomination(*, nomination_id: int, by: Any, now: datetime | None = None) -> int:
    """Confirm a nomination of the own jurisdiction: the place is given in the same transaction; returns the enrolment's id.

    The rules are those that bind staff (`enrol_cadre`). Refused, the nomination stays as it is, and more seats change nothing by
    themselves: somebody has to confirm again.
    Raises `NotFound` (out of the jurisdiction), `WrongState`, `WindowClosed`, `NotApproved` (nominated by `by`), the denials of
    `enrol_cadre`, `Full` among them, `Busy`. Who is called, and who nominated, gets a notice.
    Concurrency: cadre, round (shared), class and seat row, assignment.
    """
    found = _seen(nomination_id, by)
    with _Placing() as placing, locking_transaction():
        lock_places([found.cadre_id], found.assignment.offering_id)
        assignment = lock_assignment(found.assignment_id)
        nomination = reread(nomination_id)
        at = now or clock.now()
        _check_decidable(nomination, assignment, by, at)
        return _confirm(nomination, assignment, placing, by, at)


def return_nomination(*, nomination_id: int, reason: str, by: Any, now: datetime | None = None) -> None:
    """Return a nomination of the own jurisdiction for `reason`; the unit may send somebody else.

    Raises `InvalidInput` (reason), otherwise as `confirm_nomination`. Concurrency: locks the assignment.
    """
    reason = given_reason(reason)
    found = _seen(nomination_id, by)
    with locking_transaction():
        assignment = lock_assignment(found.assignment_id)
        nomination = reread(nomination_id)
        at = now or clock.now()
        _check_decidable(nomination, assignment, by, at)
        nomination.state, nomination.decision = NominationState.RETURNED, reason
        nomination.decided_at, nomination.decided_by = at, by
        nomination.save(update_fields=["state", "decision", "decided_at", "decided_by"])
        data = {"cadre": nomination.cadre_id, "reason": reason}
        record_event(action="nomination.return", subject=nomination, by=by, data=data, now=at)
        tell_returned(nomination, assignment)


@dataclass(frozen=True)
class Outcome:
    """What became of one nomination of many; `error` is None where it was decided."""

    nomination_id: int
    error: DomainError | None


def decide_nominations(
    *, nomination_ids: Collection[int], confirm: bool, by: Any, reason: str = "", now: datetime | None = None
) -> list[Outcome]:
    """Confirm or return many nominations, each wholly or not at all, in the order of their keys; what became of each.

    Raises `InvalidInput` when they are returned without a reason; then nothing is done. Concurrency: one transaction each.
    """
    if not confirm:
        reason = given_reason(reason)
    outcomes = []
    for number in sorted(set(nomination_ids)):
        try:
            if confirm:
                confirm_nomination(nomination_id=number, by=by, now=now)
            else:
                return_nomination(nomination_id=number, reason=reason, by=by, now=now)
        except DomainError as error:
            outcomes.append(Outcome(number, error))
        else:
            outcomes.append(Outcome(number, None))
    return outcomes


def call_by_name(
    *,
    assignment_id: int,
    cadre_id: int,
    by: Any,
    note: str = "",
    seen: Collection[str] = (),
    now: datetime | None = None,
) -> int:
    """The organisation department calls somebody of its jurisdiction by name, beside the quotas; returns the nomination's id.

    Its own decision, so nomination and confirmation are one step. Raises as `nominate_cadre` and `confirm_nomination`.
    Concurrency: as `confirm_nomination`.
    """
    note = checked_note(note)
    cadre = callable_by(by).select_related("unit").filter(pk=cadre_id).first()
    assignment = Assignment.objects.filter(pk=assignment_id).first()
    if cadre is None or assignment is None:
        raise no_assignment()
    with _Placing() as placing, locking_transaction():
        lock_places([cadre.pk], assignment.offering_id)
        assignment = lock_assignment(assignment_id)
        at = now or clock.now()
        if denial := decision_denial(deadlines_of(assignment), substitute=True, now=at):
            raise denial
        codes = checked_person(cadre, assignment, seen, at)
        made = Nomination.objects.create(
            assignment=assignment,
            cadre=cadre,
            mode=CallMode.BY_NAME,
            warnings=codes,
            note=note,
            nominated_at=at,
            nominated_by=by,
        )
        data = {"cadre": cadre.pk, "warnings": codes, "note": note}
        record_event(action="nomination.call", subject=made, by=by, data=data, now=at)
        _confirm(reread(made.pk), assignment, placing, by, at)
    return made.pk


class _Placing:
    """Turns what the database refuses while a place is given into the denial behind it."""

    facts: SeatFacts | None = None

    def __enter__(self) -> "_Placing":
        return self

    def __exit__(self, _kind: Any, error: BaseException | None, _trace: Any) -> None:
        if not isinstance(error, IntegrityError) or self.facts is None:
            return
        if denial := refusal_of(error, self.facts):
            raise _stays(denial) from error


def _confirm(
    nomination: Nomination, assignment: Assignment, placing: _Placing, by: Any, now: datetime
) -> int:
    facts = facts_for_cadre(cadre_id=nomination.cadre_id, offering_id=assignment.offering_id)
    placing.facts = facts
    try:
        number = place_by_staff(
            facts,
            origin=EnrolmentOrigin.ASSIGNED,
            action="nomination.confirm",
            by=by,
            aside=None,
            reason="",
            now=now,
            nomination=nomination.pk,
        )
    except Full as error:
        raise _stays(error) from error
    nomination.state, nomination.enrolment_id = NominationState.CONFIRMED, number
    nomination.decided_at, nomination.decided_by = now, by
    nomination.save(update_fields=["state", "enrolment", "decided_at", "decided_by"])
    tell_confirmed(nomination, assignment)
    return number


def _stays(denial: DomainError) -> DomainError:
    """`Full`, with what that means here; other refusals as they are."""
    if not isinstance(denial, Full):
        return denial
    return type(denial)(
        denial.facts,
        remedy=_(
            "The nomination stays as it is. Return it, or ask the school for more seats and confirm again."
        ),
    )


def _seen(nomination_id: int, by: Any) -> Nomination:
    found = decided_by(by).select_related("assignment").filter(pk=nomination_id).first()
    if found is None:
        raise no_nomination()
    return found


def _check_decidable(nomination: Nomination, assignment: Assignment, by: Any, now: datetime) -> None:
    """Raises unless `by` may decide the nomination, read behind the lock, now."""
    times = deadlines_of(assignment)
    substitute = nomination.replaces_id is not None
    if denial := decision_denial(times, substitute=substitute, now=now):
        raise denial
    if nomination.state != NominationState.NOMINATED:
        raise wrong_state(nomination)
    if nomination.nominated_by_id == by.pk:
        raise NotApproved(
            _("%(name)s was nominated by you.") % {"name": nomination.cadre.name},
            remedy=_("Somebody else of the organisation department has to decide."),
        )
