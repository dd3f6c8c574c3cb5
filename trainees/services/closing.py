"""Closing an offering: the one place where attendance becomes credit entries and lessons become teaching entries."""

import json
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.models import Count, Q, Sum
from django.urls import reverse
from django.utils import translation
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from courses.enums import OfferingState
from courses.models import Lesson, Offering, SeatCount
from faculty.models import TeachingEntry
from faculty.services.teaching import LessonTaught, post_lessons
from partyschool.accounts.models import User
from partyschool.audit.services.events import record_event
from partyschool.common import clock
from partyschool.common.errors import NotFound, WrongState
from partyschool.common.locking import lock_row, locking_transaction
from partyschool.notices.services.notices import send_notice
from trainees.enums import EnrolmentState, PenaltyCause
from trainees.models import AttendanceMark, CreditEntry, CreditScheme, Enrolment
from trainees.selectors.seen import OCCURRED, seen, seen_parameters

from .attendance_limits import end_places_held, mark_leaves_held
from .credits import NoSchemeInForce, scheme_in_force
from .waiting import end_line


class NotPublished(WrongState):
    """Only a published offering can be closed."""

    code = "not_published"
    title = gettext_lazy("Only a published offering can be closed")
    remedy = gettext_lazy("Publish it first; an offering that was never held is cancelled instead.")


class NoLessons(WrongState):
    """Without a lesson there is nothing to post."""

    code = "no_lessons"
    title = gettext_lazy("This offering has no lessons")
    remedy = gettext_lazy("Enter the lessons that were held, or cancel the offering.")


class LessonAhead(WrongState):
    """A lesson is not over yet."""

    code = "lesson_ahead"
    title = gettext_lazy("A lesson is not over yet")
    remedy = gettext_lazy(
        "Close the offering after its last lesson, or cancel the lessons that will not be held."
    )


class RollIncomplete(WrongState):
    """Enrolled people have no mark at some lesson."""

    code = "roll_incomplete"
    title = gettext_lazy("The roll call is not complete")
    remedy = gettext_lazy("Call the roll of that lesson for everybody who is enrolled, then close again.")


@dataclass(frozen=True)
class OfferingClosing:
    """What stands in the ledgers for a closed offering (reversals not counted); `penalties` are credits taken off, not below 0."""

    offering_id: int
    completed: int
    not_completed: int
    credit_entries: int
    credits: Decimal
    teaching_entries: int
    teaching_hours: Decimal
    penalties: Decimal = Decimal(0)


SEEN = seen("lesson.offering_id = %(offering)s AND enrolment.state = %(enrolled)s")
POST_CREDITS = f"""
WITH {SEEN}, earned AS (
    SELECT enrolment_id, cadre_id, extract(year FROM day)::int AS year, max(day) AS earned_on, sum(hours) AS hours
      FROM seen WHERE attended
     GROUP BY enrolment_id, cadre_id, extract(year FROM day)
)
INSERT INTO trainees_creditentry
       (year, amount, source_kind, source_ref, note, posted_by_id, posted_at,
        cadre_id, category, hours, earned_on, offering_id, scheme_id)
SELECT earned.year, round(earned.hours * rule.rate, 2), 'enrolment', earned.enrolment_id || ':' || earned.year, '',
       %(by)s, %(now)s, earned.cadre_id, rule.category, earned.hours, earned.earned_on, %(offering)s, rule.scheme_id
  FROM earned
  JOIN trainees_creditscheme scheme ON scheme.year = earned.year AND scheme.id = ANY(%(schemes)s)
  JOIN trainees_creditrule rule ON rule.scheme_id = scheme.id AND rule.activity = %(activity)s
 WHERE round(earned.hours * rule.rate, 2) <> 0
 ORDER BY earned.enrolment_id, earned.year
"""  # noqa: S608 -- joins texts of the house
# One entry per cause, so that each is explained by itself: the note says how often.
POST_PENALTIES = f"""
WITH {SEEN}, penalty AS (
    SELECT scheme.year, penalty.cause, penalty.credits, penalty.scheme_id
      FROM trainees_creditpenalty penalty
      JOIN trainees_creditscheme scheme ON scheme.id = penalty.scheme_id
     WHERE scheme.id = ANY(%(schemes)s)
), {OCCURRED}
INSERT INTO trainees_creditentry
       (year, amount, source_kind, source_ref, note, posted_by_id, posted_at,
        cadre_id, category, hours, earned_on, offering_id, scheme_id)
SELECT occurred.year, -occurred.credits, 'penalty', occurred.enrolment_id || ':' || occurred.year || ':' || occurred.cause,
       (%(cause_names)s::jsonb ->> occurred.cause) || ' × ' || occurred.number,
       %(by)s, %(now)s, occurred.cadre_id, rule.category, 0, occurred.day, %(offering)s, rule.scheme_id
  FROM occurred
  JOIN trainees_creditscheme scheme ON scheme.year = occurred.year AND scheme.id = ANY(%(schemes)s)
  JOIN trainees_creditrule rule ON rule.scheme_id = scheme.id AND rule.activity = %(activity)s
 ORDER BY occurred.enrolment_id, occurred.year, occurred.cause
"""  # noqa: S608 -- joins texts of the house

JUDGE_ENROLMENTS = f"""
WITH {SEEN}, missed AS (
    SELECT enrolment_id, coalesce(sum(hours) FILTER (WHERE NOT attended), 0) / sum(hours) AS share
      FROM seen GROUP BY enrolment_id
)
UPDATE trainees_enrolment enrolment
   SET state = CASE WHEN missed.share <= %(missed_limit)s THEN %(completed)s ELSE %(not_completed)s END,
       ended_at = %(now)s, ended_by_id = %(by)s
  FROM missed
 WHERE enrolment.id = missed.enrolment_id
"""  # noqa: S608 -- joins texts of the house


def close_offering(*, offering_id: int, by: User, now: datetime | None = None) -> OfferingClosing:
    """Turn the attendance of a published offering into entries, once and all together; returns what then stands in the ledgers.

    - Everybody enrolled gets, per school year of the lessons, one credit entry: class-hours attended × the rate of the scheme in
      force for that year. Nothing attended, nothing posted.
    - What the scheme takes credits off for (late or left early per lesson, absent without leave per half-day, an elective place never
      used) becomes one negative entry per cause and year, in the category of the offering.
    - Completed is who missed (on leave or absent) no more than the scheme's `missed_limit` of the class-hours; hours attended
      earn credits either way. The limit is that of the year of the last lesson.
    - Every lesson with a teacher becomes one teaching entry of its class-hours.
    - First of all, granted leaves are marked where nobody was marked, and who passed a limit of leave or absence is withdrawn.
    - Seats are frozen, trainees are told. Whoever still waits, or is offered a seat, is told that the line is over.

    Closing a closed offering changes nothing and returns the same. Raises `NotFound`, `NotPublished`, `NoLessons`,
    `LessonAhead`, `RollIncomplete`, `NoSchemeInForce`, `Busy`; then nothing is changed.
    Concurrency: locks the offering FOR UPDATE (new enrolments and roll calls wait, then find it closed), then its seat row
    (withdrawals wait, then find the enrolment ended), then the waiting list, then the enrolments.
    """
    now = now or clock.now()
    with locking_transaction():
        offering = Offering.objects.select_for_update().filter(pk=offering_id).first()
        if offering is None:
            raise NotFound(_("There is no such offering."))
        if offering.state == OfferingState.CLOSED:
            return _closing_of(offering)
        if offering.state != OfferingState.PUBLISHED:
            raise NotPublished(_("It is in state “%(state)s”.") % {"state": offering.get_state_display()})
        lessons = _lessons_held(offering, now)
        lock_row(SeatCount, offering.pk)
        with translation.override(settings.LANGUAGE_CODE):
            end_line(offering=offering, reason=_("The topic has been held and closed."), by=by, now=now)
        mark_leaves_held(offering=offering, now=now)
        end_places_held(offering=offering, now=now)
        _check_roll(offering, lessons)
        _post(offering, lessons, _schemes(offering, lessons), by=by, now=now)
        closing = _closing_of(offering)
        _tell_trainees(offering)
        facts = {
            "completed": closing.completed,
            "not_completed": closing.not_completed,
            "credits": str(closing.credits),
            "penalties": str(closing.penalties),
            "teaching_hours": str(closing.teaching_hours),
        }
        record_event(action="offering.close", subject=offering, by=by, data=facts, now=now)
    return closing


def _lessons_held(offering: Offering, now: datetime) -> list[Lesson]:
    lessons = list(offering.lessons.filter(cancelled_at=None).order_by("starts_at", "pk"))
    if not lessons:
        raise NoLessons(offering.title)
    last = max(lessons, key=lambda lesson: lesson.ends_at)
    if last.ends_at > now:
        facts = _("“%(lesson)s” ends on %(time)s.") % {
            "lesson": last.title,
            "time": clock.in_words(last.ends_at),
        }
        raise LessonAhead(facts, retry_at=last.ends_at)
    return lessons


def _check_roll(offering: Offering, lessons: list[Lesson]) -> None:
    enrolled = Enrolment.objects.filter(offering=offering, state=EnrolmentState.ENROLLED).unscoped(
        "closing the offering"
    )
    wanted = enrolled.count()
    marks = AttendanceMark.objects.filter(lesson__in=lessons, enrolment__state=EnrolmentState.ENROLLED)
    marked = (
        marks.unscoped("closing the offering")
        .values_list("lesson")
        .annotate(Count("enrolment", distinct=True))
    )
    seen = dict(marked)
    for lesson in lessons:
        missing = wanted - seen.get(lesson.pk, 0)
        if missing:
            facts = ngettext(
                "At “%(lesson)s” (%(time)s) %(number)s person has no mark.",
                "At “%(lesson)s” (%(time)s) %(number)s people have no mark.",
                missing,
            )
            raise RollIncomplete(
                facts % {"lesson": lesson.title, "time": clock.in_words(lesson.starts_at), "number": missing}
            )


def _schemes(offering: Offering, lessons: list[Lesson]) -> list[CreditScheme]:
    """The schemes in force for the years of the lessons, oldest first, each with a rule for this kind of offering."""
    schemes = [
        scheme_in_force(year) for year in sorted({clock.school_year(lesson.starts_at) for lesson in lessons})
    ]
    for scheme in schemes:
        if not scheme.rules.filter(activity=offering.kind).exists():
            facts = _("“%(scheme)s” does not say what “%(activity)s” is worth.") % {
                "scheme": scheme.name,
                "activity": offering.get_kind_display(),
            }
            raise NoSchemeInForce(facts, remedy=_("Add the rule to the scheme, then close again."))
    return schemes


def _post(
    offering: Offering, lessons: list[Lesson], schemes: list[CreditScheme], *, by: User, now: datetime
) -> None:
    parameters: dict[str, Any] = {
        "offering": offering.pk,
        "activity": offering.kind,
        "schemes": [scheme.pk for scheme in schemes],
        "missed_limit": schemes[-1].missed_limit,
        "enrolled": EnrolmentState.ENROLLED,
        "completed": EnrolmentState.COMPLETED,
        "not_completed": EnrolmentState.NOT_COMPLETED,
        "by": by.pk,
        "now": now,
        **seen_parameters(),
    }
    with translation.override(settings.LANGUAGE_CODE):
        names = {cause.value: str(cause.label) for cause in PenaltyCause}
    parameters["cause_names"] = json.dumps(names)
    with connection.cursor() as cursor:
        cursor.execute(POST_CREDITS, parameters)
        cursor.execute(POST_PENALTIES, parameters)
        cursor.execute(JUDGE_ENROLMENTS, parameters)
    taught = (
        LessonTaught(
            lesson_id=lesson.pk,
            teacher_id=lesson.teacher_id,
            taught_on=clock.school_date(lesson.starts_at),
            hours=lesson.hours,
            subject=lesson.title,
        )
        for lesson in lessons
        if lesson.teacher_id is not None
    )
    post_lessons(lessons=taught, by=by, now=now)
    SeatCount.objects.filter(pk=offering.pk).update(frozen=True)
    offering.state, offering.closed_at = OfferingState.CLOSED, now
    offering.save(update_fields=["state", "closed_at"])


def _closing_of(offering: Offering) -> OfferingClosing:
    places = Enrolment.objects.filter(offering=offering).unscoped("result of a closing")
    entries = CreditEntry.objects.filter(offering=offering, source_kind="enrolment", reverses=None)
    lessons = [str(pk) for pk in offering.lessons.values_list("pk", flat=True)]
    teaching = TeachingEntry.objects.filter(source_kind="lesson", source_ref__in=lessons, reverses=None)
    ended = places.aggregate(
        completed=Count("pk", filter=Q(state=EnrolmentState.COMPLETED)),
        not_completed=Count("pk", filter=Q(state=EnrolmentState.NOT_COMPLETED)),
    )
    posted = entries.unscoped("result of a closing").aggregate(number=Count("pk"), amount=Sum("amount"))
    taken = CreditEntry.objects.filter(offering=offering, source_kind="penalty", reverses=None)
    off = taken.unscoped("result of a closing").aggregate(amount=Sum("amount"))
    taught = teaching.unscoped("result of a closing").aggregate(number=Count("pk"), amount=Sum("amount"))
    return OfferingClosing(
        offering_id=offering.pk,
        **ended,
        credit_entries=posted["number"],
        credits=posted["amount"] or Decimal(0),
        teaching_entries=taught["number"],
        teaching_hours=taught["amount"] or Decimal(0),
        penalties=-(off["amount"] or Decimal(0)),
    )


def _tell_trainees(offering: Offering) -> None:
    """One notice to everybody who has an account, with the own hours and credits, in the portal's language."""
    places = Enrolment.objects.filter(
        offering=offering,
        state__in=[EnrolmentState.COMPLETED, EnrolmentState.NOT_COMPLETED],
        cadre__user__isnull=False,
    )
    posted = CreditEntry.objects.filter(
        offering=offering, source_kind__in=["enrolment", "penalty"], reverses=None
    )
    off = Q(source_kind="penalty")
    sums = (
        posted.unscoped("telling the trainees")
        .values_list("cadre")
        .annotate(
            attended=Sum("hours"),
            earned=Sum("amount", filter=~off, default=Decimal(0)),
            off=Sum("amount", filter=off, default=Decimal(0)),
        )
    )
    earned = {cadre: figures for cadre, *figures in sums}
    groups: dict[tuple[str, Decimal, Decimal, Decimal], list[User]] = {}
    for place in places.unscoped("telling the trainees").select_related("cadre__user").order_by("pk"):
        hours, amount, taken = earned.get(place.cadre_id, (Decimal(0), Decimal(0), Decimal(0)))
        if (
            place.cadre.user is not None
        ):  # the query leaves out who has no account; the type checker cannot know
            groups.setdefault((place.state, hours, amount, taken), []).append(place.cadre.user)
    with translation.override(settings.LANGUAGE_CODE):
        for (state, hours, amount, taken), users in groups.items():
            text = _(
                "You attended %(hours)s class-hours and earned %(credits)s credits. Result: %(state)s."
            ) % {
                "hours": number_format(hours.normalize()),
                "credits": number_format(amount.normalize()),
                "state": EnrolmentState(state).label,
            }
            if taken:
                text += _("%(credits)s credits were taken off for attendance.") % {
                    "credits": number_format(-taken.normalize())
                }
            send_notice(
                recipients=users,
                event=f"offering.close:{offering.pk}",
                title=_("Credits posted: %(offering)s") % {"offering": offering.title[:80]},
                body=text,
                url=reverse("trainees:credits_offering", args=[offering.pk]),
            )
