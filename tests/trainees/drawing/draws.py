"""Draws for tests: by hand, and any that hypothesis can think of."""

from typing import Any

from hypothesis import strategies as st

from trainees.rules.drawing import Participant, Quota, Reservation, SealedDraw, Topic, commit

SEED = "5eed" * 16
DENIALS = ("not_eligible", "clash", "duplicate")


def draw_of(topics: Any, participants: Any, **more: Any) -> SealedDraw:
    """A draw with what does not matter filled in; its seed is `SEED`."""
    given = {
        "number": 7,
        "name": "Spring",
        "mechanism": "random_serial",
        "seed_hash": commit(SEED),
        "max_picks": 9,
        "place_non_voters": False,
        "conflicts": (),
    }
    return SealedDraw(topics=tuple(topics), participants=tuple(participants), **(given | more))


def someone(number: int, *ranking: int, **more: Any) -> Participant:
    """A participant whose ticket ends in the number."""
    at = f"2026-03-01T08:{number % 60:02}:00.000000Z" if ranking else ""
    return Participant(**({"ticket": f"{number:012x}", "ranking": ranking, "at": at} | more))


@st.composite
def any_draw(draw: Any, *, people: int = 12, topics: int = 5, picks: int = 3) -> SealedDraw:
    """Any draw of at most so many people and topics, with every rule in play."""
    count = draw(st.integers(1, topics))
    ids = draw(st.lists(st.integers(1, 30), min_size=count, max_size=count, unique=True))
    made = [draw(_topic(number)) for number in ids]
    pairs = [(one, other) for one in ids for other in ids if one < other]
    tickets = draw(st.lists(st.integers(0, 2**48 - 1), max_size=people, unique=True))
    return draw_of(
        made,
        [draw(_participant(f"{ticket:012x}", made, picks)) for ticket in tickets],
        conflicts=tuple(draw(st.lists(st.sampled_from(pairs), unique=True, max_size=3))) if pairs else (),
        place_non_voters=draw(st.booleans()),
        max_picks=picks,
    )


@st.composite
def _topic(draw: Any, number: int) -> Topic:
    seats = draw(st.integers(0, 4))
    first = draw(st.integers(0, seats))
    second = draw(st.integers(0, seats - first))
    kept = draw(st.integers(0, 2))
    quotas = draw(st.integers(0, 2))
    return Topic(
        number,
        draw(st.sampled_from(["A", "B", "C", "甲"])),
        draw(st.text(max_size=4)),
        seats,
        draw(st.integers(0, 2)),
        tuple(
            Reservation(number * 10 + index, f"group {index}", (first, second)[index])
            for index in range(kept)
        ),
        tuple(
            Quota(number * 10 + index, f"unit {index}", draw(st.integers(0, 2))) for index in range(quotas)
        ),
    )


@st.composite
def _participant(draw: Any, ticket: str, topics: list[Topic], picks: int) -> Participant:
    ids = [topic.id for topic in topics]
    ranking = tuple(draw(st.lists(st.sampled_from(ids), unique=True, max_size=len(ids))))
    most = draw(st.integers(0, picks))
    pools = {
        topic.id: draw(st.lists(st.sampled_from([one.id for one in topic.reserved]), unique=True, max_size=2))
        for topic in topics
        if topic.reserved
    }
    quotas = {
        topic.id: draw(st.sampled_from([None, *(one.id for one in topic.quotas)]))
        for topic in topics
        if topic.quotas
    }
    return Participant(
        ticket=ticket,
        ranking=ranking,
        at=f"2026-03-01T08:00:0{draw(st.integers(0, 3))}.000000Z" if ranking else "",
        group=draw(st.integers(0, 2)),
        most=most,
        picks=draw(st.integers(0, picks - most)),
        barred=draw(st.dictionaries(st.sampled_from(ids), st.sampled_from(DENIALS), max_size=1)),
        pools={topic: tuple(sorted(own)) for topic, own in pools.items() if own},
        quotas={topic: quota for topic, quota in quotas.items() if quota is not None},
    )
