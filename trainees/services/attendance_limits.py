"""Leave and absence turn into marks and, beyond their limits, end a place."""

import logging
from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from django.urls import reverse
from django.utils import translation
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from courses.enums import OfferingState
from courses.models import Offering
from partyschool.accounts.models import User
from partyschool.audit.services.events import record_event
from partyschool.common import clock
from partyschool.common.errors import Busy
from partyschool.common.locking import lock_row, locking_transaction
from partyschool.common.prepared import run_prepared
from partyschool.notices.services.notices import send_notice
from trainees.enums import EnrolmentState
from trainees.models import AttendanceMark, Enrolment, LeaveRequest
from trainees.rules.leaves import Standing, limits_bind
from trainees.selectors.attendance_limits import limited_classes, standing_of, standings_of

from .freed_seats import promote_soon
from .moving import MOVE_LOCKS

log = logging.getLogger(__name__)
SETTLED_AFTER = timedelta(minutes=30)
"""How long a mark stands before it can end a place: a slip of the finger on a roll is taken back within it."""

# What a person was seen to do, or what the roll says, stands; a leave fills what is open, and what a check-in or card reader took for
# an absence because nobody came.
MARK_LEAVES = """
INSERT INTO trainees_attendancemark (enrolment_id, lesson_id, status, marked_at, marked_by_id, source, leave_id, reason)
SELECT place.id, lesson.id, 'on_leave', %(now)s, leave.decided_by_id, 'leave', leave.id, ''
  FROM trainees_leaverequest leave
  JOIN trainees_enrolment place ON place.id = leave.enrolment_id AND place.state = 'enrolled'
  JOIN courses_lesson lesson ON lesson.offering_id = place.offering_id AND lesson.cancelled_at IS NULL AND lesson.starts_at <= %(now)s
       AND leave.starts_at < lesson.ends_at AND least(leave.ends_at, leave.returned_at) > lesson.starts_at
  LEFT JOIN LATERAL (SELECT status, source FROM trainees_attendancemark mark
                      WHERE mark.enrolment_id = place.id AND mark.lesson_id = lesson.id ORDER BY mark.id DESC LIMIT 1) seen ON true
 WHERE place.offering_id = %(offering)s AND leave.state IN ('approved', 'returned')
   AND (seen.status IS NULL OR (seen.status = 'absent' AND seen.source IN ('check_in', 'card')))
 ORDER BY lesson.id, place.id
RETURNING enrolment_id, lesson_id
"""


def mark_leaves(*, offering_id: int, now: datetime | None = None) -> int:
    """Mark everybody on granted leave at the begun lessons of an offering that nobody was marked at; returns how many marks.

    Safe to run again. Raises `Offering.DoesNotExist`, `Busy`.
    Concurrency: locks the offering row, so that roll calls come before or after and a closing finds the marks.
    """
    with locking_transaction():
        offering = lock_row(Offering, offering_id)
        return mark_leaves_held(offering=offering, now=now or clock.now())


def mark_leaves_held(*, offering: Offering, now: datetime) -> int:
    """As `mark_leaves`, in the caller's transaction that holds the offering's row; whoever closes a roll calls this first."""
    if offering.state != OfferingState.PUBLISHED:
        return 0
    with connection.cursor() as cursor:
        cursor.execute(MARK_LEAVES, {"offering": offering.pk, "now": now})
        made = cursor.fetchall()
    if made:
        marks = [f"{enrolment}:{lesson}" for enrolment, lesson in made]
        record_event(action="attendance.leave", subject=offering, by=None, data={"marks": marks}, now=now)
    return len(made)


def enforce_limits(
    *, offering_id: int, settled_after: timedelta = SETTLED_AFTER, now: datetime | None = None
) -> int:
    """End the places in a class of those who passed a limit of leave or absence; returns how many.

    Each in a transaction of its own, by the path of every withdrawal: seats and waiting lists follow, the person and the class teacher
    are told. Marks younger than `settled_after` do not count yet. Does nothing where limits do not bind. Raises `Busy`.
    Concurrency: per person the locks of `move_cadre` (cadre · rounds · offering · seats); the standing is read again behind them.
    """
    now = now or clock.now()
    offering = Offering.objects.filter(pk=offering_id, state=OfferingState.PUBLISHED).first()
    if offering is None or not limits_bind(offering.kind, offering.off_job):
        return 0
    settled = now - settled_after
    found = standings_of([offering_id], settled=settled, now=now)
    over = [pk for pk, standing in sorted(found.items()) if standing.is_over]
    return sum(_end_if_over(pk, settled, now) for pk in over)


def end_places_held(*, offering: Offering, now: datetime) -> int:
    """As `enforce_limits`, every mark counting at once, in the caller's transaction that holds offering and seat row: a closing does it."""
    if not limits_bind(offering.kind, offering.off_job):
        return 0
    found = standings_of([offering.pk], now=now)
    over = {pk: standing for pk, standing in sorted(found.items()) if standing.is_over}
    return sum(_end(place, over[place.pk], now) for place in _places(over))


def _places(ids: Iterable[int]) -> QuerySet[Enrolment]:
    places = Enrolment.objects.unscoped("a limit is the same for everybody").filter(pk__in=ids)
    return places.select_related("cadre__user", "offering__lead_teacher__user").order_by("pk")


def _end_if_over(enrolment_id: int, settled: datetime, now: datetime) -> bool:
    place = _places([enrolment_id]).get()
    with locking_transaction():
        run_prepared(*MOVE_LOCKS, values={"cadre": place.cadre_id, "offerings": [place.offering_id]})
        offering = Offering.objects.get(pk=place.offering_id)
        standing = standing_of(place, settled=settled, now=now)
        if offering.state != OfferingState.PUBLISHED or not standing.is_over:
            return False
        ended = _end(place, standing, now)
        promote_soon(place.offering_id, cadre_id=place.cadre_id)
    return ended


def _end(place: Enrolment, standing: Standing, now: datetime) -> bool:
    """End one place, tell of it and keep why; False where it had ended before."""
    with translation.override(settings.LANGUAGE_CODE):
        reason = limit_text(standing)
        held = Enrolment.objects.filter(pk=place.pk, state=EnrolmentState.ENROLLED)
        ended = held.unscoped("a limit is the same for everybody").update(
            state=EnrolmentState.WITHDRAWN, ended_at=now, ended_by=_answerable(place), reason=reason
        )
        if not ended:
            return False
        data = {
            "cadre": place.cadre_id,
            "offering": place.offering_id,
            "total": str(standing.total),
            "on_leave": str(standing.on_leave),
            "absent_half_days": standing.absent_half_days,
        }
        record_event(action="enrolment.over_limit", subject=place, by=None, data=data, now=now)
        _tell(place, reason)
    return True


def limit_text(standing: Standing) -> str:
    """Which limit was passed, with the numbers, as one sentence."""
    if standing.passes_leave:
        return _("Withdrawn: %(hours)s of %(total)s class-hours on leave; at most %(most)s are allowed.") % {
            "hours": number_format(standing.on_leave.normalize()),
            "total": number_format(standing.total.normalize()),
            "most": number_format(standing.leave_most_shown),
        }
    return _("Withdrawn: absent without leave on %(days)s days; from %(most)s days on the place is lost.") % {
        "days": number_format(standing.absent_days.normalize()),
        "most": number_format(standing.limits.absent_days.normalize()),
    }


def _answerable(place: Enrolment) -> Any:
    """Whose mark or decision brought the place to its end: the row needs a person, the trail says that the portal did it."""
    marks = AttendanceMark.objects.filter(enrolment=place).unscoped("who marked last")
    if (user := marks.order_by("-pk").values_list("marked_by", flat=True).first()) is None:
        leaves = LeaveRequest.objects.filter(enrolment=place, decided_by__isnull=False)
        user = (
            leaves.unscoped("who decided last")
            .order_by("-decided_at")
            .values_list("decided_by", flat=True)[0]
        )
    return user


def _tell(place: Enrolment, reason: str) -> None:
    teacher = place.offering.lead_teacher
    told: list[tuple[User | None, str]] = [
        (place.cadre.user, _("You do not take part in “%(title)s” any more.")),
        (teacher.user if teacher else None, _("%(name)s does not take part in “%(title)s” any more.")),
    ]
    for user, words in told:
        if user is not None:
            body = words % {"title": place.offering.title, "name": place.cadre.name}
            send_notice(
                recipients=[user],
                event=f"enrolment.over_limit:{place.pk}",
                title=_("Withdrawn from the class: %(title)s") % {"title": place.offering.title[:80]},
                body=f"{body} {reason}",
                url=reverse("trainees:requests" if user == place.cadre.user else "trainees:leaves"),
            )


def tend_classes(*, now: datetime | None = None) -> tuple[int, int]:
    """Mark leaves in all running offerings and enforce the limits of all classes; returns how many marks and withdrawals.

    One that is busy is left for the next time. Safe to run twice and side by side.
    """
    now = now or clock.now()
    marked = ended = 0
    waiting = LeaveRequest.objects.filter(
        state__in=["approved", "returned"],
        starts_at__lte=now,
        enrolment__state=EnrolmentState.ENROLLED,
        enrolment__offering__state=OfferingState.PUBLISHED,
    )
    offerings = waiting.unscoped("which classes have leaves").values_list("enrolment__offering", flat=True)
    for pk in sorted(set(offerings)):
        try:
            marked += mark_leaves(offering_id=pk, now=now)
        except Busy:
            log.info("offering %s is busy; its leaves are marked next time", pk)
    for pk in limited_classes():
        try:
            ended += enforce_limits(offering_id=pk, now=now)
        except Busy:
            log.info("offering %s is busy; its limits are looked at next time", pk)
    return marked, ended
