"""Sealing a draw: when ranking has closed, what everybody wants and may have becomes one text, and its hash is published."""

import logging
from datetime import datetime
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _

from courses.enums import RoundMode, RoundState
from courses.models import SelectionRound
from courses.services.rounds import locked_round, move_round
from partyschool.common import clock
from partyschool.common.errors import DomainError, WrongState
from partyschool.common.locking import locking_transaction
from trainees.models import SealedDraw
from trainees.rules.drawing.sealed import fingerprint, seal
from trainees.selectors.sealing import draw_of, read_draw

log = logging.getLogger(__name__)

# Who ranked nothing but may pick: a ticket and an empty ranking, by nobody. The first 48 bits of a random UUID are random.
_ADD_NON_VOTERS = """
INSERT INTO trainees_ranking (cadre_id, selection_round_id, offerings, ticket, ranked_at)
SELECT c.id, %(round)s, '{}', left(replace(gen_random_uuid()::text, '-', ''), 12), %(now)s
FROM trainees_cadre c JOIN accounts_unit u ON u.id = c.unit_id
WHERE (c.left_on IS NULL OR c.left_on > %(today)s)
  AND (%(ranks)s::text[] = '{}' OR c.rank = ANY (%(ranks)s)) AND (%(categories)s::text[] = '{}' OR c.category = ANY (%(categories)s))
  AND (%(paths)s::text[] = '{}' OR EXISTS (SELECT FROM unnest(%(paths)s::text[]) AS path WHERE starts_with(u.path, path)))
ON CONFLICT (selection_round_id, cadre_id) DO NOTHING
"""


def seal_round(*, round_id: int, by: Any, now: datetime | None = None) -> SealedDraw:
    """Seal the rankings of a draw whose closing time is past: from then on nothing of them can be changed, by nobody.

    The sealed text holds all that the draw stands on, people under their tickets: wishes and their time, who cannot be given what
    and why, reserved seats, quotas, seats left, topics that clash, and the priority group: 0 for who ranked something in a draw of
    the year before and was given nothing in any of that year's, else 1. Its hash is published with the move.
    `by` is None for the portal itself. Raises `WrongState` (not an open draw, or not closed for ranking yet), `NotFound`, `Busy`.
    Concurrency: holds the round alone (advisory) and its row: waits for those who are just saving a ranking; who comes behind sees
    the round sealed. A handful of statements, however many cadres.
    """
    with locking_transaction():
        found = locked_round(round_id)
        at = now or clock.now()
        if found.mode != RoundMode.DRAW or found.state != RoundState.OPEN:
            raise WrongState(
                _("The round “%(name)s” is in state “%(state)s”; only an open draw can be sealed.")
                % {"name": found.name, "state": found.get_state_display()}
            )
        if at < found.closes_at:
            raise WrongState(
                _("“%(name)s” can be ranked until %(time)s; that was promised to everybody.")
                % {"name": found.name, "time": clock.in_words(found.closes_at)},
                remedy=_("Seal the rankings after that."),
                retry_at=found.closes_at,
            )
        added = _add_non_voters(found, at) if found.place_non_voters else 0
        facts = read_draw(found, now=at)
        text = seal(draw_of(facts))
        sealed = SealedDraw.objects.create(
            selection_round=found, text=text, sha256=fingerprint(text), sealed_at=at, sealed_by=by
        )
        found.preferences_hash = sealed.sha256
        move_round(
            found,
            RoundState.SEALED,
            by=by,
            now=at,
            preferences_hash=sealed.sha256,
            people=len(facts.people),
            non_voters=added,
        )
    return sealed


def _add_non_voters(found: SelectionRound, now: datetime) -> int:
    with connection.cursor() as cursor:
        cursor.execute(
            _ADD_NON_VOTERS,
            {
                "round": found.pk,
                "now": now,
                "today": clock.school_date(now),
                "ranks": found.ranks,
                "categories": found.categories,
                "paths": list(found.units.values_list("path", flat=True)),
            },
        )
        return cursor.rowcount


def seal_due_rounds(*, now: datetime | None = None) -> int:
    """Seal every draw whose closing time is past; returns how many. A fault of one is logged and does not hold up the others."""
    now = now or clock.now()
    due = SelectionRound.objects.filter(mode=RoundMode.DRAW, state=RoundState.OPEN, closes_at__lte=now)
    sealed = 0
    for pk in due.order_by("closes_at", "pk").values_list("pk", flat=True):
        try:
            seal_round(round_id=pk, by=None, now=now)
        except (
            DomainError
        ) as refusal:  # somebody else was quicker, or holds the round: the next sweep asks again
            log.info("round %s not sealed this time: %s", pk, refusal)
        else:
            sealed += 1
    return sealed
