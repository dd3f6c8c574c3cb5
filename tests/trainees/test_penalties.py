"""Credits taken off at the closing: per cause and year, explained, taken back like any entry."""

from datetime import date, time
from decimal import Decimal

import pytest

from courses.enums import OfferingKind
from partyschool.common import clock
from partyschool.notices.models import Notice
from tests.factories.courses import LessonFactory, OfferingFactory
from tests.factories.trainees import EnrolmentFactory, make_scheme, make_trainee
from trainees.enums import AttendanceStatus, PenaltyCause
from trainees.models import CreditEntry
from trainees.services.attendance import mark_attendance
from trainees.services.closing import close_offering
from trainees.services.credits import reverse_credit

pytestmark = pytest.mark.django_db
STATUS = {
    "p": AttendanceStatus.PRESENT,
    "l": AttendanceStatus.LATE,
    "e": AttendanceStatus.LEFT_EARLY,
    "v": AttendanceStatus.ON_LEAVE,
    "a": AttendanceStatus.ABSENT,
}
ALL = {PenaltyCause.LATE: 1, PenaltyCause.ABSENT: 4, PenaltyCause.NO_SHOW: 2}


def make_strict(penalties=ALL, year=2025, **fields):
    def change(draft):
        for cause, each in penalties.items():
            draft.penalties.create(cause=cause, credits=Decimal(each))

    return make_scheme(year, change=change, **fields)


def attend(staff, letters, starts, **fields):
    """One trainee in an offering with a lesson of 4 hours at each of `starts`, marked with `letters`, closed."""
    offering = OfferingFactory(**fields)
    place = EnrolmentFactory(offering=offering, cadre=make_trainee(), created_by=staff)
    for letter, start in zip(letters, starts, strict=True):
        lesson = LessonFactory(offering=offering, starts_at=start)
        mark_attendance(lesson_id=lesson.pk, marks={place.pk: STATUS[letter]}, by=staff)
    return close_offering(offering_id=offering.pk, by=staff), place


def at(day, hour, month=3, year=2025):
    return clock.school_instant(date(year, month, day), time(hour))


def penalties(place):
    rows = CreditEntry.objects.filter(cadre=place.cadre_id, source_kind="penalty").unscoped("test")
    return list(
        rows.order_by("year", "source_ref").values_list("source_ref", "amount", "hours", "category", "note")
    )


def test_each_cause_is_one_entry_that_says_how_often(staff):
    make_strict()
    closing, place = attend(
        staff,
        "lepaavpp",
        [at(3, 9), at(3, 14), at(4, 9), at(5, 9), at(5, 14), at(6, 9), at(7, 9), at(7, 14)],
        kind=OfferingKind.MAIN_CLASS,
    )
    assert penalties(place) == [
        (f"{place.pk}:2025:absent", -8, 0, "concentrated", "旷课（每半天） × 2"),
        (f"{place.pk}:2025:late", -2, 0, "concentrated", "迟到或早退（每课次） × 2"),
    ]
    assert (closing.credits, closing.penalties) == (20, 10)


def test_two_lessons_of_one_half_day_are_one_absence(staff):
    make_strict()
    _closing, place = attend(staff, "aap", [at(3, 6), at(3, 9), at(3, 14)], kind=OfferingKind.MAIN_CLASS)
    assert [amount for _ref, amount, *_rest in penalties(place)] == [-4]


def test_an_elective_place_never_used_is_one_cause_alone(staff):
    make_strict()
    _closing, place = attend(staff, "aa", [at(3, 9), at(3, 14)])
    assert [(ref.split(":")[2], amount) for ref, amount, *_rest in penalties(place)] == [("no_show", -2)]


def test_an_elective_used_in_part_or_on_leave_counts_half_days(staff):
    make_strict()
    for letters, expected in (("pa", [("absent", -4)]), ("va", [("absent", -4)]), ("vv", [])):
        _closing, place = attend(staff, letters, [at(3, 9), at(3, 14)])
        assert [(ref.split(":")[2], amount) for ref, amount, *_rest in penalties(place)] == expected


def test_without_a_figure_for_places_never_used_the_half_days_count(staff):
    make_strict({PenaltyCause.ABSENT: 4})
    _closing, place = attend(staff, "aa", [at(3, 9), at(3, 14)])
    assert [(ref.split(":")[2], amount) for ref, amount, *_rest in penalties(place)] == [("absent", -8)]


def test_a_main_class_never_attended_is_so_many_half_days(staff):
    make_strict()
    _closing, place = attend(staff, "aa", [at(3, 9), at(3, 14)], kind=OfferingKind.MAIN_CLASS)
    assert [amount for _ref, amount, *_rest in penalties(place)] == [-8]


def test_over_new_year_each_year_takes_off_by_its_own_scheme(staff):
    make_strict({PenaltyCause.LATE: 1})
    make_strict({PenaltyCause.LATE: 3}, year=2026)
    _closing, place = attend(staff, "ll", [at(31, 20, month=12), at(1, 9, month=1, year=2026)])
    assert [(ref, amount) for ref, amount, *_rest in penalties(place)] == [
        (f"{place.pk}:2025:late", -1),
        (f"{place.pk}:2026:late", -3),
    ]


def test_a_scheme_without_penalties_takes_nothing_off(staff):
    make_scheme()
    _closing, place = attend(staff, "la", [at(3, 9), at(3, 14)])
    assert penalties(place) == []


def test_a_corrected_mark_is_the_one_that_counts(staff):
    make_strict()
    offering = OfferingFactory()
    place = EnrolmentFactory(offering=offering, cadre=make_trainee(), created_by=staff)
    lesson = LessonFactory(offering=offering)
    for status in (AttendanceStatus.ABSENT, AttendanceStatus.PRESENT):
        mark_attendance(lesson_id=lesson.pk, marks={place.pk: status}, reason="补登", by=staff)
    close_offering(offering_id=offering.pk, by=staff)
    assert penalties(place) == []


def test_a_penalty_is_told_and_can_be_taken_back(staff):
    make_strict()
    _closing, place = attend(staff, "l", [at(3, 9)])
    notice = Notice.objects.unscoped("test").get(recipient=place.cadre.user)
    assert "因考勤扣除 1 学分" in notice.body
    entry = CreditEntry.objects.unscoped("test").get(source_kind="penalty")
    assert reverse_credit(entry_id=entry.pk, reason="公务延误", by=staff).amount == 1
