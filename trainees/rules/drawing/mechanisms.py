"""Draw by the name of a mechanism, and draw again to see whether a published outcome is what it claims to be."""

import json
from collections.abc import Callable, Mapping

from .best_total import best_total
from .chance import commit
from .content import BEST_TOTAL, BY_TIME, RANDOM_SERIAL, SealedDraw
from .outcome import Difference, Outcome, difference, outcome_text
from .pace import without_cycle_search
from .sealed import fingerprint, parse
from .serial import by_time, random_serial

MECHANISMS: Mapping[str, Callable[[SealedDraw, str], Outcome]] = {
    RANDOM_SERIAL: random_serial,
    BY_TIME: by_time,
    BEST_TOTAL: best_total,
}


@without_cycle_search()
def draw_by(mechanism: str, draw: SealedDraw, seed: str) -> Outcome:
    """The outcome of one of `MECHANISMS`. Raises `WrongSeed`; with `best_total` also `TooLarge` and `SolverFailed`."""
    return MECHANISMS[mechanism](draw, seed)


def replay(
    sealed_text: str, seed: str, outcome: str, mechanism: str | None = None, *, sealed_hash: str = ""
) -> Difference | None:
    """Draw again and compare with the text of an `outcome`: the first difference (ours: what should be), or None if all is true.

    Looked at in this order: the sealed text has the hash published at the close (`sealed_hash`, when given), the seed has the hash
    published before the opening, the outcome is the very one. `mechanism`: the announced one when left out.
    Raises `SealedDrawInvalid`, and what `draw_by` raises but `WrongSeed`.
    """
    if sealed_hash and sealed_hash != (own := fingerprint(sealed_text)):
        return Difference("sealed.sha256", json.dumps(own), json.dumps(sealed_hash))
    draw = parse(sealed_text)
    if draw.seed_hash != (own := commit(seed)):
        return Difference("seed.sha256", json.dumps(own), json.dumps(draw.seed_hash))
    return difference(outcome_text(draw_by(mechanism or draw.mechanism, draw, seed)), outcome)
