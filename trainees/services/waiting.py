"""Getting in line for a topic, leaving it, and who is moved ahead by hand."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from courses.enums import WaitingMode
from courses.models import Offering
from partyschool.accounts.models import User
from partyschool.audit.services.events import record_event
from partyschool.common import clock
from partyschool.common.errors import (
    Clash,
    DomainError,
    Duplicate,
    InvalidInput,
    LimitReached,
    NotFound,
    WrongState,
)
from partyschool.common.locking import lock_row, locking_transaction
from trainees.enums import IN_LINE_STATES, LIVE_WAITING_STATES, EnrolmentState, WaitingState
from trainees.models import Enrolment, WaitingEntry
from trainees.rules.denials import QuotaReached, SeatFree
from trainees.rules.electives import (
    SeatFacts,
    holds_place,
    is_on_show,
    promotion_denial,
    waiting_denial,
    withdrawal_denial,
)
from trainees.rules.waiting import line_denial
from trainees.selectors.electives import facts_for_cadre
from trainees.selectors.waiting import last_entry, line_of, live_entry, own_cadre_id

from .freed_seats import promote_soon
from .line_locks import lock_line
from .waiting_notices import tell_line_ended

PRIORITY_MOST = 99
REASON_MOST = WaitingEntry._meta.get_field("priority_reason").max_length or 0


def place_given_up(facts: SeatFacts, now: datetime) -> int:
    """The enrolment of `facts`, which is to be given up for another. Raises `WrongState` or `WindowClosed` when it cannot be."""
    if facts.enrolment_id is None:
        raise WrongState(
            _("You hold no place in “%(title)s”.") % {"title": facts.title},
            remedy=_("Choose a topic that you hold a place in."),
        )
    if denial := withdrawal_denial(facts, now):
        raise denial
    if not holds_place(facts):
        raise WrongState(_("Your place in “%(title)s” has been concluded.") % {"title": facts.title})
    return facts.enrolment_id


def _refuse_if_not_waiting(facts: SeatFacts, now: datetime) -> None:
    """A line is for seats that are gone: refuse who could have one now, or is kept from a free one by something of their own."""
    denial = promotion_denial(facts, now)
    if facts.queue or facts.seats_left <= 0:
        return
    if denial is None:
        raise SeatFree(_("“%(title)s” has a free seat.") % {"title": facts.title})
    if isinstance(denial, LimitReached | Clash) and not isinstance(denial, QuotaReached):
        raise denial


def join_waiting_list(
    *, offering_id: int, by: Any, gives_up: int | None = None, now: datetime | None = None
) -> WaitingEntry:
    """Put `by`'s own cadre in line for a topic that is full; returns the entry.

    With `gives_up` (an offering in which the cadre holds a place) the entry is a wish to swap: that place is given up in the same
    moment as the seat is obtained, and only then. Limit, clash and quota are asked when a seat is free, not now.
    Raises `Duplicate` (a seat or a place in line is there already), `WindowClosed` (round over, no line, or the line has ended),
    `NotEligible`, `SeatFree` when there is nothing to wait for, `LimitReached` or `Clash` when a seat is free and that alone stands in
    the way, `WrongState` for a place that is not held, `NotFound`, `Busy`.
    Concurrency: own cadre row · rounds shared · offerings · seat rows by pk. A seat that is freed meanwhile is either seen here, or its
    giver waits and then finds the new entry.
    """
    cadre_id = own_cadre_id(by)
    with locking_transaction():
        lock_line(cadre_id=cadre_id, offering_ids={offering_id, gives_up or offering_id})
        at = now or clock.now()
        old = None
        if gives_up is not None and gives_up != offering_id:
            old = place_given_up(facts_for_cadre(cadre_id=cadre_id, offering_id=gives_up), at)
        facts = facts_for_cadre(cadre_id=cadre_id, offering_id=offering_id, without=old or 0)
        if not is_on_show(facts):
            raise no_such_topic()
        if denial := waiting_denial(facts, at):
            raise denial
        if refusal := line_denial(line_of(offering_id), at):
            raise refusal
        if live_entry(cadre_id, offering_id):
            raise Duplicate(
                _("You are in line for “%(title)s” already.") % {"title": facts.title},
                remedy=_("Nothing more to do: your place in line is kept."),
            )
        _refuse_if_not_waiting(facts, at)
        entry = WaitingEntry.objects.create(
            cadre_id=cadre_id, offering_id=offering_id, queued_at=at, gives_up_id=old
        )
        data = {"cadre": cadre_id, "offering": offering_id, "gives_up": gives_up if old else None}
        record_event(action="waiting.join", subject=entry, by=by, data=data, now=at)
        promote_soon(offering_id)
    return entry


def leave_waiting_list(*, offering_id: int, by: Any, now: datetime | None = None) -> None:
    """Leave the line; the place in it is lost.

    Raises `WrongState` when the cadre is not in line (any more), or is offered a seat (which is declined instead); `NotFound`,
    `NotEligible`, `Busy`.
    Concurrency: as `join_waiting_list`.
    """
    cadre_id = own_cadre_id(by)
    with locking_transaction():
        lock_line(cadre_id=cadre_id, offering_ids={offering_id})
        entry = live_entry(cadre_id, offering_id)
        if entry is None or entry.state == WaitingState.OFFERED:
            raise not_in_line(cadre_id, offering_id)
        end_entry(entry, WaitingState.WITHDRAWN, by=by, now=now or clock.now())
        record_event(action="waiting.leave", subject=entry, by=by, now=now)


def not_in_line(cadre_id: int, offering_id: int) -> DomainError:
    """What to tell somebody whose entry for the offering has ended, or who never had one."""
    last = last_entry(cadre_id, offering_id)
    if last is None:
        if not is_on_show(facts_for_cadre(cadre_id=cadre_id, offering_id=offering_id)):
            return no_such_topic()
        return WrongState(_("You are not in line for this topic."))
    if last.state == WaitingState.OFFERED:
        return WrongState(_("A seat is kept for you."), remedy=_("Accept or decline the offered seat."))
    if last.ended_at is None:
        return WrongState(
            _("No seat has been offered to you yet."),
            remedy=_("Nothing more to do: your place in line is kept."),
        )
    if last.state == WaitingState.ACCEPTED:
        return WrongState(
            _("The seat is yours already."), remedy=_("Nothing more to do: your place is kept.")
        )
    return WrongState(
        _("Your place in line ended on %(time)s: %(state)s.")
        % {"time": clock.in_words(last.ended_at), "state": last.get_state_display()},
        remedy=_("You may get in line again while the line is open."),
    )


def no_such_topic() -> NotFound:
    """For a topic that trainees do not know of."""
    return NotFound(
        _("There is no such topic."), remedy=_("Go back to the list of electives and choose from there.")
    )


def end_entry(entry: WaitingEntry, state: WaitingState, *, by: Any, now: datetime) -> None:
    """Conclude a live entry. Concurrency: the caller holds the seat row of its offering."""
    entry.state, entry.ended_at, entry.ended_by = state, now, by
    entry.skipped_code = entry.skipped_facts = ""
    entry.save(update_fields=["state", "ended_at", "ended_by", "skipped_code", "skipped_facts"])


def set_priority(
    *, entry_id: int, priority: int, reason: str, by: User, now: datetime | None = None
) -> WaitingEntry:
    """Move somebody in line ahead of (or behind) those who came before, for `reason`; who came first leads among equals.

    The change is recorded with before, after and reason, and listed. Raises `InvalidInput` without a reason, for one that is too long
    or a priority beyond ±`PRIORITY_MOST`; `WrongState` for an entry that is over; `NotFound` outside the scope of `by`; `Busy`.
    Concurrency: offering · seat row · entry, so that nobody is given a seat by the old order afterwards.
    """
    reason = reason.strip()
    if not reason:
        raise InvalidInput(_("A reason is needed."))
    if len(reason) > REASON_MOST:
        raise InvalidInput(_("The reason has more than %(most)s characters.") % {"most": REASON_MOST})
    if abs(priority) > PRIORITY_MOST:
        raise InvalidInput(_("A priority lies between -%(most)s and %(most)s.") % {"most": PRIORITY_MOST})
    found = WaitingEntry.objects.visible_to(by).filter(pk=entry_id).first()
    if found is None:
        raise NotFound(_("There is no such entry within your scope."))
    with locking_transaction():
        lock_line(offering_ids={found.offering_id})
        entry = lock_row(WaitingEntry, entry_id)
        if entry.state not in IN_LINE_STATES:
            raise WrongState(_("It is in state “%(state)s”.") % {"state": entry.get_state_display()})
        before, entry.priority, entry.priority_reason = entry.priority, priority, reason
        entry.save(update_fields=["priority", "priority_reason"])
        data = {"before": before, "after": priority, "reason": reason}
        record_event(action="waiting.priority", subject=entry, by=by, data=data, now=now)
        promote_soon(entry.offering_id)
    return entry


def end_line(
    *,
    offering: Offering,
    reason: str,
    by: Any,
    now: datetime,
    states: Collection[WaitingState] = LIVE_WAITING_STATES,
) -> int:
    """End everybody's waiting for `offering`, held seats included, and tell them why; returns how many it were.

    `by` is None for the portal itself. Concurrency: runs in the caller's `locking_transaction()`, which holds the seat row.
    """
    live = WaitingEntry.objects.filter(offering=offering, state__in=states).unscoped("line over")
    entries = list(
        live.select_for_update(of=("self",), no_key=True)
        .select_related("cadre__user", "offering", "enrolment")
        .order_by("pk")
    )
    for entry in entries:
        if entry.state == WaitingState.OFFERED and entry.enrolment is not None:
            release_held(entry.enrolment, reason=reason, by=by or entry.cadre.user, now=now)
        end_entry(entry, WaitingState.WITHDRAWN, by=by, now=now)
        tell_line_ended(entry, reason)
    if entries:
        data = {"entries": len(entries), "reason": reason}
        record_event(action="waiting.end", subject=offering, by=by, data=data, now=now)
    return len(entries)


def release_held(place: Enrolment, *, reason: str, by: Any, now: datetime) -> None:
    """End a held place; its seat is free. Concurrency: the caller holds the seat row."""
    place.state, place.ended_at, place.ended_by, place.reason = EnrolmentState.WITHDRAWN, now, by, reason
    place.save(update_fields=["state", "ended_at", "ended_by", "reason"])


def end_line_if_over(*, offering_id: int, now: datetime | None = None) -> int:
    """End a line whose freeze date is reached, or which the school has given up; returns how many stood in it. Safe to run twice.

    Offered seats stay: they lapse by themselves, at the freeze date at the latest. Concurrency: offering · seat row · entries.
    """
    with locking_transaction():
        lock_line(offering_ids={offering_id})
        line, at = line_of(offering_id), now or clock.now()
        if line_denial(line, at) is None:
            return 0
        with translation.override(settings.LANGUAGE_CODE):
            reason = _("The school has given up the waiting list of this topic.")
            if line.mode not in {None, WaitingMode.NONE}:
                reason = _("The line ended on %(time)s, and no seat had become free for you.") % {
                    "time": clock.in_words(line.freezes_at)
                }
        offering = Offering.objects.get(pk=offering_id)
        return end_line(offering=offering, reason=reason, by=None, now=at, states=IN_LINE_STATES)
