"""The secret address of one's own timetable: made, switched off, and noted when a program reads it."""

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError
from django.utils.translation import gettext as _

from partyschool.audit.services.events import record_event
from partyschool.common import clock
from partyschool.common.errors import NotEligible, WrongState
from partyschool.common.locking import locking_transaction, violated_constraint
from trainees.models import Cadre, CalendarFeed
from trainees.selectors.calendars import digest_of

TOKEN_BYTES = 32
# Programs ask every few minutes; that they did is worth a write now and then.
NOTED_EVERY = timedelta(minutes=30)


@dataclass(frozen=True)
class MadeFeed:
    """A subscription and its secret, which nobody can be told a second time."""

    feed: CalendarFeed
    token: str


def make_feed(*, replaces: int | None, language: str, by: Any, now: datetime | None = None) -> MadeFeed:
    """Make the calendar subscription of `by`, written in `language`; the one that it `replaces` (id) is switched off.

    The audit trail keeps that it was made, and nothing of the secret.
    Raises `NotEligible` for a log-in without a cadre record; `WrongState` while another one than `replaces` is live, made in a
    second window, say: that window shows a link which must not die unseen; `Busy`.
    Concurrency: no lock but that on the replaced row. Of two that make one at once, the database lets one
    (`trainees_calendarfeed_live_uq`), and the other is told.
    """
    if not Cadre.objects.visible_to(by).filter(user=by.pk).exists():
        raise NotEligible(
            _("This log-in is not linked to a cadre's record."),
            remedy=_("Ask the academic affairs office to link it."),
        )
    at, token = now or clock.now(), secrets.token_urlsafe(TOKEN_BYTES)
    try:
        with locking_transaction():
            if replaces is not None:
                _switch_off(by, at, pk=replaces)
            feed = CalendarFeed.objects.create(
                user=by, token_digest=digest_of(token), language=language, created_at=at
            )
            record_event(action="calendar.make", subject=feed, by=by, data={"replaces": replaces}, now=at)
    except IntegrityError as error:
        if violated_constraint(error) == "trainees_calendarfeed_live_uq":
            raise WrongState(
                _("A link was made a moment ago, in another window or by pressing twice."),
                remedy=_(
                    "Go back to the page “My timetable”. If you did not note that link, make a new one there; it replaces the other."
                ),
            ) from error
        raise
    return MadeFeed(feed, token)


def revoke_feed(*, by: Any, now: datetime | None = None) -> bool:
    """Switch the calendar subscription of `by` off; returns whether there was one. A second press changes nothing.

    Raises `Busy`. Concurrency: locks the row of the subscription.
    """
    at = now or clock.now()
    with locking_transaction():
        return _switch_off(by, at)


def _switch_off(by: Any, at: datetime, **only: int) -> bool:
    """Revoke the live subscription of `by`; with `pk` only if it is that one."""
    live = CalendarFeed.objects.visible_to(by).filter(user=by.pk, revoked_at=None, **only)
    feed = live.select_for_update(no_key=True).first()
    if feed is None:
        return False
    feed.revoked_at = at
    feed.save(update_fields=["revoked_at"])
    record_event(action="calendar.revoke", subject=feed, by=by, now=at)
    return True


def note_reading(*, feed: CalendarFeed, content_digest: str, now: datetime | None = None) -> datetime:
    """Keep that a calendar program read `feed` and found content of this digest; returns since when the content is that, to the second.

    One UPDATE where something is new, or where the last note is older than `NOTED_EVERY`; else none. Two readings at once may both
    find something new; the later instant stays. No audit event: a program reads hundreds of times a week.
    """
    at = (now or clock.now()).replace(microsecond=0)
    fields = {}
    if feed.content_digest != content_digest or feed.content_changed_at is None:
        feed.content_digest, feed.content_changed_at = content_digest, at
        fields = {"content_digest": content_digest, "content_changed_at": at}
    if fields or feed.last_read_at is None or at - feed.last_read_at >= NOTED_EVERY:
        feed.last_read_at = at
        own = CalendarFeed.objects.filter(pk=feed.pk).unscoped("the subscription was found by its secret")
        own.update(last_read_at=at, **fields)
    return feed.content_changed_at
