"""Staff move people between offerings and take places back, with a reason that the person reads."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext as _

from courses.enums import OfferingState
from courses.models import Offering
from courses.rules import ROUND_LOCKS
from partyschool.audit.services.events import record_event
from partyschool.common import clock
from partyschool.common.errors import InvalidInput, NotFound, WindowClosed, WrongState
from partyschool.common.locking import locking_transaction
from partyschool.common.prepared import PreparedStatement, run_prepared
from partyschool.notices.services.notices import send_notice
from trainees.enums import EnrolmentOrigin, EnrolmentState, OverrideRule
from trainees.models import AttendanceMark, Enrolment
from trainees.selectors.electives import facts_for_cadre

from .cancelling import RollCalled
from .electives import refusal_of
from .enrolments import LOCK_CADRE, given_reason, place_by_staff
from .freed_seats import promote_soon

# Cadre, rounds, offerings, seat rows: each kind in the order of its keys, so that two moves in opposite directions wait for each other.
# The offerings themselves too, against roll calls and closings; claims are not held up by that, they only refer to the row.
_LOCK_ROUNDS = PreparedStatement(
    "share_rounds_of_offerings",
    f"SELECT pg_advisory_xact_lock_shared({ROUND_LOCKS}, number) FROM ("  # noqa: S608 -- a constant number
    "SELECT DISTINCT selection_round_id::int AS number FROM courses_offering"
    " WHERE id = ANY (%(offerings)s) AND selection_round_id IS NOT NULL ORDER BY 1) rounds",
    {"offerings": "bigint[]"},
)
_LOCK_OFFERINGS = PreparedStatement(
    "lock_offerings",
    "SELECT FROM courses_offering WHERE id = ANY (%(offerings)s) ORDER BY id FOR NO KEY UPDATE",
    {"offerings": "bigint[]"},
)
_LOCK_SEATS = PreparedStatement(
    "lock_seats_of_offerings",
    "SELECT FROM courses_seatcount WHERE offering_id = ANY (%(offerings)s) ORDER BY offering_id FOR NO KEY UPDATE",
    {"offerings": "bigint[]"},
)
MOVE_LOCKS = (LOCK_CADRE, _LOCK_ROUNDS, _LOCK_OFFERINGS, _LOCK_SEATS)


def move_cadre(
    *,
    enrolment_id: int,
    to_offering_id: int,
    reason: str,
    by: Any,
    aside: OverrideRule | None = None,
    now: datetime | None = None,
) -> int:
    """Give whoever holds the place `enrolment_id` one in another offering instead; returns the new enrolment's id.

    All or nothing: the old place is given up only with the new one, and does not count against it (limit, clash). The rules, and
    `aside`, are those of `enrol_cadre`. Who has a log-in gets a notice with the reason; those in line for the old
    seat are asked.
    Raises as `enrol_cadre`; `WrongState` when the place is not held any more, `RollCalled` when the person was seen at a lesson of
    the old offering.
    Concurrency: locks cadre, rounds (advisory, shared), both offerings and both seat rows, each kind by key; the enrolment last.
    """
    reason = given_reason(reason)
    old = _seen(enrolment_id, by)
    if old.offering_id == to_offering_id:
        raise InvalidInput(_("The place is in “%(title)s” already.") % {"title": old.offering.title})
    facts = None
    try:
        with locking_transaction():
            _lock(old, to_offering_id)
            at = now or clock.now()
            take_back_place(old, reason, by, at)
            facts = facts_for_cadre(cadre_id=old.cadre_id, offering_id=to_offering_id)
            number = place_by_staff(
                facts,
                origin=EnrolmentOrigin.MOVED,
                action="enrolment.move",
                by=by,
                aside=aside,
                reason=reason,
                now=at,
                moved_from=old.offering_id,
                why=reason,
            )
            _tell_moved(old, number, facts.title, reason)
            promote_soon(old.offering_id, cadre_id=old.cadre_id)
    except IntegrityError as error:
        if facts is not None and (denial := refusal_of(error, facts)):
            raise denial from error
        raise
    return number


def withdraw_cadre(*, enrolment_id: int, reason: str, by: Any, now: datetime | None = None) -> None:
    """Take a place back for `reason`; the seat is free at once. Who has a log-in gets a notice with the reason.

    Raises `InvalidInput` (reason), `NotFound`, `WrongState` when the place is not held any more, `RollCalled` when the person was seen
    at a lesson, `WindowClosed` when the offering is over, `Busy`.
    Concurrency: as `move_cadre`, with one offering.
    """
    reason = given_reason(reason)
    place = _seen(enrolment_id, by)
    with locking_transaction():
        _lock(place)
        take_back_place(place, reason, by, now or clock.now())
        _tell_withdrawn(place, reason)
        promote_soon(place.offering_id, cadre_id=place.cadre_id)


def _seen(enrolment_id: int, by: Any) -> Enrolment:
    places = Enrolment.objects.visible_to(by).select_related("cadre__user", "offering")
    found = places.filter(pk=enrolment_id).first()
    if found is None:
        raise NotFound(_("There is no such place within your scope."))
    return found


def _lock(place: Enrolment, *others: int) -> None:
    offerings = sorted({place.offering_id, *others})
    run_prepared(*MOVE_LOCKS, values={"cadre": place.cadre_id, "offerings": offerings})


def take_back_place(place: Enrolment, reason: str, by: Any, now: datetime) -> None:
    """End the place, freshly read behind the locks, and keep it on record; telling people is left to the caller.

    Raises as `withdraw_cadre`. Concurrency: runs in the caller's `locking_transaction()`, behind `MOVE_LOCKS`.
    """
    offering = Offering.objects.get(pk=place.offering_id)
    if offering.state != OfferingState.PUBLISHED:
        raise WindowClosed(
            _("The state of “%(title)s” is “%(state)s”; its places stand.")
            % {"title": offering.title, "state": offering.get_state_display()}
        )
    marks = AttendanceMark.objects.filter(enrolment=place.pk)
    if marks.unscoped("whether the person was seen").exists():
        raise RollCalled(
            _("%(name)s is on a called roll of “%(title)s”.")
            % {"name": place.cadre.name, "title": offering.title},
            remedy=_(
                "What was attended is credited when the offering is closed; the place must stay until then."
            ),
        )
    held = Enrolment.objects.filter(pk=place.pk, state=EnrolmentState.ENROLLED)
    ended = held.unscoped("read in scope above").update(
        state=EnrolmentState.WITHDRAWN, ended_at=now, ended_by=by, reason=reason
    )
    if not ended:
        raise WrongState(
            _("%(name)s does not hold this place in “%(title)s” any more.")
            % {"name": place.cadre.name, "title": offering.title}
        )
    data = {"cadre": place.cadre_id, "offering": offering.pk, "round": offering.selection_round_id}
    record_event(action="enrolment.take_back", subject=place, by=by, data={**data, "reason": reason}, now=now)


def _tell_moved(old: Enrolment, number: int, title: str, reason: str) -> None:
    with translation.override(settings.LANGUAGE_CODE):
        _tell(
            old,
            event=f"enrolment.move:{number}",
            title=_("Moved to another topic: %(title)s") % {"title": title[:80]},
            body=_("Your place in “%(old)s” has become one in “%(new)s”. Reason: %(reason)s")
            % {"old": old.offering.title, "new": title, "reason": reason},
        )


def _tell_withdrawn(place: Enrolment, reason: str) -> None:
    with translation.override(settings.LANGUAGE_CODE):
        _tell(
            place,
            event=f"enrolment.take_back:{place.pk}",
            title=_("Place taken back: %(title)s") % {"title": place.offering.title[:80]},
            body=_("You do not take part in “%(title)s” any more. Reason: %(reason)s")
            % {"title": place.offering.title, "reason": reason},
        )


def _tell(place: Enrolment, *, event: str, title: str, body: str) -> None:
    if place.cadre.user is not None:
        send_notice(
            recipients=[place.cadre.user],
            event=event,
            title=title,
            body=body,
            url=reverse("trainees:electives"),
        )
