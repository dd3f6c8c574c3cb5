from collections.abc import Iterable
from datetime import timedelta
from typing import Any

import trainees.tasks  # noqa: F401 -- registers the kinds of jobs
from courses.enums import Mechanism, RoundMode, RoundState
from courses.models import SelectionRound
from courses.services.rounds import open_round
from partyschool.accounts.enums import Role
from partyschool.common import clock
from partyschool.jobs.services.running import run_job
from tests.factories.accounts import make_unit, make_user
from tests.factories.courses import OfferingFactory, SelectionRoundFactory
from tests.factories.trainees import make_trainee
from trainees.models import DrawPlace, Enrolment, Ranking, SelectionDraw
from trainees.services.drawing import start_draw
from trainees.services.publication import publish_draw
from trainees.services.rankings import rank_topics
from trainees.services.sealing import seal_round


class Draw:
    """A draw of three topics (`seats` each), opened yesterday through the service, and `people` trainees of one unit."""

    def __init__(self, *, seats: tuple[int, ...] = (2, 2, 2), people: int = 0, **fields: Any) -> None:
        now = clock.now()
        self.opened, self.closes = now - timedelta(days=1), now + timedelta(days=1)
        self.staff = make_user(Role.STAFF)
        found = SelectionRoundFactory(
            mode=RoundMode.DRAW,
            state=RoundState.DRAFT,
            opens_at=self.opened,
            closes_at=self.closes,
            **fields,
        )
        self.topics = [OfferingFactory(selection_round=found, capacity=number) for number in seats]
        self.pk = open_round(round_id=found.pk, by=self.staff, now=self.opened - timedelta(hours=1)).pk
        self.unit = make_unit()
        self.cadres = [make_trainee(unit=self.unit) for _each in range(people)]

    @property
    def found(self) -> SelectionRound:
        """The round as it is stored now."""
        return SelectionRound.objects.get(pk=self.pk)

    def rank(self, cadre: Any, *numbers: int, **fields: Any) -> Any:
        """Rank topics by their place in `topics`."""
        wishes = [self.topics[number].pk for number in numbers]
        return rank_topics(round_id=self.pk, offerings=wishes, by=cadre.user, **fields)

    def seal(self, by: Any = None) -> Any:
        """Seal the rankings, a minute after they closed."""
        return seal_round(round_id=self.pk, by=by, now=self.closes + timedelta(minutes=1))

    def hold(self) -> Any:
        """Hold the draw as a worker does; the state that the job was left in."""
        return run_job(job_id=start_draw(round_id=self.pk, by=self.staff).pk)

    def publish(self, mechanism: str = Mechanism.RANDOM_SERIAL, **fields: Any) -> Any:
        """Publish one mechanism's outcome."""
        return publish_draw(round_id=self.pk, mechanism=mechanism, by=self.staff, **fields)


def publish_for(cadres: Iterable[Any], staff: Any) -> SelectionDraw:
    """A published draw of one seat that all `cadres`, with or without a log-in, wanted."""
    draw = Draw(seats=(1,))
    for cadre in cadres:
        Ranking.objects.create(
            cadre=cadre, selection_round_id=draw.pk, offerings=[draw.topics[0].pk], ranked_by=staff
        )
    draw.seal()
    draw.hold()
    draw.publish()
    return SelectionDraw.objects.get(pk=draw.pk)


def drawn(**fields: Any) -> Draw:
    """A draw under review: six people want the same of three topics with two seats each, in the same order."""
    draw = Draw(people=6, max_picks=1, **fields)
    for cadre in draw.cadres:
        draw.rank(cadre, 0, 1)
    draw.seal()
    draw.hold()
    return draw


def places(draw: Draw) -> dict[int, DrawPlace]:
    """What the published draw gave, by cadre."""
    return {
        place.cadre_id: place for place in DrawPlace.objects.filter(selection_round=draw.pk).unscoped("test")
    }


def enrolled(draw: Draw) -> set[tuple[int, int]]:
    """Cadre and topic of every place in the draw's topics."""
    rows = Enrolment.objects.filter(offering__selection_round=draw.pk, state="enrolled").unscoped("test")
    return {(row.cadre_id, row.offering_id) for row in rows}
