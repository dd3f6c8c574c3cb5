"""Who was refused a seat is kept, without ever turning the refusal into something else."""

from typing import Any

import pytest
from django.db import connection

from partyschool.common.errors import Duplicate, Full, LimitReached, NotFound
from tests.factories.courses import OfferingFactory, SelectionRoundFactory
from tests.factories.trainees import EnrolmentFactory, make_trainee
from trainees.enums import EnrolmentState
from trainees.models import SeatRefusal
from trainees.services.electives import select_topic

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def cadre() -> Any:
    return make_trainee()


@pytest.fixture
def topic() -> Any:
    return OfferingFactory(selection_round=SelectionRoundFactory(max_picks=1), capacity=1)


def kept() -> list[tuple[int, int, str]]:
    rows = SeatRefusal.objects.unscoped("tests").order_by("pk")
    return list(rows.values_list("cadre_id", "offering_id", "code"))


def test_a_refusal_is_kept_with_its_code(cadre, topic):
    EnrolmentFactory(offering=topic)
    with pytest.raises(Full):
        select_topic(offering_id=topic.pk, by=cadre.user)
    other = OfferingFactory(selection_round=topic.selection_round)
    select_topic(offering_id=other.pk, by=cadre.user)
    third = OfferingFactory(selection_round=topic.selection_round)
    with pytest.raises(LimitReached):
        select_topic(offering_id=third.pk, by=cadre.user)
    assert kept() == [(cadre.pk, topic.pk, "full"), (cadre.pk, third.pk, "limit")]


def test_a_seat_lost_to_a_rival_at_the_last_moment_is_kept(cadre, topic, monkeypatch):
    """The facts said there was a seat, the seat row said no."""
    EnrolmentFactory(offering=topic)
    monkeypatch.setattr("trainees.services.electives.selection_denial", lambda facts, now: None)
    with pytest.raises(Full):
        select_topic(offering_id=topic.pk, by=cadre.user)
    assert kept() == [(cadre.pk, topic.pk, "full")]


def test_a_second_press_and_an_unknown_topic_are_no_refusals(cadre, topic):
    select_topic(offering_id=topic.pk, by=cadre.user)
    with pytest.raises(Duplicate):
        select_topic(offering_id=topic.pk, by=cadre.user)
    with pytest.raises(NotFound):
        select_topic(offering_id=404, by=cadre.user)
    assert kept() == []


def test_a_topic_of_an_earlier_year_is_refused_on_record(cadre, topic):
    before = OfferingFactory(series="history", year=2024)
    EnrolmentFactory(cadre=cadre, offering=before)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE trainees_enrolment SET state = %s, ended_at = now(), ended_by_id = created_by_id",
            [EnrolmentState.COMPLETED],
        )
    topic.series = "history"
    topic.save()
    with pytest.raises(Duplicate):
        select_topic(offering_id=topic.pk, by=cadre.user)
    assert kept() == [(cadre.pk, topic.pk, "duplicate")]


def test_a_refusal_that_cannot_be_kept_stays_a_refusal(cadre, topic, caplog):
    EnrolmentFactory(offering=topic)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE trainees_seatrefusal RENAME COLUMN code TO cause")
    with pytest.raises(Full):
        select_topic(offering_id=topic.pk, by=cadre.user)
    assert "was not kept" in caplog.text
    # The connection is as good as before.
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM trainees_seatrefusal")
        assert cursor.fetchone() == (0,)


def test_keeping_a_refusal_leaves_commits_of_others_durable(cadre, topic):
    EnrolmentFactory(offering=topic)
    with connection.cursor() as cursor:
        cursor.execute("SET synchronous_commit = on")
        with pytest.raises(Full):
            select_topic(offering_id=topic.pk, by=cadre.user)
        cursor.execute("SHOW synchronous_commit")
        assert cursor.fetchone() == ("on",)
        cursor.execute("RESET synchronous_commit")
