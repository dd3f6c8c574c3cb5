"""A freed seat reaches the next in line by a real broker and a real worker, within seconds and without the sweep."""

import pytest
from django.urls import reverse

from courses.services.offerings import set_capacity
from partyschool.accounts.enums import Role
from tests.factories.accounts import make_user
from tests.trainees.lines import Line, sitting
from tests.waiting import wait_for
from trainees.services.offers import decline_offer
from trainees.tasks import promote, sweep

pytestmark = pytest.mark.django_db(transaction=True)


def test_freed_added_and_declined_seats_reach_the_next_in_line(client, worker):
    line = Line(people=3)
    line.join()
    client.force_login(line.holder.user)
    client.post(reverse("trainees:withdraw", args=[line.topic.pk]))
    first, second, third = (one.pk for one in line.people)
    wait_for(lambda: sitting(line.topic) == [first], 20, "the first in line to have the freed seat")
    set_capacity(offering_id=line.topic.pk, capacity=2, by=make_user(Role.STAFF))
    wait_for(lambda: sitting(line.topic) == [first, second], 20, "the second to have the added seat")
    line.round.waiting = "offer"
    line.round.save()
    set_capacity(offering_id=line.topic.pk, capacity=3, by=make_user(Role.STAFF))
    wait_for(lambda: line.states() == ["accepted", "accepted", "offered"], 20, "the third to be offered one")
    fourth = line.holder
    line.join(fourth)
    decline_offer(offering_id=line.topic.pk, by=line.people[2].user)
    wait_for(lambda: line.states()[2:] == ["declined", "offered"], 20, "the declined seat to be offered on")
    assert sitting(line.topic) == [first, second, fourth.pk]
    assert third not in sitting(line.topic)


def test_tasks_are_safe_to_run_twice():
    line = Line(people=2)
    line.join()
    line.free()
    for _twice in range(2):
        promote(line.topic.pk)
        sweep()
    assert line.states() == ["accepted", "waiting"]
    assert sitting(line.topic) == [line.people[0].pk]
