"""Two draws of small seminars: last year's, drawn, published and held, and this year's, open for ranking."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta

from django.db import transaction

import trainees.tasks  # noqa: F401 -- registers the kinds of jobs, as in every worker
from courses.enums import CourseModule, Mechanism, OfferingKind, RoundMode, RoundState, TeachingMethod
from courses.models import Offering, SelectionRound
from courses.services.commitment import commit_seed
from courses.services.rounds import close_round, open_round
from partyschool.accounts.models import User
from partyschool.common import clock
from partyschool.jobs.services.running import run_job
from trainees.models import Cadre, Ranking
from trainees.services.drawing import start_draw
from trainees.services.publication import publish_draw
from trainees.services.sealing import seal_round

from .history import Chronicle, lot
from .plans import AFTERNOON, HALF_DAY_HOURS, MORNING, LessonPlan, Plan

NAME = "年度小班研修"
# The third and the fourth are held at the same time.
SEMINARS = (
    ("领导力情景模拟工作坊", CourseModule.CAPABILITY, TeachingMethod.SIMULATION, 0, MORNING),
    ("基层调解案例研修", CourseModule.CAPABILITY, TeachingMethod.CASE, 0, AFTERNOON),
    ("公文写作精讲与面改", CourseModule.PROFESSIONAL, TeachingMethod.INTERACTIVE, 1, MORNING),
    ("党史现场教学小班", CourseModule.PARTY_SPIRIT, TeachingMethod.EXPERIENTIAL, 1, MORNING),
)
TAKES_PART = 0.6
SEAT_SHARE = 8
"""One seat of each seminar for so many cadres: not everybody can have one."""


def hold_past_draw(chronicle: Chronicle, people: Sequence[Cadre], year: int) -> None:
    """Last year's draw from the opening to the last roll call; begun and interrupted, it goes on where it stopped."""
    opens_at = clock.school_instant(date(year, 10, 27), time(9))
    found = _round(year, opens_at, opens_at + timedelta(days=7))
    plans = list(_plans(year, (date(year, 11, 18), date(year, 11, 19)), people))
    offerings = chronicle.announce(plans, {OfferingKind.ELECTIVE: found})
    by, closed = chronicle.by, found.closes_at + timedelta(minutes=1)
    if found.state == RoundState.DRAFT:
        _open_quietly(found)
    if found.state == RoundState.OPEN:
        _rank(found, offerings, people, by)
        seal_round(round_id=found.pk, by=by, now=closed)
    if _state(found) in {RoundState.SEALED, RoundState.RUN}:
        run_job(job_id=start_draw(round_id=found.pk, by=by).pk)
    if _state(found) == RoundState.REVIEW:
        publish_draw(
            round_id=found.pk, mechanism=Mechanism.RANDOM_SERIAL, by=by, now=closed + timedelta(days=1)
        )
    for plan, offering in zip(plans, offerings, strict=True):
        chronicle.conclude(plan, offering)
    if _state(found) == RoundState.PUBLISHED:
        close_round(round_id=found.pk, by=by, now=closed + timedelta(days=30))


def open_draw(chronicle: Chronicle, people: Sequence[Cadre], year: int, now: datetime) -> None:
    """This year's draw, open for ranking for ten days; some have ranked already, those with an account have not."""
    opens_at = now.replace(minute=0, second=0, microsecond=0)
    found = _round(year, opens_at, opens_at + timedelta(days=10))
    today = clock.school_date(now)
    monday = today + timedelta(days=28 - today.weekday())
    offerings = chronicle.announce(
        list(_plans(year, (monday, monday + timedelta(days=1)), people)), {OfferingKind.ELECTIVE: found}
    )
    if found.state == RoundState.DRAFT:
        open_round(round_id=found.pk, by=chronicle.by, now=opens_at - timedelta(hours=1))
        _rank(found, offerings, [cadre for cadre in people if not cadre.user_id], chronicle.by)


def _round(year: int, opens_at: datetime, closes_at: datetime) -> SelectionRound:
    stored, _new = SelectionRound.objects.get_or_create(
        year=year,
        name=f"{year}{NAME}",
        defaults={
            "mode": RoundMode.DRAW,
            "opens_at": opens_at,
            "closes_at": closes_at,
            "max_picks": 1,
        },
    )
    return stored


def _state(found: SelectionRound) -> str:
    return SelectionRound.objects.values_list("state", flat=True).get(pk=found.pk)


def _plans(year: int, days: tuple[date, date], people: Sequence[Cadre]) -> Iterator[Plan]:
    for part, (title, module, method, day, span) in enumerate(SEMINARS):
        yield Plan(
            f"XB{year}-00-{part + 1:02}",
            OfferingKind.ELECTIVE,
            title,
            "小班研修，名额有限，填报志愿后抽签分配。",
            max(3, len(people) // SEAT_SHARE),
            [LessonPlan(title, days[day], span, HALF_DAY_HOURS, module, method)],
            part=part,
            in_round=True,
            series=f"seminar-{part + 1}",
        )


@transaction.atomic
def _open_quietly(found: SelectionRound) -> None:
    """Open a round of the past: its seed is committed as ever, but nobody is told today of what was long ago."""
    commit_seed(found)
    found.state = RoundState.OPEN
    found.save()


def _rank(found: SelectionRound, offerings: Sequence[Offering], people: Sequence[Cadre], by: User) -> None:
    """Wishes by the thousand: everybody with an account, and of the others as many as take an interest."""
    Ranking.objects.bulk_create(
        (
            Ranking(
                cadre=cadre,
                selection_round=found,
                offerings=_wishes(cadre, offerings),
                ranked_at=found.opens_at + timedelta(seconds=lot(cadre, "ranked at").randrange(3 * 86_400)),
                ranked_by=by,
            )
            for cadre in people
            if cadre.user_id or lot(cadre, "takes part").random() < TAKES_PART
        ),
        ignore_conflicts=True,
        batch_size=2000,
    )


def _wishes(cadre: Cadre, offerings: Sequence[Offering]) -> list[int]:
    """Two to four of the seminars, the first ones being the more popular."""
    draw = lot(cadre, "wishes")
    order = sorted(range(len(offerings)), key=lambda part: draw.random() * (part + 2))
    return [offerings[part].pk for part in order[: draw.randint(2, len(offerings))]]
