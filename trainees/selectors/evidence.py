"""Who may open which evidence: a sick note is not for everybody who may see that somebody was ill."""

from collections.abc import Callable
from functools import cache, partial
from typing import Any

from django.db.models import QuerySet

from partyschool.accounts.enums import Role
from trainees.models import Evidence

from .assignments_access import paths_as, within

# Roles of the whole school that decide on what the file backs, and so read it.
_SCHOOL = {
    "claim": (Role.STAFF,),
    "leave": (Role.STAFF, Role.LEADER),
    "objection": (Role.STAFF, Role.LEADER),
}
# Roles held for units that have a part in it: the organisation department decides on leaves and reads objections of its jurisdiction;
# a training officer speaks for the unit, of the year in question, where a result is objected to.
_UNITS = {"claim": (), "leave": (Role.ORGDEPT,), "objection": (Role.ORGDEPT, Role.OFFICER)}


def readable_evidence(user: Any, evidence: QuerySet[Evidence]) -> list[Evidence]:
    """Those of `evidence`, which lies in `user`'s scope, that `user` may open: one's own, what one handed in, or what one's role has a
    part in. One query, and one for each role that `user` holds for units and that matters."""
    related = evidence.select_related(
        "cadre__unit", "objection__assessment__unit", "leave__enrolment__offering__lead_teacher"
    )
    held_for = cache(partial(paths_as, user))
    return [one for one in related if _may_read(user, one, held_for)]


def _may_read(user: Any, evidence: Evidence, held_for: Callable[[str], tuple[str, ...]]) -> bool:
    if user.pk in (evidence.cadre.user_id, evidence.added_by_id):
        return True
    owner = "claim" if evidence.claim_id else "leave" if evidence.leave_id else "objection"
    if user.scope.has(*_SCHOOL[owner]) or _leads_class(user, evidence):
        return True
    unit = evidence.objection.assessment.unit if evidence.objection else evidence.cadre.unit
    return any(within(unit.path, held_for(role)) for role in _UNITS[owner])


def _leads_class(user: Any, evidence: Evidence) -> bool:
    if evidence.leave is None:
        return False
    teacher = evidence.leave.enrolment.offering.lead_teacher
    return teacher is not None and teacher.user_id == user.pk
