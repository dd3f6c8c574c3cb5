"""What a cadre sees of a topic's line, and what can be done there now: drawn from the same facts that the services decide by."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from courses.models import Offering
from partyschool.common.errors import Clash, Denial, LimitReached
from trainees.rules.denials import QuotaReached
from trainees.rules.electives import SeatFacts, promotion_denial, waiting_denial
from trainees.rules.waiting import Line, line_denial
from trainees.selectors.waiting import Standing, places_to_give_up, waiting_numbers

from .electives import RoundView, Topic


@dataclass(frozen=True)
class LineView:
    """The line of one topic for one cadre.

    `waiting` people stand in it; `standing` is the own place or offer. `over` is why nobody gets in line any more. With `may_join` the
    cadre may get in line, with `may_swap` take a free seat at once for one of the topics in `give_up`; `hindrance` is the own limit or
    clash that stands in the way of a seat unless one of them is given up.
    """

    waiting: int
    standing: Standing | None
    over: Denial | None
    may_join: bool
    may_swap: bool
    hindrance: Denial | None
    give_up: list[Offering]
    freezes_at: datetime


def _line(topic: Topic) -> Line:
    offering, facts, found = topic.offering, topic.facts, topic.offering.selection_round
    return Line(
        offering_id=offering.pk,
        title=offering.title,
        starts_on=offering.starts_on,
        offering_state=offering.state,
        frozen=facts.frozen,
        capacity=facts.capacity,
        taken=facts.taken,
        mode=found.waiting if found else None,
        offer_hours=found.offer_hours if found else None,
        freeze_days=found.freeze_days if found else None,
        round_state=found.state if found else None,
    )


def _own_hindrance(facts: SeatFacts, now: datetime) -> Denial | None:
    """The own limit or clash, which giving another topic up would remove."""
    denial = promotion_denial(facts, now)
    own = isinstance(denial, LimitReached | Clash) and not isinstance(denial, QuotaReached)
    return denial if own else None


def _that_help(facts: SeatFacts, held: Sequence[Offering]) -> list[Offering]:
    """Those of the held topics whose giving up removes the hindrance: any for the limit, the clashing one for a clash."""
    if facts.clash_offering is None:
        return list(held)
    return [one for one in held if one.title == facts.clash_offering]


def _view(
    topic: Topic, waiting: int, standing: Standing | None, held: Sequence[Offering], now: datetime
) -> LineView:
    facts, line = topic.facts, _line(topic)
    over = line_denial(line, now)
    hindrance = None if topic.picked else _own_hindrance(facts, now)
    give_up = _that_help(facts, held) if hindrance else []
    gone = facts.seats_left <= 0 or facts.queue or isinstance(topic.denial, QuotaReached)
    open_to_me = standing is None and not topic.picked and waiting_denial(facts, now) is None
    return LineView(
        waiting=waiting,
        standing=standing,
        over=over,
        may_join=open_to_me and gone and over is None,
        may_swap=open_to_me and not gone and bool(give_up),
        hindrance=hindrance,
        give_up=give_up,
        freezes_at=line.freezes_at,
    )


def with_lines(topics: Iterable[Topic], standings: Iterable[Standing], now: datetime) -> list[Topic]:
    """The topics of one page with their lines; places among them are what may be given up. One query."""
    topics = list(topics)
    numbers = waiting_numbers([topic.offering.pk for topic in topics])
    own = {standing.entry.offering_id: standing for standing in standings}
    held = [topic.offering for topic in topics if topic.may_give_up]
    return [
        replace(
            topic,
            line=_view(
                topic,
                numbers.get(topic.offering.pk, 0),
                own.get(topic.offering.pk),
                [one for one in held if one.selection_round_id == topic.offering.selection_round_id],
                now,
            ),
        )
        for topic in topics
    ]


def rounds_with_lines(
    rounds: Sequence[RoundView], standings: Sequence[Standing], now: datetime
) -> list[RoundView]:
    """The rounds of the list with the lines of all their topics. One query, none without a topic."""
    topics = [topic for found in rounds for topic in found.topics]
    lined = iter(with_lines(topics, standings, now)) if topics else iter(())
    return [replace(found, topics=[next(lined) for _topic in found.topics]) for found in rounds]


def topic_with_line(topic: Topic, standings: Sequence[Standing], now: datetime) -> Topic:
    """One topic for its own page, with the cadre's other places of the round. Two queries."""
    (lined,) = with_lines([topic], standings, now)
    line = lined.line
    if line is None or line.hindrance is None or topic.facts.round_id is None:
        return lined
    held = [place.offering for place in places_to_give_up(topic.facts.cadre_id, topic.facts.round_id)]
    return replace(topic, line=_view(topic, line.waiting, line.standing, held, now))
