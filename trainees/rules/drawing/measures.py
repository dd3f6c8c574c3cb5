"""What an outcome is worth to those who ranked, in whole numbers, so that mechanisms can be compared side by side."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from . import outcome as told
from .content import Participant, SealedDraw
from .outcome import Outcome, Place
from .pace import without_cycle_search
from .serial import Hall, entitlement


@dataclass(frozen=True)
class TopicMeasure:
    """`first`: who ranked it first; `wanted`: who ranked it; `given`: who got it, non-voters among them; `left`: seats left.

    `refused`: who ranked it and found no seat, or none within the quota of the unit. `below`: too few got it for it to take place.
    """

    topic: int
    first: int
    wanted: int
    given: int
    left: int
    refused: int
    below: bool


@dataclass(frozen=True)
class Measures:
    """Counts of people who ranked something, unless told otherwise.

    `first`: got the topic they ranked first. `anything`: got at least one. `empty`: got none. `placed_non_voters`: were given something
    without ranking. `seats`: topics got. `ranks`: the sum of the ranks of topics got. `worst`: over those who got something, the worst
    rank of anybody's best topic; 0 when nobody got any. `points`: the total that `best_total` makes greatest. `envious`: see `envy`.
    """

    voters: int
    first: int
    anything: int
    empty: int
    placed_non_voters: int
    seats: int
    ranks: int
    worst: int
    points: int
    envious: int
    topics: tuple[TopicMeasure, ...]

    @property
    def first_share(self) -> float:
        """Share with the first choice, 0 to 1."""
        return self.first / self.voters if self.voters else 0.0

    @property
    def anything_share(self) -> float:
        """Share with anything at all, 0 to 1."""
        return self.anything / self.voters if self.voters else 0.0

    @property
    def mean_rank(self) -> float:
        """Mean rank of the topics got; 0 when none was."""
        return self.ranks / self.seats if self.seats else 0.0

    def plain(self) -> dict[str, Any]:
        """Everything as JSON values; shares with six digits."""
        return asdict(self) | {
            "topics": [asdict(one) for one in self.topics],
            "first_share": round(self.first_share, 6),
            "anything_share": round(self.anything_share, 6),
            "mean_rank": round(self.mean_rank, 6),
        }


@without_cycle_search()
def measure(draw: SealedDraw, outcome: Outcome, seed: str) -> Measures:
    """The measures of an outcome of the draw."""
    places = {place.ticket: place for place in outcome.places}
    ranks: list[int] = []
    best: list[int] = []
    voters = [one for one in draw.participants if one.ranking]
    for person in voters:
        got = {one.topic for one in places[person.ticket].got}
        own = [rank for rank, topic in enumerate(person.ranking, 1) if topic in got]
        ranks += own
        best += own[:1]
    return Measures(
        voters=len(voters),
        first=best.count(1),
        anything=len(best),
        empty=len(voters) - len(best),
        placed_non_voters=sum(1 for one in draw.participants if not one.ranking and places[one.ticket].got),
        seats=len(ranks),
        ranks=sum(ranks),
        worst=max(best, default=0),
        points=sum(len(draw.topics) - rank + 1 for rank in ranks),
        envious=len(envy(draw, outcome, seed)),
        topics=_topics(draw, voters, places),
    )


def _topics(
    draw: SealedDraw, voters: Sequence[Participant], places: Mapping[str, Place]
) -> tuple[TopicMeasure, ...]:
    first = Counter(one.ranking[0] for one in voters)
    wanted = Counter(topic for one in voters for topic in one.ranking)
    given = Counter(one.topic for place in places.values() for one in place.got)
    refused = Counter(
        why.topic for one in voters for why in places[one.ticket].why if why.code in {told.FULL, told.QUOTA}
    )
    return tuple(
        TopicMeasure(
            topic=topic.id,
            first=first[topic.id],
            wanted=wanted[topic.id],
            given=given[topic.id],
            left=topic.seats - given[topic.id],
            refused=refused[topic.id],
            below=given[topic.id] < topic.least,
        )
        for topic in sorted(draw.topics, key=lambda one: one.id)
    )


def envy(draw: SealedDraw, outcome: Outcome, seed: str) -> dict[str, int]:
    """Ticket → the best topic that somebody less entitled got in their place, for those who have reason to envy.

    Less entitled is who comes later: in the order of the mechanism, or in the order of chance where it has none. One has reason to envy
    for a topic that one ranked and did not get, when someone later sits there on a seat that one could have had: an open seat or
    one of an own group, within the own unit's quota, with no bar, no clash and no lack of picks, the better-ranked topics got being
    kept. Nobody has any after a serial dictatorship.
    """
    order = entitlement(draw, seed, outcome.mechanism)
    people = {one.ticket: one for one in draw.participants}
    hall = Hall(draw)
    sitting = _Sitting(outcome, people, order)
    found = {}
    for place in outcome.places:
        person = people[place.ticket]
        got = {one.topic for one in place.got}
        better: list[int] = []
        for topic in person.ranking:
            if topic in got:
                better.append(topic)
                continue
            room = hall.rooms[topic]
            # Seats and quotas of the hall are untouched: what is asked here is bar, limit and clash.
            if hall.obstacle(person, room, better):
                continue
            seats = [(topic, room.reservations[pool]) for pool in room.pools_for(person)]
            if sitting.latest(person, seats, room.quota_most) > order[person.ticket]:
                found[person.ticket] = topic
                break
    return found


class _Sitting:
    """The last in the order on each kind of seat (topic and reservation), of all and of each quota."""

    def __init__(self, outcome: Outcome, people: Mapping[str, Participant], order: Mapping[str, int]) -> None:
        self._latest: dict[tuple[int, int | None], int] = {}
        self._latest_of: dict[tuple[int, int | None, int], int] = {}
        self._used: Counter[tuple[int, int]] = Counter()
        for place in outcome.places:
            rank = order.get(place.ticket, 0)
            for topic, reservation in place.got:
                seat = (topic, reservation)
                self._latest[seat] = max(self._latest.get(seat, 0), rank)
                quota = people[place.ticket].quotas.get(topic)
                if quota is not None:
                    self._latest_of[*seat, quota] = max(self._latest_of.get((*seat, quota), 0), rank)
                    self._used[topic, quota] += 1

    def latest(
        self, person: Participant, seats: Sequence[tuple[int, int | None]], most: Mapping[int, int]
    ) -> int:
        """The last in the order whose seat, one of `seats` of one topic, the person could take over; 0 if there is none."""
        topic = seats[0][0]
        quota = person.quotas.get(topic)
        if quota is not None and self._used[topic, quota] >= most[quota]:
            return max(self._latest_of.get((*seat, quota), 0) for seat in seats)
        return max(self._latest.get(seat, 0) for seat in seats)
