"""The fair draw of a round: pure functions from a sealed text and a seed to an outcome that anybody can reach again.

The life of a draw: `new_seed` and `commit` before the round opens · `seal` and `fingerprint` when it closes · `draw_by` each mechanism,
`measure` and `demand` for the staff who choose · the seed, the sealed text and the `outcome_text` are published · `replay` by anyone.

Knows no model, no database, no clock; `python -m trainees.rules.drawing` replays from files. Explained in docs/draw.md.
"""

from .best_total import TooLarge
from .chance import commit, new_seed
from .content import (
    Participant,
    Quota,
    Reservation,
    SealedDraw,
    SealedDrawInvalid,
    Topic,
    WrongSeed,
)
from .demand import demand, one_more_seat
from .measures import Measures, envy, measure
from .mechanisms import MECHANISMS, draw_by, replay
from .outcome import (
    Difference,
    Got,
    Outcome,
    Place,
    Why,
    difference,
    outcome_text,
    parse_outcome,
    seating_order,
)
from .sealed import fingerprint, parse, seal
from .solver import SolverFailed

__all__ = [
    "MECHANISMS",
    "Difference",
    "Got",
    "Measures",
    "Outcome",
    "Participant",
    "Place",
    "Quota",
    "Reservation",
    "SealedDraw",
    "SealedDrawInvalid",
    "SolverFailed",
    "TooLarge",
    "Topic",
    "Why",
    "WrongSeed",
    "commit",
    "demand",
    "difference",
    "draw_by",
    "envy",
    "fingerprint",
    "measure",
    "new_seed",
    "one_more_seat",
    "outcome_text",
    "parse",
    "parse_outcome",
    "replay",
    "seal",
    "seating_order",
]
