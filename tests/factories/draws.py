from datetime import timedelta
from typing import Any

from courses.enums import RoundMode, RoundState
from courses.models import SelectionRound
from courses.services.rounds import open_round
from partyschool.accounts.enums import Role
from partyschool.common import clock
from tests.factories.accounts import make_unit, make_user
from tests.factories.courses import OfferingFactory, SelectionRoundFactory
from tests.factories.trainees import make_trainee
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
