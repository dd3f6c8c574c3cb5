"""Lines as those who move them, and those who stand in them, see them."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import connection
from django.db.models import Count, F
from django.utils.translation import gettext as _

from courses.models import Offering
from partyschool.common import clock
from partyschool.common.errors import NotEligible, NotFound
from trainees.enums import IN_LINE_STATES, LIVE_WAITING_STATES, EnrolmentState, WaitingState
from trainees.models import Cadre, Enrolment, WaitingEntry
from trainees.rules.waiting import Line, freeze_instant

LINE_ORDER = (F("priority").desc(), F("queued_at").asc(), F("pk").asc())


def line_of(offering_id: int) -> Line:
    """What is known of the offering's line. Raises `NotFound` for an offering that is unknown or has no seats yet."""
    columns = (
        "pk",
        "title",
        "starts_on",
        "state",
        "seats__frozen",
        "seats__capacity",
        "seats__taken",
        "selection_round__waiting",
        "selection_round__offer_hours",
        "selection_round__freeze_days",
        "selection_round__state",
    )
    found = Offering.objects.filter(pk=offering_id, seats__isnull=False).values_list(*columns).first()
    if found is None:
        raise NotFound(
            _("There is no such topic."), remedy=_("Go back to the list of electives and choose from there.")
        )
    return Line(*found)


def own_cadre_id(user: Any) -> int:
    """The key of the user's own cadre record. Raises `NotEligible` for a log-in without one."""
    found = Cadre.objects.filter(user=user.pk).unscoped("the own record, by its log-in").values_list("pk")
    if not found:
        raise NotEligible(
            _("This log-in is not linked to a cadre's record."),
            remedy=_("Ask the academic affairs office to link it."),
        )
    return found[0][0]


def first_in_line(offering_id: int, leaving_out: Collection[int] = ()) -> WaitingEntry | None:
    """The entry that is asked next, skipped ones in their old places; `leaving_out` are those asked already."""
    line = WaitingEntry.objects.filter(offering=offering_id, state__in=IN_LINE_STATES)
    if leaving_out:
        line = line.exclude(pk__in=leaving_out)
    return line.unscoped("who is asked next").order_by(*LINE_ORDER).first()


def live_entry(cadre_id: int, offering_id: int) -> WaitingEntry | None:
    """The cadre's entry that stands in line or holds an offer, with the place that it would give up."""
    entries = WaitingEntry.objects.filter(cadre=cadre_id, offering=offering_id, state__in=LIVE_WAITING_STATES)
    return entries.unscoped("the cadre's own").select_related("gives_up").first()


def last_entry(cadre_id: int, offering_id: int) -> WaitingEntry | None:
    """The cadre's newest entry for the offering, to tell a second press of a button what the first one did."""
    entries = WaitingEntry.objects.filter(cadre=cadre_id, offering=offering_id)
    return entries.unscoped("the cadre's own").order_by("-pk").first()


@dataclass(frozen=True)
class Standing:
    """An own live entry: `position` of `total` in line (both None for an offered seat). `end` is when the line, or the offer, is over."""

    entry: WaitingEntry
    position: int | None
    total: int | None
    end: datetime

    @property
    def offered(self) -> bool:
        return self.entry.state == WaitingState.OFFERED

    @property
    def skipped(self) -> bool:
        return self.entry.state == WaitingState.SKIPPED

    @property
    def wishes_to_give_up(self) -> Offering | None:
        """The topic that would be given up for this one, while it is still held."""
        place = self.entry.gives_up
        return place.offering if place is not None and place.state == EnrolmentState.ENROLLED else None


_POSITIONS = """
SELECT own.id, count(*) FILTER (WHERE (-other.priority, other.queued_at, other.id) <= (-own.priority, own.queued_at, own.id)), count(*)
FROM trainees_waitingentry own
JOIN trainees_waitingentry other ON other.offering_id = own.offering_id AND other.state IN ('waiting', 'skipped')
WHERE own.id = ANY(%(entries)s) AND own.state IN ('waiting', 'skipped')
GROUP BY own.id
"""


def positions_of(entries: Iterable[WaitingEntry]) -> dict[int, tuple[int, int]]:
    """Place in line and length of the line, by the key of each entry that stands in one. One query."""
    keys = [entry.pk for entry in entries]
    if not keys:
        return {}
    with connection.cursor() as cursor:
        cursor.execute(_POSITIONS, {"entries": keys})
        return {pk: (position, total) for pk, position, total in cursor.fetchall()}


def own_standings(user: Any) -> list[Standing]:
    """Where `user` stands in line or is offered a seat, offers first, oldest first. Two queries; one for those who wait nowhere."""
    entries = list(
        WaitingEntry.objects.visible_to(user)
        .filter(cadre__user=user.pk, state__in=LIVE_WAITING_STATES)
        .select_related("offering__selection_round", "gives_up__offering", "enrolment")
        .order_by("queued_at", "pk")
    )
    positions = positions_of(entries)
    found = []
    for entry in entries:
        days = entry.offering.selection_round.freeze_days if entry.offering.selection_round else 0
        end = entry.offered_until or freeze_instant(entry.offering.starts_on, days)
        position, total = positions.get(entry.pk, (None, None))
        found.append(Standing(entry, position, total, end))
    return sorted(found, key=lambda one: not one.offered)


def waiting_numbers(offering_ids: Collection[int]) -> dict[int, int]:
    """How many stand in line for each of the offerings; those without a line are left out."""
    lines = WaitingEntry.objects.filter(offering__in=offering_ids, state__in=IN_LINE_STATES)
    return dict(lines.unscoped("numbers alone").values_list("offering").annotate(Count("pk")))


def places_to_give_up(cadre_id: int, round_id: int) -> list[Enrolment]:
    """The cadre's places in a round that are not concluded, with their offerings."""
    places = Enrolment.objects.filter(
        cadre=cadre_id, offering__selection_round=round_id, state=EnrolmentState.ENROLLED
    )
    return list(places.unscoped("the cadre's own").select_related("offering").order_by("offering__starts_on"))


_ASKED = """
SELECT DISTINCT w.offering_id FROM trainees_waitingentry w
JOIN courses_seatcount s USING (offering_id) JOIN courses_offering o ON o.id = w.offering_id
JOIN courses_selectionround r ON r.id = o.selection_round_id
WHERE w.state IN ('waiting', 'skipped') AND s.taken < s.capacity AND NOT s.frozen AND o.state = 'published'
  AND r.waiting <> 'none' AND r.state <> 'draft' AND o.starts_on - r.freeze_days > %(today)s
ORDER BY 1
"""
_OVER = """
SELECT DISTINCT w.offering_id FROM trainees_waitingentry w
JOIN courses_offering o ON o.id = w.offering_id LEFT JOIN courses_selectionround r ON r.id = o.selection_round_id
WHERE w.state IN ('waiting', 'skipped')
  AND (coalesce(r.waiting, 'none') = 'none' OR o.starts_on - r.freeze_days <= %(today)s)
ORDER BY 1
"""


def _offerings(sql: str, now: datetime) -> list[int]:
    with connection.cursor() as cursor:
        cursor.execute(sql, {"today": clock.school_date(now)})
        return [pk for (pk,) in cursor.fetchall()]


def lines_to_ask(now: datetime) -> list[int]:
    """The offerings with a line and a free seat that may be given now. One query."""
    return _offerings(_ASKED, now)


def lines_over(now: datetime) -> list[int]:
    """The offerings where people still stand in line although the freeze date is reached, or the line was given up. One query."""
    return _offerings(_OVER, now)
