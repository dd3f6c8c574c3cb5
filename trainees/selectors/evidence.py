"""Who may open which evidence: a sick note is not for everybody who may see that somebody was ill."""

from typing import Any

from partyschool.accounts.enums import Role
from trainees.models import Evidence

# Who decides on what the file backs, and so reads it.
_READERS = {
    "claim": (Role.STAFF,),
    "leave": (Role.STAFF, Role.LEADER, Role.ORGDEPT),
    "objection": (Role.STAFF, Role.LEADER, Role.ORGDEPT),
}


def may_read_evidence(user: Any, evidence: Evidence) -> bool:
    """Whether `user`, in whose scope `evidence` lies, may open it: one's own, what one handed in, or what one's role decides on."""
    if user.pk in (evidence.cadre.user_id, evidence.added_by_id):
        return True
    owner = "claim" if evidence.claim_id else "leave" if evidence.leave_id else "objection"
    return user.scope.has(*_READERS[owner]) or _leads_class(user, evidence)


def _leads_class(user: Any, evidence: Evidence) -> bool:
    if evidence.leave is None:
        return False
    teacher = evidence.leave.enrolment.offering.lead_teacher
    return teacher is not None and teacher.user_id == user.pk
