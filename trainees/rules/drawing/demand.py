"""What more seats would be worth: the same draw, with the same chance, in rooms of another size."""

from dataclasses import dataclass, replace
from itertools import permutations

from .content import SealedDraw, Topic
from .measures import Measures, measure
from .mechanisms import draw_by

# How many exchanges of rooms are tried out, the most promising first.
SWAPS_TRIED = 6


@dataclass(frozen=True)
class Gain:
    """What a change brings to those who ranked: topics got, people with anything, people with their first choice."""

    seats: int
    people: int
    first: int

    @property
    def worth(self) -> tuple[int, int, int]:
        """People with anything count first, then seats, then first choices."""
        return self.people, self.seats, self.first


@dataclass(frozen=True)
class TopicDemand:
    """`refused`: who wanted the topic and found no seat. `one_more`: what one more open seat would bring.

    `second_run`: those refused would fill a second run of the same room, at least to the topic's minimum.
    """

    topic: int
    seats: int
    wanted: int
    refused: int
    left: int
    one_more: Gain
    second_run: bool


@dataclass(frozen=True)
class Swap:
    """`small` and `large` exchange rooms: the first gets the seats of the second and the other way round."""

    small: int
    large: int
    gain: Gain


@dataclass(frozen=True)
class Demand:
    """The report on a draw: each topic, and the exchange of rooms that helps most, if one helps at all."""

    topics: tuple[TopicDemand, ...]
    swap: Swap | None


def one_more_seat(draw: SealedDraw, seed: str, mechanism: str) -> dict[int, Gain]:
    """Topic → what one more open seat there would bring. Draws once for each topic. Raises what the mechanism raises."""
    base = _measured(draw, seed, mechanism)
    return {
        topic.id: _gain(base, _measured(_sized(draw, {topic.id: topic.seats + 1}), seed, mechanism))
        for topic in draw.topics
    }


def demand(draw: SealedDraw, seed: str, mechanism: str) -> Demand:
    """The whole report. Draws once for each topic and for each of a few exchanges. Raises what the mechanism raises."""
    base = _measured(draw, seed, mechanism)
    more = one_more_seat(draw, seed, mechanism)
    topics = {topic.id: topic for topic in draw.topics}
    rows = tuple(
        TopicDemand(
            topic=row.topic,
            seats=topics[row.topic].seats,
            wanted=row.wanted,
            refused=row.refused,
            left=row.left,
            one_more=more[row.topic],
            second_run=row.refused >= max(topics[row.topic].least, 1),
        )
        for row in base.topics
    )
    return Demand(rows, _best_swap(draw, seed, mechanism, base, rows))


def _best_swap(
    draw: SealedDraw, seed: str, mechanism: str, base: Measures, rows: tuple[TopicDemand, ...]
) -> Swap | None:
    kept = {topic.id: sum(one.seats for one in topic.reserved) for topic in draw.topics}
    pairs = sorted(
        (
            (small, large)
            for small, large in permutations(rows, 2)
            # Nobody who has a place in the larger room loses it.
            if small.refused and small.seats < large.seats and large.seats - large.left <= small.seats
            if kept[large.topic] <= small.seats
        ),
        key=lambda pair: (
            -min(pair[0].refused, pair[1].seats - pair[0].seats),
            pair[0].topic,
            pair[1].topic,
        ),
    )
    swaps = []
    for small, large in pairs[:SWAPS_TRIED]:
        sizes = {small.topic: large.seats, large.topic: small.seats}
        gain = _gain(base, _measured(_sized(draw, sizes), seed, mechanism))
        swaps.append(Swap(small.topic, large.topic, gain))
    best = max(swaps, key=lambda swap: swap.gain.worth, default=None)
    return best if best and best.gain.worth > (0, 0, 0) else None


def _sized(draw: SealedDraw, seats: dict[int, int]) -> SealedDraw:
    def resized(topic: Topic) -> Topic:
        return replace(topic, seats=seats.get(topic.id, topic.seats))

    return replace(draw, topics=tuple(resized(topic) for topic in draw.topics))


def _measured(draw: SealedDraw, seed: str, mechanism: str) -> Measures:
    return measure(draw, draw_by(mechanism, draw, seed), seed)


def _gain(base: Measures, other: Measures) -> Gain:
    return Gain(other.seats - base.seats, other.anything - base.anything, other.first - base.first)
