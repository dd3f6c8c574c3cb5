"""A seat offered to somebody in line: held, reminded of, accepted, declined, lapsed."""

from datetime import time, timedelta

import pytest

from courses.models import SeatCount
from partyschool.common import clock
from partyschool.common.errors import (
    Duplicate,
    WindowClosed,
    WrongState,
)
from tests.trainees.lines import HOUR, Line, offered, place_of, sitting, told
from trainees.models import WaitingEntry
from trainees.services.electives import select_topic, withdraw_from_topic
from trainees.services.offers import accept_offer, decline_offer, expire_offers, remind_of_offers
from trainees.services.promotion import Promoted
from trainees.services.waiting import leave_waiting_list

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("agreeing_books", "english")]


# --- offers ------------------------------------------------------------------------------------------------------------------------------


def test_offer_holds_the_seat_and_tells_until_when():
    line = offered()
    first = line.people[0]
    entry = WaitingEntry.objects.unscoped("test").get(cadre=first)
    place = place_of(first, line.topic)
    assert (entry.state, entry.enrolment, place.state) == ("offered", place, "held")
    assert entry.offered_until == place.created_at + 24 * HOUR
    assert SeatCount.objects.get(pk=line.topic.pk).taken == 1
    assert told(first) == [f"waiting.offered:{entry.pk}"]
    with pytest.raises(Duplicate, match="is kept for you"):
        select_topic(offering_id=line.topic.pk, by=first.user)
    assert line.promote() == Promoted()


def test_offer_never_outlasts_the_freeze():
    line = Line(people=1, waiting="offer", offer_hours=24, freeze_days=0)
    line.join()
    line.free()
    freeze = clock.school_instant(line.topic.starts_on, time.min)
    line.promote(now=freeze - HOUR)
    assert WaitingEntry.objects.unscoped("test").get().offered_until == freeze


def test_offer_accepted_is_a_place():
    line = offered()
    first = line.people[0]
    place = accept_offer(offering_id=line.topic.pk, by=first.user)
    assert place_of(first, line.topic).state == "enrolled"
    assert line.states() == ["accepted", "waiting"]
    with pytest.raises(WrongState, match="yours already"):
        accept_offer(offering_id=line.topic.pk, by=first.user)
    assert place_of(first, line.topic).pk == place


def test_offer_declined_goes_to_the_next():
    line = offered()
    decline_offer(offering_id=line.topic.pk, by=line.people[0].user)
    assert place_of(line.people[0], line.topic).state == "withdrawn"
    assert line.promote() == Promoted(offered=1)
    assert line.states() == ["declined", "offered"]
    with pytest.raises(WrongState):
        accept_offer(offering_id=line.topic.pk, by=line.people[0].user)


def test_offer_lapses_at_its_end_and_not_before():
    line = offered()
    entry = WaitingEntry.objects.unscoped("test").get(cadre=line.people[0])
    until = entry.offered_until
    assert expire_offers(now=until - timedelta(seconds=1)) == set()
    with pytest.raises(WindowClosed, match="kept for you until"):
        accept_offer(offering_id=line.topic.pk, by=line.people[0].user, now=until)
    assert expire_offers(now=until) == {line.topic.pk}
    assert expire_offers(now=until) == set()
    assert line.states() == ["expired", "waiting"]
    assert told(line.people[0])[-1] == f"waiting.expired:{entry.pk}"
    assert sitting(line.topic) == []


def test_offer_is_reminded_of_once_at_half_time():
    line = offered()
    entry = WaitingEntry.objects.unscoped("test").get(cadre=line.people[0])
    half = entry.offered_until - 12 * HOUR
    assert remind_of_offers(now=half - timedelta(seconds=1)) == 0
    assert remind_of_offers(now=half) == 1
    assert remind_of_offers(now=half + HOUR) == 0
    assert told(line.people[0]) == [f"waiting.offered:{entry.pk}", f"waiting.reminded:{entry.pk}"]


def test_offer_cannot_be_left_but_declined():
    line = offered()
    with pytest.raises(WrongState, match="kept for you"):
        leave_waiting_list(offering_id=line.topic.pk, by=line.people[0].user)
    with pytest.raises(WrongState, match="kept for you"):
        withdraw_from_topic(offering_id=line.topic.pk, by=line.people[0].user)
