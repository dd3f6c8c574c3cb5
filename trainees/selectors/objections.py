"""Objections as the cadre, the unit and the staff's desk see them."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

from django.db.models import QuerySet

from partyschool.accounts.enums import Role
from partyschool.accounts.models import RoleGrant
from partyschool.common import clock
from trainees.enums import ObjectionState
from trainees.models import AssessmentObjection, Cadre, Evidence, YearlyAssessment

from .evidence import readable_evidence

TONES = {
    ObjectionState.RAISED: "warning",
    ObjectionState.UPHELD: "success",
    ObjectionState.REJECTED: "danger",
    ObjectionState.WITHDRAWN: "neutral",
}


def side_of(assessment: YearlyAssessment, user: Any) -> Literal["cadre", "unit"] | None:
    """As whom `user` may object to `assessment`: as its cadre, as a training officer of its unit of that year, or not at all."""
    if assessment.cadre.user_id == user.pk:
        return "cadre"
    if not user.scope.has(Role.OFFICER):
        return None
    grants = RoleGrant.objects.valid_on(clock.school_date()).filter(user=user.pk, role=Role.OFFICER)
    paths = grants.values_list("unit__path", flat=True)
    return "unit" if any(assessment.unit.path.startswith(path) for path in paths if path) else None


@dataclass(frozen=True)
class ObjectionLine:
    """One objection with its evidence, as a list shows it."""

    objection: AssessmentObjection
    evidence: Sequence[Evidence]

    @property
    def tone(self) -> str:
        return TONES[ObjectionState(self.objection.state)]

    @cached_property
    def open(self) -> bool:
        return self.objection.state == ObjectionState.RAISED


def objection_lines(objections: Sequence[AssessmentObjection], reader: Any) -> list[ObjectionLine]:
    """Objections that the caller read in scope, with those of their files that `reader` may open. One query for all, and one for
    each role that `reader` holds for units."""
    files: dict[int, list[Evidence]] = {}
    found = Evidence.objects.filter(objection__in=[one.pk for one in objections])
    read = found.unscoped("the objections were read in scope")
    for one in readable_evidence(reader, read.order_by("added_at", "name")):
        files.setdefault(one.objection_id or 0, []).append(one)
    return [ObjectionLine(one, files.get(one.pk, [])) for one in objections]


def objections_to(user: Any, cadre: Cadre | int, year: int) -> list[ObjectionLine]:
    """All objections to the results of one cadre's year that `user` may see, oldest first. Two queries."""
    rows = AssessmentObjection.objects.visible_to(user).filter(assessment__cadre=cadre, assessment__year=year)
    found = list(rows.select_related("raised_by", "answered_by").order_by("raised_at", "pk"))
    return objection_lines(found, user)


def objections_of_units(user: Any, *, year: int, state: str = "") -> QuerySet[AssessmentObjection]:
    """The objections to results of `year` in the units that `user` is responsible for; page them by `("-raised_at", "-id")`."""
    rows = AssessmentObjection.objects.visible_to(user).filter(
        user.scope.unit_condition("assessment__unit__path"), assessment__year=year
    )
    if state:
        rows = rows.filter(state=state)
    return rows.select_related("assessment__cadre", "assessment__unit", "raised_by", "answered_by")
