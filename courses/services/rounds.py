"""The life of a selection round: opening, change window, closing. How a draw goes on from open is `trainees.services.drawing`."""

from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from courses.enums import OfferingState, RoundMode, RoundState
from courses.models import SelectionRound
from courses.rules import ROUND_LOCKS, may_move
from courses.signals import round_opened
from partyschool.audit.services.events import record_event
from partyschool.common import clock
from partyschool.common.errors import NotFound, WrongState
from partyschool.common.locking import lock_row, locking_transaction

from .commitment import commit_seed

# What the audit calls each move, by the state it leads to.
DEEDS = {
    RoundState.OPEN: "round.open",
    RoundState.SEALED: "round.seal",
    RoundState.RUN: "round.run",
    RoundState.REVIEW: "round.review",
    RoundState.PUBLISHED: "round.publish",
    RoundState.CHANGE: "round.open_change",
    RoundState.CLOSED: "round.close",
}


def locked_round(round_id: int) -> SelectionRound:
    """The round, locked against claims and rankings under way (they hold its advisory lock shared) and against others who move it.

    Raises `NotFound`. Concurrency: call it inside `locking_transaction()`; held until the commit.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s::int)", [ROUND_LOCKS, round_id])
    try:
        return lock_row(SelectionRound, round_id)
    except SelectionRound.DoesNotExist as error:
        raise NotFound(_("There is no selection round %(number)s.") % {"number": round_id}) from error


def move_round(
    found: SelectionRound, to: RoundState, *, by: Any, now: datetime | None = None, **facts: Any
) -> None:
    """Move a locked round to another state and record it with `facts`; saves the whole row.

    Raises `WrongState` for a move that `courses.rules.ROUND_MOVES` does not know. Concurrency: the caller holds `locked_round`.
    """
    if not may_move(found.mode, found.state, to):
        raise WrongState(
            _("The round “%(name)s” is in state “%(state)s”; it cannot become “%(to)s” from there.")
            % {"name": found.name, "state": found.get_state_display(), "to": to.label}
        )
    before, found.state = found.state, to
    found.save()
    record_event(action=DEEDS[to], subject=found, by=by, data={"before": before, **facts}, now=now)


def open_round(*, round_id: int, by: Any, now: datetime | None = None) -> SelectionRound:
    """Open a drafted round (or open a closed first-come one again before its end): from `opens_at` on, cadres may pick or rank.

    A draw commits itself to a secret seed here, so it is opened before its `opens_at`: its hash stands before anybody ranks.
    Raises `WrongState` when the round is open, over, a draw that has begun, or has no published offering with seats; `NotFound`;
    `Busy`. With it `round_opened` is sent: a job tells those who may pick.
    Concurrency: holds the round alone (advisory) and its row.
    """
    with locking_transaction():
        found = locked_round(round_id)
        at = now or clock.now()
        if found.state == RoundState.OPEN:
            raise WrongState(_("The round “%(name)s” is open already.") % {"name": found.name})
        if found.closes_at <= at:
            raise WrongState(
                _("The round “%(name)s” ended on %(time)s.")
                % {"name": found.name, "time": clock.in_words(found.closes_at)},
                remedy=_("Set a closing time in the future first."),
            )
        topics = found.offerings.filter(
            state=OfferingState.PUBLISHED, seats__capacity__gt=0, seats__frozen=False
        ).count()
        if not topics:
            raise WrongState(
                _("The round “%(name)s” has no published topic with seats.") % {"name": found.name},
                remedy=_("Publish its topics and set their seats first."),
            )
        facts: dict[str, Any] = {"topics": topics}
        if found.mode == RoundMode.DRAW:
            if found.opens_at <= at:
                raise WrongState(
                    _("A draw is announced before it opens; the opening %(time)s is past.")
                    % {"time": clock.in_words(found.opens_at)},
                    remedy=_("Set an opening time in the future first."),
                )
            facts["seed_hash"] = commit_seed(found)
        move_round(found, RoundState.OPEN, by=by, now=at, **facts)
        round_opened.send(sender=SelectionRound, opened=found, by=by)
    return found


def open_change_window(
    *, round_id: int, until: datetime, by: Any, now: datetime | None = None
) -> SelectionRound:
    """Let places of a round be changed until `until`, first come, first served, on what is left.

    Raises `WrongState` (not a state to come from, or `until` is past), `NotFound`, `Busy`. Concurrency: as `open_round`.
    """
    with locking_transaction():
        found = locked_round(round_id)
        at = now or clock.now()
        if until <= max(at, found.closes_at):
            raise WrongState(
                _("The change window cannot end on %(time)s: that is past, or before the round closes.")
                % {"time": clock.in_words(until)},
                remedy=_("Choose a later end."),
            )
        found.change_closes_at = until
        move_round(found, RoundState.CHANGE, by=by, now=at, until=until.isoformat())
    return found


def close_round(*, round_id: int, by: Any, now: datetime | None = None) -> SelectionRound:
    """Close a round: once this returns, nobody picks or gives up a topic of it.

    Raises `WrongState` for one that is not open (of a draw: not published yet), `NotFound`, `Busy`.
    Concurrency: as `open_round`; waits for the claims under way, and claims that come meanwhile wait and then see it closed.
    """
    with locking_transaction():
        found = locked_round(round_id)
        if found.state in {RoundState.DRAFT, RoundState.CLOSED}:
            raise WrongState(_("The round “%(name)s” is not open.") % {"name": found.name})
        move_round(found, RoundState.CLOSED, by=by, now=now)
    return found
