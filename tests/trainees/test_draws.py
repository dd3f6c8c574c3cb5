"""A draw from its sealed rankings to the published result: states, commitments, facts, places, replay."""

import hashlib
import json
import subprocess
import sys
from datetime import timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction

from courses.enums import Mechanism, RoundState
from courses.models import SeatCount, SeatReservation, SelectionRound, UnitQuota
from courses.services.commitment import seed_of
from partyschool.accounts.enums import Role
from partyschool.audit.models import AuditEvent
from partyschool.common import clock
from partyschool.common.errors import InvalidInput, NotFound, WindowClosed, WrongState
from partyschool.common.integrity import all_checks
from partyschool.jobs.models import Job
from partyschool.jobs.services.running import run_job
from partyschool.notices.models import Notice
from tests.factories.accounts import make_user
from tests.factories.courses import LessonFactory, OfferingFactory
from tests.factories.draws import Draw
from tests.factories.trainees import CadreFactory, EnrolmentFactory
from trainees.models import DrawOutcome, DrawPlace, Enrolment, Ranking, SealedDraw
from trainees.rules.drawing import parse, parse_outcome
from trainees.services.drawing import put_back_broken, start_draw
from trainees.services.electives import select_topic
from trainees.services.sealing import seal_due_rounds, seal_round

pytestmark = pytest.mark.django_db
PROJECT = Path(__file__).resolve().parents[2]


def drawn(**fields):
    """A draw under review: six people want two seats each of three topics, all in the same order."""
    draw = Draw(people=6, max_picks=1, **fields)
    for cadre in draw.cadres:
        draw.rank(cadre, 0, 1)
    draw.seal()
    draw.hold()
    return draw


def places(draw):
    return {
        place.cadre_id: place for place in DrawPlace.objects.filter(selection_round=draw.pk).unscoped("test")
    }


def enrolled(draw):
    rows = Enrolment.objects.filter(offering__selection_round=draw.pk, state="enrolled").unscoped("test")
    return {(row.cadre_id, row.offering_id) for row in rows}


def participants(draw):
    """The sealed participants by cadre."""
    rankings = Ranking.objects.filter(selection_round=draw.pk).unscoped("test")
    cadre_of = dict(rankings.values_list("ticket", "cadre_id"))
    sealed = parse(SealedDraw.objects.get(pk=draw.pk).text)
    return {cadre_of[one.ticket]: one for one in sealed.participants}


# -- sealing


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


# -- looking and checking


def test_public_page_tells_each_fingerprint_in_its_time(client):
    draw = Draw(people=1)
    address = f"/draws/{draw.pk}/"
    page = client.get(address).content.decode()
    assert draw.found.seed_hash in page
    assert client.get(f"{address}sealed.json").status_code == 404
    draw.rank(draw.cadres[0], 0)
    draw.seal()
    assert draw.found.preferences_hash in client.get(address).content.decode()
    assert client.get(f"{address}sealed.json").status_code == 404
    draw.hold()
    assert client.get(f"{address}outcome.json").status_code == 404
    draw.publish()
    assert draw.found.seed in client.get(address).content.decode()
    for part, digest in (
        ("sealed", draw.found.preferences_hash),
        ("outcome", draw.found.publication.outcome.sha256),
    ):
        answer = client.get(f"{address}{part}.json")
        content = b"".join(answer.streaming_content)
        assert hashlib.sha256(content).hexdigest() == digest
        assert draw.cadres[0].name not in content.decode()


def test_public_page_of_a_draft_or_a_first_come_round_is_not_found(client):
    assert client.get(f"/draws/{OfferingFactory().pk}/").status_code == 404


def test_own_result_says_why_and_only_to_oneself(client):
    draw = drawn()
    draw.publish()
    last = next(cadre for cadre, place in places(draw).items() if place.position == 6)
    (cadre,) = [one for one in draw.cadres if one.pk == last]
    client.force_login(cadre.user)
    answer = client.get(f"/electives/rounds/{draw.pk}/result/")
    assert Ranking.objects.unscoped("test").get(cadre=cadre).ticket in answer.content.decode()
    assert [(wish.number, wish.obtained) for wish in answer.context["result"].wishes] == [
        (1, False),
        (2, False),
    ]
    assert f"/electives/rounds/{draw.pk}/result/" in client.get("/electives/").content.decode()
    client.force_login(make_user(Role.TRAINEE))
    assert client.get(f"/electives/rounds/{draw.pk}/result/").status_code == 404


@pytest.fixture
def published(tmp_path):
    """A published draw and its downloaded files."""
    draw = drawn()
    publication = draw.publish()
    sealed, outcome = tmp_path / "sealed.json", tmp_path / "outcome.json"
    sealed.write_text(SealedDraw.objects.get(pk=draw.pk).text)
    outcome.write_text(publication.outcome.text)
    return draw, sealed, outcome


def replayed(*arguments, **options):
    out = StringIO()
    call_command("replay_draw", *arguments, stdout=out, **options)
    return out.getvalue()


def test_replay_by_number_name_and_files_is_identical(published):
    draw, sealed, outcome = published
    found = draw.found
    by_number = replayed(str(draw.pk))
    assert by_number.splitlines()[-1] == "identical"
    assert replayed(found.name) == replayed(file=sealed, seed=found.seed, outcome=outcome) == by_number
    assert found.preferences_hash in by_number


def test_replay_tells_the_first_difference(published):
    draw, sealed, outcome = published
    data = json.loads(outcome.read_text())
    next(one for one in data["participants"] if one["got"])["got"] = []
    outcome.write_text(json.dumps(data, sort_keys=True, separators=(",", ":"), ensure_ascii=False))
    with pytest.raises(CommandError, match=r"different: outcome.participants\["):
        replayed(file=sealed, seed=draw.found.seed, outcome=outcome)
    with pytest.raises(CommandError, match="different: seed"):
        replayed(file=sealed, seed="0" * 64, outcome=outcome)


@pytest.mark.parametrize("arguments", [[], ["nobody knows"], ["999999"]])
def test_replay_of_no_draw_says_so(arguments):
    with pytest.raises(CommandError):
        replayed(*arguments)


def test_replay_in_another_process_needs_no_database(published):
    draw, sealed, outcome = published
    command = [
        sys.executable,
        "-m",
        "manage",
        "replay_draw",
        "--file",
        sealed,
        "--seed",
        draw.found.seed,
        "--outcome",
        outcome,
    ]
    hashes = {}
    for chance in ("1", "2"):
        done = subprocess.run(
            [*map(str, command)],
            cwd=PROJECT,
            env={
                "PYTHONHASHSEED": chance,
                "DATABASE_URL": "postgres://nobody@127.0.0.1:1/none",
                "PATH": "/usr/bin:/bin",
            },
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        hashes[chance] = done.stdout
    assert hashes["1"] == hashes["2"]
    assert hashes["1"].endswith("identical\n")
