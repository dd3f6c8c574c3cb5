"""The secret seed of a draw: drawn and committed before anybody ranks, shown together with the result, never in between."""

import hashlib
import secrets

from courses.models import DrawSecret, SelectionRound
from partyschool.common.crypto import decrypt, encrypt

SEED_BYTES = 32


def _place(found: SelectionRound) -> str:
    return f"courses.DrawSecret:{found.pk}"


def commit_seed(found: SelectionRound) -> str:
    """Draw the round's secret seed, store it encrypted and put its SHA-256 on the (unsaved) round; returns the hash.

    Concurrency: the caller holds the round alone and saves `seed_hash` together with the move to open.
    """
    seed = secrets.token_hex(SEED_BYTES)
    DrawSecret.objects.create(selection_round=found, token=encrypt(seed, place=_place(found)))
    found.seed_hash = hashlib.sha256(seed.encode()).hexdigest()
    return found.seed_hash


def seed_of(found: SelectionRound) -> str:
    """The secret seed: for the drawing job and the publication alone, once the rankings are sealed."""
    if not found.preferences_hash:
        raise RuntimeError("the seed stays secret until the rankings are sealed")
    return decrypt(bytes(found.secret.token), place=_place(found))
