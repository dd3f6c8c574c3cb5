"""Closing an offering: attendance becomes entries once, all together, and no seat moves afterwards."""

from datetime import date, time, timedelta
from decimal import Decimal
from functools import partial

import pytest
from django.db import IntegrityError, transaction

from courses.enums import OfferingKind, OfferingState
from courses.models import SeatCount
from faculty.models import TeachingEntry
from partyschool.audit.models import AuditEvent
from partyschool.common import clock
from partyschool.common.errors import DomainError, NotFound
from partyschool.notices.models import Notice
from tests.concurrency.rivals import compete
from tests.factories.accounts import make_unit
from tests.factories.courses import LessonFactory, OfferingFactory, SelectionRoundFactory
from tests.factories.faculty import TeacherFactory
from tests.factories.trainees import EnrolmentFactory, make_scheme, make_trainee
from trainees.enums import AttendanceStatus, CreditCategory, EnrolmentState
from trainees.models import AttendanceMark, CreditEntry, Enrolment
from trainees.services.attendance import mark_attendance
from trainees.services.closing import (
    LessonAhead,
    NoLessons,
    NotPublished,
    OfferingClosing,
    RollIncomplete,
    close_offering,
)
from trainees.services.credits import NoSchemeInForce
from trainees.services.electives import select_topic, withdraw_from_topic

pytestmark = pytest.mark.django_db
STATUS = {
    "p": AttendanceStatus.PRESENT,
    "l": AttendanceStatus.LATE,
    "e": AttendanceStatus.LEFT_EARLY,
    "v": AttendanceStatus.ON_LEAVE,
    "a": AttendanceStatus.ABSENT,
}


def credits_of(offering):
    return CreditEntry.objects.unscoped("test").filter(offering=offering)


def teaching():
    return TeachingEntry.objects.unscoped("test")


def electives_at(scheme, rate):
    scheme.rules.filter(activity=OfferingKind.ELECTIVE).update(rate=Decimal(rate))


def run_class(staff, *rows, lessons=1, **fields):
    """An offering with `lessons` lessons and one cadre per row of status letters; returns offering and enrolments."""
    offering = OfferingFactory(**fields)
    made = [LessonFactory(offering=offering, teacher=TeacherFactory()) for _ in range(lessons)]
    places = [EnrolmentFactory(offering=offering, cadre=make_trainee(), created_by=staff) for _ in rows]
    for number, lesson in enumerate(made):
        marks = {
            place.pk: STATUS[row[number]]
            for place, row in zip(places, rows, strict=True)
            if row[number] != "-"
        }
        mark_attendance(lesson_id=lesson.pk, marks=marks, by=staff)
    return offering, places


def states(places):
    found = Enrolment.objects.unscoped("test").in_bulk([place.pk for place in places])
    return [found[place.pk].state for place in places]


def test_attendance_becomes_entries_once(staff):
    scheme = make_scheme(change=lambda draft: electives_at(draft, "1.5"))
    offering, places = run_class(staff, "pl", "pa", "va", lessons=2)
    expected = OfferingClosing(
        offering_id=offering.pk,
        completed=1,
        not_completed=2,
        credit_entries=2,
        credits=Decimal(18),
        teaching_entries=2,
        teaching_hours=Decimal(8),
    )
    assert close_offering(offering_id=offering.pk, by=staff) == expected
    assert close_offering(offering_id=offering.pk, by=staff) == expected
    assert states(places) == [
        EnrolmentState.COMPLETED,
        EnrolmentState.NOT_COMPLETED,
        EnrolmentState.NOT_COMPLETED,
    ]
    rows = (
        credits_of(offering)
        .order_by("pk")
        .values_list(
            "cadre", "year", "amount", "hours", "category", "source_kind", "source_ref", "scheme", "earned_on"
        )
    )
    first, second = offering.lessons.order_by("starts_at")
    elective = CreditCategory.ELECTIVE
    assert list(rows) == [
        (
            places[0].cadre_id,
            2025,
            12,
            8,
            elective,
            "enrolment",
            f"{places[0].pk}:2025",
            scheme.pk,
            clock.school_date(second.starts_at),
        ),
        (
            places[1].cadre_id,
            2025,
            6,
            4,
            elective,
            "enrolment",
            f"{places[1].pk}:2025",
            scheme.pk,
            clock.school_date(first.starts_at),
        ),
    ]
    assert set(teaching().values_list("source_kind", "source_ref", "teacher", "amount", "year")) == {
        ("lesson", str(lesson.pk), lesson.teacher_id, 4, 2025) for lesson in (first, second)
    }
    offering.refresh_from_db()
    assert (offering.state, offering.closed_at is not None, offering.seats.frozen) == (
        OfferingState.CLOSED,
        True,
        True,
    )
    assert AuditEvent.objects.unscoped("test").filter(action="offering.close").count() == 1


def test_trainees_are_told_their_own_credits_once(staff):
    make_scheme()
    offering, places = run_class(staff, "p", "a")
    close_offering(offering_id=offering.pk, by=staff)
    close_offering(offering_id=offering.pk, by=staff)
    bodies = [
        Notice.objects.visible_to(place.cadre.user).values_list("body", "url").get() for place in places
    ]
    assert bodies == [
        ("您参加了 4 学时，获得 4 学分。学习结果：结业。", f"/credits/offerings/{offering.pk}/"),
        ("您参加了 0 学时，获得 0 学分。学习结果：未结业。", f"/credits/offerings/{offering.pk}/"),
    ]


def test_the_newest_mark_is_the_one_that_counts(staff):
    make_scheme()
    offering, places = run_class(staff, "p", "a")
    lesson = offering.lessons.get()
    marks = {places[0].pk: AttendanceStatus.ABSENT, places[1].pk: AttendanceStatus.PRESENT}
    mark_attendance(lesson_id=lesson.pk, marks=marks, reason="核对后更正", by=staff)
    close_offering(offering_id=offering.pk, by=staff)
    assert list(credits_of(offering).values_list("cadre", flat=True)) == [places[1].cadre_id]


@pytest.mark.parametrize(
    ("missed", "state"), [(1, EnrolmentState.COMPLETED), (2, EnrolmentState.NOT_COMPLETED)]
)
def test_one_seventh_may_be_missed_and_no_more(staff, missed, state):
    make_scheme()
    offering, places = run_class(staff, "v" * missed + "p" * (7 - missed), lessons=7)
    close_offering(offering_id=offering.pk, by=staff)
    assert states(places) == [state]
    assert credits_of(offering).get().hours == 4 * (7 - missed)


def test_late_and_left_early_count_as_attended(staff):
    make_scheme()
    offering, _places = run_class(staff, "l", "e")
    assert close_offering(offering_id=offering.pk, by=staff).completed == 2


def test_an_offering_over_new_year_is_split_by_the_school_year_of_the_lesson(staff):
    schemes = [make_scheme(2025), make_scheme(2026, change=lambda draft: electives_at(draft, 2))]
    offering = OfferingFactory()
    place = EnrolmentFactory(offering=offering, created_by=staff)
    # 31 December 16:30 UTC is New Year's morning at the school.
    for start in (
        clock.school_instant(date(2025, 12, 31), time(20)),
        clock.school_instant(date(2026, 1, 1), time(0, 30)),
    ):
        lesson = LessonFactory(offering=offering, starts_at=start, teacher=TeacherFactory())
        mark_attendance(lesson_id=lesson.pk, marks={place.pk: AttendanceStatus.PRESENT}, by=staff)
    close_offering(offering_id=offering.pk, by=staff)
    rows = credits_of(offering).order_by("year").values_list("year", "amount", "source_ref", "scheme")
    assert list(rows) == [
        (2025, 4, f"{place.pk}:2025", schemes[0].pk),
        (2026, 8, f"{place.pk}:2026", schemes[1].pk),
    ]
    assert list(teaching().order_by("year").values_list("year", flat=True)) == [2025, 2026]


def test_a_rate_of_zero_posts_nothing(staff):
    make_scheme(change=lambda draft: draft.rules.update(rate=0))
    offering, _places = run_class(staff, "p")
    closing = close_offering(offering_id=offering.pk, by=staff)
    assert (closing.completed, closing.credit_entries, closing.credits) == (1, 0, 0)


def test_withdrawn_people_need_no_mark_and_get_nothing(staff):
    make_scheme()
    offering, places = run_class(staff, "p", "-")
    places[1].state, places[1].ended_at, places[1].ended_by = EnrolmentState.WITHDRAWN, clock.now(), staff
    places[1].save()
    assert close_offering(offering_id=offering.pk, by=staff).completed == 1
    assert states(places) == [EnrolmentState.COMPLETED, EnrolmentState.WITHDRAWN]


def test_an_offering_that_nobody_took_still_counts_as_taught(staff):
    make_scheme()
    offering, _places = run_class(staff)
    assert close_offering(offering_id=offering.pk, by=staff).teaching_hours == 4


def refused(error, offering, staff, **facts):
    """`error` is raised and nothing has changed."""
    with pytest.raises(error) as refusal:
        close_offering(offering_id=offering.pk, by=staff, **facts)
    assert not credits_of(offering).exists()
    assert not teaching().exists()
    assert SeatCount.objects.get(pk=offering.pk).frozen is False
    return refusal.value


def test_a_missing_mark_names_the_lesson_and_how_many(staff):
    make_scheme()
    offering, _places = run_class(staff, "pp", "p-", "p-", lessons=2)
    refusal = refused(RollIncomplete, offering, staff)
    lesson = offering.lessons.order_by("starts_at").last()
    assert refusal.facts == f"“{lesson.title}”（{clock.in_words(lesson.starts_at)}）还有 2 人未登记考勤。"


def test_a_lesson_ahead_refuses_and_says_when(staff):
    make_scheme()
    offering, _places = run_class(staff, "p")
    ends = offering.lessons.get().ends_at
    assert refused(LessonAhead, offering, staff, now=ends - timedelta(seconds=1)).retry_at == ends


def test_a_cancelled_lesson_neither_refuses_nor_counts(staff):
    make_scheme()
    offering, places = run_class(staff, "pp", lessons=2)
    lesson = offering.lessons.order_by("starts_at").last()
    lesson.cancelled_at = clock.now()
    lesson.save()
    close_offering(offering_id=offering.pk, by=staff)
    assert (credits_of(offering).get().hours, teaching().count(), states(places)) == (
        4,
        1,
        [EnrolmentState.COMPLETED],
    )


def test_without_lessons_there_is_nothing_to_close(staff):
    make_scheme()
    refused(NoLessons, OfferingFactory(), staff)


def test_without_a_scheme_in_force_it_says_what_to_do(staff):
    make_scheme(state="draft")
    offering, _places = run_class(staff, "p")
    refusal = refused(NoSchemeInForce, offering, staff)
    assert (refusal.facts, refusal.what_to_do) == (
        "2025 年度没有现行的学分办法。",
        "请先录入该年度的学分办法并予以施行，然后重试。",
    )


def test_a_scheme_without_a_rule_for_the_activity_refuses(staff):
    make_scheme(change=lambda draft: draft.rules.filter(activity=OfferingKind.ELECTIVE).delete())
    offering, _places = run_class(staff, "p")
    refused(NoSchemeInForce, offering, staff)


@pytest.mark.parametrize("state", [OfferingState.PLANNED, OfferingState.CANCELLED])
def test_only_a_published_offering_is_closed(staff, state):
    make_scheme()
    refused(NotPublished, OfferingFactory(state=state), staff)


def test_an_unknown_offering_is_not_found(staff):
    with pytest.raises(NotFound):
        close_offering(offering_id=0, by=staff)


def test_after_closing_no_path_moves_a_seat(staff):
    make_scheme()
    offering, places = run_class(staff, "p")
    close_offering(offering_id=offering.pk, by=staff)
    with pytest.raises(IntegrityError, match="no open seats"), transaction.atomic():
        EnrolmentFactory(offering=offering, created_by=staff)
    with pytest.raises(IntegrityError, match="no open seats"), transaction.atomic():
        Enrolment.objects.unscoped("test").filter(pk=places[0].pk).update(state=EnrolmentState.WITHDRAWN)


# --- rivals ------------------------------------------------------------------------------------------------------------------------------


def offer(staff, *, seats, sitting):
    """An elective of an open round that has been taught, `sitting` cadres marked present, and their users."""
    offering = OfferingFactory(selection_round=SelectionRoundFactory(max_picks=9), capacity=seats)
    # Held two hours ago: the roll can be called, and the window is still open for latecomers and those who leave.
    start = clock.now() - timedelta(hours=2)
    lesson = LessonFactory(offering=offering, starts_at=start, ends_at=start + timedelta(hours=1))
    make_scheme(clock.school_year(start))
    unit = make_unit()
    places = [
        EnrolmentFactory(offering=offering, cadre=make_trainee(unit=unit), created_by=staff)
        for _ in range(sitting)
    ]
    mark_attendance(
        lesson_id=lesson.pk, marks={place.pk: AttendanceStatus.PRESENT for place in places}, by=staff
    )
    return offering, places, [make_trainee(unit=unit).user for _ in range(sitting)]


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_closing_twice_at_once_posts_once(staff):
    offering, _places, _others = offer(staff, seats=9, sitting=3)
    results = compete([partial(close_offering, offering_id=offering.pk, by=staff)] * 4)
    assert len(set(results)) == 1
    assert credits_of(offering).count() == 3


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("round_number", range(3))
def test_closing_against_picks_and_withdrawals_loses_nothing(staff, round_number):
    offering, places, others = offer(staff, seats=20, sitting=5)
    calls = [partial(withdraw_from_topic, offering_id=offering.pk, by=place.cadre.user) for place in places]
    calls += [partial(select_topic, offering_id=offering.pk, by=user) for user in others]
    calls.insert(round_number * 4, partial(close_offering, offering_id=offering.pk, by=staff))
    outcomes = compete(calls)
    closed = outcomes[round_number * 4]
    if not isinstance(closed, OfferingClosing):
        # A pick got in first: its roll is missing, as it must be, and nothing was posted.
        assert isinstance(closed, RollIncomplete)
        assert not credits_of(offering).exists()
        marks = dict.fromkeys(
            Enrolment.objects.unscoped("test")
            .filter(offering=offering, state="enrolled")
            .values_list("pk", flat=True),
            AttendanceStatus.PRESENT,
        )
        mark_attendance(lesson_id=offering.lessons.get().pk, marks=marks, by=staff)
        closed = close_offering(offering_id=offering.pk, by=staff)
    seats = SeatCount.objects.get(pk=offering.pk)
    seated = Enrolment.objects.unscoped("test").filter(offering=offering).exclude(state="withdrawn")
    assert (seats.frozen, seats.taken) == (True, seated.count())
    assert closed.completed == seats.taken == credits_of(offering).count()
    assert not seated.filter(state=EnrolmentState.ENROLLED).exists()
    after = compete(
        [partial(select_topic, offering_id=offering.pk, by=user) for user in others]
        + [partial(withdraw_from_topic, offering_id=offering.pk, by=place.cadre.user) for place in places]
    )
    assert all(isinstance(outcome, DomainError) for outcome in after)
    assert SeatCount.objects.get(pk=offering.pk).taken == seats.taken


@pytest.mark.race
@pytest.mark.django_db(transaction=True)
def test_a_roll_call_is_before_or_after_the_closing_never_in_between(staff):
    offering, places, _others = offer(staff, seats=9, sitting=3)
    lesson = offering.lessons.get()
    absent = {place.pk: AttendanceStatus.ABSENT for place in places}
    closed, marked = compete(
        [
            partial(close_offering, offering_id=offering.pk, by=staff),
            partial(mark_attendance, lesson_id=lesson.pk, marks=absent, by=staff),
        ]
    )
    before = marked == 3
    assert closed.completed == (0 if before else 3)
    assert AttendanceMark.objects.unscoped("test").count() == (6 if before else 3)
