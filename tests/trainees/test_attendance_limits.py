"""Leave and absence beyond their limits end a place, by the path of every withdrawal."""

from datetime import timedelta
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courses.enums import OfferingKind
from courses.models import SeatCount
from partyschool.accounts.enums import Role
from partyschool.audit.models import AuditEvent
from tests.factories.accounts import make_user
from tests.factories.courses import LessonFactory, OfferingFactory
from tests.factories.trainees import EnrolmentFactory, make_scheme, make_trainee
from trainees.enums import AttendanceStatus
from trainees.models import Enrolment, TrainingFigure
from trainees.rules.leaves import AttendanceLimits, Standing
from trainees.selectors.attendance_limits import near_limit, standing_of
from trainees.services.attendance_limits import enforce_limits, tend_classes
from trainees.services.closing import close_offering

from .classes import approve, ask, at, half, lessons, make_class, mark, readers, told

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


# --- limits ------------------------------------------------------------------------------------------------------------------------------

LIMITS = AttendanceLimits(Decimal("0.1429"), Decimal(2))


@given(st.integers(0, 400), st.integers(0, 400), st.integers(0, 9))
def test_limits_of_a_standing(on_leave, ahead, absent):
    standing = Standing(Decimal(400), Decimal(on_leave), Decimal(ahead), absent, LIMITS)
    assert standing.passes_leave == (on_leave > Decimal("57.16"))
    assert standing.will_pass_leave == (on_leave + ahead > Decimal("57.16"))
    assert standing.reaches_absence == (absent >= 4)
    assert standing.left == max(0, Decimal("57.16") - on_leave - ahead)
    assert not standing.is_over or standing.is_near


def test_over_a_seventh_on_leave_ends_the_place(place, course):
    leader = make_user(Role.LEADER)
    approve(ask(place, half(0), half(1), over_limit_confirmed=True), leader, over_limit_confirmed=True)
    assert tend_classes(now=at(0, 18)) == (2, 0)
    assert tend_classes(now=at(1, 9)) == (1, 1)
    assert tend_classes(now=at(1, 9)) == (0, 0)
    gone = Enrolment.objects.unscoped("tests").get(pk=place.pk)
    assert gone.state == "withdrawn"
    assert "12" in gone.reason
    assert "56" in gone.reason
    assert SeatCount.objects.get(pk=course.pk).taken == 0
    for user in (place.cadre.user, course.lead_teacher.user):
        assert told(user).count(f"enrolment.over_limit:{place.pk}") == 1
    event = AuditEvent.objects.filter(action="enrolment.over_limit").unscoped("tests").get()
    assert (event.actor, event.data["on_leave"]) == (None, "12.00")


def test_two_days_absent_end_the_place_and_a_slip_does_not(place, course):
    for lesson in lessons(course)[:4]:
        mark(place, lesson, AttendanceStatus.ABSENT, marked_at=at(2, 9))
    assert enforce_limits(offering_id=course.pk, now=at(2, 9, 29)) == 0
    mark(place, lessons(course)[3], AttendanceStatus.PRESENT, marked_at=at(2, 9, 20))
    assert enforce_limits(offering_id=course.pk, now=at(2, 12)) == 0
    mark(place, lessons(course)[3], AttendanceStatus.ABSENT, marked_at=at(2, 12))
    assert enforce_limits(offering_id=course.pk, now=at(2, 12, 30)) == 1


def test_closing_judges_limits_without_waiting(place, course, staff, scheme):
    for number, lesson in enumerate(lessons(course)):
        mark(place, lesson, "absent" if number < 4 else "present", marked_at=at(8, 9))
    done = close_offering(offering_id=course.pk, by=staff, now=at(8, 9))
    assert (done.completed, done.not_completed, done.credits) == (0, 0, 0)


def test_limits_are_rows(place, course):
    TrainingFigure.objects.filter(code="absent_days").update(value=Decimal("0.5"))
    mark(place, lessons(course)[0], AttendanceStatus.ABSENT)
    assert enforce_limits(offering_id=course.pk, now=at(1, 9)) == 1


def test_limits_do_not_bind_electives(city):
    elective = OfferingFactory(kind=OfferingKind.ELECTIVE)
    lesson = LessonFactory(offering=elective, starts_at=at(0, 8, 30), ends_at=at(0, 11, 30))
    place = EnrolmentFactory(cadre=make_trainee(unit=city.finance_bureau), offering=elective)
    mark(place, lesson, AttendanceStatus.ON_LEAVE)
    assert enforce_limits(offering_id=elective.pk, now=at(9, 9)) == 0
    elective.off_job = True
    elective.save()
    assert enforce_limits(offering_id=elective.pk, now=at(9, 9)) == 1


def test_who_is_near_a_limit_is_shown_within_the_scope(place, course, city, staff):
    mark(place, lessons(course)[0], AttendanceStatus.ABSENT)
    cousin = EnrolmentFactory(cadre=make_trainee(unit=city.cousin_bureau), offering=course)
    for lesson in lessons(course)[:3]:
        mark(cousin, lesson, AttendanceStatus.ABSENT)
    found = {
        name: [row.enrolment.pk for row in near_limit(reader, at(2, 9))]
        for name, reader in readers(city, course).items()
        if name not in {"officer", "auditor"}
    }
    assert found == {
        "class teacher": [cousin.pk],
        "staff": [cousin.pk],
        "leader": [cousin.pk],
        "orgdept": [],
        "other teacher": [],
        "cousin": [cousin.pk],
    }


def test_leaves_left_out_of_the_standing_when_seen(place, course, staff):
    approve(ask(place, half(0)), staff)
    mark(place, lessons(course)[0])
    assert standing_of(place, now=at(0, 12)).in_all == 0
    second = timedelta(seconds=1)
    also = (at(3, 0), at(3, 12) + second)
    assert standing_of(place, also=also, now=at(0, 12)).ahead == 4
