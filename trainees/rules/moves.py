"""Which states of a record may follow which. The database holds the same moves by triggers; a test compares the two."""

from collections.abc import Mapping
from typing import Any

from trainees.enums import (
    AssignmentState,
    CertificateState,
    ClaimState,
    ConductState,
    DeferralState,
    LeaveState,
    MakeUpState,
    NominationState,
    ObjectionState,
    PacketState,
    SchemeState,
    YearState,
)

ASSIGNMENT_MOVES = {
    AssignmentState.DRAFT: {AssignmentState.ISSUED, AssignmentState.CANCELLED},
    AssignmentState.ISSUED: {AssignmentState.CLOSED, AssignmentState.CANCELLED},
}
NOMINATION_MOVES = {
    NominationState.NOMINATED: {
        NominationState.CONFIRMED,
        NominationState.RETURNED,
        NominationState.WITHDRAWN,
    },
    NominationState.CONFIRMED: {
        NominationState.DEFERRED,
        NominationState.REPLACED,
        NominationState.WITHDRAWN,
    },
}
DEFERRAL_MOVES = {
    DeferralState.ASKED: {DeferralState.AGREED, DeferralState.REFUSED, DeferralState.WITHDRAWN},
}
LEAVE_MOVES = {
    LeaveState.ASKED: {LeaveState.APPROVED, LeaveState.REFUSED, LeaveState.CANCELLED},
    LeaveState.APPROVED: {LeaveState.RETURNED, LeaveState.CANCELLED},
}
CLAIM_MOVES = {
    ClaimState.SUBMITTED: {
        ClaimState.APPROVED,
        ClaimState.RETURNED,
        ClaimState.REFUSED,
        ClaimState.WITHDRAWN,
    },
    ClaimState.RETURNED: {ClaimState.SUBMITTED, ClaimState.WITHDRAWN},
}
CONDUCT_MOVES = {
    ConductState.OPEN: {ConductState.SUBMITTED},
    ConductState.SUBMITTED: {ConductState.OPEN, ConductState.RELEASED},
}
YEAR_MOVES = {
    YearState.PREVIEW: {YearState.OBJECTION},
    YearState.OBJECTION: {YearState.SEALED},
}
OBJECTION_MOVES = {
    ObjectionState.RAISED: {ObjectionState.UPHELD, ObjectionState.REJECTED, ObjectionState.WITHDRAWN},
}
MAKE_UP_MOVES = {
    MakeUpState.PLANNED: {MakeUpState.DONE, MakeUpState.MISSED, MakeUpState.CANCELLED},
}
SCHEME_MOVES = {
    SchemeState.DRAFT: {SchemeState.IN_FORCE},
    SchemeState.IN_FORCE: {SchemeState.RETIRED},
}
PACKET_MOVES = {
    PacketState.VALID: {PacketState.SUPERSEDED, PacketState.WITHDRAWN},
    PacketState.SUPERSEDED: {PacketState.WITHDRAWN},
}
CERTIFICATE_MOVES = {
    CertificateState.VALID: {CertificateState.REVOKED},
}

# Table → its moves, as the triggers hold them.
MOVES: dict[str, Mapping[Any, set[Any]]] = {
    "trainees_assignment": ASSIGNMENT_MOVES,
    "trainees_nomination": NOMINATION_MOVES,
    "trainees_deferral": DEFERRAL_MOVES,
    "trainees_leaverequest": LEAVE_MOVES,
    "trainees_creditclaim": CLAIM_MOVES,
    "trainees_conductsheet": CONDUCT_MOVES,
    "trainees_assessmentyear": YEAR_MOVES,
    "trainees_assessmentobjection": OBJECTION_MOVES,
    "trainees_makeupplan": MAKE_UP_MOVES,
    "trainees_creditscheme": SCHEME_MOVES,
    "trainees_reportpacket": PACKET_MOVES,
    "trainees_certificate": CERTIFICATE_MOVES,
}


def may_move(moves: Mapping[Any, set[Any]], before: str, after: str) -> bool:
    """Whether a record in state `before` may go to `after`."""
    return after in moves.get(before, set())
