"""One after the other: each takes the best topics still open to them, up to their limit. Who ranked nothing is given what is left."""

from collections.abc import Iterable, Mapping, Sequence

from . import outcome as told
from .chance import commit, order_of_chance, order_of_time
from .content import BY_TIME, RANDOM_SERIAL, Participant, SealedDraw, WrongSeed
from .outcome import Got, Outcome, Place, Why
from .seats import Room

# Ticket → place in the order, topics got, reasons.
Shares = dict[str, tuple[int | None, list[int], tuple[Why, ...]]]


class Hall:
    """All topics of a draw while their seats are given, and what everybody got so far."""

    def __init__(self, draw: SealedDraw) -> None:
        self.draw = draw
        self.rooms = {topic.id: Room(topic) for topic in draw.topics}
        self.clashes: dict[int, frozenset[int]] = {
            topic.id: frozenset(
                other for pair in draw.conflicts if topic.id in pair for other in pair if other != topic.id
            )
            for topic in draw.topics
        }
        # What those who ranked nothing are given, in this order.
        self.leftovers = tuple(topic.id for topic in sorted(draw.topics, key=lambda one: (one.code, one.id)))
        self.shares: Shares = {}
        self._reasons: dict[Why, Why] = {}

    def serve(self, people: Iterable[Participant], *, first: int | None = 1) -> None:
        """Let each take the best that is open to them; the first stands at place `first` (None: they stand in no order)."""
        for index, person in enumerate(people):
            place = None if first is None else first + index
            got: list[int] = []
            wishes = person.ranking or self.leftovers
            why = tuple([self._decide(person, self.rooms[topic], got, place) for topic in wishes])
            self.shares[person.ticket] = (place, got, why)

    def obstacle(self, person: Participant, room: Room, got: Sequence[int]) -> Why | None:
        """Why somebody who has `got` these topics cannot have this one as well, but for its seats; None if they can.

        In the order in which the portal always denies: barred, limit, quota, clash.
        """
        topic = room.topic.id
        if topic in person.barred:
            return self._once(Why(topic, told.BARRED, denial=person.barred[topic]))
        if len(got) >= person.most:
            return self._once(Why(topic, told.LIMIT, most=person.most))
        if not room.has_quota(person):
            quota = person.quotas[topic]
            return self._once(Why(topic, told.QUOTA, quota=quota, most=room.quota_most[quota]))
        clash = next((other for other in got if other in self.clashes[topic]), None)
        return None if clash is None else self._once(Why(topic, told.CLASH, other=clash))

    def _decide(self, person: Participant, room: Room, got: list[int], place: int | None) -> Why:
        if why := self.obstacle(person, room, got):
            return why
        if not room.seat(person, place):
            return self._once(full(room))
        got.append(room.topic.id)
        return self._once(Why(room.topic.id, told.GOT))

    def _once(self, why: Why) -> Why:
        """The same reason as one object, however many have it: a large draw would spend its time on keeping a million of them."""
        return self._reasons.setdefault(why, why)

    def outcome(self, mechanism: str) -> Outcome:
        """What everybody got; who was not served got nothing, without a place."""
        nothing: tuple[int | None, list[int], tuple[Why, ...]] = (None, [], ())
        places = []
        for person in sorted(self.draw.participants, key=lambda one: one.ticket):
            position, topics, why = self.shares.get(person.ticket, nothing)
            got = tuple([Got(topic, self.rooms[topic].reservation_of(person.ticket)) for topic in topics])
            places.append(Place(person.ticket, position, got, why))
        return Outcome(mechanism, self.draw.seed_hash, tuple(places))


def full(room: Room) -> Why:
    """The seats as they stand: all taken, or the last ones kept for others."""
    return Why(room.topic.id, told.FULL, given=room.given, kept=room.topic.seats - room.given, last=room.last)


def check_seed(draw: SealedDraw, seed: str) -> None:
    """Raise `WrongSeed` unless this is the seed to which the draw has committed."""
    if commit(seed) != draw.seed_hash:
        raise WrongSeed("the seed does not have the hash that was published")


def drawn(draw: SealedDraw) -> list[Participant]:
    """Who takes part: those who ranked, and the others if they are to be placed."""
    return [one for one in draw.participants if one.ranking or draw.place_non_voters]


def random_serial(draw: SealedDraw, seed: str) -> Outcome:
    """Random serial dictatorship: in the order of chance.

    To rank as one wishes is the best one can do, and no other division would be better for somebody and worse for nobody (whoever
    prefers any better-ranked topic to all worse-ranked ones). Raises `WrongSeed`.
    """
    check_seed(draw, seed)
    hall = Hall(draw)
    hall.serve(order_of_chance(drawn(draw), seed))
    return hall.outcome(RANDOM_SERIAL)


def by_time(draw: SealedDraw, seed: str) -> Outcome:
    """First come, first served by the instant of the last ranking; chance decides within one instant. Raises `WrongSeed`."""
    check_seed(draw, seed)
    hall = Hall(draw)
    hall.serve(order_of_time(drawn(draw), seed))
    return hall.outcome(BY_TIME)


def entitlement(draw: SealedDraw, seed: str, mechanism: str) -> Mapping[str, int]:
    """Place in the order of each who takes part, 1 first: that of the mechanism, and that of chance where it has none."""
    order = order_of_time if mechanism == BY_TIME else order_of_chance
    return {one.ticket: place for place, one in enumerate(order(drawn(draw), seed), 1)}
