"""What the model of the electives consists of: rules by name, people, topics, places and entries of lines."""

from dataclasses import dataclass
from datetime import datetime

# In the order in which they are told: what a person can do least about comes first.
KINDS = {
    "have it": "Duplicate",
    "topic": "WindowClosed",
    "window": "WindowClosed",
    "group": "NotEligible",
    "repeat": "Duplicate",
    "limit": "LimitReached",
    "quota": "QuotaReached",
    "clash": "Clash",
    "line": "OthersWaiting",
    "seats": "Full",
}
RULES = tuple(KINDS)
STAFF = tuple(rule for rule in RULES if rule != "window")
PROMOTION = tuple(rule for rule in RULES if rule not in {"window", "line"})
JOINING = RULES[:5]
# What staff may set aside, one rule for one person.
ASIDE = ("group", "repeat", "limit", "quota", "clash", "line")
IN_LINE, LIVE = ("waiting", "skipped"), ("waiting", "skipped", "offered")


class Refused(Exception):
    """`kind` is the name of the portal's refusal."""

    def __init__(self, kind: str) -> None:
        super().__init__(kind)
        self.kind = kind


def refuse_if(condition: object, kind: str) -> None:
    if condition:
        raise Refused(kind)


@dataclass(eq=False)
class Person:
    number: int
    unit: str
    admitted: bool = True
    attended: frozenset[int] = frozenset()


@dataclass(eq=False)
class Topic:
    """`reserved` seats are kept for the unit `kept_for`; people of the unit `limited` have at most `most`."""

    number: int
    capacity: int
    freezes_at: datetime
    clashes: frozenset[int] = frozenset()
    reserved: int = 0
    kept_for: str = ""
    limited: str = ""
    most: int = 0
    state: str = "published"


@dataclass(eq=False)
class Place:
    person: Person
    topic: Topic
    state: str
    on_reserved: bool
    counted: bool

    @property
    def seated(self) -> bool:
        return self.state != "withdrawn"


@dataclass(eq=False)
class Entry:
    person: Person
    topic: Topic
    wish: Place | None
    state: str = "waiting"
    reason: str = ""
    priority: int = 0
    place: Place | None = None
    until: datetime | None = None

    def end(self, state: str) -> None:
        self.state, self.reason = state, ""
