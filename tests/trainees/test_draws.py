"""A draw from its sealed rankings to the published result: states, commitments, places."""

import hashlib

import pytest
from django.db import DatabaseError, connection, transaction

from courses.enums import Mechanism, RoundState
from courses.models import SeatCount, SeatReservation, SelectionRound
from courses.services.commitment import seed_of
from partyschool.audit.models import AuditEvent
from partyschool.common import clock
from partyschool.common.errors import InvalidInput, WindowClosed, WrongState
from partyschool.common.integrity import all_checks
from partyschool.jobs.models import Job
from partyschool.jobs.services.running import run_job
from partyschool.notices.models import Notice
from tests.factories.courses import LessonFactory
from tests.factories.draws import Draw, drawn, enrolled, places
from tests.factories.trainees import EnrolmentFactory
from trainees.models import DrawOutcome
from trainees.rules.drawing import parse_outcome
from trainees.services.drawing import put_back_broken, start_draw
from trainees.services.electives import select_topic

pytestmark = pytest.mark.django_db


# -- commitments


def test_commitments_stand_against_raw_sql():
    draw = drawn()
    draw.publish()
    statements = [
        "UPDATE courses_selectionround SET seed_hash = repeat('0', 64) WHERE id = %s",
        "UPDATE courses_selectionround SET preferences_hash = repeat('0', 64) WHERE id = %s",
        "UPDATE courses_selectionround SET seed = repeat('0', 64) WHERE id = %s",
        "UPDATE courses_selectionround SET seed = '' WHERE id = %s",
        "UPDATE courses_selectionround SET mechanism = 'by_time' WHERE id = %s",
        "UPDATE trainees_sealeddraw SET text = text || ' ' WHERE selection_round_id = %s",
        "UPDATE trainees_drawoutcome SET measures = '{}' WHERE selection_round_id = %s",
        "UPDATE trainees_drawplace SET got = '{}' WHERE selection_round_id = %s",
        "UPDATE trainees_drawpublication SET reason = 'x' WHERE selection_round_id = %s",
        "DELETE FROM trainees_drawplace WHERE selection_round_id = %s",
        "DELETE FROM courses_drawsecret WHERE selection_round_id = %s",
    ]
    for statement in statements:
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, [draw.pk])


def test_seed_is_told_with_the_result_and_not_before():
    draw = Draw()
    with pytest.raises(RuntimeError):
        seed_of(draw.found)
    draw = drawn()
    assert draw.found.seed == ""
    draw.publish()
    found = draw.found
    assert hashlib.sha256(found.seed.encode()).hexdigest() == found.seed_hash


# -- holding


def test_draw_holds_every_mechanism_and_puts_the_round_under_review():
    draw = drawn()
    assert draw.found.state == RoundState.REVIEW
    outcomes = {one.mechanism: one for one in DrawOutcome.objects.filter(selection_round=draw.pk)}
    assert set(outcomes) == set(Mechanism)
    for mechanism, outcome in outcomes.items():
        assert parse_outcome(outcome.text).mechanism == mechanism
        assert (outcome.measures["voters"], outcome.measures["anything"]) == (6, 4)
    assert outcomes[Mechanism.RANDOM_SERIAL].measures["demand"]["topics"][0]["one_more"]["people"] == 1


def test_draw_of_an_open_round_is_refused_and_one_under_way_is_not_started_twice():
    draw = Draw(people=1)
    with pytest.raises(WrongState):
        start_draw(round_id=draw.pk, by=draw.staff)
    draw.seal()
    first = start_draw(round_id=draw.pk, by=draw.staff)
    assert start_draw(round_id=draw.pk, by=draw.staff).pk == first.pk


def test_draw_that_fails_goes_back_to_its_sealed_rankings(monkeypatch):
    draw = Draw(people=1)
    draw.seal()
    monkeypatch.setattr("trainees.services.drawing.measure", lambda *_facts: 1 // 0)
    assert draw.hold() == "failed"
    assert draw.found.state == RoundState.SEALED
    assert not DrawOutcome.objects.exists()
    monkeypatch.undo()
    assert draw.hold() == "done"
    assert draw.found.state == RoundState.REVIEW


def test_draw_whose_job_was_given_up_is_put_back():
    draw = Draw()
    draw.seal()
    job = start_draw(round_id=draw.pk, by=draw.staff)
    SelectionRound.objects.filter(pk=draw.pk).update(state=RoundState.RUN)
    assert put_back_broken() == 0
    Job.objects.filter(pk=job.pk).unscoped("test").update(state="failed", finished_at=clock.now())
    assert put_back_broken() == 1
    assert draw.found.state == RoundState.SEALED


# -- publication


def test_publication_gives_the_places_and_says_why():
    draw = drawn()
    publication = draw.publish()
    found, kept = draw.found, places(draw)
    assert (found.state, publication.outcome.mechanism) == (RoundState.PUBLISHED, Mechanism.RANDOM_SERIAL)
    assert enrolled(draw) == {(cadre, topic) for cadre, place in kept.items() for topic in place.got}
    assert len(enrolled(draw)) == 4
    assert [place.position for place in sorted(kept.values(), key=lambda one: one.position)] == [
        1,
        2,
        3,
        4,
        5,
        6,
    ]
    last = next(place for place in kept.values() if place.position == 6)
    assert [reason["code"] for reason in last.reasons] == ["full", "full"]
    assert {seats.taken for seats in SeatCount.objects.filter(offering__in=draw.topics)} == {2, 0}
    event = AuditEvent.objects.unscoped("test").get(action="round.publish")
    assert (event.data["places"], event.data["left_out"]) == (4, {})
    assert {name: list(check()) for name, check in all_checks().items() if name.startswith("trainees.")} == {
        name: [] for name in all_checks() if name.startswith("trainees.")
    }


def test_publication_of_another_mechanism_needs_a_reason():
    draw = drawn()
    with pytest.raises(InvalidInput):
        draw.publish(Mechanism.BY_TIME, reason="  ")
    assert draw.found.state == RoundState.REVIEW
    assert draw.publish(Mechanism.BY_TIME, reason="更符合本次安排").reason == "更符合本次安排"


def test_publication_twice_or_too_early_is_refused():
    draw = Draw(people=1)
    draw.seal()
    with pytest.raises(WrongState):
        draw.publish()
    draw.hold()
    draw.publish()
    with pytest.raises(WrongState):
        draw.publish()
    assert draw.found.state == RoundState.PUBLISHED


def test_publication_leaves_out_who_cannot_have_the_place_any_more():
    draw = drawn(seats=(6, 6, 6))
    clashing, gone, holding, *others = draw.cadres
    topic = draw.topics[0]
    own = LessonFactory()
    LessonFactory(offering=topic, starts_at=own.starts_at, ends_at=own.ends_at)
    EnrolmentFactory(cadre=clashing, offering=own.offering)
    gone.left_on = clock.school_date()
    gone.save()
    EnrolmentFactory(cadre=holding, offering=draw.topics[2])
    draw.publish()
    kept = places(draw)
    late = {
        cadre: reason["denial"]
        for cadre, place in kept.items()
        for reason in place.reasons
        if reason["code"] == "left_out"
    }
    assert late == {clashing.pk: "clash", gone.pk: "not_eligible", holding.pk: "limit"}
    assert {cadre for cadre, place in kept.items() if place.got} == {cadre.pk for cadre in others}


def test_publication_gives_what_is_left_when_seats_went_meanwhile():
    draw = drawn()
    SeatCount.objects.filter(offering=draw.topics[0]).update(capacity=1)
    SeatCount.objects.filter(offering=draw.topics[1]).update(frozen=True)
    draw.publish()
    late = sorted(
        (place.position, reason["denial"])
        for place in places(draw).values()
        for reason in place.reasons
        if reason["code"] == "left_out"
    )
    assert late == [(2, "full"), (3, "closed"), (4, "closed")]
    assert len(enrolled(draw)) == 1


def test_publication_respects_reserved_seats_and_quotas():
    draw = Draw(people=4, seats=(3,), max_picks=1)
    member, *_others = draw.cadres
    member.rank = "staff"
    member.save()
    SeatReservation.objects.create(offering=draw.topics[0], name="科员", ranks=["staff"], seats=1)
    for cadre in draw.cadres:
        draw.rank(cadre, 0)
    draw.seal()
    draw.hold()
    draw.publish()
    got = {cadre for cadre, _topic in enrolled(draw)}
    assert (member.pk in got, len(got)) == (True, 3)
    seats = SeatCount.objects.get(pk=draw.topics[0].pk)
    assert (seats.taken, seats.reserved_taken) == (3, 1)


def test_result_is_told_to_everybody_once():
    draw = drawn()
    draw.publish()
    job = Job.objects.unscoped("test").get(kind="tell_draw")
    assert run_job(job_id=job.pk) == "done"
    notices = Notice.objects.filter(event=f"round.publish:{draw.pk}").unscoped("test")
    assert {one.recipient_id for one in notices} == {cadre.user_id for cadre in draw.cadres}
    assert {one.url for one in notices} == {f"/electives/rounds/{draw.pk}/result/"}


def test_seats_of_a_published_draw_are_not_picked():
    draw = drawn()
    draw.publish()
    with pytest.raises(WindowClosed):
        select_topic(offering_id=draw.topics[2].pk, by=draw.cadres[0].user)
