"""Leave: what it covers, who decides, how it becomes marks, and how it ends."""

from decimal import Decimal

import pytest
from django.core.exceptions import PermissionDenied
from django.db import IntegrityError, transaction
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from partyschool.accounts.enums import Role
from partyschool.audit.models import AuditEvent
from partyschool.common.errors import InvalidInput, NotFound, WrongState
from partyschool.notices.models import Notice
from tests.factories.accounts import make_user
from tests.factories.courses import LessonFactory, OfferingFactory
from tests.factories.trainees import EnrolmentFactory, make_scheme, make_trainee
from trainees.enums import LeaveApprover, LeaveState
from trainees.models import AttendanceMark, LeaveRequest, LeaveTier
from trainees.rules.leaves import approver_of, covered_by, span_text
from trainees.rules.moves import LEAVE_MOVES, may_move
from trainees.selectors.attendance_limits import standing_of
from trainees.services.attendance_limits import mark_leaves
from trainees.services.closing import close_offering
from trainees.services.leaves import (
    LeaveOverlaps,
    LeaveTooLate,
    NothingCovered,
    OverLimit,
    cancel_leave,
    decide_leave,
    register_return,
    remind_of_returns,
)

from .classes import approve, ask, at, half, lessons, make_class, mark, marks_of, readers, told

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("own_files")]


@pytest.fixture
def course():
    return make_class()


@pytest.fixture
def place(city, course):
    return EnrolmentFactory(cadre=make_trainee(unit=city.finance_bureau), offering=course)


@pytest.fixture
def scheme():
    return make_scheme()


# --- asking ------------------------------------------------------------------------------------------------------------------------------


def test_asked_leave_counts_the_lessons_it_covers(place):
    leave = ask(place, half(1, afternoon=True), half(2))
    assert (leave.half_days, leave.hours, leave.state) == (2, Decimal(8), LeaveState.ASKED)
    assert (leave.starts_at, leave.ends_at) == (at(1, 12), at(2, 12))
    assert leave.approver == LeaveApprover.ACADEMIC
    assert AuditEvent.objects.filter(action="leave.ask").unscoped("tests").count() == 1


@pytest.mark.parametrize(
    ("first", "last", "approver"),
    [
        (half(1), half(1), "class_teacher"),
        (half(1), half(1, afternoon=True), "academic"),
        (half(1), half(3, afternoon=True), "leader"),
        (half(1), half(4), "orgdept"),
    ],
)
def test_length_decides_who_decides(place, first, last, approver):
    assert ask(place, first, last, over_limit_confirmed=True).approver == approver


def test_a_class_without_a_teacher_who_logs_in_goes_to_the_academic_office(city):
    course = make_class(lead_teacher=None)
    place = EnrolmentFactory(cadre=make_trainee(unit=city.finance_bureau), offering=course)
    assert ask(place, half(1)).approver == LeaveApprover.ACADEMIC


def test_class_teacher_is_told_of_what_falls_to_that_one(place, course):
    leave = ask(place, half(1))
    assert told(course.lead_teacher.user) == [f"leave.ask:{leave.pk}"]


def test_refusals_of_asking(place, city):
    other = make_trainee(unit=city.finance_bureau)
    with pytest.raises(NotFound):
        ask(place, half(1), by=other.user)
    with pytest.raises(InvalidInput):
        ask(place, half(1), kind="holiday")
    with pytest.raises(InvalidInput):
        ask(place, half(1), reason="  ")
    with pytest.raises(InvalidInput):
        ask(place, half(2), half(1))
    with pytest.raises(NothingCovered):
        ask(place, half(9))
    with pytest.raises(LeaveTooLate):
        ask(place, half(0), now=at(0, 12))
    ask(place, half(1), half(2), over_limit_confirmed=True)
    with pytest.raises(LeaveOverlaps):
        ask(place, half(2), over_limit_confirmed=True)
    assert ask(place, half(2, afternoon=True), over_limit_confirmed=True)


def test_passing_the_limit_takes_a_word(place, staff):
    # 7 days of 8 class-hours: a seventh of 56 is 8.
    approve(ask(place, half(1), half(1, afternoon=True)), staff)
    with pytest.raises(OverLimit, match="12"):
        ask(place, half(3))
    assert ask(place, half(3), over_limit_confirmed=True)


def test_leave_of_an_elective_has_no_limit(city):
    elective = OfferingFactory()
    LessonFactory(offering=elective, starts_at=at(0, 8, 30), ends_at=at(0, 11, 30))
    place = EnrolmentFactory(cadre=make_trainee(unit=city.finance_bureau), offering=elective)
    assert ask(place, half(0)).hours == 4


@given(
    st.lists(st.integers(1, 60), unique=True, max_size=6),
    st.booleans(),
    st.integers(1, 80),
    st.booleans(),
)
def test_the_lowest_tier_that_reaches_decides(limits, open_ended, half_days, teacher):
    approvers = list(LeaveApprover)
    tiers = [
        LeaveTier(most_half_days=most, approver=approvers[number % 4]) for number, most in enumerate(limits)
    ]
    if open_ended:
        tiers.append(LeaveTier(most_half_days=None, approver="leader"))
    found = approver_of(half_days, tiers, class_teacher=teacher)
    reaching = sorted(
        (tier for tier in tiers if tier.most_half_days is not None and tier.most_half_days >= half_days),
        key=lambda tier: tier.most_half_days,
    )
    wanted = reaching[0].approver if reaching else "leader" if open_ended else "orgdept"
    if wanted == "class_teacher" and not teacher:
        wanted = "academic"
    assert found == wanted


def test_a_leave_covers_what_it_touches(course):
    found = lessons(course)
    touched = covered_by(found, starts_at=at(0, 11), ends_at=at(0, 14, 31))
    assert (touched.half_days, touched.lessons, touched.hours) == (2, 2, 8)
    beside = covered_by(found, starts_at=at(0, 11, 30), ends_at=at(0, 14, 30))
    assert (beside.half_days, beside.lessons, beside.hours) == (0, 0, 0)


# --- deciding ----------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("last", "may"),
    [
        (half(1), {"class teacher", "staff", "leader"}),
        (half(1, afternoon=True), {"staff", "leader"}),
        (half(3, afternoon=True), {"leader"}),
        (half(5), {"orgdept"}),
    ],
)
def test_who_decides(place, city, course, last, may):
    found = set()
    for name, reader in readers(city, course).items():
        leave = ask(place, half(1), last, over_limit_confirmed=True)
        try:
            decide_leave(leave_id=leave.pk, approve=False, answer="不行", by=reader, now=at(0, 7))
        except (NotFound, PermissionDenied):
            cancel_leave(leave_id=leave.pk, by=place.cadre.user, now=at(0, 7))
        else:
            found.add(name)
    assert found == may


def test_nobody_decides_on_the_own_leave(course, city):
    cadre = make_trainee(unit=city.finance_bureau)
    both = make_user(Role.TRAINEE, Role.STAFF)
    cadre.user = both
    cadre.save()
    leave = ask(EnrolmentFactory(cadre=cadre, offering=course), half(1))
    with pytest.raises(PermissionDenied):
        approve(leave, both)
    own = LeaveRequest.objects.filter(pk=leave.pk).unscoped("tests")
    with pytest.raises(IntegrityError, match="two_people_ck"), transaction.atomic():
        own.update(state="approved", decided_by=both, decided_at=at(0, 7))


def test_refusal_needs_its_reason_and_is_told(place, staff):
    leave = ask(place, half(1))
    with pytest.raises(InvalidInput):
        decide_leave(leave_id=leave.pk, approve=False, by=staff)
    done = decide_leave(leave_id=leave.pk, approve=False, answer="当天有考核", by=staff)
    assert (done.state, done.decision) == (LeaveState.REFUSED, "当天有考核")
    assert "当天有考核" in Notice.objects.unscoped("tests").get(recipient=place.cadre.user).body
    with pytest.raises(WrongState):
        approve(leave, staff)


def test_granting_over_the_limit_takes_a_word(place):
    leader = make_user(Role.LEADER)
    leave = ask(place, half(1), half(2), over_limit_confirmed=True)
    with pytest.raises(OverLimit):
        approve(leave, leader)
    assert approve(leave, leader, over_limit_confirmed=True).state == LeaveState.APPROVED


def test_state_moves_are_those_of_the_triggers(place, staff):
    for before in LeaveState.values:
        for after in LeaveState.values:
            if before == after:
                continue
            leave = LeaveRequest.objects.create(
                enrolment=place,
                kind="sick",
                starts_at=at(1, 0),
                ends_at=at(1, 12),
                reason="r",
                half_days=1,
                hours=4,
                approver="academic",
                state=before,
                asked_by=place.cadre.user,
                decided_by=staff,
                decided_at=at(0, 7),
                returned_at=at(1, 12) if before == "returned" else None,
            )
            rows = LeaveRequest.objects.filter(pk=leave.pk).unscoped("tests")
            moved = True
            try:
                with transaction.atomic():
                    rows.update(state=after, returned_at=at(1, 12) if after == "returned" else None)
                    transaction.set_rollback(True)
            except IntegrityError:
                moved = False
            assert moved == may_move(LEAVE_MOVES, before, after), (before, after)
            LeaveRequest._base_manager.filter(pk=leave.pk, state__in=["asked"]).update(state="cancelled")
            LeaveRequest._base_manager.filter(pk=leave.pk, state="approved").update(state="cancelled")
            if before == "returned":
                return  # nothing leaves this state, and it would stand in the way of the next


# --- marks -------------------------------------------------------------------------------------------------------------------------------


def test_granted_leave_becomes_marks_once_lessons_begin(place, course, staff):
    approve(ask(place, half(1), half(1, afternoon=True)), staff)
    _first, _second, third, fourth, *_rest = lessons(course)
    assert mark_leaves(offering_id=course.pk, now=at(1, 8)) == 0
    assert mark_leaves(offering_id=course.pk, now=at(1, 9)) == 1
    assert mark_leaves(offering_id=course.pk, now=at(1, 9)) == 0
    assert mark_leaves(offering_id=course.pk, now=at(2, 9)) == 1
    assert marks_of(place) == {third.pk: ("on_leave", "leave"), fourth.pk: ("on_leave", "leave")}
    made = AttendanceMark.objects.filter(enrolment=place).unscoped("tests").first()
    assert (made.marked_by, made.leave.enrolment) == (staff, place)


@pytest.mark.parametrize(
    ("status", "source", "stands"),
    [
        ("present", "roll", True),
        ("absent", "roll", True),
        ("present", "check_in", True),
        ("absent", "check_in", False),
        ("absent", "card", False),
    ],
)
def test_what_was_seen_stands(place, course, staff, status, source, stands):
    approve(ask(place, half(0)), staff)
    first = lessons(course)[0]
    mark(place, first, status, source=source)
    mark_leaves(offering_id=course.pk, now=at(0, 9))
    assert marks_of(place)[first.pk] == ((status, source) if stands else ("on_leave", "leave"))


def test_leave_granted_late_marks_what_has_begun(place, course, staff):
    leave = ask(place, half(0))
    approve(leave, staff, now=at(0, 10))
    assert marks_of(place) == {lessons(course)[0].pk: ("on_leave", "leave")}


def test_cancelled_lessons_and_other_peoples_are_left_alone(place, course, staff):
    approve(ask(place, half(0), half(0, afternoon=True)), staff)
    other = EnrolmentFactory(offering=course)
    first = lessons(course)[0]
    first.cancelled_at = at(0, 8)
    first.save()
    assert mark_leaves(offering_id=course.pk, now=at(1, 9)) == 1
    assert marks_of(other) == {}
    assert first.pk not in marks_of(place)


def test_closing_finds_the_leaves_marked(place, course, staff, scheme):
    approve(ask(place, half(1)), staff)
    for number, lesson in enumerate(lessons(course)):
        if number != 2:
            mark(place, lesson)
    done = close_offering(offering_id=course.pk, by=staff, now=at(8, 9))
    assert (done.completed, done.credits) == (1, Decimal(52))


# --- cancelling and coming back ----------------------------------------------------------------------------------------------------------


def test_cancelled_before_it_begins_and_not_after(place, staff):
    leave = ask(place, half(1))
    approve(leave, staff)
    with pytest.raises(WrongState):
        cancel_leave(leave_id=leave.pk, by=place.cadre.user, now=at(1, 0))
    assert cancel_leave(leave_id=leave.pk, by=place.cadre.user, now=at(0, 23)).state == LeaveState.CANCELLED
    assert mark_leaves(offering_id=place.offering_id, now=at(2, 9)) == 0


def test_only_oneself_cancels(place, staff, city):
    leave = ask(place, half(1))
    with pytest.raises(PermissionDenied):
        cancel_leave(leave_id=leave.pk, by=staff)
    with pytest.raises(NotFound):
        cancel_leave(leave_id=leave.pk, by=make_trainee(unit=city.finance_bureau).user)


def test_who_is_back_early_is_expected_again(place, course, staff):
    leave = ask(place, half(1), half(1, afternoon=True))
    approve(leave, staff)
    done = register_return(leave_id=leave.pk, by=place.cadre.user, now=at(1, 13))
    assert (done.state, done.returned_at, done.returned_by) == ("returned", at(1, 13), place.cadre.user)
    mark_leaves(offering_id=course.pk, now=at(2, 9))
    assert list(marks_of(place)) == [lessons(course)[2].pk]
    assert standing_of(place, now=at(2, 9)).on_leave == 4


def test_return_is_noted_by_oneself_teacher_and_staff(place, course, city, staff):
    for number, by in enumerate((place.cadre.user, course.lead_teacher.user, staff)):
        leave = ask(place, half(number), over_limit_confirmed=True)
        approve(leave, staff, over_limit_confirmed=True)
        with pytest.raises(WrongState):
            register_return(leave_id=leave.pk, by=by, now=leave.starts_at)
        assert register_return(leave_id=leave.pk, by=by, now=leave.ends_at).returned_by == by
    leave = ask(place, half(5), over_limit_confirmed=True)
    approve(leave, staff, over_limit_confirmed=True)
    for by, refusal in (
        (make_user(Role.OFFICER, unit=city.finance_bureau), PermissionDenied),
        (make_user(Role.ORGDEPT, unit=city.west), NotFound),
    ):
        with pytest.raises(refusal):
            register_return(leave_id=leave.pk, by=by, now=at(6, 1))


def test_overdue_returns_are_reminded_of_once(place, course, staff):
    approve(ask(place, half(0)), staff)
    assert remind_of_returns(now=at(0, 11)) == 0
    assert remind_of_returns(now=at(0, 12)) == 1
    assert remind_of_returns(now=at(1, 12)) == 1
    for user in (place.cadre.user, course.lead_teacher.user):
        assert sum(event.startswith("leave.overdue") for event in told(user)) == 1


def test_spans_in_words():
    with translation.override("zh-hans"):
        assert span_text(at(0, 0), at(0, 12)) == "2025年6月2日上午"
        assert span_text(at(0, 12), at(1, 0)) == "2025年6月2日下午"
        assert span_text(at(0, 0), at(1, 0)) == "2025年6月2日全天"
        assert span_text(at(0, 12), at(1, 12)) == "2025年6月2日下午至2025年6月3日上午"
