"""What beside the reckoning belongs to one cadre's year: its state, objections, corrections, make-up training."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from trainees.enums import YearState
from trainees.models import AssessmentYear, Cadre, YearlyAssessment

from .make_up import PlanRow, plans_of
from .objections import ObjectionLine, objections_to, side_of
from .versions import Correction, corrections_of
from .year_states import takes_objections, year_of


@dataclass(frozen=True)
class YearFile:
    """`may_object` for a reader who is the cadre or an officer of the unit of that year, while objections are taken and none of the
    own side is open. Corrections are there only once something was corrected."""

    held: AssessmentYear
    objections: Sequence[ObjectionLine]
    corrections: Sequence[Correction]
    plans: Sequence[PlanRow]
    may_object: bool

    @property
    def sealed(self) -> bool:
        return self.held.state == YearState.SEALED

    @property
    def open_to_objections(self) -> bool:
        return takes_objections(self.held)

    @property
    def objections_over(self) -> bool:
        """Whether the period is over and the year not sealed yet."""
        return self.held.state == YearState.OBJECTION and not self.open_to_objections


def year_file(user: Any, *, cadre: Cadre, year: int, assessment: YearlyAssessment | None) -> YearFile:
    """The file of a year that `user` reads the result of. At most six queries, one more for an officer while objections are taken."""
    held = year_of(year)
    if assessment is None or held.state == YearState.PREVIEW:
        return YearFile(held, (), (), (), False)
    lines = objections_to(user, cadre, year)
    side = side_of(assessment, user) if takes_objections(held) else None
    standing = {line.objection.by_unit for line in lines if line.open}
    return YearFile(
        held=held,
        objections=lines,
        corrections=corrections_of(user, cadre.pk, year) if assessment.corrects_id else (),
        plans=plans_of(user, cadre, year),
        may_object=side is not None and (side == "unit") not in standing,
    )
