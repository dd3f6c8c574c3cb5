"""Giving free seats to those in line, one after the other, each in a transaction of its own."""

import logging
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, auto
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from courses.enums import WaitingMode
from partyschool.common import clock
from partyschool.common.errors import Busy, Denial, NotEligible
from partyschool.common.locking import locking_transaction
from trainees.enums import EnrolmentOrigin, EnrolmentState, WaitingState
from trainees.models import Enrolment, WaitingEntry
from trainees.rules.electives import SeatFacts, offering_denial, promotion_denial
from trainees.rules.waiting import Line, has_seat_to_give
from trainees.selectors.electives import facts_for_cadre
from trainees.selectors.waiting import first_in_line, line_of, lines_over, lines_to_ask

from .electives import claim_place, give_up_place
from .line_locks import lock_line
from .offers import expire_offers, remind_of_offers
from .waiting import end_line_if_over
from .waiting_notices import tell_obtained, tell_offered, tell_skipped

log = logging.getLogger(__name__)
FACTS_MOST = WaitingEntry._meta.get_field("skipped_facts").max_length or 0


@dataclass
class Promoted:
    """What a walk along one or more lines did; `freed` are the offerings whose places were given up for others."""

    given: int = 0
    offered: int = 0
    skipped: int = 0
    freed: list[int] = field(default_factory=list)


class _Answer(Enum):
    OVER = auto()  # no seat to give, or nobody there
    AGAIN = auto()  # the line moved meanwhile: look once more who is first
    SKIPPED = auto()
    GIVEN = auto()
    OFFERED = auto()


def promote_waiting(*, offering_id: int, now: datetime | None = None) -> Promoted:
    """Walk the line of an offering while seats are free: give or offer a seat to whoever may have one, skip the others.

    Every rule is asked anew for each. Who is refused is skipped with the reason and keeps the place. Where a place was given up for
    the new one, the line of that offering is walked too. Safe to run twice and side by side. Raises `NotFound`, `Busy`.
    Concurrency: each promotion locks the cadre of the first in line · rounds shared · offerings · seat rows by pk, and looks behind the
    locks whether that one still is the first; two walkers on one line follow each other.
    """
    done = Promoted()
    with translation.override(settings.LANGUAGE_CODE):
        _walk(offering_id, now, done)
        for freed in done.freed:  # grows while it is walked: a place given up for another frees the next seat
            _walk(freed, now, done)
    return done


def _walk(offering_id: int, now: datetime | None, done: Promoted) -> None:
    asked: set[int] = set()
    while head := first_in_line(offering_id, asked):
        match _ask(head, asked, now, done):
            case _Answer.OVER:
                return
            case _Answer.SKIPPED:
                asked.add(head.pk)
                done.skipped += 1
            case _Answer.GIVEN:
                done.given += 1
            case _Answer.OFFERED:
                done.offered += 1


def _ask(head: WaitingEntry, asked: set[int], now: datetime | None, done: Promoted) -> _Answer:
    """One promotion, or the reason why there is none."""
    old = head.gives_up
    with locking_transaction():
        lock_line(
            cadre_id=head.cadre_id,
            offering_ids={head.offering_id, old.offering_id if old else head.offering_id},
        )
        # The instant is taken behind the locks: who waited past the freeze is late.
        at = now or clock.now()
        line = line_of(head.offering_id)
        if not has_seat_to_give(line, at):
            return _Answer.OVER
        entry = first_in_line(head.offering_id, asked)
        if entry is None or entry.pk != head.pk:
            return _Answer.AGAIN
        given_up = _still_held(old)
        without = given_up.enrolment_id if given_up else None
        facts = facts_for_cadre(cadre_id=entry.cadre_id, offering_id=entry.offering_id, without=without or 0)
        if denial := _denial(entry, facts, given_up, at):
            _skip(entry, denial)
            return _Answer.SKIPPED
        if line.mode == WaitingMode.OFFER:
            _offer(entry, facts, line, at)
            return _Answer.OFFERED
        if given_up:
            _give_up_for(facts, given_up, by=entry.cadre.user, at=at)
        origin = EnrolmentOrigin.SWAP if given_up else EnrolmentOrigin.WAITING
        # The trigger on enrolments takes the entry out of line: who has the seat waits no more.
        claim_place(
            facts,
            origin=origin,
            action="waiting.promote",
            by=entry.cadre.user,
            now=at,
            by_portal=True,
            entry=entry.pk,
        )
        tell_obtained(entry, given_up.title if given_up else "")
    if given_up:
        done.freed.append(given_up.offering_id)
    return _Answer.GIVEN


def _still_held(old: Enrolment | None) -> SeatFacts | None:
    """The facts of the place named in a wish to swap; None without a wish, or when it was given up meanwhile."""
    if old is None:
        return None
    place = Enrolment.objects.filter(pk=old.pk).exclude(state=EnrolmentState.WITHDRAWN)
    if not place.unscoped("the place that would be given up").exists():
        return None
    return facts_for_cadre(cadre_id=old.cadre_id, offering_id=old.offering_id)


def _denial(entry: WaitingEntry, facts: SeatFacts, given_up: SeatFacts | None, at: datetime) -> Denial | None:
    if entry.cadre.user is None:
        return NotEligible(_("The cadre has no log-in any more."))
    # A place that has been concluded cannot be given up, and the wish was to have one of the two.
    if given_up and (denial := offering_denial(given_up)):
        return denial
    return promotion_denial(facts, at)


def _skip(entry: WaitingEntry, denial: Denial) -> None:
    before = entry.skipped_code, entry.skipped_facts
    entry.state, entry.skipped_code = WaitingState.SKIPPED, denial.code
    entry.skipped_facts = str(denial.facts or denial.title)[:FACTS_MOST]
    if before == (entry.skipped_code, entry.skipped_facts):
        return
    entry.save(update_fields=["state", "skipped_code", "skipped_facts"])
    tell_skipped(entry, entry.skipped_facts)


def _offer(entry: WaitingEntry, facts: SeatFacts, line: Line, at: datetime) -> None:
    until = line.offer_ends(at)
    number = claim_place(
        facts,
        origin=EnrolmentOrigin.SWAP if entry.gives_up_id else EnrolmentOrigin.WAITING,
        action="waiting.offer",
        by=entry.cadre.user,
        now=at,
        state=EnrolmentState.HELD,
        by_portal=True,
        entry=entry.pk,
        until=until.isoformat(),
    )
    entry.state, entry.enrolment_id, entry.offered_until = WaitingState.OFFERED, number, until
    entry.skipped_code = entry.skipped_facts = ""
    entry.save(update_fields=["state", "enrolment", "offered_until", "skipped_code", "skipped_facts"])
    tell_offered(entry, until)


def _give_up_for(facts: SeatFacts, given_up: SeatFacts, *, by: Any, at: datetime) -> None:
    give_up_place(
        given_up, reason=_("Given up for “%(title)s”") % {"title": facts.title[:100]}, by=by, now=at
    )


@dataclass(frozen=True)
class LineSweep:
    """What one sweep did: offers lapsed, people reminded, lines ended, lines walked."""

    lapsed: int
    reminded: int
    ended: int
    walked: int


def sweep_lines(*, now: datetime | None = None) -> LineSweep:
    """Find and do what nobody rang for: lapse and remind, end lines that are over, walk lines beside a free seat.

    Three set-based look-ups when there is nothing to do. A line that is busy waits for the next sweep.
    """
    at = now or clock.now()
    freed = expire_offers(now=now)
    reminded = remind_of_offers(now=now)
    ended = sum(end_line_if_over(offering_id=pk, now=now) > 0 for pk in lines_over(at))
    walked = 0
    for offering_id in sorted({*freed, *lines_to_ask(at)}):
        try:
            promote_waiting(offering_id=offering_id, now=now)
        except Busy:
            log.warning("the line of offering %s is busy and waits for the next sweep", offering_id)
        else:
            walked += 1
    return LineSweep(len(freed), reminded, ended, walked)
