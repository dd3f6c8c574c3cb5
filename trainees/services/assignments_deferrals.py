"""A unit asks to send a called person to a later class; the organisation department, a second person, agrees or refuses."""

from datetime import datetime
from typing import Any

from django.db import IntegrityError
from django.utils.translation import gettext as _

from partyschool.audit.services.events import record_event
from partyschool.common import clock
from partyschool.common.errors import Duplicate, NotApproved, NotFound, WindowClosed, WrongState
from partyschool.common.locking import locking_transaction, violated_constraint
from partyschool.common.plaintext import single_line
from trainees.enums import DeferralState, NominationState
from trainees.models import Deferral
from trainees.rules.assignments import state_denial
from trainees.selectors.assignments_access import deferrals_decided_by, nominated_by_units_of

from .assignments_locks import deadlines_of, lock_assignment, lock_places, no_nomination, reread
from .assignments_nominations import end_call, wrong_state
from .assignments_notices import tell_deferral_asked, tell_deferral_decided
from .enrolments import given_reason


def ask_deferral(*, nomination_id: int, reason: str, by: Any, now: datetime | None = None) -> int:
    """Ask, for `reason`, that a confirmed person of the own unit goes to a later class; returns the deferral's id.

    Possible until the end of the substitutions. The organisation department gets a notice.
    Raises `InvalidInput` (reason), `NotFound`, `WrongState`, `WindowClosed`, `Duplicate` (asked already), `Busy`.
    Concurrency: locks the assignment.
    """
    reason = given_reason(reason)
    found = nominated_by_units_of(by).filter(pk=nomination_id).first()
    if found is None:
        raise no_nomination()
    try:
        with locking_transaction():
            assignment = lock_assignment(found.assignment_id)
            times = deadlines_of(assignment)
            if denial := state_denial(times):
                raise denial
            nomination = reread(nomination_id)
            at = now or clock.now()
            if at >= times.substitutes_until:
                raise WindowClosed(
                    _("Deferrals from “%(title)s” could be asked for until %(time)s.")
                    % {"title": times.title, "time": clock.in_words(times.substitutes_until)},
                    remedy=_("Ask the organisation department to take the call back."),
                )
            if nomination.state != NominationState.CONFIRMED:
                raise wrong_state(nomination)
            made = Deferral.objects.create(nomination=nomination, reason=reason, asked_at=at, asked_by=by)
            data = {"cadre": nomination.cadre_id, "reason": reason}
            record_event(action="deferral.ask", subject=made, by=by, data=data, now=at)
            tell_deferral_asked(made, nomination, assignment)
    except IntegrityError as error:
        if violated_constraint(error) == "trainees_deferral_open_uq":
            raise Duplicate(
                _("The deferral has been asked for already."), remedy=_("Wait for the answer.")
            ) from error
        raise
    return made.pk


def decide_deferral(
    *, deferral_id: int, agree: bool, by: Any, answer: str = "", now: datetime | None = None
) -> None:
    """Agree to a deferral or refuse it; a refusal needs an answer. Agreed, the call ends and the place is given back in one step.

    Raises `InvalidInput`, `NotFound` (out of the jurisdiction), `WrongState`, `NotApproved` (asked by `by`), `RollCalled`,
    `WindowClosed` (the class is over), `Busy`. Whoever asked gets a notice, and so does the person who was called.
    Concurrency: cadre, class and seats, assignment.
    """
    answer = "" if agree and not single_line(answer) else given_reason(answer)
    found = deferrals_decided_by(by).select_related("nomination__assignment").filter(pk=deferral_id).first()
    if found is None:
        raise NotFound(_("There is no such deferral within your scope."))
    with locking_transaction():
        lock_places([found.nomination.cadre_id], found.nomination.assignment.offering_id)
        assignment = lock_assignment(found.nomination.assignment_id)
        if denial := state_denial(deadlines_of(assignment)):
            raise denial
        deferral = _reread(deferral_id)
        nomination = reread(deferral.nomination_id)
        at = now or clock.now()
        if deferral.asked_by_id == by.pk:
            raise NotApproved(
                _("You asked for this deferral yourself."),
                remedy=_("Somebody else of the organisation department has to decide."),
            )
        deferral.state = DeferralState.AGREED if agree else DeferralState.REFUSED
        deferral.decided_at, deferral.decided_by, deferral.decision = at, by, answer
        deferral.save(update_fields=["state", "decided_at", "decided_by", "decision"])
        data = {"cadre": nomination.cadre_id, "answer": answer}
        record_event(
            action=f"deferral.{'agree' if agree else 'refuse'}", subject=deferral, by=by, data=data, now=at
        )
        if agree:
            end_call(nomination, assignment, NominationState.DEFERRED, reason=deferral.reason, by=by, now=at)
        tell_deferral_decided(deferral, nomination, assignment, agreed=agree)


def withdraw_deferral(*, deferral_id: int, by: Any, now: datetime | None = None) -> None:
    """The unit takes back what it asked for; the person stays called. Raises `NotFound`, `WrongState`, `Busy`.

    Concurrency: locks the assignment.
    """
    own = nominated_by_units_of(by)
    found = Deferral.objects.visible_to(by).filter(pk=deferral_id, nomination__in=own)
    deferral = found.select_related("nomination").first()
    if deferral is None:
        raise NotFound(_("There is no such deferral within your scope."))
    with locking_transaction():
        lock_assignment(deferral.nomination.assignment_id)
        deferral = _reread(deferral_id)
        deferral.state = DeferralState.WITHDRAWN
        deferral.save(update_fields=["state"])
        data = {"cadre": deferral.nomination.cadre_id}
        record_event(action="deferral.withdraw", subject=deferral, by=by, data=data, now=now)


def _reread(deferral_id: int) -> Deferral:
    """The deferral behind the assignment's lock. Raises `WrongState` unless it waits for an answer."""
    found = Deferral.objects.unscoped("read in scope before the lock").select_related(
        "nomination", "asked_by"
    )
    deferral = found.get(pk=deferral_id)
    if deferral.state != DeferralState.ASKED:
        raise WrongState(_("The deferral is: %(state)s.") % {"state": deferral.get_state_display()})
    return deferral
