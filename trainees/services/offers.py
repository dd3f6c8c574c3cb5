"""Answering an offered seat; reminding of it, and letting it lapse."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import ExpressionWrapper, F
from django.db.models.fields import DateTimeField
from django.utils import translation
from django.utils.translation import gettext as _

from partyschool.audit.services.events import record_event
from partyschool.common import clock
from partyschool.common.errors import WindowClosed
from partyschool.common.locking import locking_transaction
from trainees.enums import EnrolmentState, WaitingState
from trainees.models import Enrolment, WaitingEntry
from trainees.rules.electives import offering_denial
from trainees.selectors.electives import facts_for_cadre
from trainees.selectors.waiting import live_entry, own_cadre_id

from .electives import give_up_place
from .freed_seats import promote_soon
from .line_locks import lock_line
from .waiting import end_entry, not_in_line, release_held
from .waiting_notices import tell_expired, tell_reminder

DUE_AT_ONCE = 500


def _offer_of(cadre_id: int, offering_id: int, also: set[int]) -> tuple[WaitingEntry, Enrolment]:
    """The live offer behind the locks, with its held place. Raises `WrongState` when there is none (any more)."""
    lock_line(cadre_id=cadre_id, offering_ids={offering_id, *also})
    entry = live_entry(cadre_id, offering_id)
    if entry is None or entry.state != WaitingState.OFFERED or entry.enrolment is None:
        raise not_in_line(cadre_id, offering_id)
    return entry, entry.enrolment


def _given_up_offering(cadre_id: int, offering_id: int) -> set[int]:
    entry = live_entry(cadre_id, offering_id)
    return {entry.gives_up.offering_id} if entry is not None and entry.gives_up is not None else set()


def accept_offer(*, offering_id: int, by: Any, now: datetime | None = None) -> int:
    """Take the seat that is held for `by`'s own cadre, giving up the place named in the wish, if any; returns the enrolment's id.

    Raises `WrongState` without an offer (any more), `WindowClosed` when it has lapsed or one of the two topics has been closed,
    `NotEligible`, `Busy`.
    Concurrency: own cadre row · rounds shared · offerings · seat rows by pk, as who lets the offer lapse does.
    """
    cadre_id = own_cadre_id(by)
    with locking_transaction():
        entry, place = _offer_of(cadre_id, offering_id, _given_up_offering(cadre_id, offering_id))
        at = now or clock.now()
        if entry.offered_until is not None and at >= entry.offered_until:
            raise WindowClosed(
                _("The seat was kept for you until %(time)s.")
                % {"time": clock.in_words(entry.offered_until)},
                remedy=_("You may get in line again while the line is open."),
            )
        facts = facts_for_cadre(cadre_id=cadre_id, offering_id=offering_id)
        if denial := offering_denial(facts):
            raise denial
        old = entry.gives_up
        if old is not None and old.state != EnrolmentState.WITHDRAWN:
            given_up = facts_for_cadre(cadre_id=cadre_id, offering_id=old.offering_id)
            if denial := offering_denial(given_up):
                raise denial
            with translation.override(settings.LANGUAGE_CODE):
                reason = _("Given up for “%(title)s”") % {"title": facts.title[:100]}
            give_up_place(given_up, reason=reason, by=by, now=at)
        place.state = EnrolmentState.ENROLLED
        place.save(update_fields=["state"])
        end_entry(entry, WaitingState.ACCEPTED, by=by, now=at)
        record_event(action="waiting.accept", subject=entry, by=by, data={"enrolment": place.pk}, now=at)
    return place.pk


def decline_offer(*, offering_id: int, by: Any, now: datetime | None = None) -> None:
    """Give the held seat back; it goes to the next in line.

    Raises `WrongState` without an offer (any more), `NotEligible`, `Busy`. Concurrency: as `accept_offer`.
    """
    cadre_id = own_cadre_id(by)
    with locking_transaction():
        entry, place = _offer_of(cadre_id, offering_id, set())
        at = now or clock.now()
        with translation.override(settings.LANGUAGE_CODE):
            reason = _("Offered seat declined")
        release_held(place, reason=reason, by=by, now=at)
        end_entry(entry, WaitingState.DECLINED, by=by, now=at)
        record_event(action="waiting.decline", subject=entry, by=by, now=at)
        promote_soon(offering_id)


def expire_offers(*, now: datetime | None = None) -> set[int]:
    """Let every offer lapse that was not answered in time; returns the offerings whose seats are free now. Safe to run twice.

    Concurrency: one transaction per offer, with the locks of `accept_offer`.
    """
    at = now or clock.now()
    due = WaitingEntry.objects.filter(state=WaitingState.OFFERED, offered_until__lte=at)
    found = list(
        due.unscoped("offers that lapse")
        .order_by("offered_until", "pk")
        .values_list("pk", "cadre", "offering")[:DUE_AT_ONCE]
    )
    return {offering for pk, cadre, offering in found if _let_lapse(pk, cadre, offering, at)}


def _let_lapse(entry_id: int, cadre_id: int, offering_id: int, at: datetime) -> bool:
    with locking_transaction():
        lock_line(cadre_id=cadre_id, offering_ids={offering_id})
        due = WaitingEntry.objects.filter(pk=entry_id, state=WaitingState.OFFERED, offered_until__lte=at)
        entry = due.unscoped("re-read").select_related("cadre__user", "offering", "enrolment").first()
        if entry is None or entry.enrolment is None or entry.offered_until is None:
            return False
        with translation.override(settings.LANGUAGE_CODE):
            reason = _("Offered seat not answered in time")
        # Whoever asked for the place is named as who let it go: an ended place always names somebody.
        release_held(entry.enrolment, reason=reason, by=entry.enrolment.created_by, now=at)
        end_entry(entry, WaitingState.EXPIRED, by=None, now=at)
        record_event(action="waiting.expire", subject=entry, by=None, now=at)
        tell_expired(entry, entry.offered_until)
    return True


def remind_of_offers(*, now: datetime | None = None) -> int:
    """Remind, once, everybody who let half of the time to answer pass; returns how many. Safe to run twice.

    Concurrency: locks the entries that are due and that nobody else has locked, and nothing after them.
    """
    at = now or clock.now()
    half_time = ExpressionWrapper(
        F("enrolment__created_at") + (F("offered_until") - F("enrolment__created_at")) / 2,
        output_field=DateTimeField(),
    )
    with locking_transaction():
        due = WaitingEntry.objects.filter(
            state=WaitingState.OFFERED, reminded_at=None, offered_until__gt=at
        ).alias(half=half_time)
        entries = list(
            due.filter(half__lte=at)
            .unscoped("who is reminded")
            .select_for_update(of=("self",), no_key=True, skip_locked=True)
            .select_related("cadre__user", "offering")
            .order_by("pk")[:DUE_AT_ONCE]
        )
        for entry in entries:
            entry.reminded_at = at
            entry.save(update_fields=["reminded_at"])
            if entry.offered_until is not None:
                tell_reminder(entry, entry.offered_until)
    return len(entries)
