"""One outcome of a draw becomes the result: places are given, the seed is shown, everybody is told."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.utils import translation
from django.utils.translation import gettext as _

from courses.enums import Mechanism, RoundState
from courses.models import SelectionRound
from courses.services.commitment import seed_of
from courses.services.rounds import locked_round, move_round
from partyschool.common import clock
from partyschool.common.errors import InvalidInput, WrongState
from partyschool.common.locking import locking_transaction, violated_constraint
from partyschool.jobs.services.jobs import start_job
from trainees.enums import EnrolmentOrigin
from trainees.models import DrawOutcome, DrawPlace, DrawPublication, Ranking
from trainees.rules.drawing import Outcome, Place, parse_outcome, seating_order
from trainees.selectors.draw_words import LEFT_OUT
from trainees.selectors.sealing import DrawFacts, PersonFacts, read_draw

AT_ONCE = 5000
# What the constraints of a seat say when the last one went to somebody else since the sealing, as codes of the result page.
_GONE = {
    "courses_seatcount_taken_ck": "full",
    "courses_seatcount_unreserved_ck": "full",
    "courses_unitquota_taken_ck": "quota",
    "trainees_enrolment_live_uq": "duplicate",
    "trainees_enrolment_frozen_tg": "closed",
}
_LOCK_CADRES = "SELECT FROM trainees_cadre WHERE id = ANY(%s) ORDER BY id FOR NO KEY UPDATE"
_LOCK_SEATS = """SELECT FROM courses_seatcount WHERE offering_id IN (SELECT id FROM courses_offering WHERE selection_round_id = %s)
                 ORDER BY offering_id FOR NO KEY UPDATE"""
_ENROL = """
INSERT INTO trainees_enrolment (cadre_id, offering_id, state, origin, created_at, created_by_id, reason)
SELECT cadre_id, %(offering)s, 'enrolled', %(origin)s, %(now)s, %(by)s, ''
FROM unnest(%(cadres)s::bigint[]) WITH ORDINALITY AS given (cadre_id, place) ORDER BY place
"""


@dataclass
class Places:
    """Who is enrolled in what, and who is left out of which topic for which reason (codes of denials)."""

    got: dict[int, list[int]] = field(default_factory=lambda: defaultdict(list))
    left_out: dict[int, dict[int, str]] = field(default_factory=lambda: defaultdict(dict))


def publish_draw(
    *, round_id: int, mechanism: str, by: Any, reason: str = "", now: datetime | None = None
) -> DrawPublication:
    """Make the outcome of `mechanism` the result of a reviewed draw: enrol, show the seed, keep each cadre's place with its reasons.

    Another mechanism than the announced one needs a `reason` that everybody reads. Whoever cannot have a place any more (a clash, a
    limit, a seat that went since the sealing) is left out of that topic, with the reason in `DrawPlace`; it never fails the whole.
    Everybody who took part is told by a job after commit.
    Raises `InvalidInput` (no reason), `WrongState` (not under review, or published by somebody else), `NotFound`, `Busy`.
    Concurrency: locks the cadres who are given something by pk, then the round alone (advisory) and its row, then its seat rows by
    offering, so that claims and staff enrolments come before or after, never in between.
    """
    outcome = DrawOutcome.objects.filter(selection_round=round_id, mechanism=mechanism).first()
    if outcome is None:
        raise WrongState(
            _("There is no outcome of this mechanism."), remedy=_("Hold the draw first, then publish.")
        )
    drawn = parse_outcome(outcome.text)
    rankings = Ranking.objects.filter(selection_round=round_id).unscoped("tickets become people again")
    cadre_of = dict(rankings.values_list("ticket", "cadre_id"))
    with locking_transaction():
        _lock(_LOCK_CADRES, sorted(cadre_of[one.ticket] for one in drawn.places if one.got))
        found = locked_round(round_id)
        _check(found, outcome, reason)
        at = now or clock.now()
        _lock(_LOCK_SEATS, round_id)
        places = _give(read_draw(found, now=at), drawn, cadre_of, by=by, now=at)
        publication = DrawPublication.objects.create(
            selection_round=found, outcome=outcome, reason=reason.strip(), published_at=at, published_by=by
        )
        DrawPlace.objects.bulk_create(_rows(found, drawn, cadre_of, places), batch_size=AT_ONCE)
        found.seed = seed_of(found)
        move_round(
            found,
            RoundState.PUBLISHED,
            by=by,
            now=at,
            mechanism=outcome.mechanism,
            outcome=outcome.sha256,
            places=sum(map(len, places.got.values())),
            left_out=Counter(code for codes in places.left_out.values() for code in codes.values()),
            reason=reason.strip(),
        )
        with translation.override(settings.LANGUAGE_CODE):
            title = _("Tell the result of “%(name)s”") % {"name": found.name}
        start_job(kind="tell_draw", key=str(round_id), title=title, params={"round": round_id}, by=by, now=at)
    return publication


def _lock(sql: str, value: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(sql, [value])


def _check(found: SelectionRound, outcome: DrawOutcome, reason: str) -> None:
    if found.state != RoundState.REVIEW:
        raise WrongState(
            _("The round “%(name)s” is in state “%(state)s”; a draw is published from its review.")
            % {"name": found.name, "state": found.get_state_display()}
        )
    if outcome.mechanism != found.mechanism and not reason.strip():
        raise InvalidInput(
            _("Announced was “%(announced)s”; publishing “%(chosen)s” instead needs a reason.")
            % {
                "announced": found.get_mechanism_display(),
                "chosen": Mechanism(outcome.mechanism).label,
            },
            remedy=_("Write down why; everybody who looks at the draw reads it."),
        )


def _give(facts: DrawFacts, drawn: Outcome, cadre_of: dict[str, int], *, by: Any, now: datetime) -> Places:
    """Enrol whomever the rules of this moment still admit, in the order in which the draw's own seats are reached."""
    people = {person.cadre_id: person for person in facts.people}
    clashing = set(facts.conflicts)
    places = Places()
    for one in drawn.places:
        person = people[cadre_of[one.ticket]]
        kept: list[int] = []
        for topic, _reservation in one.got:
            if code := _bar(facts, clashing, person, topic, kept):
                places.left_out[person.cadre_id][topic] = code
            else:
                kept.append(topic)
    wanted: dict[int, list[int]] = defaultdict(list)
    for ticket, topic in seating_order(drawn):
        if topic not in places.left_out.get(cadre_of[ticket], {}):
            wanted[topic].append(cadre_of[ticket])
    for topic in sorted(wanted):
        values = {"offering": topic, "origin": EnrolmentOrigin.DRAW, "by": by.pk, "now": now}
        for cadre, code in _enrol(wanted[topic], values):
            places.left_out[cadre][topic] = code
    for one in drawn.places:
        cadre = cadre_of[one.ticket]
        out = places.left_out.get(cadre, {})
        places.got[cadre] = [topic for topic, _reservation in one.got if topic not in out]
    return places


def _bar(
    facts: DrawFacts, clashing: set[tuple[int, int]], person: PersonFacts, topic: int, kept: list[int]
) -> str:
    """Why this person cannot have the topic now, as a code of the denials, or ''."""
    if not facts.admits(person):
        return "not_eligible"
    if code := facts.barred.get(person.cadre_id, {}).get(topic):
        return code
    if any((min(topic, other), max(topic, other)) in clashing for other in kept):
        return "clash"
    if person.picks + len(kept) >= facts.found.max_picks:
        return "limit"
    return ""


def _enrol(cadres: list[int], values: dict[str, Any]) -> Iterable[tuple[int, str]]:
    """Give the seats of one topic in order; yields who got none and why. Through the same triggers and checks as every other path."""
    try:
        with transaction.atomic():
            _insert(cadres, values)
    except IntegrityError as error:
        if violated_constraint(error) not in _GONE:
            raise
    else:
        return []
    # Something changed since the sealing: one by one, so that those who come first in the order keep their places.
    left_out = []
    for cadre in cadres:
        try:
            with transaction.atomic():
                _insert([cadre], values)
        except IntegrityError as error:
            if (code := _GONE.get(violated_constraint(error))) is None:
                raise
            left_out.append((cadre, code))
    return left_out


def _insert(cadres: list[int], values: dict[str, Any]) -> None:
    with connection.cursor() as cursor:
        cursor.execute(_ENROL, values | {"cadres": cadres})


def _rows(
    found: SelectionRound, drawn: Outcome, cadre_of: dict[str, int], places: Places
) -> Iterable[DrawPlace]:
    for one in drawn.places:
        cadre = cadre_of[one.ticket]
        late = [
            {"topic": topic, "code": LEFT_OUT, "denial": code}
            for topic, code in places.left_out.get(cadre, {}).items()
        ]
        yield DrawPlace(
            cadre_id=cadre,
            selection_round=found,
            position=one.position,
            got=places.got[cadre],
            reasons=[*_told(one), *late],
        )


def _told(place: Place) -> Iterable[dict[str, Any]]:
    """The reasons as the outcome tells them, without the facts that do not belong to the code."""
    for why in place.why:
        yield {name: value for name, value in why._asdict().items() if value is not None}
