"""Electives as one cadre sees them: the facts that decide a claim, and the page drawn from the very same facts."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import TYPE_CHECKING, Any

from django.db.models import Prefetch, Q
from django.utils.translation import gettext as _

from courses.enums import OfferingKind, OfferingState, RoundMode, RoundState
from courses.models import Lesson, Offering, SelectionRound
from partyschool.common import clock
from partyschool.common.errors import Denial, NotEligible, NotFound
from partyschool.common.prepared import PreparedStatement, run_prepared
from trainees.enums import EnrolmentState
from trainees.models import Cadre, Enrolment
from trainees.rules.electives import SeatFacts, holds_place, is_on_show, selection_denial, withdrawal_denial

if TYPE_CHECKING:
    from .line_views import LineView

Locks = tuple[PreparedStatement, ...]

# One row per offering, columns in the order of SeatFacts. The list of seated states is written out, so that the planner sees that
# the partial index of live enrolments serves. Reservations and quotas are looked up where the seat row tells of any. `without` is
# an enrolment to leave out of account: the one that a swap gives up (0 for none).
_FACTS = """
SELECT o.id, o.title, o.state, s.capacity, s.taken, s.capacity - s.reserved - (s.taken - s.reserved_taken),
       CASE WHEN s.reserved > 0 THEN (
           SELECT COALESCE(sum(kept.seats - kept.taken), 0)::int FROM courses_seatreservation kept
           LEFT JOIN accounts_unit u ON u.id = kept.unit_id
           WHERE kept.offering_id = o.id AND (u.id IS NULL OR starts_with(home.path, u.path))
             AND (kept.ranks = '{}' OR c.rank = ANY (kept.ranks)) AND (kept.categories = '{}' OR c.category = ANY (kept.categories))
       ) ELSE 0 END,
       quota.most, quota.taken, s.frozen,
       COALESCE(r.waiting <> 'none', false)
           AND EXISTS (SELECT FROM trainees_waitingentry w WHERE w.offering_id = o.id AND w.state = 'waiting' AND w.cadre_id <> c.id),
       r.id, r.name, r.mode, r.state,
       COALESCE((SELECT early.opens_at FROM courses_roundopening early JOIN accounts_unit u ON u.id = early.unit_id
                 WHERE early.selection_round_id = r.id AND starts_with(home.path, u.path)
                 ORDER BY length(u.path) DESC LIMIT 1), r.opens_at),
       r.closes_at, r.change_closes_at, r.max_picks, r.ranks, r.categories,
       COALESCE((SELECT bool_or(starts_with(home.path, admitted.path)) FROM courses_selectionround_units ru
                 JOIN accounts_unit admitted ON admitted.id = ru.unit_id WHERE ru.selectionround_id = o.selection_round_id), true),
       c.id, c.rank, c.category, c.left_on, held.enrolment, held.state, held.picks,
       CASE WHEN o.series <> '' AND o.kind <> 'forum' AND NOT COALESCE(r.repeats_allowed, true) THEN (
           SELECT max(past.year) FROM trainees_enrolment e JOIN courses_offering past ON past.id = e.offering_id
           WHERE e.cadre_id = c.id AND e.state = 'completed' AND past.series = o.series AND past.kind = o.kind AND past.id <> o.id
       ) END,
       clash.title, (SELECT title FROM courses_offering WHERE id = clash.offering_id), clash.starts_at, clash.ends_at
FROM trainees_cadre c
JOIN accounts_unit home ON home.id = c.unit_id
CROSS JOIN courses_offering o
JOIN courses_seatcount s ON s.offering_id = o.id
LEFT JOIN courses_selectionround r ON r.id = o.selection_round_id
LEFT JOIN LATERAL (
    SELECT q.most, q.taken FROM courses_unitquota q JOIN accounts_unit u ON u.id = q.unit_id
    WHERE s.quotas > 0 AND q.offering_id = o.id AND starts_with(home.path, u.path) ORDER BY length(u.path) DESC LIMIT 1
) quota ON true
CROSS JOIN LATERAL (
    SELECT max(e.id) FILTER (WHERE e.offering_id = o.id) AS enrolment,
           max(e.state) FILTER (WHERE e.offering_id = o.id) AS state,
           count(*) FILTER (WHERE p.selection_round_id = o.selection_round_id) AS picks
    FROM trainees_enrolment e JOIN courses_offering p ON p.id = e.offering_id
    WHERE e.cadre_id = c.id AND e.state IN ('enrolled', 'completed', 'not_completed', 'held') AND e.id <> %(without)s
) held
LEFT JOIN LATERAL (
    SELECT own.title, own.offering_id, own.starts_at, own.ends_at
    FROM courses_lesson wanted
    JOIN courses_lesson own ON own.starts_at < wanted.ends_at AND wanted.starts_at < own.ends_at
    JOIN trainees_enrolment e ON e.offering_id = own.offering_id
    WHERE wanted.offering_id = o.id AND own.offering_id <> o.id AND wanted.cancelled_at IS NULL AND own.cancelled_at IS NULL
      AND e.cadre_id = c.id AND e.state IN ('enrolled', 'completed', 'not_completed', 'held') AND e.id <> %(without)s
    ORDER BY own.starts_at, own.id LIMIT 1
) clash ON true
"""
# Planning such a query costs five times its execution, so each connection does it once.
_OF_USER = PreparedStatement(
    "seat_facts_of_user",
    _FACTS + "WHERE c.user_id = %(user)s AND o.id = %(offering)s",
    {"user": "bigint", "offering": "bigint", "without": "bigint"},
)
_OF_CADRE = PreparedStatement(
    "seat_facts_of_cadre",
    _FACTS + "WHERE c.id = %(cadre)s AND o.id = %(offering)s",
    {"cadre": "bigint", "offering": "bigint", "without": "bigint"},
)
_OF_ROUND = PreparedStatement(
    "seat_facts_of_round",
    _FACTS + "WHERE c.user_id = %(user)s AND r.id = %(round)s AND o.state <> 'planned'",
    {"user": "bigint", "round": "bigint", "without": "bigint"},
)
_IN_ROUND = PreparedStatement(
    "seat_facts_in_round",
    _FACTS + "WHERE c.id = %(cadre)s AND r.id = %(round)s ORDER BY o.starts_on, o.id",
    {"cadre": "bigint", "round": "bigint", "without": "bigint"},
)
_OF_CANDIDATES = PreparedStatement(
    "seat_facts_of_candidates",
    _FACTS.replace("e.id <> %(without)s", "e.offering_id <> %(leaving)s")
    + "WHERE o.id = %(offering)s AND c.id = ANY (%(cadres)s)",
    {"offering": "bigint", "cadres": "bigint[]", "leaving": "bigint"},
)
_ON_OFFER = PreparedStatement(
    "seat_facts_on_offer",
    _FACTS + "WHERE c.user_id = %(user)s AND r.state NOT IN ('draft', 'closed') AND o.state <> 'planned'"
    " AND (r.state <> 'open' OR r.mode = 'draw' OR r.closes_at > %(now)s)"
    " AND (r.state <> 'change' OR r.change_closes_at > %(now)s)"
    " ORDER BY r.closes_at, r.id, o.starts_on, o.code",
    {"user": "bigint", "now": "timestamptz", "without": "bigint"},
)


def facts_for_user(*, user_id: int, offering_id: int, without: int = 0, locks: Locks = ()) -> SeatFacts:
    """The facts of the user's own cadre record and one offering. `locks` are taken before, in the same round trip.

    `without` is an enrolment to leave out of account, as if it were given up.

    Raises `NotEligible` for a log-in without a cadre record, `NotFound` for an unknown offering. Reads the own record alone, so
    no scope is asked.
    """
    found = run_prepared(
        *locks, _OF_USER, values={"user": user_id, "offering": offering_id, "without": without}
    )
    if found:
        return SeatFacts(*found[0])
    if not Cadre.objects.filter(user=user_id).unscoped("whether the log-in has a record of its own").exists():
        raise NotEligible(
            _("This log-in is not linked to a cadre's record."),
            remedy=_("Ask the academic affairs office to link it."),
        )
    raise NotFound(
        _("There is no such topic."), remedy=_("Go back to the list of electives and choose from there.")
    )


def facts_of_candidates(*, offering_id: int, cadre_ids: Sequence[int], leaving: int = 0) -> list[SeatFacts]:
    """The facts of many cadres and one offering, whom the caller may see or only counts; in one query.

    `leaving` is an offering whose places are left out of account, as if they were given up: for people who are to be moved from it.
    """
    values = {"offering": offering_id, "cadres": list(cadre_ids), "leaving": leaving}
    return [SeatFacts(*row) for row in run_prepared(_OF_CANDIDATES, values=values)] if cadre_ids else []


def facts_of_round(*, user_id: int, round_id: int, locks: Locks = ()) -> list[SeatFacts]:
    """The facts of the user's own cadre record and every announced topic of a round: empty for an unknown round, or without a record."""
    rows = run_prepared(*locks, _OF_ROUND, values={"user": user_id, "round": round_id, "without": 0})
    return [SeatFacts(*row) for row in rows]


def facts_in_round(*, cadre_id: int, round_id: int) -> list[SeatFacts]:
    """The facts of a cadre whom the caller may see and every topic of a round, those not announced yet among them."""
    values = {"cadre": cadre_id, "round": round_id, "without": 0}
    return [SeatFacts(*row) for row in run_prepared(_IN_ROUND, values=values)]


def facts_on_offer(*, user_id: int, now: datetime) -> list[SeatFacts]:
    """The facts of the user's own cadre record and every topic of the rounds under way, soonest closing first."""
    rows = run_prepared(_ON_OFFER, values={"user": user_id, "now": now, "without": 0})
    return [SeatFacts(*row) for row in rows]


def facts_for_cadre(*, cadre_id: int, offering_id: int, without: int = 0, locks: Locks = ()) -> SeatFacts:
    """The same for a cadre whom the caller may see, e.g. staff. Raises `NotFound`."""
    found = run_prepared(
        *locks, _OF_CADRE, values={"cadre": cadre_id, "offering": offering_id, "without": without}
    )
    if not found:
        raise NotFound(
            _("Cadre %(cadre)s or offering %(offering)s is not known.")
            % {"cadre": cadre_id, "offering": offering_id}
        )
    return SeatFacts(*found[0])


@dataclass(frozen=True)
class Topic:
    """One elective as a cadre sees it. `denial` is why it cannot be picked now; `picked`: a place is held already.

    `line` is its waiting list where a page shows one: `.line_views`.
    """

    offering: Offering
    facts: SeatFacts
    denial: Denial | None
    may_give_up: bool
    line: "LineView | None" = None

    @property
    def picked(self) -> bool:
        return self.facts.enrolment_id is not None


@dataclass(frozen=True)
class RoundView:
    """An open round with its topics; `picks` of `max_picks` are used."""

    found: SelectionRound
    name: str
    opens_at: datetime
    closes_at: datetime
    max_picks: int
    picks: int
    begun: bool
    topics: list[Topic]

    @property
    def picked(self) -> list[Topic]:
        return [topic for topic in self.topics if topic.picked]

    @property
    def of_forum(self) -> bool:
        """Whether it gives out the seats of forum sessions alone."""
        return all(topic.offering.kind == OfferingKind.FORUM for topic in self.topics)

    @property
    def drawn(self) -> bool:
        """Whether its seats are not picked but drawn: until the change window opens."""
        return self.found.mode == RoundMode.DRAW and self.found.state != RoundState.CHANGE

    @property
    def undecided(self) -> bool:
        """Whether seats still matter to the reader: the round takes picks and some are left."""
        return self.begun and self.picks < self.max_picks


def _on_show() -> Any:
    lessons = (
        Lesson.objects.filter(cancelled_at=None).select_related("room", "teacher").order_by("starts_at", "id")
    )
    return Offering.objects.select_related("lead_teacher", "selection_round").prefetch_related(
        Prefetch("lessons", queryset=lessons)
    )


def _may_give_up(facts: SeatFacts, now: datetime) -> bool:
    return holds_place(facts) and withdrawal_denial(facts, now) is None


def _topics(facts: Iterable[SeatFacts], now: datetime) -> list[Topic]:
    facts = list(facts)
    offerings = _on_show().in_bulk([one.offering_id for one in facts])
    return [
        Topic(offerings[one.offering_id], one, selection_denial(one, now), _may_give_up(one, now))
        for one in facts
    ]


def rounds_for(user: Any, *, now: datetime | None = None) -> list[RoundView]:
    """The rounds that are open or announced to `user`, soonest closing first, with all their topics. Three queries."""
    now = now or clock.now()
    facts_of_all = facts_on_offer(user_id=user.pk, now=now)
    views = []
    for found, group in groupby(_topics(facts_of_all, now), key=lambda topic: topic.offering.selection_round):
        # What can still be had comes first: a round of the forum lasts the year, and holds what is over.
        topics = sorted(group, key=lambda topic: topic.facts.offering_state != OfferingState.PUBLISHED)
        if found is not None:
            facts = topics[0].facts
            opens_at = facts.opens_at or found.opens_at
            views.append(
                RoundView(
                    found,
                    found.name,
                    opens_at,
                    found.closes_at,
                    found.max_picks,
                    facts.picks,
                    opens_at <= now,
                    topics,
                )
            )
    return views


def topic_for(user: Any, offering_id: int, *, now: datetime | None = None) -> Topic:
    """One elective for its own page. Raises `NotFound` for one that trainees do not know of, and as `facts_for_user`."""
    facts = facts_for_user(user_id=user.pk, offering_id=offering_id)
    if not is_on_show(facts):
        raise NotFound(
            _("There is no such topic."), remedy=_("Go back to the list of electives and choose from there.")
        )
    return _topics([facts], now or clock.now())[0]


def past_picks(user: Any, *, now: datetime | None = None) -> list[Enrolment]:
    """The user's own electives of rounds that are over, newest first, given up ones too. One query."""
    now = now or clock.now()
    over = (
        Q(offering__selection_round__state="closed")
        | Q(
            offering__selection_round__state="open",
            offering__selection_round__mode="first_come",
            offering__selection_round__closes_at__lte=now,
        )
        | Q(offering__selection_round__state="change", offering__selection_round__change_closes_at__lte=now)
    )
    mine = Enrolment.objects.visible_to(user).filter(
        over, cadre__user=user.pk, offering__kind__in=[OfferingKind.ELECTIVE, OfferingKind.FORUM]
    )
    return list(mine.select_related("offering__selection_round").order_by("-offering__starts_on", "-id")[:50])


def ended_place(*, cadre_id: int, offering_id: int) -> Enrolment | None:
    """The cadre's latest given-up place in the offering, to tell a second press of the button what the first one did."""
    given_up = Enrolment.objects.filter(cadre=cadre_id, offering=offering_id, state=EnrolmentState.WITHDRAWN)
    return given_up.unscoped("the own record, found by its log-in").order_by("-ended_at").first()
