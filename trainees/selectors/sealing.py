"""What a draw has to know, read in a handful of statements however many cadres take part.

`trainees.services.sealing` makes the sealed text of it, in which people stand under their tickets. The facts are the same as those
of `trainees.selectors.electives`: one cadre's there, everybody's here.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

from django.db import connection

from courses.models import SeatReservation, SelectionRound, UnitQuota
from partyschool.common import clock
from trainees.rules.drawing.content import Participant, Quota, Reservation, SealedDraw, Topic

# Seated states are written out, so that the planner sees that the partial index of live enrolments serves.
_TOPICS = """
SELECT o.id, o.code, o.title, o.least, s.taken,
       CASE WHEN o.state = 'published' AND NOT s.frozen THEN s.capacity - s.taken ELSE 0 END
FROM courses_offering o JOIN courses_seatcount s ON s.offering_id = o.id
WHERE o.selection_round_id = %(round)s AND o.state <> 'planned' ORDER BY o.id
"""
_PEOPLE = """
SELECT r.cadre_id, r.ticket, r.offerings, r.ranked_at, u.path, c.rank, c.category, COALESCE(c.left_on <= %(today)s, false),
       COALESCE(held.picks, 0), r.offerings = '{}' AND r.ranked_by_id IS NOT NULL
FROM trainees_ranking r
JOIN trainees_cadre c ON c.id = r.cadre_id
JOIN accounts_unit u ON u.id = c.unit_id
LEFT JOIN (
    SELECT e.cadre_id, count(*) AS picks FROM trainees_enrolment e JOIN courses_offering o ON o.id = e.offering_id
    WHERE o.selection_round_id = %(round)s AND e.state IN ('enrolled', 'completed', 'not_completed', 'held') GROUP BY 1
) held ON held.cadre_id = r.cadre_id
WHERE r.selection_round_id = %(round)s ORDER BY r.ticket
"""
# Which topics cannot be given to whom. Of several reasons the last of the alphabet stands, so that the text is always the same.
_BARRED = """
WITH topic AS (
    SELECT o.id, o.kind, o.series FROM courses_offering o WHERE o.selection_round_id = %(round)s AND o.state <> 'planned'
), met AS (
    SELECT DISTINCT wanted.offering_id AS topic, own.offering_id AS other
    FROM courses_lesson wanted JOIN topic ON topic.id = wanted.offering_id
    JOIN courses_lesson own ON own.starts_at < wanted.ends_at AND wanted.starts_at < own.ends_at AND own.offering_id <> wanted.offering_id
    WHERE wanted.cancelled_at IS NULL AND own.cancelled_at IS NULL
)
SELECT r.cadre_id, met.topic, 'clash' FROM met
JOIN trainees_enrolment e ON e.offering_id = met.other AND e.state IN ('enrolled', 'completed', 'not_completed', 'held')
JOIN trainees_ranking r ON r.cadre_id = e.cadre_id AND r.selection_round_id = %(round)s
UNION ALL
SELECT r.cadre_id, topic.id, 'repeat' FROM topic
JOIN courses_offering past ON past.series = topic.series AND past.kind = topic.kind AND past.kind <> 'forum' AND past.id <> topic.id
JOIN trainees_enrolment e ON e.offering_id = past.id AND e.state = 'completed'
JOIN trainees_ranking r ON r.cadre_id = e.cadre_id AND r.selection_round_id = %(round)s
WHERE topic.series <> '' AND NOT %(repeats)s
UNION ALL
SELECT r.cadre_id, topic.id, 'duplicate' FROM topic
JOIN trainees_enrolment e ON e.offering_id = topic.id AND e.state IN ('enrolled', 'completed', 'not_completed', 'held')
JOIN trainees_ranking r ON r.cadre_id = e.cadre_id AND r.selection_round_id = %(round)s
ORDER BY 3
"""
_CONFLICTS = """
SELECT DISTINCT first.offering_id, second.offering_id
FROM courses_lesson first JOIN courses_offering a ON a.id = first.offering_id AND a.selection_round_id = %(round)s
JOIN courses_lesson second ON first.starts_at < second.ends_at AND second.starts_at < first.ends_at
JOIN courses_offering b ON b.id = second.offering_id AND b.selection_round_id = %(round)s
WHERE a.id < b.id AND a.state <> 'planned' AND b.state <> 'planned' AND first.cancelled_at IS NULL AND second.cancelled_at IS NULL
ORDER BY 1, 2
"""
# Ranked something in a draw of the year before, and was given nothing in any of that year's.
_CAME_AWAY_EMPTY = """
SELECT p.cadre_id FROM trainees_drawplace p
JOIN courses_selectionround past ON past.id = p.selection_round_id AND past.year = %(year)s - 1
JOIN trainees_ranking w ON w.selection_round_id = past.id AND w.cadre_id = p.cadre_id
JOIN trainees_ranking r ON r.cadre_id = p.cadre_id AND r.selection_round_id = %(round)s
GROUP BY 1 HAVING bool_and(p.got = '{}') AND bool_or(w.offerings <> '{}')
"""


KeptFor = tuple[dict[int, tuple[int, ...]], dict[int, int]]


class TopicFacts(NamedTuple):
    """One topic: `least` is its minimum size, `taken` the seats taken before the draw, `left` those that the draw may give."""

    pk: int
    code: str
    title: str
    least: int
    taken: int
    left: int


class PersonFacts(NamedTuple):
    """One cadre with a ranking (empty for who ranked nothing); `path` is the unit's place in the tree, `picks` topics held already."""

    cadre_id: int
    ticket: str
    offerings: list[int]
    ranked_at: datetime
    path: str
    rank: str
    category: str
    left: bool
    picks: int
    declined: bool

    @property
    def kind(self) -> tuple[str, str, str]:
        """What reserved seats and quotas go by."""
        return self.path, self.rank, self.category


@dataclass(frozen=True)
class DrawFacts:
    """Everything that a draw of one round stands on. `reservations` and `quotas` are those of its topics, by offering."""

    found: SelectionRound
    topics: list[TopicFacts]
    people: list[PersonFacts]
    barred: Mapping[int, Mapping[int, str]]
    conflicts: list[tuple[int, int]]
    came_away_empty: frozenset[int]
    reservations: Mapping[int, list[SeatReservation]]
    quotas: Mapping[int, list[UnitQuota]]
    admitted_paths: list[str]
    _kept_for: dict[tuple[str, str, str], KeptFor] = field(default_factory=dict)

    def kept_for(self, person: PersonFacts) -> KeptFor:
        """The reservations (by topic) that the person belongs to and the quotas that count; looked up once for people of one kind."""
        if (known := self._kept_for.get(person.kind)) is None:
            pools = {
                topic: tuple(one.pk for one in kept if belongs(person, one))
                for topic, kept in self.reservations.items()
            }
            quotas = {topic: quota_of(person, quotas) for topic, quotas in self.quotas.items()}
            known = self._kept_for[person.kind] = (
                {topic: own for topic, own in pools.items() if own},
                {topic: quota.pk for topic, quota in quotas.items() if quota},
            )
        return known

    def admits(self, person: PersonFacts) -> bool:
        """Whether the round is open to this person."""
        found = self.found
        return (
            not person.left
            and (not found.ranks or person.rank in found.ranks)
            and (not found.categories or person.category in found.categories)
            and (not self.admitted_paths or any(person.path.startswith(path) for path in self.admitted_paths))
        )


def draw_of(facts: DrawFacts) -> SealedDraw:
    """The draw as the mechanisms know it: people under tickets, and of everything what is left to give.

    Who took all wishes back takes no part, not even as somebody who ranked nothing.
    """
    found = facts.found
    parts = {topic.pk: _topic(topic, facts) for topic in facts.topics}
    return SealedDraw(
        number=found.pk,
        name=found.name,
        mechanism=found.mechanism,
        seed_hash=found.seed_hash,
        max_picks=found.max_picks,
        place_non_voters=found.place_non_voters,
        topics=tuple(parts.values()),
        conflicts=tuple(facts.conflicts),
        participants=tuple(_participant(person, facts) for person in facts.people if not person.declined),
    )


def _topic(topic: TopicFacts, facts: DrawFacts) -> Topic:
    return Topic(
        id=topic.pk,
        code=topic.code,
        title=topic.title,
        seats=topic.left,
        least=max(topic.least - topic.taken, 0),
        reserved=tuple(
            Reservation(kept.pk, kept.name, kept.seats - kept.taken if topic.left else 0)
            for kept in facts.reservations.get(topic.pk, ())
        ),
        quotas=tuple(
            Quota(quota.pk, quota.unit.name, quota.most - quota.taken)
            for quota in facts.quotas.get(topic.pk, ())
        ),
    )


def _participant(person: PersonFacts, facts: DrawFacts) -> Participant:
    wishes = person.offerings or [topic.pk for topic in facts.topics]
    barred = facts.barred.get(person.cadre_id, {})
    pools, quotas = facts.kept_for(person)
    return Participant(
        ticket=person.ticket,
        ranking=tuple(person.offerings),
        at=person.ranked_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ") if person.offerings else "",
        group=0 if person.cadre_id in facts.came_away_empty else 1,
        most=max(facts.found.max_picks - person.picks, 0),
        picks=person.picks,
        barred={topic: barred[topic] for topic in wishes if topic in barred}
        if facts.admits(person)
        else dict.fromkeys(wishes, "not_eligible"),
        pools={topic: pools[topic] for topic in wishes if topic in pools},
        quotas={topic: quotas[topic] for topic in wishes if topic in quotas},
    )


def belongs(person: PersonFacts, kept: SeatReservation) -> bool:
    """Whether reserved seats are kept for this person among others."""
    return (
        (kept.unit is None or person.path.startswith(kept.unit.path))
        and (not kept.ranks or person.rank in kept.ranks)
        and (not kept.categories or person.category in kept.categories)
    )


def quota_of(person: PersonFacts, quotas: list[UnitQuota]) -> UnitQuota | None:
    """The quota that counts for this person: of nested units the nearest one's."""
    under = [quota for quota in quotas if person.path.startswith(quota.unit.path)]
    return max(under, key=lambda quota: len(quota.unit.path), default=None)


def read_draw(found: SelectionRound, *, now: datetime) -> DrawFacts:
    """The facts of a draw in eight statements. Call it behind `locked_round`, so that nothing of the round moves meanwhile."""
    values = {
        "round": found.pk,
        "year": found.year,
        "today": clock.school_date(now),
        "repeats": found.repeats_allowed,
    }
    barred: dict[int, dict[int, str]] = defaultdict(dict)
    for cadre, topic, code in _rows(_BARRED, values):
        barred[cadre][topic] = code
    topics = [TopicFacts(*row) for row in _rows(_TOPICS, values)]
    shown = [topic.pk for topic in topics]
    reservations: dict[int, list[SeatReservation]] = defaultdict(list)
    for kept in SeatReservation.objects.filter(offering__in=shown).select_related("unit").order_by("pk"):
        reservations[kept.offering_id].append(kept)
    quotas: dict[int, list[UnitQuota]] = defaultdict(list)
    for quota in UnitQuota.objects.filter(offering__in=shown).select_related("unit").order_by("pk"):
        quotas[quota.offering_id].append(quota)
    return DrawFacts(
        found=found,
        topics=topics,
        people=[PersonFacts(*row) for row in _rows(_PEOPLE, values)],
        barred=barred,
        conflicts=[(first, second) for first, second in _rows(_CONFLICTS, values)],
        came_away_empty=frozenset(cadre for (cadre,) in _rows(_CAME_AWAY_EMPTY, values)),
        reservations=reservations,
        quotas=quotas,
        admitted_paths=list(found.units.values_list("path", flat=True)),
    )


def _rows(sql: str, values: Mapping[str, Any]) -> Iterator[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        yield from cursor.fetchall()
