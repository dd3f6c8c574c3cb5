"""What holds for every round and offering, without reading anything."""

from courses.enums import RoundMode, RoundState

# Advisory locks (first key of the two-key functions; the second is the round's id). Whoever claims or gives up a place holds the
# round's lock shared, whoever moves the round to another state holds it alone: docs/locking.md.
ROUND_LOCKS = 7301

# Where a round may go from each state. A draw that failed goes back to its sealed rankings, never to open ones.
ROUND_MOVES: dict[RoundMode, dict[RoundState, set[RoundState]]] = {
    RoundMode.FIRST_COME: {
        RoundState.DRAFT: {RoundState.OPEN},
        RoundState.OPEN: {RoundState.CHANGE, RoundState.CLOSED},
        RoundState.CHANGE: {RoundState.CLOSED},
        RoundState.CLOSED: {RoundState.OPEN, RoundState.CHANGE},
    },
    RoundMode.DRAW: {
        RoundState.DRAFT: {RoundState.OPEN},
        RoundState.OPEN: {RoundState.SEALED},
        RoundState.SEALED: {RoundState.RUN},
        RoundState.RUN: {RoundState.REVIEW, RoundState.SEALED},
        RoundState.REVIEW: {RoundState.PUBLISHED},
        RoundState.PUBLISHED: {RoundState.CHANGE, RoundState.CLOSED},
        RoundState.CHANGE: {RoundState.CLOSED},
        RoundState.CLOSED: {RoundState.CHANGE},
    },
}


def may_move(mode: str, before: str, after: str) -> bool:
    """Whether a round of this mode may go from one state to another."""
    return RoundState(after) in ROUND_MOVES[RoundMode(mode)].get(RoundState(before), set())
