"""Giving up one topic for another: at once, or as a wish in line."""

import pytest

from partyschool.common.errors import (
    Full,
    InvalidInput,
    WrongState,
)
from tests.trainees.lines import Line, deeds, place_of, sitting
from trainees.rules.denials import OthersWaiting
from trainees.services.electives import select_topic, withdraw_from_topic
from trainees.services.offers import accept_offer
from trainees.services.promotion import Promoted
from trainees.services.swapping import swap_topics
from trainees.services.waiting import join_waiting_list

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("agreeing_books", "english")]


# --- swaps -------------------------------------------------------------------------------------------------------------------------------


def test_swap_takes_the_one_and_gives_up_the_other_together():
    line = Line(people=1, max_picks=1)
    cadre, other = line.people[0], line.another()
    line.free()
    select_topic(offering_id=other.pk, by=cadre.user)
    place = swap_topics(give_up_offering_id=other.pk, offering_id=line.topic.pk, by=cadre.user)
    assert sitting(line.topic) == [cadre.pk]
    assert sitting(other) == []
    assert place_of(cadre, line.topic).pk == place
    assert place_of(cadre, line.topic).origin == "swap"
    assert deeds()[-2:] == ["enrolment.withdraw", "enrolment.swap"]


def test_swap_for_a_full_topic_keeps_the_old_place():
    line = Line(people=1)
    cadre, other = line.people[0], line.another()
    select_topic(offering_id=other.pk, by=cadre.user)
    with pytest.raises(Full) as refused:
        swap_topics(give_up_offering_id=other.pk, offering_id=line.topic.pk, by=cadre.user)
    assert "Get in line" in str(refused.value.what_to_do)
    assert sitting(other) == [cadre.pk]


def test_swap_of_what_is_not_held_or_for_itself_is_refused():
    line = Line(people=1)
    cadre, other = line.people[0], line.another()
    with pytest.raises(WrongState, match="You hold no place"):
        swap_topics(give_up_offering_id=other.pk, offering_id=line.topic.pk, by=cadre.user)
    with pytest.raises(InvalidInput):
        swap_topics(give_up_offering_id=line.topic.pk, offering_id=line.topic.pk, by=line.holder.user)


def test_swap_does_not_jump_the_line():
    line = Line(people=2)
    line.join(line.people[0])
    line.free()
    other = line.another()
    select_topic(offering_id=other.pk, by=line.people[1].user)
    with pytest.raises(OthersWaiting):
        swap_topics(give_up_offering_id=other.pk, offering_id=line.topic.pk, by=line.people[1].user)


def test_wish_to_swap_is_fulfilled_at_once_and_frees_the_other_topic_for_its_own_line():
    line = Line(people=2, max_picks=1)
    first, second = line.people
    other = line.another(capacity=1, title="Budget")
    select_topic(offering_id=other.pk, by=first.user)
    line.join(first, gives_up=other.pk)
    join_waiting_list(offering_id=other.pk, by=second.user)
    line.free()
    assert line.promote() == Promoted(given=2, freed=[other.pk])
    assert sitting(line.topic) == [first.pk]
    assert sitting(other) == [second.pk]
    assert place_of(first, other).reason == "为选修“Rural revival”而退选"


def test_wish_to_swap_keeps_the_old_place_while_refused():
    line = Line(people=1, max_picks=1)
    (first,) = line.people
    other, third = line.another(), line.another()
    select_topic(offering_id=other.pk, by=first.user)
    line.join(first, gives_up=other.pk)
    withdraw_from_topic(offering_id=other.pk, by=first.user)
    select_topic(offering_id=third.pk, by=first.user)
    line.free()
    assert line.promote() == Promoted(skipped=1)
    assert sitting(third) == [first.pk]


def test_wish_to_swap_with_an_offer_gives_up_on_accepting():
    line = Line(people=1, waiting="offer", max_picks=1)
    (first,) = line.people
    other = line.another()
    select_topic(offering_id=other.pk, by=first.user)
    line.join(first, gives_up=other.pk)
    line.free()
    assert line.promote() == Promoted(offered=1)
    assert sitting(other) == sitting(line.topic) == [first.pk]
    accept_offer(offering_id=line.topic.pk, by=first.user)
    assert sitting(other) == []
    assert place_of(first, line.topic).state == "enrolled"


def test_wish_to_give_up_what_is_not_held_is_refused():
    line = Line(people=1)
    with pytest.raises(WrongState, match="You hold no place"):
        line.join(gives_up=line.another().pk)
