"""The rounds of which a trainee has to know today."""

from collections.abc import Sequence
from datetime import datetime
from itertools import groupby
from typing import Any, NamedTuple

from courses.enums import RoundMode, RoundState
from partyschool.common import clock
from trainees.models import Ranking
from trainees.rules.electives import SeatFacts, ranking_denial, waiting_denial

from .electives import facts_on_offer


class RoundToday(NamedTuple):
    """A round that takes picks, changes or rankings of the reader now, or whose draw the reader takes part in.

    `state` is that of the round, `until` when it ends (None while it is drawn).
    """

    round_id: int
    name: str
    state: str
    drawn: bool
    until: datetime | None


def rounds_today(user: Any, *, now: datetime | None = None) -> list[RoundToday]:
    """The rounds in which a topic is open to `user`, or that concern them: a place, or a ranking in a draw. Two queries."""
    now = now or clock.now()
    ranked = set(
        Ranking.objects.visible_to(user)
        .filter(cadre__user=user.pk, selection_round__state__in=[*_WAITING_FOR_RESULT, RoundState.OPEN])
        .exclude(offerings=[])
        .values_list("selection_round", flat=True)
    )
    found = []
    for _round_id, group in groupby(
        facts_on_offer(user_id=user.pk, now=now), key=lambda facts: facts.round_id
    ):
        topics = list(group)
        if _concerns(topics, ranked, now):
            found.append(_today(topics[0]))
    return found


_WAITING_FOR_RESULT = (RoundState.SEALED, RoundState.RUN, RoundState.REVIEW, RoundState.PUBLISHED)


def _concerns(topics: Sequence[SeatFacts], ranked: set[int], now: datetime) -> bool:
    first = topics[0]
    if first.round_state in _WAITING_FOR_RESULT:
        return first.round_id in ranked
    if first.opens_at is None or first.opens_at > now:
        return False
    if first.round_mode == RoundMode.DRAW and first.round_state == RoundState.OPEN:
        return ranking_denial(first, now) is None
    return any(facts.enrolment_id is not None or waiting_denial(facts, now) is None for facts in topics)


def _today(facts: SeatFacts) -> RoundToday:
    state = str(facts.round_state)
    until = {RoundState.OPEN: facts.closes_at, RoundState.CHANGE: facts.change_closes_at}
    return RoundToday(
        facts.round_id or 0,
        facts.round_name or "",
        state,
        facts.round_mode == RoundMode.DRAW,
        until.get(RoundState(state)),
    )
