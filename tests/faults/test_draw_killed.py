"""A worker that dies in the middle of a draw: without anybody's doing it is held, once, with the outcome it would have had."""

import os
import signal
import time
from pathlib import Path

import pytest

from courses.enums import Mechanism, RoundState
from partyschool.jobs.enums import JobState
from tests.factories.draws import Draw
from tests.factories.jobs import fresh
from tests.waiting import wait_for
from trainees.models import Cadre, DrawOutcome, Ranking, SealedDraw
from trainees.rules.drawing import draw_by, outcome_text, parse
from trainees.services.drawing import start_draw

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]

SHORT = {"JOB_LEASE_SECONDS": "3", "SWEEP_SECONDS": "1"}
PATIENCE = 90
PEOPLE = 6_000
"""So many rankings that the mechanisms take seconds."""


@pytest.fixture
def draw():
    made = Draw(seats=(300, 300, 300, 300, 300, 300))
    first = [topic.pk for topic in made.topics]
    cadres = Cadre.objects.bulk_create(
        Cadre(
            code=f"L{number:06}",
            name=f"学员{number}",
            unit=made.unit,
            rank="staff",
            category="civil_servant",
            joined_on="2020-01-01",
        )
        for number in range(PEOPLE)
    )
    Ranking.objects.bulk_create(
        Ranking(
            cadre=cadre,
            selection_round_id=made.pk,
            offerings=first[number % 6 :] + first[: number % 6],
            ranked_by=made.staff,
        )
        for number, cadre in enumerate(cadres)
    )
    made.seal()
    return made


@pytest.fixture
def start_beat(spawn, tmp_path):
    def start(**environment):
        spawn(
            "beat",
            ["celery", "-A", "partyschool", "beat", f"--schedule={tmp_path / 'schedule'}", "--pidfile="],
            **environment,
        )

    return start


def children_of(process):
    pids = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    return [int(pid) for pid in pids]


def test_killed_child_of_the_worker_in_the_middle_of_a_draw(draw, start_worker, start_beat):
    worker = start_worker(**SHORT)
    start_beat(**SHORT)
    job = start_draw(round_id=draw.pk, by=draw.staff)
    wait_for(lambda: draw.found.state == RoundState.RUN, PATIENCE, "the draw to be under way")
    time.sleep(0.3)
    assert not DrawOutcome.objects.exists()
    for child in children_of(worker):
        os.kill(child, signal.SIGKILL)
    wait_for(lambda: draw.found.state == RoundState.REVIEW, PATIENCE, "the draw to be held")
    wait_for(lambda: fresh(job).state == JobState.DONE, PATIENCE, "the job to end")
    assert fresh(job).attempt == 2
    stored = {one.mechanism: one.text for one in DrawOutcome.objects.filter(selection_round=draw.pk)}
    assert set(stored) == set(Mechanism)
    draw.publish()
    sealed, seed = parse(SealedDraw.objects.get(pk=draw.pk).text), draw.found.seed
    for mechanism in (Mechanism.RANDOM_SERIAL, Mechanism.BY_TIME):
        assert outcome_text(draw_by(mechanism, sealed, seed)) == stored[mechanism]
