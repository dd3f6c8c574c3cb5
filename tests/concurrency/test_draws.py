"""Rankings against their sealing, publication against the staff's hand and against itself; with a twin that shows the race."""

import threading
from functools import partial

import pytest
from django.db import DatabaseError

from courses.enums import Mechanism, RoundState
from courses.models import SeatCount
from partyschool.common.errors import Full, WindowClosed, WrongState
from tests.concurrency.rivals import Gate, compete
from tests.factories.draws import Draw
from tests.factories.trainees import make_trainee
from trainees.models import DrawPlace, Enrolment, Ranking, SealedDraw
from trainees.rules.drawing import parse
from trainees.services import rankings, sealing
from trainees.services.enrolments import enrol_cadre
from trainees.services.publication import publish_draw
from trainees.services.rankings import rank_topics
from trainees.services.sealing import seal_round

pytestmark = [pytest.mark.race, pytest.mark.django_db(transaction=True)]


def sealed_wishes(draw):
    """ticket → wishes as they were sealed."""
    return {
        one.ticket: list(one.ranking) for one in parse(SealedDraw.objects.get(pk=draw.pk).text).participants
    }


def stored_wishes(draw):
    rows = Ranking.objects.filter(selection_round=draw.pk).exclude(offerings=[]).unscoped("test")
    return dict(rows.values_list("ticket", "offerings"))


def seal_while_ranking(draw):
    """Everybody ranks in the last moment of the window while the portal seals: (what the rankings came to, the seal)."""
    wishes = [topic.pk for topic in draw.topics]
    calls = [partial(rank_topics, round_id=draw.pk, offerings=wishes, by=cadre.user) for cadre in draw.cadres]
    middle = len(calls) // 2
    calls.insert(middle, partial(seal_round, round_id=draw.pk, by=None, now=draw.closes))
    outcomes = compete(calls)
    return outcomes[:middle] + outcomes[middle + 1 :], outcomes[middle]


def test_rankings_saved_are_sealed_and_those_sealed_out_are_told():
    draw = Draw(people=24)
    rankings_made, sealed = seal_while_ranking(draw)
    assert sealed.sha256 == draw.found.preferences_hash
    saved = {one.ticket for one in rankings_made if isinstance(one, Ranking)}
    assert {type(one) for one in rankings_made} <= {Ranking, WindowClosed}
    # Nobody was told "saved" and is missing, and nobody is in it who was told "too late".
    assert sealed_wishes(draw).keys() == saved
    assert sealed_wishes(draw) == stored_wishes(draw)


def test_twin_without_the_shared_lock_a_saved_ranking_is_missing_from_the_seal(monkeypatch):
    draw = Draw(people=1)
    (cadre,) = draw.cadres
    monkeypatch.setattr(rankings, "RANKING_LOCKS", rankings.RANKING_LOCKS[:1])
    # Both have read what they go by before either writes.
    gate = Gate(2, patience=5)
    monkeypatch.setattr(rankings, "facts_of_round", gate.wrap(rankings.facts_of_round))
    monkeypatch.setattr(sealing, "read_draw", gate.wrap(sealing.read_draw))
    written = threading.Event()
    original = rankings._save

    def save(*facts):
        saved = original(*facts)
        written.set()
        return saved

    monkeypatch.setattr(rankings, "_save", save)
    seal = sealing.seal

    def seal_late(drawn):
        written.wait(5)
        return seal(drawn)

    monkeypatch.setattr(sealing, "seal", seal_late)
    outcomes = compete(
        [
            partial(rank_topics, round_id=draw.pk, offerings=[draw.topics[0].pk], by=cadre.user),
            partial(seal_round, round_id=draw.pk, by=None, now=draw.closes),
        ]
    )
    assert isinstance(outcomes[0], Ranking)
    assert sealed_wishes(draw) == {}
    assert stored_wishes(draw) == {outcomes[0].ticket: [draw.topics[0].pk]}


def test_two_sealers_seal_once():
    draw = Draw(people=2)
    for cadre in draw.cadres:
        draw.rank(cadre, 0)
    outcomes = compete([partial(seal_round, round_id=draw.pk, by=None, now=draw.closes)] * 4)
    assert [type(one) for one in outcomes if not isinstance(one, SealedDraw)] == [WrongState] * 3
    assert draw.found.state == RoundState.SEALED


def reviewed(people=3, seats=(2,)):
    draw = Draw(people=people, seats=seats, max_picks=1)
    for cadre in draw.cadres:
        draw.rank(cadre, 0)
    draw.seal()
    draw.hold()
    return draw


@pytest.mark.parametrize("attempt", range(3))
def test_publication_and_the_hand_of_staff_share_the_last_seats(attempt):
    draw = reviewed()
    others = [make_trainee(unit=draw.unit) for _each in range(3)]
    calls = [
        partial(enrol_cadre, cadre_id=other.pk, offering_id=draw.topics[0].pk, by=draw.staff)
        for other in others
    ]
    calls.insert(
        attempt, partial(publish_draw, round_id=draw.pk, mechanism=Mechanism.RANDOM_SERIAL, by=draw.staff)
    )
    outcomes = compete(calls)
    seats = SeatCount.objects.get(pk=draw.topics[0].pk)
    rows = list(Enrolment.objects.filter(offering=draw.topics[0], state="enrolled").unscoped("test"))
    assert seats.taken == len(rows) == 2
    by_hand = [one for number, one in enumerate(outcomes) if number != attempt]
    assert {type(one) for one in by_hand} <= {int, Full}
    places = DrawPlace.objects.filter(selection_round=draw.pk).unscoped("test")
    got = {place.cadre_id for place in places if place.got}
    assert got == {row.cadre_id for row in rows if row.origin == "draw"}
    drawn_out = [reason for place in places for reason in place.reasons if reason["code"] == "left_out"]
    assert len(drawn_out) == 2 - len(got) == sum(isinstance(one, int) for one in by_hand)
    assert draw.found.state == RoundState.PUBLISHED


def test_draw_is_published_once_whoever_presses():
    draw = reviewed()
    press = partial(publish_draw, round_id=draw.pk, mechanism=Mechanism.RANDOM_SERIAL, by=draw.staff)
    outcomes = compete([press] * 4)
    refused = [one for one in outcomes if isinstance(one, Exception)]
    assert [type(one) for one in refused] == [WrongState] * 3
    assert Enrolment.objects.filter(offering=draw.topics[0]).unscoped("test").count() == 2
    assert DrawPlace.objects.filter(selection_round=draw.pk).unscoped("test").count() == 3
    with pytest.raises(DatabaseError):
        Ranking.objects.filter(selection_round=draw.pk).unscoped("test").update(offerings=[])
