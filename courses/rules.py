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


# What of a round may still be written once it has been opened: people act on the rest. A name is not theirs to act on, times may only
# be put off, and how long an offered seat stands counts for the offers to come.
_WAITING_FIELDS = {"offer_hours", "freeze_days"}
_LATER: dict[RoundState, set[str]] = {
    RoundState.OPEN: {"name", "closes_at", "change_closes_at"},
    RoundState.SEALED: {"change_closes_at"},
    RoundState.RUN: {"change_closes_at"},
    RoundState.REVIEW: {"change_closes_at"},
    RoundState.PUBLISHED: {"change_closes_at"},
    RoundState.CHANGE: {"change_closes_at"},
    RoundState.CLOSED: {"closes_at", "change_closes_at"},
}
# Between the sealing of a draw and its result, its seats are part of what has been sealed.
_SEALED_STATES = {RoundState.SEALED, RoundState.RUN, RoundState.REVIEW}


def writable_fields(mode: str, state: str) -> set[str] | None:
    """The fields of a round that may be written in this state; None for all of them, while it is a draft."""
    if RoundState(state) == RoundState.DRAFT:
        return None
    fields = _LATER[RoundState(state)] | _WAITING_FIELDS
    # A draw never goes back to open, so there is no end left to be put off.
    return fields - {"closes_at"} if mode == RoundMode.DRAW and state == RoundState.CLOSED else fields


def seats_stand(state: str) -> bool:
    """Whether capacity, reservations and quotas of the round's topics stand still for now."""
    return RoundState(state) in _SEALED_STATES
