"""What a sealed draw holds, when it is sealed, and by whom."""

import hashlib
from datetime import timedelta

import pytest

from courses.enums import RoundState
from courses.models import SeatReservation, UnitQuota
from partyschool.audit.models import AuditEvent
from partyschool.common import clock
from partyschool.common.errors import NotFound, WrongState
from tests.factories.courses import LessonFactory, OfferingFactory
from tests.factories.draws import Draw, drawn, places
from tests.factories.trainees import CadreFactory, EnrolmentFactory
from trainees.models import Ranking, SealedDraw
from trainees.rules.drawing import parse
from trainees.services.sealing import seal_due_rounds, seal_round

pytestmark = pytest.mark.django_db


def participants(draw):
    """The sealed participants by cadre."""
    rankings = Ranking.objects.filter(selection_round=draw.pk).unscoped("test")
    cadre_of = dict(rankings.values_list("ticket", "cadre_id"))
    sealed = parse(SealedDraw.objects.get(pk=draw.pk).text)
    return {cadre_of[one.ticket]: one for one in sealed.participants}


def test_seal_publishes_the_hash_of_what_everybody_wants():
    draw = Draw(people=2)
    for cadre in draw.cadres:
        draw.rank(cadre, 1, 0)
    sealed = draw.seal(by=draw.staff)
    found = draw.found
    assert found.state == RoundState.SEALED
    assert found.preferences_hash == sealed.sha256 == hashlib.sha256(sealed.text.encode()).hexdigest()
    assert {one.ranking for one in parse(sealed.text).participants} == {
        (draw.topics[1].pk, draw.topics[0].pk)
    }
    for cadre in draw.cadres:
        assert cadre.name not in sealed.text
        assert cadre.code not in sealed.text
    event = AuditEvent.objects.unscoped("test").get(action="round.seal")
    assert event.data["preferences_hash"] == sealed.sha256


def test_seal_before_the_promised_time_or_twice_is_refused():
    draw = Draw()
    with pytest.raises(WrongState) as early:
        seal_round(round_id=draw.pk, by=draw.staff, now=draw.closes - timedelta(seconds=1))
    assert early.value.retry_at == draw.closes
    draw.seal()
    with pytest.raises(WrongState):
        draw.seal()
    with pytest.raises(NotFound):
        seal_round(round_id=999_999, by=draw.staff)


def test_due_rounds_are_sealed_by_the_portal_itself():
    draw = Draw()
    assert seal_due_rounds(now=draw.closes - timedelta(seconds=1)) == 0
    assert seal_due_rounds(now=draw.closes) == 1
    assert seal_due_rounds(now=draw.closes) == 0
    assert SealedDraw.objects.get(pk=draw.pk).sealed_by is None


def test_seal_tells_what_cannot_be_given_and_why():
    draw = Draw(people=6, seats=(2, 2, 2, 2), max_picks=2)
    clashing, repeating, holding, gone, free, declined = draw.cadres
    topics = draw.topics
    own = LessonFactory()
    LessonFactory(offering=topics[0], starts_at=own.starts_at, ends_at=own.ends_at)
    LessonFactory(offering=topics[1], starts_at=own.starts_at, ends_at=own.ends_at)
    EnrolmentFactory(cadre=clashing, offering=own.offering)
    for topic in (topics[2], past := OfferingFactory(year=2024)):
        topic.series = "safety"
        topic.save()
    EnrolmentFactory(
        cadre=repeating, offering=past, state="completed", ended_at=clock.now(), ended_by=draw.staff
    )
    EnrolmentFactory(cadre=holding, offering=topics[3])
    for cadre in draw.cadres:
        draw.rank(cadre, 0, 2, 3)
    draw.rank(declined)
    gone.left_on = clock.school_date()
    gone.save()
    draw.seal()
    one, two, three = topics[0].pk, topics[2].pk, topics[3].pk
    found = participants(draw)
    assert {cadre: (person.barred, person.most) for cadre, person in found.items()} == {
        clashing.pk: ({one: "clash"}, 2),
        repeating.pk: ({two: "repeat"}, 2),
        holding.pk: ({three: "duplicate"}, 1),
        gone.pk: ({one: "not_eligible", two: "not_eligible", three: "not_eligible"}, 2),
        free.pk: ({}, 2),
    }
    sealed = parse(SealedDraw.objects.get(pk=draw.pk).text)
    assert sealed.conflicts == ((topics[0].pk, topics[1].pk),)
    assert {topic.id: topic.seats for topic in sealed.topics}[three] == 1


def test_seal_tells_reserved_seats_and_quotas_that_are_left():
    draw = Draw(people=2, seats=(5, 5))
    member, other = draw.cadres
    other.rank = "staff"
    other.save()
    topic = draw.topics[0]
    kept = SeatReservation.objects.create(offering=topic, name="科级", ranks=[member.rank], seats=2)
    quota = UnitQuota.objects.create(offering=topic, unit=draw.unit, most=3)
    EnrolmentFactory(offering=topic, cadre=CadreFactory(unit=draw.unit, rank=member.rank))
    for cadre in draw.cadres:
        draw.rank(cadre, 0)
    draw.seal()
    sealed = parse(SealedDraw.objects.get(pk=draw.pk).text).topics[0]
    assert (sealed.seats, sealed.reserved[0].seats, sealed.quotas[0].most) == (4, 1, 2)
    found = participants(draw)
    assert (found[member.pk].pools, found[other.pk].pools) == ({topic.pk: (kept.pk,)}, {})
    assert found[other.pk].quotas == {topic.pk: quota.pk}


def test_seal_adds_those_who_ranked_nothing_if_they_are_to_be_placed():
    draw = Draw(people=2, place_non_voters=True)
    voter, silent = draw.cadres
    draw.rank(voter, 0)
    CadreFactory(unit=draw.unit, left_on=clock.school_date())
    draw.seal()
    found = participants(draw)
    assert {cadre: person.ranking for cadre, person in found.items()} == {
        voter.pk: (draw.topics[0].pk,),
        silent.pk: (),
    }
    assert Ranking.objects.unscoped("test").get(cadre=silent).ranked_by is None


def test_who_came_away_empty_the_year_before_comes_first():
    past = drawn(year=2024)
    past.publish()
    empty = {cadre for cadre, place in places(past).items() if not place.got}
    assert len(empty) == 2
    draw = Draw(year=2025)
    for cadre in past.cadres:
        draw.rank(cadre, 0)
    draw.seal()
    assert {cadre for cadre, person in participants(draw).items() if person.group == 0} == empty


def test_seal_asks_as_many_queries_for_many_as_for_few(django_assert_max_num_queries):
    draw = Draw(people=12)
    for cadre in draw.cadres:
        draw.rank(cadre, 0, 1)
    with django_assert_max_num_queries(24):
        draw.seal()
