"""Publishing an offering, and how many seats it has."""

from datetime import datetime
from functools import partial
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from courses.enums import OfferingState
from courses.models import Offering, SeatCount, SelectionRound
from courses.rules import ROUND_LOCKS, seats_stand
from courses.signals import seats_changed
from partyschool.audit.services.events import record_event
from partyschool.common.errors import InvalidInput, NotFound, WrongState
from partyschool.common.locking import lock_row, locking_transaction


def _unknown(offering_id: int) -> NotFound:
    return NotFound(_("There is no offering %(number)s.") % {"number": offering_id})


def set_capacity(*, offering_id: int, capacity: int, by: Any, now: datetime | None = None) -> SeatCount:
    """Set how many seats an offering has; it may not be fewer than are taken.

    Raises `InvalidInput` (with the number of taken seats), `WrongState` once the offering is closed and while its draw is sealed,
    `NotFound`, `Busy`.
    Concurrency: shares the round (sealing it comes before or after), locks the seat row, so claims decide before or after the
    change, never on a mixture.
    """
    if capacity < 0:
        raise InvalidInput(_("%(number)s is not a number of seats.") % {"number": capacity})
    try:
        with locking_transaction():
            _refuse_sealed(offering_id)
            return put_capacity(offering_id=offering_id, capacity=capacity, by=by, now=now)
    except IntegrityError as error:
        # Two people gave the offering its first seats at the same moment.
        raise WrongState(_("The seats of this offering were set by somebody else just now.")) from error


def _refuse_sealed(offering_id: int) -> None:
    """Refuse while the offering's draw stands sealed. Concurrency: shares the round's advisory lock until the commit."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock_shared(%s, selection_round_id::int) FROM courses_offering"
            " WHERE id = %s AND selection_round_id IS NOT NULL",
            [ROUND_LOCKS, offering_id],
        )
    state = SelectionRound.objects.filter(offerings=offering_id).values_list("state", flat=True).first()
    if state is not None and seats_stand(state):
        raise WrongState(_("The draw is sealed, and its seats with it, until its result is published."))


def put_capacity(*, offering_id: int, capacity: int, by: Any, now: datetime | None = None) -> SeatCount:
    """As `set_capacity`, inside the caller's transaction, with whatever else that one writes."""
    try:
        seats = lock_row(SeatCount, offering_id)
    except SeatCount.DoesNotExist:
        if not Offering.objects.filter(pk=offering_id).exists():
            raise _unknown(offering_id) from None
        seats = SeatCount.objects.create(offering_id=offering_id, capacity=capacity)
        record_event(
            action="offering.set_capacity",
            subject=seats.offering,
            by=by,
            data={"before": None, "after": capacity},
            now=now,
        )
        return seats
    if seats.frozen:
        raise WrongState(
            _("“%(title)s” has been closed; its seats do not change any more.")
            % {"title": seats.offering.title}
        )
    if capacity < seats.taken:
        raise InvalidInput(
            ngettext(
                "%(taken)s person is enrolled in “%(title)s” already; %(wanted)s seats are too few.",
                "%(taken)s people are enrolled in “%(title)s” already; %(wanted)s seats are too few.",
                seats.taken,
            )
            % {"taken": seats.taken, "title": seats.offering.title, "wanted": capacity},
            remedy=_("Set at least as many seats as are taken."),
        )
    spoken_for = seats.taken + seats.reserved - seats.reserved_taken
    if capacity < spoken_for:
        raise InvalidInput(
            _(
                "%(taken)s seats of “%(title)s” are taken and %(reserved)s more reserved; %(wanted)s seats are too few."
            )
            % {
                "taken": seats.taken,
                "reserved": spoken_for - seats.taken,
                "title": seats.offering.title,
                "wanted": capacity,
            },
            remedy=_("Reserve fewer seats first, on the page of the selection round."),
        )
    before, seats.capacity = seats.capacity, capacity
    # The column alone: `taken` belongs to the trigger.
    seats.save(update_fields=["capacity"])
    transaction.on_commit(partial(seats_changed.send_robust, sender=SeatCount, offering_id=offering_id))
    record_event(
        action="offering.set_capacity",
        subject=seats.offering,
        by=by,
        data={"before": before, "after": capacity},
        now=now,
    )
    return seats


def publish_offering(*, offering_id: int, by: Any, now: datetime | None = None) -> Offering:
    """Publish a planned offering: people may be enrolled from now on.

    Raises `WrongState` when it is not planned, or has no seats yet; `NotFound`; `Busy`.
    Concurrency: locks the offering row.
    """
    with locking_transaction():
        try:
            offering = lock_row(Offering, offering_id)
        except Offering.DoesNotExist as error:
            raise _unknown(offering_id) from error
        if offering.state != OfferingState.PLANNED:
            raise WrongState(
                _("“%(title)s” is %(state)s already.")
                % {"title": offering.title, "state": offering.get_state_display()}
            )
        if not SeatCount.objects.filter(offering=offering, capacity__gt=0).exists():
            raise WrongState(
                _("“%(title)s” has no seats yet.") % {"title": offering.title},
                remedy=_("Set its seats first."),
            )
        offering.state = OfferingState.PUBLISHED
        offering.save(update_fields=["state"])
        record_event(action="offering.publish", subject=offering, by=by, now=now)
    return offering
