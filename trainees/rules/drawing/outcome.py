"""What came of a draw: who got what, and for each topic ranked why or why not. Its canonical text, and where two texts differ."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

from .content import FORMAT
from .pace import without_cycle_search
from .sealed import canonical

GOT, FULL, CLASH, LIMIT, BARRED, QUOTA = "got", "full", "clash", "limit", "barred", "quota"


class Got(NamedTuple):
    """A topic obtained, on a seat of a reservation or on an open one (None)."""

    topic: int
    reservation: int | None


class Why(NamedTuple):
    """Why somebody got a topic, or did not; facts that do not belong to the code are None.

    full: `given` seats were taken by then, the last by `last` in the order (None where there is no order), and `kept` are free for
    others alone. clash: with the topic `other`, which was got. limit: `most` topics were got. barred: `denial`. quota: the unit's
    `quota` of `most` was used up.
    """

    topic: int
    code: str
    denial: str | None = None
    other: int | None = None
    most: int | None = None
    quota: int | None = None
    given: int | None = None
    kept: int | None = None
    last: int | None = None


class Place(NamedTuple):
    """One participant's share. `position` is the place in the order, 1 first; None for who was not drawn, or where no order serves."""

    ticket: str
    position: int | None
    got: tuple[Got, ...]
    why: tuple[Why, ...]


@dataclass(frozen=True)
class Outcome:
    """What `mechanism` made of the sealed draw that commits to the same seed; `places` by ticket."""

    mechanism: str
    seed_hash: str
    places: tuple[Place, ...]


class Difference(NamedTuple):
    """The first place at which two texts part; `ours` and `theirs` are what stands there, as JSON, or nothing."""

    where: str
    ours: str
    theirs: str

    def __str__(self) -> str:
        return f"{self.where}: {self.ours or 'nothing'} here, {self.theirs or 'nothing'} there"


@without_cycle_search()
def outcome_text(outcome: Outcome) -> str:
    """The canonical JSON of an outcome: the one that is published, and that every replay must reach."""
    facts: dict[Why, dict[str, Any]] = {}
    # Person by person, so that a hundred thousand objects are never held at once.
    people = ",".join(canonical(_plain(place, facts)) for place in outcome.places)
    about = {"format": FORMAT, "mechanism": outcome.mechanism, "seed_hash": outcome.seed_hash}
    empty = canonical(about | {"participants": []})
    # Within a string the quotes would be escaped, so this is the key itself.
    return empty.replace('"participants":[]', f'"participants":[{people}]')


def _plain(place: Place, facts: dict[Why, dict[str, Any]]) -> dict[str, Any]:
    """One participant as JSON values; the same reason is put into `facts` once."""
    for why in place.why:
        if why not in facts:
            facts[why] = {name: value for name, value in why._asdict().items() if value is not None}
    return {
        "ticket": place.ticket,
        "position": place.position,
        "got": [{"topic": one.topic, "reservation": one.reservation} for one in place.got],
        "why": [facts[why] for why in place.why],
    }


def parse_outcome(text: str) -> Outcome:
    """The outcome of a text that `outcome_text` wrote. Raises ValueError for another one."""
    try:
        data = json.loads(text)
        outcome = Outcome(
            data["mechanism"],
            data["seed_hash"],
            tuple(
                Place(
                    one["ticket"],
                    one["position"],
                    tuple(Got(got["topic"], got["reservation"]) for got in one["got"]),
                    tuple(Why(**why) for why in one["why"]),
                )
                for one in data["participants"]
            ),
        )
        same = outcome_text(outcome) == text
    except (KeyError, TypeError, RecursionError) as fault:
        raise ValueError(f"not the text of an outcome: {fault!r}") from None
    if not same:
        raise ValueError("not the canonical text of an outcome")
    return outcome


def seating_order(outcome: Outcome) -> list[tuple[str, int]]:
    """Every (ticket, topic) got, so ordered that giving the seats one after another reaches the same seats without moving anybody.

    Topic by topic, reserved seats first by reservation: whoever comes takes the first free seat of their own.
    """
    places = sorted(outcome.places, key=lambda place: (place.position or 0, place.ticket))
    rows = [(one, place.ticket) for place in places for one in place.got]
    rows.sort(key=lambda row: (row[0].topic, row[0].reservation is None, row[0].reservation or 0))
    return [(ticket, got.topic) for got, ticket in rows]


def difference(ours: str, theirs: str) -> Difference | None:
    """The first place at which two outcome texts part, None when they are the same. Participants are matched by ticket."""
    if ours == theirs:
        return None
    try:
        mine, other = json.loads(ours), json.loads(theirs)
    except (ValueError, RecursionError):
        return Difference("text", _shown(ours), _shown(theirs))
    return _parting(mine, other, "outcome") or Difference("text", "the same written", "in another way")


def _parting(ours: Any, theirs: Any, where: str) -> Difference | None:
    if isinstance(ours, dict) and isinstance(theirs, dict):
        return _first(ours, theirs, where, ".{}")
    if isinstance(ours, list) and isinstance(theirs, list):
        if where == "outcome.participants":
            return _first(_by_ticket(ours), _by_ticket(theirs), where, "[{}]")
        return _first(dict(enumerate(ours)), dict(enumerate(theirs)), where, "[{}]")
    # 1, 1.0 and true are the same to Python.
    return None if canonical(ours) == canonical(theirs) else Difference(where, _shown(ours), _shown(theirs))


def _first(ours: dict[Any, Any], theirs: dict[Any, Any], where: str, step: str) -> Difference | None:
    for key in sorted(ours.keys() | theirs.keys()):
        path = where + step.format(key)
        if key not in ours or key not in theirs:
            return Difference(path, *(_shown(side[key]) if key in side else "" for side in (ours, theirs)))
        if found := _parting(ours[key], theirs[key], path):
            return found
    return None


def _by_ticket(people: Iterable[Any]) -> dict[str, Any]:
    return {
        str(one.get("ticket", index)) if isinstance(one, dict) else str(index): one
        for index, one in enumerate(people)
    }


def _shown(value: Any) -> str:
    text = canonical(value)
    return text if len(text) <= 200 else f"{text[:199]}…"
