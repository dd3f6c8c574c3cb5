"""What a first-come round was asked for beyond its seats: who would take one more seat, which rooms to change, what to run twice."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.db import connection

from courses.enums import OfferingState
from courses.models import Lesson, Offering, SelectionRound
from partyschool.common import clock
from trainees.enums import OverrideRule
from trainees.rules.electives import enrolment_denial
from trainees.selectors.electives import facts_of_candidates

# Whoever has or had a place, stands or stood in line, or was refused because the seats were gone, wanted the topic.
_WANTED = """
SELECT topic.id, wish.cadre_id, bool_or(wish.seated), bool_or(wish.unmet) FROM courses_offering topic CROSS JOIN LATERAL (
    SELECT e.cadre_id, e.state <> 'withdrawn' AS seated, false AS unmet FROM trainees_enrolment e WHERE e.offering_id = topic.id
    UNION ALL
    SELECT w.cadre_id, false, w.state IN ('waiting', 'skipped') FROM trainees_waitingentry w WHERE w.offering_id = topic.id
    UNION ALL
    SELECT f.cadre_id, false, true FROM trainees_seatrefusal f WHERE f.offering_id = topic.id AND f.code = 'full'
) wish WHERE topic.selection_round_id = %(round)s GROUP BY 1, 2
"""


class RoomUse(NamedTuple):
    """When a topic has its lessons, and the seats of the smallest room they are in (None: one of them has no room)."""

    spans: tuple[tuple[datetime, datetime], ...]
    rooms: tuple[str, ...]
    seats: int | None


@dataclass(frozen=True)
class Demand:
    """One topic. `wanted`: different cadres who wanted it; `unmet`: those of them without a place;
    `takers`: those who could take a seat now by every other rule: so many more seats would be of use."""

    offering: Offering
    seats: int
    taken: int
    wanted: int
    unmet: int
    takers: int
    room: RoomUse

    @property
    def second_run(self) -> bool:
        """Whether those whom the free seats do not hold are enough for the topic to be held once more."""
        without_seat = self.taken + self.takers - self.seats
        return without_seat > 0 and without_seat >= (self.offering.least or -(-self.seats // 2))


@dataclass(frozen=True)
class RoomSwap:
    """Two topics at the same times: `crowded` would gain `gain` seats in the rooms of `roomy`, whose people fit into the others."""

    crowded: Demand
    roomy: Demand
    gain: int


@dataclass(frozen=True)
class DemandReport:
    """The demand for every topic of a round, most unmet first, and what could be done."""

    lines: Sequence[Demand]
    swaps: Sequence[RoomSwap]

    @property
    def second_runs(self) -> list[Demand]:
        return [line for line in self.lines if line.second_run]


def demand_of(found: SelectionRound, *, now: datetime | None = None) -> DemandReport:
    """The demand report of a round; numbers, not people. Two queries, one for lessons, one for each topic with unmet wishes."""
    at = now or clock.now()
    topics = Offering.objects.filter(selection_round=found).exclude(
        state__in=[OfferingState.PLANNED, OfferingState.CANCELLED]
    )
    offerings = list(topics.select_related("seats").order_by("starts_on", "pk"))
    wanted, unmet = _wishes(found)
    rooms = _rooms(offerings)
    lines = [
        Demand(
            offering=offering,
            seats=offering.seats.capacity,
            taken=offering.seats.taken,
            wanted=wanted.get(offering.pk, 0),
            unmet=len(unmet.get(offering.pk, ())),
            takers=_takers(offering, unmet.get(offering.pk, []), at),
            room=rooms[offering.pk],
        )
        for offering in offerings
        if hasattr(offering, "seats")
    ]
    lines.sort(key=lambda line: (-line.takers, -line.unmet, line.offering.pk))
    return DemandReport(lines, room_swaps(lines))


def _wishes(found: SelectionRound) -> tuple[dict[int, int], dict[int, list[int]]]:
    wanted: dict[int, int] = {}
    unmet: dict[int, list[int]] = {}
    with connection.cursor() as cursor:
        cursor.execute(_WANTED, {"round": found.pk})
        for offering, cadre, seated, waits in cursor.fetchall():
            wanted[offering] = wanted.get(offering, 0) + 1
            if waits and not seated:
                unmet.setdefault(offering, []).append(cadre)
    return wanted, unmet


def _takers(offering: Offering, cadres: list[int], now: datetime) -> int:
    """How many of `cadres` every rule but the seats and the line would let in: the rules of a claim, asked as if a seat were free."""
    facts = facts_of_candidates(offering_id=offering.pk, cadre_ids=cadres)
    return sum(
        enrolment_denial(one._replace(open_left=1), now, {OverrideRule.QUEUE}) is None for one in facts
    )


def _rooms(offerings: Sequence[Offering]) -> dict[int, RoomUse]:
    lessons = Lesson.objects.filter(offering__in=offerings, cancelled_at=None)
    held: dict[int, list[Lesson]] = {offering.pk: [] for offering in offerings}
    for lesson in lessons.select_related("room").order_by("starts_at", "pk"):
        held[lesson.offering_id].append(lesson)
    return {pk: _use(found) for pk, found in held.items()}


def _use(lessons: list[Lesson]) -> RoomUse:
    rooms = [lesson.room for lesson in lessons if lesson.room is not None]
    seats = min(room.seats for room in rooms) if rooms and len(rooms) == len(lessons) else None
    spans = tuple((lesson.starts_at, lesson.ends_at) for lesson in lessons)
    return RoomUse(spans, tuple(dict.fromkeys(room.name for room in rooms)), seats)


def room_swaps(lines: Sequence[Demand]) -> list[RoomSwap]:
    """Exchanges of rooms between topics held at the very same times that would seat more people; each topic in one at most."""
    found = [
        RoomSwap(crowded, roomy, gain)
        for crowded in lines
        for roomy in lines
        if crowded is not roomy and (gain := _gain(crowded, roomy)) > 0
    ]
    found.sort(key=lambda swap: (-swap.gain, swap.crowded.offering.pk, swap.roomy.offering.pk))
    busy: set[int] = set()
    chosen = []
    for swap in found:
        pair = {swap.crowded.offering.pk, swap.roomy.offering.pk}
        if busy.isdisjoint(pair):
            busy |= pair
            chosen.append(swap)
    return chosen


def _gain(crowded: Demand, roomy: Demand) -> int:
    ours, theirs = crowded.room, roomy.room
    if not ours.spans or ours.spans != theirs.spans or ours.seats is None or theirs.seats is None:
        return 0
    if roomy.taken + roomy.takers > ours.seats:
        return 0
    more = min(theirs.seats, crowded.taken + crowded.takers) - max(crowded.seats, crowded.taken)
    return more if theirs.seats > ours.seats else 0
