"""Opening and closing a selection round."""

from datetime import datetime
from functools import partial
from typing import Any

from django.db import connection, transaction
from django.utils.translation import gettext as _

from courses.enums import OfferingState, RoundState
from courses.models import SelectionRound
from courses.rules import ROUND_LOCKS
from courses.signals import round_opened
from partyschool.audit.services.events import record_event
from partyschool.common import clock
from partyschool.common.errors import NotFound, WrongState
from partyschool.common.locking import lock_row, locking_transaction


def _locked_round(round_id: int) -> SelectionRound:
    """The round, locked against claims under way (they hold its advisory lock shared) and against others who open or close it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s::int)", [ROUND_LOCKS, round_id])
    try:
        return lock_row(SelectionRound, round_id)
    except SelectionRound.DoesNotExist as error:
        raise NotFound(_("There is no selection round %(number)s.") % {"number": round_id}) from error


def open_round(*, round_id: int, by: Any, now: datetime | None = None) -> SelectionRound:
    """Open a drafted round (or open a closed one again before its end): from `opens_at` on, cadres may pick.

    Raises `WrongState` when the round is open, over, or has no published offering with seats; `NotFound`; `Busy`. After commit
    `round_opened` is sent, and those who may pick are told.
    Concurrency: holds the round alone (advisory) and its row.
    """
    with locking_transaction():
        found = _locked_round(round_id)
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
        before, found.state = found.state, RoundState.OPEN
        found.save(update_fields=["state"])
        record_event(
            action="round.open", subject=found, by=by, data={"before": before, "topics": topics}, now=at
        )
        transaction.on_commit(partial(round_opened.send_robust, sender=SelectionRound, round_id=found.pk))
    return found


def close_round(*, round_id: int, by: Any, now: datetime | None = None) -> SelectionRound:
    """Close an open round: once this returns, nobody picks or gives up a topic of it.

    Raises `WrongState`, `NotFound`, `Busy`.
    Concurrency: as `open_round`; waits for the claims under way, and claims that come meanwhile wait and then see it closed.
    """
    with locking_transaction():
        found = _locked_round(round_id)
        if found.state != RoundState.OPEN:
            raise WrongState(_("The round “%(name)s” is not open.") % {"name": found.name})
        found.state = RoundState.CLOSED
        found.save(update_fields=["state"])
        record_event(
            action="round.close", subject=found, by=by, data={"before": RoundState.OPEN.value}, now=now
        )
    return found
