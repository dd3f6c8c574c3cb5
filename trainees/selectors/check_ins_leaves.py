"""Who is on leave at a lesson."""

from collections.abc import Iterable

from courses.models import Lesson
from trainees.enums import LeaveState
from trainees.models import LeaveRequest


def leaves_at(lesson: Lesson, enrolment_ids: Iterable[int]) -> dict[int, LeaveRequest]:
    """Enrolment id → the approved leave (reported back from or not) that touches `lesson`, of enrolments read in scope. One query."""
    found = LeaveRequest.objects.filter(
        enrolment__in=list(enrolment_ids),
        state__in=[LeaveState.APPROVED, LeaveState.RETURNED],
        starts_at__lt=lesson.ends_at,
        ends_at__gt=lesson.starts_at,
    )
    return {leave.enrolment_id: leave for leave in found.unscoped("leaves of enrolments read in scope")}
