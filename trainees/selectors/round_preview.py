"""Who can choose what in a round, before anybody has: counted for groups of cadres, and shown for one."""

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection
from django.utils.translation import gettext as _

from courses.enums import OfferingState, RoundMode, RoundState
from courses.models import Offering, SelectionRound
from partyschool.accounts.models import Unit
from partyschool.common import clock
from partyschool.common.errors import Denial
from trainees.enums import CadreCategory, Rank
from trainees.models import Cadre
from trainees.rules.electives import SeatFacts, selection_denial

from .electives import facts_in_round


class Grouping(StrEnum):
    """By what the cadres of a preview are grouped."""

    RANK = "rank"
    CATEGORY = "category"
    UNIT = "unit"


# The cadres on the register whom the reader may see, each with the group, whether the round is open to them, and when it opens.
_PEOPLE = """
WITH home AS MATERIALIZED (
    SELECT u.id, {group} AS grp,
           COALESCE((SELECT early.opens_at FROM courses_roundopening early JOIN accounts_unit over ON over.id = early.unit_id
                     WHERE early.selection_round_id = r.id AND starts_with(u.path, over.path)
                     ORDER BY length(over.path) DESC LIMIT 1), r.opens_at) AS opens_at,
           COALESCE((SELECT bool_or(starts_with(u.path, admitted.path)) FROM courses_selectionround_units ru
                     JOIN accounts_unit admitted ON admitted.id = ru.unit_id WHERE ru.selectionround_id = r.id), true) AS admitted
    FROM accounts_unit u CROSS JOIN courses_selectionround r
    WHERE r.id = %(round)s AND starts_with(u.path, %(within)s)
), people AS (
    SELECT c.id, {key} AS key, home.opens_at,
           home.admitted AND (r.ranks = '{{}}' OR c.rank = ANY (r.ranks)) AND (r.categories = '{{}}' OR c.category = ANY (r.categories)) AS fits
    FROM trainees_cadre c JOIN home ON home.id = c.unit_id CROSS JOIN courses_selectionround r
    WHERE r.id = %(round)s AND (c.left_on IS NULL OR c.left_on > %(today)s) AND c.id IN ({seen})
)
"""
_GROUPS = "SELECT key, count(*), count(*) FILTER (WHERE fits), min(opens_at), max(opens_at) FROM people GROUP BY key ORDER BY key"
# What bars people whom the round is open to from one topic, the first reason of each: the same rules, in the same order, as those of
# `trainees.rules.electives.SELECTION`; a test compares the two.
_BARRED = """
, topics AS (
    SELECT o.id, o.series, o.kind, r.repeats_allowed FROM courses_offering o JOIN courses_selectionround r ON r.id = o.selection_round_id
    WHERE r.id = %(round)s AND o.state IN ('planned', 'published')
), reasons AS (
    SELECT e.cadre_id, t.id AS topic, 1 AS reason FROM topics t
    JOIN trainees_enrolment e ON e.offering_id = t.id AND e.state IN ('enrolled', 'completed', 'not_completed', 'held')
    UNION ALL
    SELECT e.cadre_id, t.id, 2 FROM topics t
    JOIN courses_offering past ON past.series = t.series AND past.kind = t.kind AND past.kind <> 'forum' AND past.id <> t.id
    JOIN trainees_enrolment e ON e.offering_id = past.id AND e.state = 'completed'
    WHERE t.series <> '' AND NOT t.repeats_allowed
    UNION ALL
    SELECT e.cadre_id, t.id, 3 FROM topics t
    JOIN courses_lesson wanted ON wanted.offering_id = t.id AND wanted.cancelled_at IS NULL
    JOIN courses_lesson own ON own.starts_at < wanted.ends_at AND wanted.starts_at < own.ends_at
                           AND own.offering_id <> t.id AND own.cancelled_at IS NULL
    JOIN trainees_enrolment e ON e.offering_id = own.offering_id AND e.state IN ('enrolled', 'completed', 'not_completed', 'held')
), barred AS (
    SELECT cadre_id, topic, min(reason) AS reason FROM reasons GROUP BY cadre_id, topic
)
SELECT barred.topic, people.key, barred.reason, count(*)
FROM barred JOIN people ON people.id = barred.cadre_id WHERE people.fits GROUP BY 1, 2, 3
"""


@dataclass(frozen=True)
class Group:
    """Cadres of one rank, category or unit. `people` are on the register, `fits` of them the round is open to."""

    key: str
    label: str
    unit: Unit | None
    people: int
    fits: int
    opens_from: datetime
    opens_to: datetime

    @property
    def not_eligible(self) -> int:
        return self.people - self.fits


@dataclass
class Cell:
    """How many of a group may pick a topic, and why the others of those the round is open to may not."""

    fits: int = 0
    has_it: int = 0
    attended: int = 0
    clash: int = 0

    @property
    def able(self) -> int:
        return self.fits - self.has_it - self.attended - self.clash


@dataclass
class TopicRow:
    """One topic: a cell for every group, in their order, and all of them together."""

    offering: Offering
    capacity: int
    reserved: int
    whole: Cell
    cells: list[Cell] = field(default_factory=list)

    @property
    def seats_per_head(self) -> float | None:
        """Seats for each cadre who may pick it, or None where there are none."""
        return self.capacity / self.whole.able if self.whole.able else None


@dataclass(frozen=True)
class Preview:
    """The matrix of a round: topics by groups."""

    grouping: Grouping
    groups: list[Group]
    topics: list[TopicRow]

    @property
    def people(self) -> int:
        return sum(group.people for group in self.groups)

    @property
    def fits(self) -> int:
        return sum(group.fits for group in self.groups)

    @property
    def not_eligible(self) -> int:
        return self.people - self.fits

    @property
    def seats(self) -> int:
        return sum(topic.capacity for topic in self.topics)


REASONS = {1: "has_it", 2: "attended", 3: "clash"}


def preview_round(
    found: SelectionRound,
    user: Any,
    *,
    grouping: Grouping = Grouping.RANK,
    within: Unit | None = None,
    now: datetime | None = None,
) -> Preview:
    """How many of the cadres whom `user` may see may pick each topic of the round, by rank, category or unit below `within`.

    Seats and the number of picks are left out: they are asked when somebody picks. Four queries, whatever the numbers.
    """
    topics = {
        one.pk: one
        for one in found.offerings.exclude(state__in=[OfferingState.CANCELLED, OfferingState.CLOSED])
        .select_related("seats")
        .order_by("starts_on", "pk")
    }
    counted, barred = _count(found, user, grouping, within, now)
    labels = _labels(grouping, [row[0] for row in counted])
    order = list(labels)
    counted.sort(key=lambda row: order.index(row[0]))
    groups = [
        Group(key, *labels[key], people, fits, opens_from, opens_to)
        for key, people, fits, opens_from, opens_to in counted
    ]
    cells = {(topic, group.key): Cell(group.fits) for topic in topics for group in groups}
    for topic, key, reason, number in barred:
        setattr(cells[topic, key], REASONS[reason], number)
    return Preview(
        grouping,
        groups,
        [_row(offering, [cells[pk, group.key] for group in groups]) for pk, offering in topics.items()],
    )


def _row(offering: Offering, cells: list[Cell]) -> TopicRow:
    seats = getattr(offering, "seats", None)
    names = ("fits", "has_it", "attended", "clash")
    whole = Cell(*(sum(getattr(cell, name) for cell in cells) for name in names))
    return TopicRow(offering, seats.capacity if seats else 0, seats.reserved if seats else 0, whole, cells)


def _count(
    found: SelectionRound, user: Any, grouping: Grouping, within: Unit | None, now: datetime | None
) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    try:
        seen, seen_values = Cadre.objects.visible_to(user).values("pk").query.sql_with_params()
    except EmptyResultSet:
        return [], []
    # Django's own statement has its values by position, ours by name.
    seen_names = {f"seen{number}": value for number, value in enumerate(seen_values)}
    seen %= tuple(f"%({name})s" for name in seen_names)
    steps = len(within.path) // Unit.steplen + 1 if within else 2
    people = _PEOPLE.format(
        group=f"left(u.path, {steps * Unit.steplen})",
        key={Grouping.RANK: "c.rank", Grouping.CATEGORY: "c.category", Grouping.UNIT: "home.grp"}[grouping],
        seen=seen,
    )
    values = {
        **seen_names,
        "round": found.pk,
        "within": within.path if within else "",
        "today": clock.school_date(now),
    }
    with connection.cursor() as cursor:
        cursor.execute(people + _GROUPS, values)
        counted = cursor.fetchall()
        cursor.execute(people + _BARRED, values)
        return counted, cursor.fetchall()


def _labels(grouping: Grouping, keys: list[str]) -> dict[str, tuple[str, Unit | None]]:
    """What each group is called, in the order in which they are shown: that of the tree, or of the list of ranks or categories."""
    if grouping == Grouping.UNIT:
        return {unit.path: (unit.name, unit) for unit in Unit.objects.filter(path__in=keys)}
    names = Rank if grouping == Grouping.RANK else CadreCategory
    return {str(one): (str(one.label), None) for one in names if one in keys}


@dataclass(frozen=True)
class Sight:
    """One topic as one cadre would see it when the round opens to them; `denial` is why it could not be picked then."""

    offering: Offering
    facts: SeatFacts
    denial: Denial | None

    @property
    def kept_for_others(self) -> int:
        """Free seats that are reserved for groups to which the cadre does not belong."""
        return self.facts.capacity - self.facts.taken - self.facts.seats_left


def sight_of(found: SelectionRound, cadre: Cadre) -> list[Sight]:
    """What a cadre whom the caller may see would find at the opening: the rules of the claim on the facts of today. Two queries."""
    offerings = found.offerings.in_bulk()
    return [
        Sight(offerings[facts.offering_id], facts, opening_denial(facts))
        for facts in facts_in_round(cadre_id=cadre.pk, round_id=found.pk)
    ]


def opening_denial(facts: SeatFacts) -> Denial | None:
    """Why the topic could not be picked at the moment the round opens to the cadre, as if all topics were published by then."""
    if facts.opens_at is None:
        raise ValueError(_("This topic is in no round."))
    at_opening = facts._replace(round_mode=RoundMode.FIRST_COME, round_state=RoundState.OPEN)
    if facts.offering_state == OfferingState.PLANNED:
        at_opening = at_opening._replace(offering_state=OfferingState.PUBLISHED)
    return selection_denial(at_opening, facts.opens_at)
