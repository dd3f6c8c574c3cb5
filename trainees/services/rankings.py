"""Cadres rank the topics of a draw; whatever was saved last before the round closes counts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from courses.rules import ROUND_LOCKS
from partyschool.audit.services.events import record_event
from partyschool.common import clock
from partyschool.common.errors import InvalidInput, NotEligible, NotFound
from partyschool.common.locking import locking_transaction
from partyschool.common.prepared import PreparedStatement
from trainees.models import Cadre, Ranking
from trainees.rules.electives import is_on_show, ranking_denial
from trainees.selectors.electives import facts_of_round

# As for a claim: the cadre's own row first, then the round, shared. Sealing the rankings waits for those who are just saving one,
# and whoever comes behind it sees the round sealed.
RANKING_LOCKS = (
    PreparedStatement(
        "lock_ranking_cadre",
        "SELECT FROM trainees_cadre WHERE user_id = %(user)s FOR NO KEY UPDATE",
        {"user": "bigint"},
    ),
    PreparedStatement(
        "share_round",
        f"SELECT pg_advisory_xact_lock_shared({ROUND_LOCKS}, id::int)"  # noqa: S608 -- a constant number
        " FROM courses_selectionround WHERE id = %(round)s",
        {"round": "bigint"},
    ),
)


def rank_topics(*, round_id: int, offerings: Sequence[int], by: Any, now: datetime | None = None) -> Ranking:
    """Put `offerings` (ids, best first; none takes the wishes back) in the place of `by`'s former ranking in an open draw.

    A topic that would be refused as things stand may be ranked: the clash may be gone when the rankings are sealed. Saving the same
    ranking again changes nothing, nor does it cost the time of the first. The audit trail keeps that a ranking was saved, not what
    is in it.
    Raises `WindowClosed`, `NotEligible`, `InvalidInput` (unknown, not announced or doubled topics), `NotFound` for a round that
    trainees do not know of, `Busy`.
    Concurrency: locks the own cadre row, then the round (advisory, shared).
    """
    with locking_transaction():
        facts = facts_of_round(user_id=by.pk, round_id=round_id, locks=RANKING_LOCKS)
        at = now or clock.now()
        if not facts or not is_on_show(facts[0]):
            raise _unknown(by)
        if denial := ranking_denial(facts[0], at):
            raise denial
        _check(offerings, {one.offering_id for one in facts if is_on_show(one)})
        return _save(facts[0].cadre_id, round_id, list(offerings), by, at)


def _check(offerings: Sequence[int], known: set[int]) -> None:
    if len(set(offerings)) < len(offerings):
        raise InvalidInput(
            _("A topic stands twice in the ranking."), remedy=_("Give each topic one place, then save again.")
        )
    if not known.issuperset(offerings):
        raise InvalidInput(
            _("The ranking holds a topic that this round does not offer."),
            remedy=_("Reload the page and rank the topics that it shows."),
        )


def _save(cadre_id: int, round_id: int, offerings: list[int], by: Any, now: datetime) -> Ranking:
    rankings = Ranking.objects.unscoped("the own ranking, by the own log-in")
    ranking = rankings.filter(cadre=cadre_id, selection_round=round_id).first()
    if ranking is not None and ranking.offerings == offerings:
        return ranking
    if ranking is None:
        ranking = Ranking(cadre_id=cadre_id, selection_round_id=round_id)
    ranking.offerings, ranking.ranked_at, ranking.ranked_by = offerings, now, by
    ranking.save()
    record_event(
        action="ranking.save",
        subject=ranking,
        by=by,
        data={"round": round_id, "topics": len(offerings)},
        now=now,
    )
    return ranking


def _unknown(by: Any) -> NotFound | NotEligible:
    if Cadre.objects.filter(user=by.pk).unscoped("whether the log-in has a record of its own").exists():
        return NotFound(_("There is no such round."), remedy=_("Go back to the list of electives."))
    return NotEligible(
        _("This log-in is not linked to a cadre's record."),
        remedy=_("Ask the academic affairs office to link it."),
    )
