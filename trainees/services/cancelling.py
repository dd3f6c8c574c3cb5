"""Cancelling an offering that will not be held: nobody keeps a place, room and teachers are free again, everybody is told."""

from collections.abc import Collection
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from courses.enums import OfferingState
from courses.models import Lesson, Offering, SeatCount
from partyschool.accounts.models import User
from partyschool.audit.services.events import record_event
from partyschool.common import clock
from partyschool.common.errors import InvalidInput, NotFound, WrongState
from partyschool.common.locking import locking_transaction
from partyschool.notices.services.notices import send_notice
from trainees.enums import LIVE_WAITING_STATES, OPEN_STATES, EnrolmentState, WaitingState
from trainees.models import AttendanceMark, Enrolment, WaitingEntry

REASON_MOST = Enrolment._meta.get_field("reason").max_length or 0


class NotEmpty(WrongState):
    """Somebody has come in meanwhile."""

    code = "not_empty"
    title = gettext_lazy("Somebody has a place here")


class RollCalled(WrongState):
    """What people attended must reach the ledgers."""

    code = "roll_called"
    title = gettext_lazy("A roll has been called already")
    remedy = gettext_lazy("Cancel the lessons that will not be held, and close the offering.")


def cancel_offering(
    *, offering_id: int, reason: str, by: User, only_empty: bool = False, now: datetime | None = None
) -> int:
    """Cancel a planned or published offering for `reason`; returns how many people lost their place.

    Their enrolments and offered seats are withdrawn, the waiting list ends, lessons not cancelled yet are, seats are frozen. Who has
    an account gets a notice with the reason. With `only_empty` nothing is done (`NotEmpty`) while anybody has a place or an offer.
    Raises `NotFound`, `WrongState` when it is closed or cancelled, `RollCalled`, `InvalidInput` without a reason or for one of more
    than `REASON_MOST` characters, `Busy`; then nothing is changed.
    Concurrency: as `close_offering`: the offering FOR UPDATE (new enrolments and roll calls wait, then find it cancelled), then its
    seat row, the enrolments, the entries of the waiting list.
    """
    reason = reason.strip()
    if not reason:
        raise InvalidInput(_("A reason is needed."))
    if len(reason) > REASON_MOST:
        raise InvalidInput(_("The reason has more than %(most)s characters.") % {"most": REASON_MOST})
    with locking_transaction():
        offering = _locked(offering_id)
        if offering is None:
            raise NotFound(_("There is no such offering."))
        if offering.state not in {OfferingState.PLANNED, OfferingState.PUBLISHED}:
            raise WrongState(
                _("“%(title)s” is %(state)s already.")
                % {"title": offering.title, "state": offering.get_state_display()}
            )
        marks = AttendanceMark.objects.filter(enrolment__offering=offering)
        if marks.unscoped("whether anybody was seen").exists():
            raise RollCalled(offering.title)
        at = now or clock.now()
        places = Enrolment.objects.filter(offering=offering, state__in=OPEN_STATES)
        held = list(places.unscoped("cancelling").select_related("cadre__user").order_by("pk"))
        if held and only_empty:
            raise NotEmpty(offering.title)
        line = WaitingEntry.objects.filter(offering=offering, state__in=LIVE_WAITING_STATES)
        waiting = list(line.unscoped("cancelling").select_related("cadre__user").order_by("pk"))
        Enrolment.objects.filter(pk__in=[place.pk for place in held]).unscoped("cancelling").update(
            state=EnrolmentState.WITHDRAWN, ended_at=at, ended_by=by, reason=reason
        )
        WaitingEntry.objects.filter(pk__in=[entry.pk for entry in waiting]).unscoped("cancelling").update(
            state=WaitingState.WITHDRAWN, skipped_code="", ended_at=at, ended_by=by
        )
        Lesson.objects.filter(offering=offering, cancelled_at=None).update(cancelled_at=at)
        SeatCount.objects.filter(offering=offering).update(frozen=True)
        offering.state = OfferingState.CANCELLED
        offering.save(update_fields=["state"])
        people = {one.user for one in (*(each.cadre for each in held), *(each.cadre for each in waiting))}
        _tell(offering, [user for user in people if user is not None], reason)
        record_event(
            action="offering.cancel",
            subject=offering,
            by=by,
            data={"reason": reason, "withdrawn": len(held)},
            now=now,
        )
    return len(held)


def _locked(offering_id: int) -> Offering | None:
    """The offering, with its seat row, locked and freshly read."""
    offering = Offering.objects.select_for_update().filter(pk=offering_id).first()
    list(SeatCount.objects.select_for_update(no_key=True).filter(offering_id=offering_id))
    return offering


def _tell(offering: Offering, people: Collection[User], reason: str) -> None:
    with translation.override(settings.LANGUAGE_CODE):
        send_notice(
            recipients=people,
            event=f"offering.cancel:{offering.pk}",
            title=_("Cancelled: %(offering)s") % {"offering": offering.title[:80]},
            body=_("It will not be held, and your place is released. Reason: %(reason)s")
            % {"reason": reason},
            url=reverse("notices:list"),
        )
