"""Checking in: who, when, with what; the fact and the mark that follows; nobody with another's code, key or lesson."""

import uuid
from contextlib import suppress
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from courses.enums import OfferingState
from partyschool.accounts.enums import Role
from partyschool.common import clock
from partyschool.common.errors import NotFound
from partyschool.common.locking import violated_constraint
from tests.factories.accounts import make_user
from tests.factories.check_ins import (
    code_at,
    half_day_lessons,
    key,
    lesson_at,
    statuses,
    token_at,
    trainee_at,
)
from tests.factories.courses import LessonFactory
from trainees.enums import AttendanceStatus, EnrolmentState, MarkSource
from trainees.models import AttendanceMark, CheckIn, CodeTries, Enrolment
from trainees.rules.check_ins import token_for
from trainees.rules.check_ins_denials import (
    ArrivedTooLate,
    CheckedInAlready,
    CheckInNotOpen,
    CheckInOver,
    CodeExpired,
    NotEnrolledHere,
    RollShut,
    TooManyTries,
    WrongCode,
)
from trainees.services.attendance import TappedMark, mark_attendance, send_marks
from trainees.services.check_ins import FromTheFuture, check_in_scanned, check_in_typed

pytestmark = pytest.mark.django_db
START = datetime(2025, 6, 2, 8, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
SECOND = timedelta(seconds=1)
MINUTE = timedelta(minutes=1)


@pytest.fixture
def lesson():
    return lesson_at(START)


@pytest.fixture
def cadre(lesson):
    return trainee_at(lesson)


def scan(lesson, cadre, at, *, sent=None, token="", **fields):
    return check_in_scanned(
        token=token or token_at(lesson, at),
        scanned_at=at,
        sighting_key=fields.pop("sighting_key", None) or key(),
        by=cadre.user,
        now=sent or at,
        **fields,
    )


def place_of(cadre):
    return Enrolment.objects.filter(cadre=cadre).unscoped("tests").get()


def facts():
    return CheckIn.objects.unscoped("tests").count()


# --- the window --------------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("at", "status"),
    [
        (START - 30 * MINUTE, "present"),
        (START + 5 * MINUTE - SECOND, "present"),
        (START + 5 * MINUTE, "late"),
        (START + 30 * MINUTE - SECOND, "late"),
    ],
)
def test_who_scans_in_the_window_is_present_or_late(lesson, cadre, at, status):
    done = scan(lesson, cadre, at)
    assert (done.status, statuses(lesson)) == (status, [status])
    mark = AttendanceMark.objects.unscoped("tests").get()
    assert (mark.source, mark.check_in, mark.marked_by) == (MarkSource.CHECK_IN, done.check_in, cadre.user)
    assert (done.check_in.seen_at, done.check_in.source) == (at, "qr")


def test_too_early_says_when_it_opens(lesson, cadre):
    with pytest.raises(CheckInNotOpen) as refusal:
        scan(lesson, cadre, START - 30 * MINUTE - SECOND)
    assert refusal.value.retry_at == START - 30 * MINUTE


@pytest.mark.parametrize("at", [START + 30 * MINUTE, START + timedelta(hours=5)])
def test_too_late_is_told_and_leaves_nothing(lesson, cadre, at):
    with pytest.raises(CheckInOver):
        scan(lesson, cadre, at)
    assert (facts(), statuses(lesson)) == (0, [])


def test_a_code_holds_for_one_more_slot(lesson, cadre):
    shown = START.replace(second=0)
    token = token_at(lesson, shown)
    with pytest.raises(CodeExpired):
        scan(lesson, cadre, shown + 20 * SECOND, token=token)
    with pytest.raises(CodeExpired):
        scan(lesson, cadre, shown - SECOND, token=token)
    assert scan(lesson, cadre, shown + 19 * SECOND, token=token).status == "present"


def test_who_scanned_in_time_may_confirm_later_but_not_for_ever(lesson, cadre):
    token = token_at(lesson, START)
    with pytest.raises(CodeExpired):
        scan(lesson, cadre, START, sent=START + 10 * MINUTE + SECOND, token=token)
    done = scan(lesson, cadre, START, sent=START + 10 * MINUTE, token=token)
    assert (done.status, done.check_in.seen_at) == ("present", START)


# --- who ---------------------------------------------------------------------------------------------------------------------------------


def test_forged_tokens_and_unknown_lessons_are_not_found(lesson, cadre):
    for token in ("nonsense", token_at(lesson, START)[:-1] + "x", token_for(10**9, 1)[:-2] + "zz"):
        with pytest.raises(NotFound):
            scan(lesson, cadre, START, token=token)
    with pytest.raises(NotFound):
        scan(LessonFactory.build(pk=10**9), cadre, START)


def test_another_offerings_lesson_is_refused(cadre):
    with pytest.raises(NotEnrolledHere):
        scan(lesson_at(START), cadre, START)


def test_another_lesson_of_the_own_offering_has_its_own_window(lesson, cadre):
    afternoon = lesson_at(START + timedelta(hours=6), offering=lesson.offering)
    with pytest.raises(CheckInNotOpen):
        scan(afternoon, cadre, START)
    assert facts() == 0


def test_who_has_no_record_or_gave_up_the_place_is_refused(lesson, cadre):
    user = make_user(Role.TRAINEE)
    with pytest.raises(NotEnrolledHere):
        check_in_scanned(
            token=token_at(lesson, START), scanned_at=START, sighting_key=key(), by=user, now=START
        )
    place = place_of(cadre)
    place.state, place.ended_at, place.ended_by = EnrolmentState.WITHDRAWN, clock.now(), cadre.user
    place.save()
    with pytest.raises(NotEnrolledHere):
        scan(lesson, cadre, START)


@pytest.mark.parametrize("state", [OfferingState.PLANNED, OfferingState.CLOSED, OfferingState.CANCELLED])
def test_an_offering_that_does_not_run_takes_no_check_ins(lesson, cadre, state):
    lesson.offering.state = state
    lesson.offering.closed_at = clock.now() if state == OfferingState.CLOSED else None
    lesson.offering.save()
    with pytest.raises(RollShut):
        scan(lesson, cadre, START)


def test_a_cancelled_lesson_takes_no_check_ins(lesson, cadre):
    lesson.cancelled_at = clock.now()
    lesson.save()
    with pytest.raises(RollShut):
        scan(lesson, cadre, START)


# --- again -------------------------------------------------------------------------------------------------------------------------------


def test_the_same_key_again_returns_the_same_and_another_key_is_told(lesson, cadre):
    first = scan(lesson, cadre, START, sighting_key=(used := key()))
    again = scan(lesson, cadre, START, sighting_key=used, sent=START + MINUTE)
    assert (again.check_in, again.again, again.status) == (first.check_in, True, "present")
    with pytest.raises(CheckedInAlready):
        scan(lesson, cadre, START + MINUTE)
    assert facts() == 1


def test_another_persons_key_is_no_way_to_anything(lesson, cadre):
    other = trainee_at(lesson)
    used = key()
    mine, theirs = (
        scan(lesson, cadre, START, sighting_key=used),
        scan(lesson, other, START, sighting_key=used),
    )
    assert (mine.check_in.enrolment.cadre, theirs.check_in.enrolment.cadre) == (cadre, other)
    assert theirs.again is False


def test_device_and_place_are_kept_as_a_hash_and_as_sent(lesson, cadre):
    done = scan(lesson, cadre, START, device="secret-name", place=("29.560000", "106.550000"))
    stored = CheckIn.objects.unscoped("tests").get(pk=done.check_in.pk)
    assert len(stored.device) == 64
    assert "secret" not in stored.device
    assert (str(stored.latitude), str(stored.longitude)) == ("29.560000", "106.550000")


# --- half-days ---------------------------------------------------------------------------------------------------------------------------


def test_one_check_in_counts_for_all_lessons_of_the_half_day():
    first, second = half_day_lessons(START)
    afternoon = lesson_at(START + timedelta(hours=6), offering=first.offering)
    cadre = trainee_at(first)
    done = scan(second, cadre, START + 6 * MINUTE)
    assert [statuses(one) for one in (first, second, afternoon)] == [["late"], ["present"], []]
    assert (done.check_in.lesson, facts()) == (first, 1)
    with pytest.raises(CheckedInAlready):
        scan(first, cadre, START + 7 * MINUTE)
    with pytest.raises(CheckInOver):
        scan(second, trainee_at(first), START + 40 * MINUTE)
    assert scan(afternoon, cadre, START + timedelta(hours=6)).status == "present"


def test_cancelled_lessons_of_the_half_day_are_left_out():
    first, second, third = half_day_lessons(START, number=3)
    first.cancelled_at = clock.now()
    first.save()
    cadre = trainee_at(second)
    done = scan(second, cadre, second.starts_at)
    assert (done.check_in.lesson, [statuses(one) for one in (first, second, third)]) == (
        second,
        [[], ["present"], ["present"]],
    )


# --- typed codes -------------------------------------------------------------------------------------------------------------------------


def typed(cadre, code, at, *, seen_at=None, **fields):
    return check_in_typed(
        code=code,
        sighting_key=fields.pop("sighting_key", None) or key(),
        by=cadre.user,
        now=at,
        seen_at=seen_at,
    )


def test_the_six_digits_do_the_same(lesson, cadre):
    done = typed(cadre, f" {code_at(lesson, START)[:3]} {code_at(lesson, START)[3:]}", START)
    assert (done.status, done.check_in.source) == ("present", "typed")


def test_digits_find_their_lesson_among_those_of_the_day(lesson, cadre):
    afternoon = lesson_at(START + timedelta(hours=6), offering=lesson.offering)
    at = afternoon.starts_at
    assert typed(cadre, code_at(afternoon, at), at).check_in.lesson == afternoon
    with pytest.raises(CheckInOver):
        typed(cadre, code_at(lesson, at), at)


def test_wrong_digits_are_refused_and_counted(lesson, cadre):
    wrong = f"{(int(code_at(lesson, START)) + 1) % 10**6:06}"
    for _each in range(20):
        with pytest.raises(WrongCode):
            typed(cadre, wrong, START)
    with pytest.raises(TooManyTries) as refusal:
        typed(cadre, code_at(lesson, START), START)
    assert refusal.value.retry_at == START + 10 * MINUTE
    assert facts() == 0
    later = START + 10 * MINUTE
    assert typed(cadre, code_at(lesson, later), later).status == "late"
    assert CodeTries.objects.get(pk=cadre.user_id).number == 1


def test_digits_of_foreign_lessons_are_wrong(cadre):
    with pytest.raises(WrongCode):
        typed(cadre, code_at(lesson_at(START), START), START)


# --- without network ---------------------------------------------------------------------------------------------------------------------


def test_what_waited_for_the_network_counts_from_when_it_was_seen(lesson, cadre):
    sent, used = START + timedelta(hours=11), key()
    done = typed(cadre, code_at(lesson, START), sent, seen_at=START, sighting_key=used)
    assert (done.status, done.check_in.source) == ("present", "offline")
    assert (done.check_in.seen_at, done.check_in.received_at) == (START, sent)
    assert typed(cadre, code_at(lesson, START), sent, seen_at=START, sighting_key=used).again
    # Sending again is no new try, however often.
    assert CodeTries.objects.get(pk=cadre.user_id).number == 1
    assert facts() == 1


def test_what_waited_too_long_or_is_ahead_or_has_the_wrong_code_is_refused(lesson, cadre):
    code, late = code_at(lesson, START), START + timedelta(hours=12, seconds=1)
    with pytest.raises(ArrivedTooLate):
        typed(cadre, code, late, seen_at=START)
    with pytest.raises(FromTheFuture):
        typed(cadre, code, START, seen_at=START + 3 * MINUTE)
    with pytest.raises(WrongCode):
        typed(cadre, code, START + timedelta(hours=1), seen_at=START + 2 * MINUTE)
    assert facts() == 0


def test_an_earlier_sighting_that_arrives_later_wins(lesson, cadre):
    assert scan(lesson, cadre, START + 10 * MINUTE).status == "late"
    done = typed(cadre, code_at(lesson, START), START + timedelta(hours=1), seen_at=START)
    assert (done.status, statuses(lesson), facts()) == ("present", ["present"], 2)


# --- with the roll -----------------------------------------------------------------------------------------------------------------------


def test_the_word_of_a_roll_keeper_stands(lesson, cadre):
    staff, place = make_user(Role.STAFF), place_of(cadre)
    mark_attendance(lesson_id=lesson.pk, marks={place.pk: "absent"}, by=staff, now=START)
    done = scan(lesson, cadre, START + MINUTE)
    assert (done.status, statuses(lesson), facts()) == ("absent", ["absent"], 1)


def test_a_check_in_ends_a_leave_that_was_not_taken(lesson, cadre):
    AttendanceMark.objects.create(
        enrolment=place_of(cadre),
        lesson=lesson,
        status=AttendanceStatus.ON_LEAVE,
        marked_by=make_user(Role.STAFF),
        source=MarkSource.LEAVE,
    )
    assert scan(lesson, cadre, START).status == "present"


EVENTS = st.lists(
    st.one_of(
        st.tuples(st.just("seen"), st.integers(-29, 29)),
        st.tuples(st.just("roll"), st.sampled_from(AttendanceStatus.values)),
    ),
    min_size=1,
    max_size=4,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(events=EVENTS, data=st.data())
def test_check_ins_and_roll_come_to_the_same_in_any_order(events, data):
    """Roll marks keep their order among themselves; where check-ins come in between does not matter."""
    staff = make_user(Role.STAFF)
    rolls = [one for one in events if one[0] == "roll"]
    ends = []
    for order in (events, data.draw(st.permutations(events))):
        lesson = lesson_at(START)
        cadre = trainee_at(lesson)
        place, left, sent_at = place_of(cadre), iter(rolls), START + timedelta(hours=2)
        for number, (kind, what) in enumerate(order):
            now = sent_at + number * MINUTE
            if kind == "seen":
                seen_at = START + what * MINUTE
                with suppress(CheckedInAlready):
                    typed(cadre, code_at(lesson, seen_at), now, seen_at=seen_at)
            else:
                tap = TappedMark(place.pk, next(left)[1], now)
                send_marks(lesson_id=lesson.pk, marks=[tap], by=staff, now=now, reason="r")
        ends.append(statuses(lesson))
    earliest = min((what for kind, what in events if kind == "seen"), default=0)
    expected = rolls[-1][1] if rolls else "present" if earliest < 5 else "late"
    assert ends == [[expected]] * 2


# --- what the database holds -------------------------------------------------------------------------------------------------------------


def refusal(deed):
    with pytest.raises(IntegrityError) as caught, transaction.atomic():
        deed()
    return violated_constraint(caught.value)


def test_check_ins_stand_and_fit(lesson, cadre):
    done = scan(lesson, cadre, START)
    row = CheckIn.objects.filter(pk=done.check_in.pk).unscoped("tests")
    place = place_of(cadre)
    other = place_of(trainee_at(lesson))
    assert refusal(lambda: row.update(seen_at=START)) == "trainees_checkin_append_only_tg"
    assert refusal(lambda: row._raw_delete("default")) == "trainees_checkin_append_only_tg"
    foreign = {"enrolment": place, "lesson": lesson_at(START), "source": "qr", "seen_at": START}
    assert refusal(lambda: CheckIn.objects.create(key=uuid.uuid4(), **foreign)) == "trainees_checkin_fits_tg"
    mark = {"lesson": lesson, "status": "present", "marked_by": cadre.user, "check_in": done.check_in}
    assert refusal(lambda: AttendanceMark.objects.create(enrolment=other, **mark)) == (
        "trainees_attendancemark_follows_tg"
    )
