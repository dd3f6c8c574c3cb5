"""Holding a draw: a job works all mechanisms on the sealed text, so that they can be compared before one is published.

sealed → run (while the job works) → review, in one transaction with the outcomes and the end of the job. The same text and seed give
the same outcomes, so an attempt that dies leaves nothing that the next one would not write again. A draw that fails goes back to
sealed, never to open rankings.
"""

import logging
from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from courses.enums import Mechanism, RoundMode, RoundState
from courses.models import SelectionRound
from courses.services.commitment import seed_of
from courses.services.rounds import locked_round, move_round
from partyschool.common.errors import WrongState
from partyschool.common.locking import locking_transaction
from partyschool.jobs.enums import LIVE_STATES
from partyschool.jobs.models import Job
from partyschool.jobs.services.jobs import start_job
from partyschool.jobs.services.leases import LeaseLost
from partyschool.jobs.services.progress import Progress
from partyschool.jobs.services.running import PASSING
from trainees.models import DrawOutcome, SealedDraw
from trainees.rules.drawing import (
    SolverFailed,
    TooLarge,
    demand,
    draw_by,
    fingerprint,
    measure,
    outcome_text,
    parse,
)

log = logging.getLogger(__name__)

KIND = "draw"
DEMAND_FOR = 20_000
"""What more seats would bring takes some fifteen draws more; of larger ones that would outlast the time limit of a job."""


def start_draw(*, round_id: int, by: Any, now: datetime | None = None) -> Job:
    """Start the draw of a sealed round: a job that all can watch; while it is under way, the same job is returned.

    Raises `WrongState` for a round that is not sealed, `NotFound`, `Busy`. Concurrency: holds the round alone (advisory) and its row.
    """
    with locking_transaction():
        found = locked_round(round_id)
        if found.state not in {RoundState.SEALED, RoundState.RUN}:
            raise WrongState(
                _(
                    "The round “%(name)s” is in state “%(state)s”; a draw is held once the rankings are sealed."
                )
                % {"name": found.name, "state": found.get_state_display()}
            )
        with translation.override(settings.LANGUAGE_CODE):
            title = _("Draw of “%(name)s”") % {"name": found.name}
        return start_job(
            kind=KIND, key=str(round_id), title=title, params={"round": round_id}, by=by, now=now
        )


def hold_draw(*, job: Job, progress: Progress, now: datetime | None = None) -> None:
    """Work all mechanisms on the sealed text of the round that `job.params` names, and put it under review.

    Safe to run any number of times. Raises what `Progress` raises; whatever else fails puts the round back to sealed.
    Concurrency: nothing is locked while the mechanisms work; job, then the round alone (advisory) and its row, to begin and to end.
    """
    round_id = job.params["round"]
    try:
        _work(round_id, job, progress, now)
    except (*PASSING, LeaseLost):
        raise  # another attempt goes on from here
    except Exception:
        put_back(round_id=round_id, by=job.owner)
        raise


def _work(round_id: int, job: Job, progress: Progress, now: datetime | None) -> None:
    with locking_transaction():
        found = locked_round(round_id)
        if found.state == RoundState.SEALED:
            move_round(found, RoundState.RUN, by=job.owner, now=now, job=str(job.pk))
    if found.state != RoundState.RUN:
        return  # drawn already
    drawn = list(_outcomes(found, progress))
    with progress.finishing():
        found = locked_round(round_id)
        for outcome in drawn:
            DrawOutcome.objects.get_or_create(
                selection_round=found,
                mechanism=outcome.mechanism,
                defaults={"text": outcome.text, "sha256": outcome.sha256, "measures": outcome.measures},
            )
        hashes = {outcome.mechanism: outcome.sha256 for outcome in drawn}
        move_round(found, RoundState.REVIEW, by=job.owner, now=now, outcomes=hashes)


def _outcomes(found: SelectionRound, progress: Progress) -> Iterator[DrawOutcome]:
    """What each mechanism makes of the sealed text, not stored yet; one that the solver cannot carry is left out."""
    draw, seed = parse(SealedDraw.objects.get(selection_round=found).text), seed_of(found)
    # What more seats would bring is worked out by an order of service: an exact solver would have to run a dozen times more.
    asked = Mechanism.BY_TIME if found.mechanism == Mechanism.BY_TIME else Mechanism.RANDOM_SERIAL
    for step, mechanism in enumerate(Mechanism):
        progress.report(2 * step, 2 * len(Mechanism) + 1, str(mechanism.label))
        try:
            outcome = draw_by(mechanism, draw, seed)
        except (TooLarge, SolverFailed) as fault:
            log.warning("round %s is not drawn by %s: %s", found.pk, mechanism, fault)
            continue
        measures = measure(draw, outcome, seed).plain()
        if mechanism == asked and len(draw.participants) <= DEMAND_FOR:
            progress.report(
                2 * step + 1, 2 * len(Mechanism) + 1, _("Working out what more seats would bring")
            )
            measures["demand"] = asdict(demand(draw, seed, mechanism))
        text = outcome_text(outcome)
        yield DrawOutcome(mechanism=mechanism, text=text, sha256=fingerprint(text), measures=measures)
    progress.report(2 * len(Mechanism), 2 * len(Mechanism) + 1, _("Storing the outcomes"))


def put_back(*, round_id: int, by: Any, now: datetime | None = None) -> bool:
    """Put a draw that broke off back to its sealed rankings; False if it is not being drawn (any more).

    Concurrency: holds the round alone (advisory) and its row.
    """
    with locking_transaction():
        found = locked_round(round_id)
        if found.state != RoundState.RUN:
            return False
        move_round(found, RoundState.SEALED, by=by, now=now, broke_off=True)
    return True


def put_back_broken(*, now: datetime | None = None) -> int:
    """Put back the draws that no live job works at: their job was given up with its worker. Returns how many."""
    running = SelectionRound.objects.filter(mode=RoundMode.DRAW, state=RoundState.RUN).values_list(
        "pk", flat=True
    )
    jobs = Job.objects.filter(kind=KIND, state__in=LIVE_STATES).unscoped("is anybody at it?")
    live = set(jobs.values_list("key", flat=True))
    return sum(put_back(round_id=pk, by=None, now=now) for pk in running if str(pk) not in live)
