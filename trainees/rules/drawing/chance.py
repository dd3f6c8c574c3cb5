"""Chance that nobody can bend: a secret seed whose hash is published first, and an order that anyone recomputes with `sha256sum`."""

import hashlib
import secrets
from collections.abc import Iterable

from .content import Participant

SEED_BYTES = 32
# Digits of a lot that each round of comparing lots looks at: `best_total`.
LOT_DIGITS = 3


def new_seed() -> str:
    """A fresh secret: 64 hex digits."""
    return secrets.token_hex(SEED_BYTES)


def commit(seed: str) -> str:
    """What is published of the seed before anybody ranks: SHA-256 of its UTF-8 text, as `printf %s SEED | sha256sum`."""
    return hashlib.sha256(seed.encode()).hexdigest()


def lot(seed: str, *names: str | int) -> str:
    """The lot of a ticket, or of a ticket and a topic: as `printf %s SEED:TICKET | sha256sum` or `SEED:TICKET:TOPIC`."""
    return hashlib.sha256(":".join((seed, *map(str, names))).encode()).hexdigest()


def order_of_chance(people: Iterable[Participant], seed: str) -> list[Participant]:
    """Who ranked before who did not, then by priority group, then by lot. Where somebody stands in `people` makes no difference."""
    return sorted(people, key=lambda one: (not one.ranking, one.group, lot(seed, one.ticket), one.ticket))


def order_of_time(people: Iterable[Participant], seed: str) -> list[Participant]:
    """As the order of chance, but within a group by the instant of the last ranking; the lot decides within one instant."""
    return sorted(
        people, key=lambda one: (not one.ranking, one.group, one.at, lot(seed, one.ticket), one.ticket)
    )
