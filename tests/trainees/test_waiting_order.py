"""Who is moved in a line, and how a line ends."""

from datetime import time, timedelta

import pytest
from django.db import connection

from courses.services.offerings import set_capacity
from partyschool.accounts.enums import Role
from partyschool.audit.models import AuditEvent
from partyschool.common import clock
from partyschool.common.errors import (
    InvalidInput,
    NotFound,
    WrongState,
)
from partyschool.common.integrity import all_checks
from tests.factories.accounts import City, make_user
from tests.factories.courses import LessonFactory
from tests.factories.trainees import EnrolmentFactory, make_scheme, make_trainee
from tests.trainees.lines import HOUR, Line, offered, sitting, told
from trainees.models import WaitingEntry
from trainees.services.attendance import mark_attendance
from trainees.services.cancelling import cancel_offering
from trainees.services.closing import close_offering
from trainees.services.electives import select_topic
from trainees.services.promotion import Promoted, sweep_lines
from trainees.services.waiting import leave_waiting_list, set_priority

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("agreeing_books", "english")]


# --- priority ----------------------------------------------------------------------------------------------------------------------------


def test_priority_moves_ahead_and_is_recorded_with_its_reason():
    line = Line()
    entries = line.join()
    staff = make_user(Role.STAFF)
    set_priority(entry_id=entries[2].pk, priority=5, reason=" Needs it for the post ", by=staff)
    line.free()
    line.promote()
    assert sitting(line.topic) == [line.people[2].pk]
    event = AuditEvent.objects.unscoped("test").get(action="waiting.priority")
    assert (event.actor, event.data) == (staff, {"before": 0, "after": 5, "reason": "Needs it for the post"})


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"reason": " "}, InvalidInput),
        ({"reason": "x" * 201}, InvalidInput),
        ({"priority": 100}, InvalidInput),
    ],
)
def test_priority_without_reason_or_beyond_bounds_is_refused(change, expected):
    line = Line(people=1)
    (entry,) = line.join()
    with pytest.raises(expected):
        set_priority(
            **{"entry_id": entry.pk, "priority": 1, "reason": "r", "by": make_user(Role.STAFF), **change}
        )


def test_priority_of_who_is_not_in_line_or_out_of_scope_is_refused():
    line = Line(people=1)
    (entry,) = line.join()
    with pytest.raises(NotFound):
        set_priority(entry_id=entry.pk, priority=1, reason="r", by=make_user(Role.OFFICER, unit=City().east))
    leave_waiting_list(offering_id=line.topic.pk, by=line.people[0].user)
    with pytest.raises(WrongState):
        set_priority(entry_id=entry.pk, priority=1, reason="r", by=make_user(Role.STAFF))


# --- the end of the line -----------------------------------------------------------------------------------------------------------------


def test_sweep_finds_what_nobody_rang_for():
    line = Line(waiting="offer", offer_hours=2)
    line.join()
    line.free()
    assert sweep_lines().walked == 1
    until = WaitingEntry.objects.unscoped("test").get(state="offered").offered_until
    assert (sweep_lines(now=until - HOUR).reminded, line.states()) == (1, ["offered", "waiting", "waiting"])
    swept = sweep_lines(now=until)
    assert (swept.lapsed, swept.walked) == (1, 1)
    assert line.states() == ["expired", "offered", "waiting"]


def test_sweep_ends_the_line_at_the_freeze_and_tells_why():
    line = Line(people=2)
    entries = line.join()
    freeze = clock.school_instant(line.topic.starts_on - timedelta(days=1), time.min)
    assert sweep_lines(now=freeze - timedelta(seconds=1)).ended == 0
    assert sweep_lines(now=freeze).ended == 1
    assert sweep_lines(now=freeze).ended == 0
    assert line.states() == ["withdrawn"] * 2
    assert told(line.people[1]) == [f"waiting.ended:{entries[1].pk}"]


def test_line_given_up_by_the_school_ends_and_keeps_no_seat_from_newcomers():
    line = Line(people=1)
    line.join()
    line.free()
    line.round.waiting = "none"
    line.round.save()
    assert line.promote() == Promoted()
    late = make_trainee(unit=line.unit)
    select_topic(offering_id=line.topic.pk, by=late.user)
    assert (sweep_lines().ended, line.states()) == (1, ["withdrawn"])
    assert sitting(line.topic) == [late.pk]


def test_sweep_with_nothing_to_do_costs_few_queries(django_assert_num_queries):
    line = Line()
    line.join()
    # Offers that lapse; SAVEPOINT, offers to remind of, RELEASE; lines that are over; lines beside a free seat.
    with django_assert_num_queries(6):
        sweep_lines()


def test_closing_the_offering_ends_line_and_offers():
    make_scheme(clock.school_year())
    line = offered()
    staff = make_user(Role.STAFF)
    select = line.another()
    enrolled = make_trainee(unit=line.unit)
    set_capacity(offering_id=line.topic.pk, capacity=2, by=staff)
    place = EnrolmentFactory(cadre=enrolled, offering=line.topic, created_by=staff)
    ended = clock.now() - HOUR
    lesson = LessonFactory(offering=line.topic, starts_at=ended - HOUR, ends_at=ended)
    mark_attendance(lesson_id=lesson.pk, marks={place.pk: "present"}, by=staff)
    closing = close_offering(offering_id=line.topic.pk, by=staff)
    assert (closing.completed, closing.not_completed) == (1, 0)
    assert line.states() == ["withdrawn", "withdrawn"]
    assert sitting(line.topic) == [] == sitting(select)


def test_cancelling_the_offering_ends_line_and_offers():
    line = offered()
    cancel_offering(offering_id=line.topic.pk, reason="No teacher", by=make_user(Role.STAFF))
    assert line.states() == ["withdrawn", "withdrawn"]
    assert sitting(line.topic) == []


def test_data_check_tells_of_who_waits_for_what_they_have():
    line = Line(people=1)
    (entry,) = line.join()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        EnrolmentFactory(cadre=line.people[0], offering=line.topic, created_by=make_user(Role.STAFF))
        cursor.execute("SET LOCAL session_replication_role = origin")
        assert list(all_checks()["trainees.waiting"]()) == [
            f"trainees.WaitingEntry {entry.pk}: waits for a seat that its cadre has"
        ]
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute("UPDATE trainees_waitingentry SET state = 'withdrawn', ended_at = now()")
        cursor.execute("UPDATE courses_seatcount SET taken = 2, capacity = 2")
        cursor.execute("SET LOCAL session_replication_role = origin")
