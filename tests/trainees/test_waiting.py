"""The waiting list through the services: getting in line, being asked in order, skipped, moved ahead, and the end of the line."""

from datetime import date, time, timedelta
from typing import Any

import pytest

from courses.models import SeatReservation
from courses.services.offerings import set_capacity
from partyschool.accounts.enums import Role
from partyschool.audit.models import AuditEvent
from partyschool.common import clock
from partyschool.common.errors import (
    Clash,
    Duplicate,
    LimitReached,
    NotEligible,
    NotFound,
    WindowClosed,
    WrongState,
)
from tests.factories.accounts import City, make_user
from tests.factories.courses import LessonFactory
from tests.factories.trainees import make_trainee
from tests.trainees.lines import HOUR, STARTS, Line, deeds, place_of, sitting, told
from trainees.enums import Rank
from trainees.models import WaitingEntry
from trainees.rules.denials import OthersWaiting, SeatFree
from trainees.services.electives import select_topic, withdraw_from_topic
from trainees.services.enrolments import enrol_cadre
from trainees.services.promotion import Promoted
from trainees.services.waiting import join_waiting_list, leave_waiting_list

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("agreeing_books", "english")]


# --- getting in line ---------------------------------------------------------------------------------------------------------------------


def test_join_full_topic_gives_a_place_in_line_and_a_record():
    line, now = Line(people=1), clock.now()
    (entry,) = line.join(now=now)
    assert (entry.state, entry.queued_at, entry.priority, entry.gives_up_id) == ("waiting", now, 0, None)
    assert deeds() == ["enrolment.select", "waiting.join"]


def test_join_twice_keeps_the_place():
    line = Line(people=1)
    line.join()
    with pytest.raises(Duplicate, match="in line for “Rural revival” already"):
        line.join()
    assert line.states() == ["waiting"]


def test_join_while_a_seat_is_free_is_sent_to_pick_it():
    line = Line(people=1)
    line.free()
    with pytest.raises(SeatFree, match="has a free seat"):
        line.join()


def test_join_while_a_freed_seat_goes_to_others_stands_behind_them():
    line = Line(people=2)
    line.join(line.people[0])
    line.free()
    with pytest.raises(OthersWaiting):
        select_topic(offering_id=line.topic.pk, by=line.people[1].user)
    line.join(line.people[1])
    line.promote()
    assert line.states() == ["accepted", "waiting"]


def test_join_with_a_seat_free_but_the_limit_reached_is_told_so():
    line = Line(people=1, max_picks=1)
    line.free()
    select_topic(offering_id=line.another().pk, by=line.people[0].user)
    with pytest.raises(LimitReached):
        line.join()


def test_join_with_a_seat_free_but_a_clash_is_told_so():
    line = Line(people=1)
    line.free()
    other = line.another()
    for topic in (line.topic, other):
        start = clock.now() + timedelta(days=STARTS)
        LessonFactory(offering=topic, starts_at=start, ends_at=start + HOUR)
    select_topic(offering_id=other.pk, by=line.people[0].user)
    with pytest.raises(Clash):
        line.join()


@pytest.mark.parametrize(
    "why", ["no list", "frozen", "round over", "enrolled", "other unit", "draft", "no cadre"]
)
def test_join_is_refused(why):
    line = Line(people=1)
    cadre, found, expected, now = line.people[0], line.round, WindowClosed, None
    by = cadre.user
    if why == "no list":
        found.waiting = "none"
    elif why == "frozen":
        line.topic.starts_on = clock.school_date() + timedelta(days=found.freeze_days)
        line.topic.save()
    elif why == "round over":
        now = found.closes_at
    elif why == "enrolled":
        by, expected = line.holder.user, Duplicate
    elif why == "other unit":
        found.units.add(City().finance_bureau)
        expected = NotEligible
    elif why == "draft":
        found.state, expected = "draft", NotFound
    else:
        by, expected = make_user(Role.TRAINEE), NotEligible
    found.save()
    with pytest.raises(expected):
        join_waiting_list(offering_id=line.topic.pk, by=by, now=now)
    assert line.states() == []


def test_join_the_day_before_the_freeze_is_possible_and_the_freeze_is_midnight_at_the_school():
    line = Line(people=2, closes_at=clock.now() + timedelta(days=60), freeze_days=2)
    line.topic.starts_on = clock.school_date() + timedelta(days=STARTS)
    line.topic.save()
    freeze = clock.school_instant(line.topic.starts_on - timedelta(days=2), time.min)
    line.join(line.people[0], now=freeze - timedelta(seconds=1))
    with pytest.raises(WindowClosed, match="ended on"):
        line.join(line.people[1], now=freeze)


def test_leave_ends_the_place_in_line_and_is_told_twice():
    line = Line(people=1)
    line.join()
    leave_waiting_list(offering_id=line.topic.pk, by=line.people[0].user)
    assert line.states() == ["withdrawn"]
    with pytest.raises(WrongState, match="Your place in line ended on"):
        leave_waiting_list(offering_id=line.topic.pk, by=line.people[0].user)
    line.join()
    assert line.states() == ["withdrawn", "waiting"]


def test_leave_without_having_joined_is_refused():
    line = Line(people=1)
    with pytest.raises(WrongState, match="not in line"):
        leave_waiting_list(offering_id=line.topic.pk, by=line.people[0].user)


# --- automatic promotion -----------------------------------------------------------------------------------------------------------------


def test_promotion_gives_the_freed_seat_to_the_first_in_line():
    line = Line()
    entries = line.join()
    line.free()
    assert line.promote() == Promoted(given=1)
    assert sitting(line.topic) == [line.people[0].pk]
    place = place_of(line.people[0], line.topic)
    assert (place.origin, place.created_by) == ("waiting", line.people[0].user)
    assert line.states() == ["accepted", "waiting", "waiting"]
    entry = WaitingEntry.objects.unscoped("test").get(pk=entries[0].pk)
    assert entry.enrolment == place
    event = AuditEvent.objects.unscoped("test").get(action="waiting.promote")
    assert (event.actor, event.data["entry"]) == (None, entry.pk)
    assert told(line.people[0]) == [f"waiting.obtained:{entry.pk}"]


def test_promotion_twice_does_nothing_more():
    line = Line()
    line.join()
    line.free()
    line.promote()
    assert line.promote() == Promoted()
    assert sitting(line.topic) == [line.people[0].pk]


def test_promotion_without_a_free_seat_asks_nobody():
    line = Line()
    line.join()
    assert line.promote() == Promoted()
    assert line.states() == ["waiting"] * 3


def test_promotion_fills_every_seat_that_was_added():
    line = Line(people=5)
    line.join()
    set_capacity(offering_id=line.topic.pk, capacity=4, by=make_user(Role.STAFF))
    assert line.promote() == Promoted(given=3)
    assert sitting(line.topic) == [one.pk for one in (line.holder, *line.people[:3])]


def test_promotion_skips_who_may_not_and_keeps_the_place():
    line = Line(people=2, max_picks=1)
    line.join()
    hindered = line.people[0]
    other = line.another(title="Budget")
    select_topic(offering_id=other.pk, by=hindered.user)
    line.free()
    assert line.promote() == Promoted(given=1, skipped=1)
    assert sitting(line.topic) == [line.people[1].pk]
    entry = WaitingEntry.objects.unscoped("test").get(cadre=hindered)
    assert (entry.state, entry.skipped_code) == ("skipped", "limit")
    assert "1" in entry.skipped_facts
    assert told(hindered) == [f"waiting.skipped:{entry.pk}"]
    # The obstacle goes, a seat is freed once more: asked first again, without having lost the place.
    withdraw_from_topic(offering_id=other.pk, by=hindered.user)
    withdraw_from_topic(offering_id=line.topic.pk, by=line.people[1].user)
    late = make_trainee(unit=line.unit)
    with pytest.raises(OthersWaiting):
        select_topic(offering_id=line.topic.pk, by=late.user)
    assert line.promote() == Promoted(given=1)
    assert sitting(line.topic) == [hindered.pk]


def test_promotion_skipped_by_all_leaves_the_seat_to_newcomers():
    line = Line(people=1, max_picks=1)
    line.join()
    select_topic(offering_id=line.another().pk, by=line.people[0].user)
    line.free()
    line.promote()
    late = make_trainee(unit=line.unit)
    select_topic(offering_id=line.topic.pk, by=late.user)
    assert sitting(line.topic) == [late.pk]
    assert line.states() == ["skipped"]


def test_promotion_of_a_seat_kept_for_others_skips_and_a_common_seat_reopens_the_line():
    line = Line(people=2)
    county = make_trainee(unit=line.unit, rank=Rank.COUNTY_DIVISION)
    line.join()
    staff = make_user(Role.STAFF)
    set_capacity(offering_id=line.topic.pk, capacity=2, by=staff)
    SeatReservation.objects.create(offering=line.topic, name="County", ranks=[Rank.COUNTY_DIVISION], seats=1)
    assert line.promote() == Promoted(skipped=2)
    assert line.states() == ["skipped", "skipped"]
    # The seat that is kept goes to whom it is kept for.
    select_topic(offering_id=line.topic.pk, by=county.user)
    set_capacity(offering_id=line.topic.pk, capacity=3, by=staff)
    assert line.states() == ["waiting", "waiting"]
    assert line.promote() == Promoted(given=1)
    assert sitting(line.topic) == [line.holder.pk, county.pk, line.people[0].pk]


def test_promotion_goes_on_when_the_round_is_closed_and_stops_at_the_freeze():
    line = Line(people=2)
    line.join()
    line.free()
    line.round.state = "closed"
    line.round.save()
    freeze = clock.school_instant(line.topic.starts_on - timedelta(days=1), time.min)
    assert line.promote(now=freeze) == Promoted()
    assert line.promote(now=freeze - timedelta(seconds=1)) == Promoted(given=1)


def test_promotion_of_who_left_the_register_or_has_no_login_is_skipped():
    line = Line(people=3)
    line.join()
    gone, unlinked, third = line.people
    gone.left_on = date(2025, 1, 1)
    gone.save()
    unlinked.user = None
    unlinked.save()
    line.free()
    assert line.promote() == Promoted(given=1, skipped=2)
    assert sitting(line.topic) == [third.pk]


def test_whoever_gets_the_seat_by_staff_stands_in_line_no_more():
    line = Line(people=1)
    line.join()
    set_capacity(offering_id=line.topic.pk, capacity=2, by=make_user(Role.STAFF))
    place = enrol_cadre(cadre_id=line.people[0].pk, offering_id=line.topic.pk, by=make_user(Role.STAFF))
    entry = WaitingEntry.objects.unscoped("test").get()
    assert (entry.state, entry.enrolment_id) == ("accepted", place)
    assert line.promote() == Promoted()


def test_freed_seat_rings_for_a_worker_only_where_somebody_waits(
    monkeypatch, django_capture_on_commit_callbacks
):
    rung: list[Any] = []
    monkeypatch.setattr("trainees.services.freed_seats.ring", lambda task, pk: rung.append((task, pk)))
    line, alone = Line(), Line(people=0)
    with django_capture_on_commit_callbacks(execute=True):
        line.join()
    rung.clear()
    with django_capture_on_commit_callbacks(execute=True):
        line.free()
        alone.free()
    assert rung == [("waiting.promote", line.topic.pk)]
    with django_capture_on_commit_callbacks(execute=True):
        set_capacity(offering_id=line.topic.pk, capacity=5, by=make_user(Role.STAFF))
    assert rung == [("waiting.promote", line.topic.pk)] * 2
