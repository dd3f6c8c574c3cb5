"""The division with the greatest total satisfaction, found by an exact solver.

Of T topics in the round, the first of a ranking is worth T points, the second T - 1, and so on. Priority group 0 gets the greatest total
it can have; among the divisions that give it that, group 1 gets its greatest total; and so on. Who ranked nothing is served last, from
what is left.

Among equal totals chance decides: a topic that somebody gets counts its lot, the first three digits of SHA-256 of `SEED:TICKET:TOPIC`
read as a number, and the largest sum of lots wins; among equal sums the next three digits decide, then the next three.

There is no order of service here, so places have no position; and unlike with the random serial dictatorship, somebody who guesses
the others' rankings may gain by ranking otherwise than they wish.
"""

from collections import defaultdict
from collections.abc import Iterable

from . import outcome as told
from .chance import LOT_DIGITS, lot, order_of_chance
from .content import BEST_TOTAL, Participant, SealedDraw
from .outcome import Outcome, Why
from .seats import Pools, Room
from .serial import Hall, check_seed, drawn, full
from .solver import Program, SolverFailed, Terms

# Pairs of a person and a topic ranked, as measured by bench/draw.py.
CARRIES = 400_000
LOTS = 3

# Somebody who ranked the topic, and the variable that tells whether they get it.
Asking = tuple[Participant, int]


class TooLarge(ValueError):
    """The draw has more ranked topics (`pairs`) than the solver carries (`carries`); the other mechanisms carry any number."""

    def __init__(self, pairs: int) -> None:
        super().__init__(
            f"{pairs:,} ranked topics are more than the {CARRIES:,} that the exact solver carries"
        )
        self.pairs, self.carries = pairs, CARRIES


def points(draw: SealedDraw, rank: int) -> int:
    """What a topic is worth at that place (1 first) of a ranking."""
    return len(draw.topics) - rank + 1


def best_total(draw: SealedDraw, seed: str) -> Outcome:
    """The division with the greatest total. Raises `WrongSeed`, `TooLarge`, `SolverFailed`."""
    check_seed(draw, seed)
    order = order_of_chance(drawn(draw), seed)
    voters = [one for one in order if one.ranking]
    hall = Hall(draw)
    chosen = _chosen(draw, seed, voters, hall)
    for person in voters:
        _seat(person, chosen[person.ticket], hall)
    for person in voters:
        got = hall.shares[person.ticket][1]
        hall.shares[person.ticket] = (None, got, tuple(_explain(person, got, hall)))
    hall.serve(order[len(voters) :], first=None)
    return hall.outcome(BEST_TOTAL)


def _chosen(draw: SealedDraw, seed: str, voters: list[Participant], hall: Hall) -> dict[str, set[int]]:
    """The topics that the solver gives to each voter, by ticket."""
    size = sum(len(person.ranking) for person in voters)
    if size > CARRIES:
        raise TooLarge(size)
    program = Program()
    totals: dict[int, Terms] = defaultdict(list)
    lots: list[Terms] = [[] for _round in range(LOTS)]
    asking: dict[int, list[Asking]] = defaultdict(list)
    for person in voters:
        own: dict[int, int] = {}
        for rank, topic in enumerate(person.ranking, 1):
            if topic in person.barred or not person.most:
                continue
            own[topic] = variable = program.yes_or_no()
            asking[topic].append((person, variable))
            totals[person.group].append((variable, points(draw, rank)))
            digits = lot(seed, person.ticket, topic)
            for index, terms in enumerate(lots):
                terms.append((variable, int(digits[LOT_DIGITS * index :][:LOT_DIGITS], 16)))
        _limit(program, person, own, draw)
    for topic, people in asking.items():
        _fill(program, hall.rooms[topic], people)
    answer = program.best([*(totals[group] for group in sorted(totals)), *lots])
    chosen: dict[str, set[int]] = {person.ticket: set() for person in voters}
    for topic, people in asking.items():
        for person, variable in people:
            if answer[variable]:
                chosen[person.ticket].add(topic)
    return chosen


def _limit(program: Program, person: Participant, own: dict[int, int], draw: SealedDraw) -> None:
    """No more topics than allowed, nor two that clash."""
    if len(own) > person.most:
        program.rule([(variable, 1) for variable in own.values()], person.most)
    if person.most > 1:
        for one, other in draw.conflicts:
            if one in own and other in own:
                program.rule([(own[one], 1), (own[other], 1)], 1)


def _fill(program: Program, room: Room, people: list[Asking]) -> None:
    """No more people than seats that they may sit on, nor more of a unit than its quota."""
    by_pools: dict[Pools, Terms] = defaultdict(list)
    by_quota: dict[int, Terms] = defaultdict(list)
    for person, variable in people:
        by_pools[room.pools_for(person)].append((variable, 1))
        if (quota := person.quotas.get(room.topic.id)) is not None:
            by_quota[quota].append((variable, 1))
    for quota, terms in by_quota.items():
        program.rule(terms, room.quota_left[quota])
    if len(room.free) == 1:
        program.rule([(variable, 1) for _person, variable in people], room.free[0])
        return
    # Whoever has the same seats to choose from is one stream, which flows into those seats.
    into: dict[int, Terms] = defaultdict(list)
    for pools, terms in by_pools.items():
        parts = [(pool, program.amount()) for pool in pools]
        program.rule([*terms, *((part, -1) for _pool, part in parts)], 0)
        for pool, part in parts:
            into[pool].append((part, 1))
    for pool, terms in into.items():
        program.rule(terms, room.free[pool])


def _seat(person: Participant, topics: set[int], hall: Hall) -> None:
    got: list[int] = []
    for topic in person.ranking:
        if topic not in topics:
            continue
        room = hall.rooms[topic]
        if hall.obstacle(person, room, got) or not room.seat(person):
            raise SolverFailed(f"no seat of topic {topic} for {person.ticket}")
        got.append(topic)
    hall.shares[person.ticket] = (None, got, ())


def _explain(person: Participant, got: list[int], hall: Hall) -> Iterable[Why]:
    """Why each topic was got or not, true of the division as a whole, once all who ranked are seated."""
    better: list[int] = []
    for topic in person.ranking:
        room = hall.rooms[topic]
        if topic in got:
            better.append(topic)
            yield Why(topic, told.GOT)
        elif why := hall.obstacle(person, room, better):
            yield why
        elif not room.has_seat(person):
            yield full(room)
        elif clash := next((other for other in got if other in hall.clashes[topic]), None):
            # A seat is free, but the topics further down that clash with this one are worth more together.
            yield Why(topic, told.CLASH, other=clash)
        else:
            raise SolverFailed(f"{person.ticket} could have had topic {topic} as well")
