"""A draw as one cadre sees it while its topics are ranked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from courses.enums import RoundState
from courses.models import Offering, SelectionRound
from partyschool.common import clock
from partyschool.common.errors import Denial
from trainees.models import Ranking
from trainees.rules.electives import SeatFacts, draw_denial, ranking_denial

from .draw_words import HOW
from .electives import RoundView, rounds_for


@dataclass(frozen=True)
class Wish:
    """One topic of a draw: `place` in the own ranking (1 first) or None; `bar` is why it would not be given as things stand."""

    offering: Offering
    facts: SeatFacts
    place: int | None
    bar: Denial | None

    @property
    def picked(self) -> bool:
        """Whether a place is held already, by the school's own hand or since the result."""
        return self.facts.enrolment_id is not None


@dataclass(frozen=True)
class DrawView:
    """A draw with the reader's wishes, ranked ones first. `denial` is why they cannot be ranked now."""

    found: SelectionRound
    opens_at: datetime
    ranking: Ranking | None
    denial: Denial | None
    wishes: list[Wish]

    @property
    def ranked(self) -> list[Wish]:
        return [wish for wish in self.wishes if wish.place is not None]

    @property
    def how(self) -> Any:
        """How the announced mechanism gives the places, in words."""
        return HOW[self.found.mechanism]

    @property
    def places(self) -> range:
        """The places that can be given."""
        return range(1, len(self.wishes) + 1)


def view_of_draw(
    view: RoundView, ranking: Ranking | None, *, now: datetime, tried: Mapping[int, int] | None = None
) -> DrawView:
    """The draw of `view` with the stored ranking, or with the places (by offering) that the reader has just `tried`."""
    stored = {pk: place for place, pk in enumerate(ranking.offerings, 1)} if ranking else {}
    places = stored if tried is None else tried
    wishes = [
        Wish(topic.offering, topic.facts, places.get(topic.offering.pk), draw_denial(topic.facts, now))
        for topic in view.topics
    ]
    wishes.sort(key=lambda wish: wish.place or len(view.topics) + 1)
    return DrawView(view.found, view.opens_at, ranking, ranking_denial(view.topics[0].facts, now), wishes)


def draws_among(rounds: Sequence[RoundView], user: Any, *, now: datetime | None = None) -> list[DrawView]:
    """Those of the open rounds whose seats are yet to be drawn, with the reader's rankings. One query, none without a draw."""
    drawn = [view for view in rounds if view.drawn and view.found.state != RoundState.PUBLISHED]
    if not drawn:
        return []
    own = Ranking.objects.visible_to(user).filter(
        cadre__user=user.pk, selection_round__in=[view.found.pk for view in drawn]
    )
    rankings = {one.selection_round_id: one for one in own}
    return [view_of_draw(view, rankings.get(view.found.pk), now=now or clock.now()) for view in drawn]


def draw_for(
    user: Any, round_id: int, *, tried: Mapping[int, int], now: datetime | None = None
) -> DrawView | None:
    """One draw that is open to `user`, with the places just tried; None if it is not on offer."""
    now = now or clock.now()
    views = [view for view in rounds_for(user, now=now) if view.drawn and view.found.pk == round_id]
    if not views:
        return None
    own = Ranking.objects.visible_to(user).filter(cadre__user=user.pk, selection_round=round_id)
    return view_of_draw(views[0], own.first(), now=now, tried=tried)
