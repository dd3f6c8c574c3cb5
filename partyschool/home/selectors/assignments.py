"""What waits for unit officers and organisation departments in organised assignment today."""

from dataclasses import dataclass
from typing import Any

from partyschool.common import clock
from trainees.enums import AssignmentState
from trainees.selectors.assignments import AssignmentLine, assignment_lines


@dataclass(frozen=True)
class AssignmentDesk:
    """The classes under way for which the reader has something to do: places to fill, nominations or deferrals to decide."""

    lines: list[AssignmentLine]
    others: int

    @property
    def missing(self) -> int:
        return sum(line.missing for line in self.lines)

    @property
    def undecided(self) -> int:
        return sum(line.undecided + line.deferrals for line in self.lines)


def assignment_desk(user: Any) -> AssignmentDesk:
    """Classes under way with work for the reader; `others` are under way without. Nine queries."""
    now = clock.now()
    live = [line for line in assignment_lines(user) if line.assignment.state == AssignmentState.ISSUED]
    lines = [
        line
        for line in live
        if line.undecided or line.deferrals or (line.missing and now < line.assignment.substitutes_until)
    ]
    return AssignmentDesk(lines, len(live) - len(lines))
