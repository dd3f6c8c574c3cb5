"""How people stand in their classes: hours on leave and absences without leave, beside what the class allows. One statement each."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Q

from courses.enums import OfferingState
from courses.models import Offering
from partyschool.accounts.enums import Role
from partyschool.common import clock
from trainees.enums import EnrolmentState, FigureCode
from trainees.models import Enrolment
from trainees.rules.leaves import CLASS_KINDS, AttendanceLimits, Standing
from trainees.selectors.figures import figures_on

# What is known of each person at each lesson: the mark in force, else a leave that was granted. A leave ends when the person is back.
# `also_*` is a leave that is only asked for, counted as if it were granted.
STANDINGS = """
WITH lesson AS (
    SELECT id, offering_id, hours, starts_at, ends_at,
           (starts_at AT TIME ZONE %(zone)s)::date AS day, (starts_at AT TIME ZONE %(zone)s)::time >= '12:00' AS afternoon
      FROM courses_lesson WHERE offering_id = ANY (%(offerings)s) AND cancelled_at IS NULL
), total AS (
    SELECT offering_id, sum(hours) AS hours FROM lesson GROUP BY offering_id
), place AS (
    SELECT id, offering_id FROM trainees_enrolment
     WHERE offering_id = ANY (%(offerings)s) AND state = 'enrolled' AND (%(place)s::bigint IS NULL OR id = %(place)s)
), seen AS (
    SELECT DISTINCT ON (mark.enrolment_id, mark.lesson_id) mark.enrolment_id, mark.lesson_id, mark.status, mark.source, mark.marked_at
      FROM trainees_attendancemark mark JOIN place ON place.id = mark.enrolment_id JOIN lesson ON lesson.id = mark.lesson_id
     ORDER BY mark.enrolment_id, mark.lesson_id, mark.id DESC
), away AS (
    SELECT enrolment_id, starts_at, least(ends_at, returned_at) AS ends_at
      FROM trainees_leaverequest JOIN place ON place.id = enrolment_id
     WHERE trainees_leaverequest.state IN ('approved', 'returned')
     UNION ALL
    SELECT %(also_place)s::bigint, %(also_from)s::timestamptz, %(also_until)s::timestamptz
), known AS (
    SELECT place.id, place.offering_id, lesson.hours, lesson.starts_at, lesson.day, lesson.afternoon,
           CASE WHEN seen.status IS NULL OR seen.source = 'leave' OR seen.marked_at <= %(settled)s THEN coalesce(seen.status,
                CASE WHEN EXISTS (SELECT FROM away WHERE away.enrolment_id = place.id AND away.starts_at < lesson.ends_at
                                     AND away.ends_at > lesson.starts_at) THEN 'on_leave' END) END AS status
      FROM place JOIN lesson ON lesson.offering_id = place.offering_id
      LEFT JOIN seen ON seen.enrolment_id = place.id AND seen.lesson_id = lesson.id
)
SELECT known.id, total.hours,
       coalesce(sum(known.hours) FILTER (WHERE status = 'on_leave' AND starts_at <= %(now)s), 0) AS on_leave,
       coalesce(sum(known.hours) FILTER (WHERE status = 'on_leave' AND starts_at > %(now)s), 0) AS ahead,
       count(DISTINCT (day, afternoon)) FILTER (WHERE status = 'absent') AS absent
  FROM known JOIN total ON total.offering_id = known.offering_id
 GROUP BY known.id, total.hours
"""


def limits_on(day: date | None = None) -> AttendanceLimits:
    """The limits that hold on `day`. Raises `NoFigure`."""
    found = figures_on(FigureCode.LEAVE_SHARE, FigureCode.ABSENT_DAYS, on=day)
    return AttendanceLimits(found[FigureCode.LEAVE_SHARE], found[FigureCode.ABSENT_DAYS])


def standings_of(
    offering_ids: Sequence[int],
    *,
    enrolment_id: int | None = None,
    also: tuple[datetime, datetime] | None = None,
    settled: datetime | None = None,
    now: datetime | None = None,
) -> dict[int, Standing]:
    """Enrolment id → standing, of everybody who takes part in these classes (or of one). Two queries, whatever the number.

    `also`: a span of that one enrolment to count as if it were granted. `settled`: marks that people made later are left out (they may
    still be taken back).
    """
    now = now or clock.now()
    limits = limits_on(clock.school_date(now))
    values = {
        "offerings": list(offering_ids),
        "place": enrolment_id,
        "zone": settings.TIME_ZONE,
        "also_place": enrolment_id if also else None,
        "also_from": also[0] if also else None,
        "also_until": also[1] if also else None,
        "settled": settled or now,
        "now": now,
    }
    with connection.cursor() as cursor:
        cursor.execute(STANDINGS, values)
        return {
            pk: Standing(total, on_leave, ahead, absent, limits)
            for pk, total, on_leave, ahead, absent in cursor.fetchall()
        }


def standing_of(enrolment: Enrolment, **more: Any) -> Standing:
    """The standing of one person; nothing counted where the class has no lessons or the place has ended. Two queries."""
    found = standings_of([enrolment.offering_id], enrolment_id=enrolment.pk, **more)
    nothing = Decimal(0)
    return found.get(enrolment.pk) or Standing(nothing, nothing, nothing, 0, limits_on())


def limited_classes() -> list[int]:
    """Ids of the published classes whose people are counted out by leave and absence."""
    found = Offering.objects.filter(Q(off_job=True) | Q(kind__in=CLASS_KINDS), state=OfferingState.PUBLISHED)
    return list(found.order_by("pk").values_list("pk", flat=True))


@dataclass(frozen=True)
class NearLimit:
    """Somebody who has used up half of a limit or more."""

    enrolment: Enrolment
    standing: Standing


NEAR_SHOWN = 50


def near_limit(user: Any, now: datetime | None = None) -> list[NearLimit]:
    """Whom `user` should have a word with, the nearest first: of the own classes for class teachers, of the whole scope otherwise.

    Four queries, whatever the number of classes and people.
    """
    standings = standings_of(limited_classes(), now=now)
    near = {pk: standing for pk, standing in standings.items() if standing.is_near}
    places = Enrolment.objects.visible_to(user).filter(pk__in=near, state=EnrolmentState.ENROLLED)
    if not user.scope.has(Role.STAFF, Role.LEADER, Role.ORGDEPT):
        places = places.filter(offering__lead_teacher__user=user.pk)
    found = [NearLimit(place, near[place.pk]) for place in places.select_related("cadre__unit", "offering")]
    return sorted(found, key=_urgency, reverse=True)[:NEAR_SHOWN]


def _urgency(row: NearLimit) -> tuple[Decimal, int]:
    standing = row.standing
    leave = standing.in_all / standing.leave_most if standing.leave_most else Decimal(0)
    absence = (
        standing.absent_days / standing.limits.absent_days if standing.limits.absent_days else Decimal(0)
    )
    return max(leave, absence), row.enrolment.pk
