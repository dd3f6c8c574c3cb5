"""The rules of a draw once more, written from the rules and not from the engine: what an outcome breaks, and what else was possible."""

from collections import Counter
from collections.abc import Iterator
from itertools import combinations

from trainees.rules.drawing import Outcome, Participant, SealedDraw, Topic

Bundles = dict[str, frozenset[int]]


def faults(draw: SealedDraw, outcome: Outcome) -> list[str]:
    """Every rule that the outcome breaks, by name and place; none for a good one."""
    return [*_of_seats(draw, outcome), *_of_people(draw, outcome), *_of_reasons(draw, outcome)]


def _of_seats(draw: SealedDraw, outcome: Outcome) -> Iterator[str]:
    people = {person.ticket: person for person in draw.participants}
    for topic in draw.topics:
        sitting = [
            (people[place.ticket], one.reservation)
            for place in outcome.places
            for one in place.got
            if one.topic == topic.id
        ]
        on = Counter(reservation for _person, reservation in sitting)
        kept = {one.id: one.seats for one in topic.reserved}
        if len(sitting) > topic.seats:
            yield f"capacity {topic.id}"
        if on.pop(None, 0) > topic.seats - sum(kept.values()):
            yield f"open seats {topic.id}"
        for reservation, count in on.items():
            if count > kept[reservation]:
                yield f"reserved seats {topic.id}"
        for person, reservation in sitting:
            own = person.pools.get(topic.id, ())
            if reservation is not None and reservation not in own:
                yield f"not of the group {topic.id} {person.ticket}"
            # A member sits on the first reserved seat of theirs: nobody who has a free one sits behind it.
            better = [one for one in sorted(own) if reservation is None or one < reservation]
            if any(on[one] < kept[one] for one in better):
                yield f"a reserved seat left for another {topic.id} {person.ticket}"
        units = Counter(person.quotas.get(topic.id) for person, _reservation in sitting)
        yield from (f"quota {topic.id}" for quota in topic.quotas if units[quota.id] > quota.most)


def _of_people(draw: SealedDraw, outcome: Outcome) -> Iterator[str]:
    people = {person.ticket: person for person in draw.participants}
    if [place.ticket for place in outcome.places] != sorted(people):
        yield "not everybody once, by ticket"
    for place in outcome.places:
        person, got = people[place.ticket], [one.topic for one in place.got]
        if len(set(got)) < len(got):
            yield f"twice the same {place.ticket}"
        if len(got) > person.most:
            yield f"most {place.ticket}"
        yield from (f"barred {place.ticket}" for topic in got if topic in person.barred)
        yield from (f"conflict {place.ticket}" for pair in draw.conflicts if set(pair) <= set(got))
        if person.ranking and not set(got) <= set(person.ranking):
            yield f"not ranked {place.ticket}"
        if not person.ranking and got and not draw.place_non_voters:
            yield f"a non-voter placed {place.ticket}"


def _of_reasons(draw: SealedDraw, outcome: Outcome) -> Iterator[str]:
    people = {person.ticket: person for person in draw.participants}
    seats = {topic.id: topic.seats for topic in draw.topics}
    for place in outcome.places:
        person, got = people[place.ticket], {one.topic for one in place.got}
        if person.ranking and tuple(why.topic for why in place.why) != person.ranking:
            yield f"not a reason for each topic {place.ticket}"
        if {why.topic for why in place.why if why.code == "got"} != got:
            yield f"got without a reason {place.ticket}"
        for why in place.why:
            true = {
                "got": why.topic in got,
                "full": why.given is not None and why.given + (why.kept or 0) == seats[why.topic],
                "clash": why.other in got
                and any({why.topic, why.other} == set(pair) for pair in draw.conflicts),
                "limit": len(got) == person.most == why.most,
                "barred": person.barred.get(why.topic) == why.denial is not None,
                "quota": person.quotas.get(why.topic) == why.quota is not None,
            }
            if not true[why.code]:
                yield f"an untrue {why.code} {place.ticket}"


def seats_suffice(topic: Topic, people: list[Participant]) -> bool:
    """Whether these people fit into the topic: for every set of groups, those who may sit nowhere else fit there (Hall)."""
    open_seats = topic.seats - sum(one.seats for one in topic.reserved)
    units = Counter(person.quotas.get(topic.id) for person in people)
    if any(units[quota.id] > quota.most for quota in topic.quotas):
        return False
    return all(
        sum(1 for person in people if set(person.pools.get(topic.id, ())) <= {one.id for one in groups})
        <= open_seats + sum(one.seats for one in groups)
        for count in range(len(topic.reserved) + 1)
        for groups in combinations(topic.reserved, count)
    )


def own_bundles(draw: SealedDraw, person: Participant) -> list[frozenset[int]]:
    """Every set of topics that the person may have at all, seats aside."""
    wanted = [topic for topic in person.ranking if topic not in person.barred]
    return [
        frozenset(bundle)
        for count in range(min(person.most, len(wanted)) + 1)
        for bundle in combinations(wanted, count)
        if not any(set(pair) <= set(bundle) for pair in draw.conflicts)
    ]


def divisions(draw: SealedDraw) -> Iterator[Bundles]:
    """Every division among those who ranked that keeps the rules; for small draws."""
    voters = [person for person in draw.participants if person.ranking]

    def extend(index: int, chosen: Bundles, sitting: dict[int, list[Participant]]) -> Iterator[Bundles]:
        if index == len(voters):
            yield dict(chosen)
            return
        person = voters[index]
        for bundle in own_bundles(draw, person):
            now = {
                topic: [*people, person] if topic in bundle else people for topic, people in sitting.items()
            }
            if all(seats_suffice(topic, now[topic.id]) for topic in draw.topics if topic.id in bundle):
                yield from extend(index + 1, chosen | {person.ticket: bundle}, now)

    yield from extend(0, {}, {topic.id: [] for topic in draw.topics})


def liking(person: Participant, bundle: frozenset[int]) -> tuple[bool, ...]:
    """How much somebody likes a bundle who prefers any topic to all those ranked below it; larger is better."""
    return tuple(topic in bundle for topic in person.ranking)


def bundles_of(outcome: Outcome) -> Bundles:
    return {place.ticket: frozenset(one.topic for one in place.got) for place in outcome.places}


def improvement(draw: SealedDraw, got: Bundles) -> Bundles | None:
    """A division that is better for somebody and worse for nobody who ranked, or None."""
    people = {person.ticket: person for person in draw.participants if person.ranking}
    mine = {ticket: liking(person, got[ticket]) for ticket, person in people.items()}
    for other in divisions(draw):
        theirs = {ticket: liking(person, other[ticket]) for ticket, person in people.items()}
        if theirs != mine and all(theirs[ticket] >= mine[ticket] for ticket in people):
            return other
    return None


def totals(draw: SealedDraw, got: Bundles) -> tuple[int, ...]:
    """The total of points of each priority group, the first group first."""
    voters = [person for person in draw.participants if person.ranking]
    return tuple(
        sum(
            len(draw.topics) - person.ranking.index(topic)
            for person in voters
            if person.group == group
            for topic in got[person.ticket]
        )
        for group in sorted({person.group for person in voters})
    )
