"""What was seen at lessons, as SQL: the marks in force, and the occurrences a scheme may take credits off for.

The closing of an offering and the simulation of a scheme read attendance through the same text.
"""

from typing import Any

from django.conf import settings

from courses.enums import OfferingKind
from trainees.enums import ATTENDED_STATUSES, AttendanceStatus, PenaltyCause


def seen(where: str) -> str:
    """The mark in force of everybody at every lesson held, with the school day and half-day of the lesson, where `where` holds."""
    return f"""
seen AS (
    SELECT DISTINCT ON (mark.enrolment_id, mark.lesson_id)
           mark.enrolment_id, enrolment.cadre_id, lesson.offering_id, offering.kind, lesson.hours, mark.status,
           mark.status = ANY(%(attended)s) AS attended, (lesson.starts_at AT TIME ZONE %(zone)s)::date AS day,
           extract(hour FROM lesson.starts_at AT TIME ZONE %(zone)s) < 12 AS morning
      FROM trainees_attendancemark mark
      JOIN trainees_enrolment enrolment ON enrolment.id = mark.enrolment_id
      JOIN courses_lesson lesson ON lesson.id = mark.lesson_id AND lesson.cancelled_at IS NULL
      JOIN courses_offering offering ON offering.id = lesson.offering_id
     WHERE {where}
     ORDER BY mark.enrolment_id, mark.lesson_id, mark.id DESC
)"""  # noqa: S608 -- joins text of this house


# `penalty` (year, cause, credits, …) says what the scheme of each year takes off. An elective place that was never used is that one
# cause where its scheme knows it, not so many half-days besides.
OCCURRED = """
unused AS (
    SELECT enrolment_id, cadre_id, offering_id, kind, max(day) AS day
      FROM seen
     WHERE kind = %(elective)s
     GROUP BY enrolment_id, cadre_id, offering_id, kind
    HAVING bool_and(status = %(absent)s)
), happened AS (
    SELECT enrolment_id, cadre_id, offering_id, kind, extract(year FROM day)::int AS year, %(cause_late)s AS cause,
           count(*) AS number, max(day) AS day
      FROM seen WHERE status = ANY(%(late_statuses)s)
     GROUP BY enrolment_id, cadre_id, offering_id, kind, extract(year FROM day)
    UNION ALL
    SELECT enrolment_id, cadre_id, offering_id, kind, extract(year FROM day)::int, %(cause_absent)s,
           count(DISTINCT (day, morning)), max(day)
      FROM seen
     WHERE status = %(absent)s
       AND NOT EXISTS (SELECT FROM unused JOIN penalty ON penalty.cause = %(cause_no_show)s
                                                      AND penalty.year = extract(year FROM unused.day)::int
                        WHERE unused.enrolment_id = seen.enrolment_id)
     GROUP BY enrolment_id, cadre_id, offering_id, kind, extract(year FROM day)
    UNION ALL
    SELECT enrolment_id, cadre_id, offering_id, kind, extract(year FROM day)::int, %(cause_no_show)s, 1, day FROM unused
), occurred AS (
    SELECT happened.*, round(happened.number * penalty.credits, 2) AS credits
      FROM happened JOIN penalty ON penalty.year = happened.year AND penalty.cause = happened.cause
)"""


def seen_parameters() -> dict[str, Any]:
    """What the texts of this module name."""
    return {
        "zone": settings.TIME_ZONE,
        "attended": list(ATTENDED_STATUSES),
        "late_statuses": [AttendanceStatus.LATE.value, AttendanceStatus.LEFT_EARLY.value],
        "absent": AttendanceStatus.ABSENT,
        "elective": OfferingKind.ELECTIVE,
        "cause_late": PenaltyCause.LATE,
        "cause_absent": PenaltyCause.ABSENT,
        "cause_no_show": PenaltyCause.NO_SHOW,
    }
