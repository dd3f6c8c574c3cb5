"""A cadre's own lessons, for the page and for calendar programs; and whose secret address it is that such a program asks by."""

import hashlib
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import F, Q
from django.urls import reverse
from django.utils.translation import gettext as _

from courses.enums import OfferingKind, OfferingState
from partyschool.accounts.enums import Role
from partyschool.accounts.models import User
from partyschool.common import clock
from partyschool.common.errors import NotFound
from trainees.enums import SEATED_STATES, EnrolmentState
from trainees.models import CalendarFeed, Enrolment

# How far back calendars reach: a program drops what the feed drops, and an old timetable is on the page of credits anyway.
DAYS_KEPT = 180


@dataclass(frozen=True)
class OwnLesson:
    """One lesson of somebody's own timetable, columns in the order of `_COLUMNS`."""

    pk: int
    title: str
    starts_at: datetime
    ends_at: datetime
    cancelled_at: datetime | None
    room: str | None
    teacher: str | None
    offering_id: int
    offering_title: str
    offering_kind: str
    state: str

    @property
    def day(self) -> date:
        """The day at the school."""
        return clock.school_date(self.starts_at)

    @property
    def kind(self) -> str:
        """The kind of the offering in words."""
        return str(OfferingKind(self.offering_kind).label)

    @property
    def tentative(self) -> bool:
        """Whether the seat is offered and not accepted yet."""
        return self.state == EnrolmentState.HELD

    @property
    def path(self) -> str:
        """The page that tells more: where the offered seat is accepted, the own place, or what is left of it."""
        if self.tentative:
            return reverse("trainees:topic", args=[self.offering_id])
        if self.state == EnrolmentState.WITHDRAWN:
            return reverse("trainees:calendar")
        return reverse("trainees:credits_offering", args=[self.offering_id])


_LESSON = "offering__lessons__"
_COLUMNS = (
    *(f"{_LESSON}{name}" for name in ("pk", "title", "starts_at", "ends_at", "cancelled_at", "room__name")),
    f"{_LESSON}teacher__name",
    "offering_id",
    "offering__title",
    "offering__kind",
    "state",
)
# An offering that the school cancels ends its places and its lessons in one deed, at one instant.
_CALLED_OFF = Q(
    state=EnrolmentState.WITHDRAWN,
    offering__state=OfferingState.CANCELLED,
    ended_at=F(f"{_LESSON}cancelled_at"),
)


def own_lessons(user: Any, *, since: datetime) -> list[OwnLesson]:
    """The lessons that end after `since` of everything `user` has or is offered a seat in, in order of time. One query.

    Lessons that will not be held are among them, marked; so are those of an offering that was called off together with the place,
    since whoever has them in a calendar must learn of it. What the cadre gave up is not.
    """
    places = Enrolment.objects.visible_to(user).filter(
        Q(state__in=SEATED_STATES) | _CALLED_OFF, cadre__user=user.pk, offering__lessons__ends_at__gt=since
    )
    rows = places.order_by(f"{_LESSON}starts_at", f"{_LESSON}pk").values_list(*_COLUMNS)
    return [OwnLesson(*row) for row in rows]


def calendar_lessons(user: Any, *, now: datetime | None = None) -> list[OwnLesson]:
    """The lessons that a calendar of `user` holds: all to come, and those of the last `DAYS_KEPT` days."""
    return own_lessons(user, since=(now or clock.now()) - timedelta(days=DAYS_KEPT))


def live_feed(user: Any) -> CalendarFeed | None:
    """The user's calendar subscription, if there is one."""
    return CalendarFeed.objects.visible_to(user).filter(revoked_at=None).first()


def digest_of(token: str) -> str:
    """What is stored of a secret. A fast hash will do: the secret is 256 random bits, nothing that could be guessed."""
    return hashlib.sha256(token.encode()).hexdigest()


def feed_by_token(token: str) -> tuple[CalendarFeed, User]:
    """The live subscription behind a secret address and its user, who must still be a trainee of the portal.

    Raises `NotFound`, with the same words for an address that never was and one that is no more. The secret is looked up by its
    hash, so the time of the answer tells nothing about how much of a guess is right.
    """
    found = CalendarFeed.objects.filter(token_digest=digest_of(token), revoked_at=None)
    feed = found.unscoped("whoever has the secret address may read").first()
    if feed is not None:
        user = User.objects.with_grants().filter(pk=feed.user_id, is_active=True).first()
        if user is not None and user.scope.has(Role.TRAINEE):
            return feed, user
    raise NotFound(
        _("This calendar address is not known, or has been switched off."),
        remedy=_("Log in and make a new link on the page “My timetable”."),
    )
