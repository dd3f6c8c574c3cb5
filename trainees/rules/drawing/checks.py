"""Whether a draw makes sense: everything named is there, once, and no figure contradicts another."""

import re
from collections.abc import Iterable, Sequence

from .content import MECHANISM_NAMES, Participant, SealedDraw, SealedDrawInvalid, Topic

TICKET = re.compile(r"[0-9a-f]{12}")
SHA256 = re.compile(r"[0-9a-f]{64}")
INSTANT = re.compile(
    r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{6}Z", re.ASCII
)
DENIAL = re.compile(r"[a-z][a-z_]{0,39}")


class _Known:
    """The ids that participants may name: topics, and each topic's reservations and quotas."""

    def __init__(self, topics: Sequence[Topic]) -> None:
        self.topics = {topic.id for topic in topics}
        self.pools = {topic.id: {one.id for one in topic.reserved} for topic in topics}
        self.quotas = {topic.id: {one.id for one in topic.quotas} for topic in topics}


def check(draw: SealedDraw) -> None:
    """Raise `SealedDrawInvalid` for the first contradiction."""
    _that(draw.mechanism in MECHANISM_NAMES, "mechanism", f"is none of {', '.join(MECHANISM_NAMES)}")
    _that(SHA256.fullmatch(draw.seed_hash), "seed_hash", "is not a SHA-256 in hex")
    _that(draw.max_picks >= 1, "max_picks", "allows nobody anything")
    _once((topic.id for topic in draw.topics), "topics", "id")
    for index, topic in enumerate(draw.topics):
        _check_topic(topic, f"topics[{index}]")
    known = _Known(draw.topics)
    pairs = set()
    for index, pair in enumerate(draw.conflicts):
        where = f"conflicts[{index}]"
        _that(pair[0] != pair[1], where, "is a topic with itself")
        _that(known.topics.issuperset(pair), where, "names an unknown topic")
        _that(frozenset(pair) not in pairs, where, "is there twice")
        pairs.add(frozenset(pair))
    _once((one.ticket for one in draw.participants), "participants", "ticket")
    for index, person in enumerate(draw.participants):
        _check_participant(person, draw.max_picks, known, index)


def _check_topic(topic: Topic, where: str) -> None:
    _that(bool(topic.code), f"{where}.code", "is empty")
    _once((one.id for one in topic.reserved), f"{where}.reserved", "id")
    _once((one.id for one in topic.quotas), f"{where}.quotas", "id")
    kept = sum(one.seats for one in topic.reserved)
    _that(kept <= topic.seats, f"{where}.reserved", f"keeps {kept} of {topic.seats} seats")


def _check_participant(person: Participant, max_picks: int, known: _Known, index: int) -> None:
    # Paths are written only for a fault: there may be a hundred thousand participants.
    fault = _fault_of(person, max_picks, known)
    if fault:
        raise SealedDrawInvalid(f"participants[{index}].{fault[0]}", fault[1])


def _fault_of(person: Participant, max_picks: int, known: _Known) -> tuple[str, str] | None:
    if not TICKET.fullmatch(person.ticket):
        return "ticket", "is not 12 hex digits"
    if bool(person.at) != bool(person.ranking):
        return "at", "belongs to a ranking, and a ranking has one"
    if person.at and not INSTANT.fullmatch(person.at):
        return "at", "is not an instant as 2026-03-01T08:00:00.000000Z"
    if person.most and person.picks + person.most > max_picks:
        return "most", f"goes beyond the {max_picks} topics that anybody may have"
    return _fault_in_ranking(person, known) or _fault_by_topic(person, known)


def _fault_in_ranking(person: Participant, known: _Known) -> tuple[str, str] | None:
    for place, topic in enumerate(person.ranking):
        if topic not in known.topics:
            return f"ranking[{place}]", "is an unknown topic"
        if topic in person.ranking[:place]:
            return f"ranking[{place}]", "is ranked twice"
    return None


def _fault_by_topic(person: Participant, known: _Known) -> tuple[str, str] | None:
    for topic, code in person.barred.items():
        if topic not in known.topics:
            return f"barred.{topic}", "is an unknown topic"
        if not DENIAL.fullmatch(code):
            return f"barred.{topic}", "is not the code of a denial"
    for topic, pools in person.pools.items():
        if not pools or len(set(pools)) < len(pools) or not known.pools.get(topic, set()).issuperset(pools):
            return f"pools.{topic}", "are not reservations of that topic, each once"
    for topic, quota in person.quotas.items():
        if quota not in known.quotas.get(topic, ()):
            return f"quotas.{topic}", "is not a quota of that topic"
    return None


def _once(ids: Iterable[int | str], where: str, what: str) -> None:
    seen: set[int | str] = set()
    for index, one in enumerate(ids):
        _that(one not in seen, f"{where}[{index}].{what}", "is there twice")
        seen.add(one)


def _that(holds: object, where: str, what: str) -> None:
    if not holds:
        raise SealedDrawInvalid(where, what)
