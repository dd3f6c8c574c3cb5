"""What a draw is about, as plain values: topics with their seats, and people under tickets with their rankings. Names of people never."""

from collections.abc import Mapping
from dataclasses import dataclass, field

FORMAT = 1
RANDOM_SERIAL = "random_serial"
BY_TIME = "by_time"
BEST_TOTAL = "best_total"
# The same words as `courses.enums.Mechanism`.
MECHANISM_NAMES = (RANDOM_SERIAL, BY_TIME, BEST_TOTAL)


@dataclass(frozen=True, slots=True)
class Reservation:
    """`seats` of a topic that only members of a group may sit on."""

    id: int
    name: str
    seats: int


@dataclass(frozen=True, slots=True)
class Quota:
    """`most` people of one unit in a topic, on whatever seats."""

    id: int
    name: str
    most: int


@dataclass(frozen=True, slots=True)
class Topic:
    """`seats` are all that the draw gives, reserved ones among them; `least` is the size below which the topic does not take place."""

    id: int
    code: str
    title: str
    seats: int
    least: int = 0
    reserved: tuple[Reservation, ...] = ()
    quotas: tuple[Quota, ...] = ()


@dataclass(frozen=True, slots=True)
class Participant:
    """One person under a ticket (12 hex digits).

    `group`: 0 is served first. `at`: UTC instant of the last ranking, as `2026-03-01T08:00:00.000000Z`; empty for who ranked nothing.
    `ranking`: topic ids, best first. `most`: how many topics more the draw may give; `picks` are those had before it.
    `barred`: topic id → code of the denial. `pools`: topic id → ids of the reservations one belongs to. `quotas`: topic id → the quota
    one counts for.
    """

    ticket: str
    ranking: tuple[int, ...] = ()
    at: str = ""
    group: int = 0
    most: int = 1
    picks: int = 0
    barred: Mapping[int, str] = field(default_factory=dict)
    pools: Mapping[int, tuple[int, ...]] = field(default_factory=dict)
    quotas: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class SealedDraw:
    """All that a draw depends on but the seed. `conflicts` are pairs of topics that nobody can attend both."""

    number: int
    name: str
    mechanism: str
    seed_hash: str
    max_picks: int
    place_non_voters: bool
    topics: tuple[Topic, ...]
    conflicts: tuple[tuple[int, int], ...]
    participants: tuple[Participant, ...]


class SealedDrawInvalid(ValueError):
    """A sealed draw that cannot be: `where` is the path in its text, as `participants[3].ranking[1]`."""

    def __init__(self, where: str, what: str) -> None:
        super().__init__(f"{where}: {what}")
        self.where, self.what = where, what


class WrongSeed(ValueError):
    """The seed is not the one whose hash was published before the round opened."""
