"""A round as the desk watches it: seats, lines, pace, refusals, who has not decided. A fixed number of queries, whatever its size."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import connection
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

from courses.enums import OfferingState, RoundMode
from courses.models import Offering, SelectionRound
from partyschool.common import clock
from trainees.enums import IN_LINE_STATES, LIVE_WAITING_STATES, SEATED_STATES
from trainees.models import Cadre, Enrolment, Ranking, SeatOverride, SeatRefusal, WaitingEntry

MINUTES = 15
RECENT = 8


@dataclass(frozen=True)
class BoardTopic:
    """One topic with its line. `open_free` are seats kept for nobody, `kept_free` those kept for groups and still free."""

    offering: Offering
    capacity: int
    taken: int
    open_free: int
    kept_free: int
    waiting: int
    offered: int
    refused: int

    @property
    def too_small(self) -> bool:
        """Whether fewer people take part than make it worth holding."""
        return self.offering.state == OfferingState.PUBLISHED and self.taken < self.offering.least

    @property
    def lacking(self) -> int:
        return max(self.offering.least - self.taken, 0)


@dataclass(frozen=True)
class RefusalCount:
    """How often, and how many different cadres, were refused for one reason (the code of a denial)."""

    code: str
    times: int
    cadres: int


@dataclass(frozen=True)
class Board:
    """The state of a round at `now`. `minutes`: (minute, places given, refusals) of the last `MINUTES`, oldest first."""

    topics: Sequence[BoardTopic]
    minutes: Sequence[tuple[datetime, int, int]]
    refusals: Sequence[RefusalCount]
    undecided: int
    too_few: int
    eligible: int
    overrides: Sequence[SeatOverride]
    priorities: Sequence[WaitingEntry]
    now: datetime

    @property
    def capacity(self) -> int:
        return sum(topic.capacity for topic in self.topics)

    @property
    def taken(self) -> int:
        return sum(topic.taken for topic in self.topics)

    @property
    def waiting(self) -> int:
        return sum(topic.waiting for topic in self.topics)

    @property
    def refused(self) -> int:
        return sum(one.times for one in self.refusals)


def board_of(found: SelectionRound, user: Any, *, now: datetime | None = None) -> Board:
    """Everything the board of a round shows to `user`; people are those in scope, numbers are the school's."""
    now = now or clock.now()
    eligible = eligible_cadres(found, now)
    numbers = eligible.unscoped("numbers, not people").aggregate(
        eligible=Count("pk"),
        undecided=Count("pk", filter=_without(found)),
        too_few=Count("pk", filter=_short(found)),
    )
    overrides = SeatOverride.objects.visible_to(user).filter(enrolment__offering__selection_round=found)
    priorities = WaitingEntry.objects.visible_to(user).filter(offering__selection_round=found)
    return Board(
        topics=board_topics(found),
        minutes=_minutes(found, now),
        refusals=refusal_counts(found),
        overrides=list(
            overrides.select_related("enrolment__cadre", "enrolment__offering", "by").order_by("-pk")[:RECENT]
        ),
        priorities=list(
            priorities.exclude(priority=0).select_related("cadre", "offering").order_by("-pk")[:RECENT]
        ),
        now=now,
        **numbers,
    )


def board_topics(found: SelectionRound) -> list[BoardTopic]:
    """The topics of a round with seats, lines and refusals. One query."""

    def counted(model: Any, **conditions: Any) -> Any:
        rows = model._base_manager.filter(offering=OuterRef("pk"), **conditions).order_by().values("offering")
        return Coalesce(Subquery(rows.annotate(number=Count("pk")).values("number")), 0)

    topics = (
        Offering.objects.filter(selection_round=found)
        .exclude(state=OfferingState.PLANNED)
        .select_related("seats")
        .annotate(
            waiting_count=counted(WaitingEntry, state__in=IN_LINE_STATES),
            offered_count=counted(WaitingEntry, state="offered"),
            refused_count=counted(SeatRefusal),
        )
        .order_by("starts_on", "pk")
    )
    return [_board_topic(offering) for offering in topics]


def _board_topic(offering: Any) -> BoardTopic:
    seats = getattr(offering, "seats", None)
    lines = (offering.waiting_count, offering.offered_count, offering.refused_count)
    if seats is None:
        return BoardTopic(offering, 0, 0, 0, 0, *lines)
    kept_free = seats.reserved - seats.reserved_taken
    return BoardTopic(offering, seats.capacity, seats.taken, seats.open_free, kept_free, *lines)


def refusal_counts(found: SelectionRound) -> list[RefusalCount]:
    """Refusals of a round by reason, most frequent first."""
    rows = SeatRefusal.objects.filter(offering__selection_round=found).unscoped("numbers, not people")
    counts = rows.order_by().values("code").annotate(times=Count("pk"), cadres=Count("cadre", distinct=True))
    return [RefusalCount(**row) for row in counts.order_by("-times", "code")]


# Both series by minute, empty minutes too. The indexes on offering lead both tables.
_PACE = """
WITH topic AS (SELECT id FROM courses_offering WHERE selection_round_id = %(round)s)
SELECT minute, count(*) FILTER (WHERE given), count(*) FILTER (WHERE NOT given) FROM (
    SELECT date_trunc('minute', e.created_at) AS minute, true AS given FROM topic JOIN trainees_enrolment e ON e.offering_id = topic.id
     WHERE e.created_at >= %(since)s
    UNION ALL
    SELECT date_trunc('minute', f.at), false FROM topic JOIN trainees_seatrefusal f ON f.offering_id = topic.id WHERE f.at >= %(since)s
) happened GROUP BY minute
"""


def _minutes(found: SelectionRound, now: datetime) -> list[tuple[datetime, int, int]]:
    last = now.replace(second=0, microsecond=0)
    minutes = [last - timedelta(minutes=back) for back in range(MINUTES - 1, -1, -1)]
    with connection.cursor() as cursor:
        cursor.execute(_PACE, {"round": found.pk, "since": minutes[0]})
        counted = {minute: (given, refused) for minute, given, refused in cursor.fetchall()}
    return [(minute, *counted.get(minute, (0, 0))) for minute in minutes]


def eligible_cadres(found: SelectionRound, now: datetime) -> Any:
    """The cadres to whom the round is open now; not evaluated, to be narrowed to a scope (or declared unscoped) by the caller."""
    cadres = Cadre.objects.filter(Q(left_on=None) | Q(left_on__gt=clock.school_date(now)))
    if found.ranks:
        cadres = cadres.filter(rank__in=found.ranks)
    if found.categories:
        cadres = cadres.filter(category__in=found.categories)
    admitted = Q()
    for path in found.units.values_list("path", flat=True):
        admitted |= Q(unit__path__startswith=path)
    return cadres.filter(admitted)


def undecided_cadres(found: SelectionRound, user: Any, now: datetime) -> QuerySet:
    """Eligible cadres within `user`'s scope who have neither picked nor ranked, nor stand in any line of the round."""
    return eligible_cadres(found, now).visible_to(user).filter(_without(found)).select_related("unit")


def _places(found: SelectionRound) -> QuerySet:
    places = Enrolment.objects.filter(offering__selection_round=found, state__in=SEATED_STATES)
    return places.unscoped("who holds a place, to tell who does not").order_by()


def _without(found: SelectionRound) -> Q:
    lines = WaitingEntry.objects.filter(offering__selection_round=found, state__in=LIVE_WAITING_STATES)
    decided = Q(pk__in=_places(found).values("cadre"))
    decided |= Q(pk__in=lines.unscoped("who waits, to tell who does not").values("cadre"))
    if found.mode == RoundMode.DRAW:
        ranked = Ranking.objects.filter(selection_round=found).exclude(offerings=[])
        decided |= Q(pk__in=ranked.unscoped("who ranked, to tell who did not").values("cadre"))
    return ~decided


def _short(found: SelectionRound) -> Q:
    """Who has picked, but fewer topics than are expected of each."""
    counts = _places(found).values("cadre").annotate(number=Count("pk"))
    return Q(pk__in=counts.filter(number__lt=found.min_picks).values("cadre"))
