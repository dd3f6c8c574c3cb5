"""Cadres pick and give up electives themselves."""

import json
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError
from django.utils import translation
from django.utils.translation import gettext as _

from courses.rules import ROUND_LOCKS
from partyschool.common import clock
from partyschool.common.errors import Denial, Duplicate, NotFound, WindowClosed, WrongState
from partyschool.common.locking import locking_transaction, violated_constraint
from partyschool.common.prepared import PreparedStatement, run_prepared
from trainees.enums import EnrolmentOrigin, EnrolmentState
from trainees.rules.electives import (
    SeatFacts,
    full_denial,
    holds_place,
    is_on_show,
    quota_denial,
    selection_denial,
    withdrawal_denial,
)
from trainees.selectors.electives import ended_place, facts_for_user

from .freed_seats import promote_soon
from .refusals import record_refusal

# The cadre's own row first: two tabs of one person then decide one after the other, so that limit and clash hold. Then the round,
# shared: closing it waits for the claims under way, and claims behind the closing see it closed. The facts follow in the same round
# trip, by a snapshot taken behind the locks.
SHARE_ROUND = PreparedStatement(
    "share_round_of_offering",
    f"SELECT pg_advisory_xact_lock_shared({ROUND_LOCKS}, selection_round_id::int)"  # noqa: S608 -- a constant number
    " FROM courses_offering WHERE id = %(offering)s AND selection_round_id IS NOT NULL",
    {"offering": "bigint"},
)
_LOCK_OWN_CADRE = PreparedStatement(
    "lock_cadre_of_user",
    "SELECT FROM trainees_cadre WHERE user_id = %(user)s FOR NO KEY UPDATE",
    {"user": "bigint"},
)
_LOCK_SEATS = PreparedStatement(
    "lock_seats_of_offering",
    "SELECT FROM courses_seatcount WHERE offering_id = %(offering)s FOR NO KEY UPDATE",
    {"offering": "bigint"},
)
CLAIM_LOCKS = (_LOCK_OWN_CADRE, SHARE_ROUND)
# Who closes an offering locks its seats before its enrolments; giving up must not come the other way round.
WITHDRAWAL_LOCKS = (*CLAIM_LOCKS, _LOCK_SEATS)

# Foreign keys are checked at once, not at the commit: the trigger that moves the seat row then fires last of all (triggers fire in
# the order of their names, RI_… before trainees_…), and the one row that everybody wants is locked for nothing but the commit.
_CHECK_NOW = "SET CONSTRAINTS ALL IMMEDIATE;"
# But for one: a place of an organised assignment is asked at the commit for its nomination, which is confirmed behind it.
_CHECK_ASSIGNED = _CHECK_NOW + "SET CONSTRAINTS trainees_enrolment_assigned_tg DEFERRED;"
# Deed and record in one statement.
_CLAIM = PreparedStatement(
    "claim_place",
    """
WITH place AS (
    INSERT INTO trainees_enrolment (cadre_id, offering_id, state, origin, created_at, created_by_id, reason)
    VALUES (%(cadre)s, %(offering)s, %(state)s, %(origin)s, %(now)s, %(by)s, '')
    RETURNING id
), record AS (
    INSERT INTO audit_auditevent (at, actor_id, action, subject, data)
    SELECT %(now)s, %(actor)s, %(action)s, 'trainees.enrolment:' || id, %(data)s FROM place
)
SELECT id FROM place
""",
    {
        "cadre": "bigint",
        "offering": "bigint",
        "state": "text",
        "origin": "text",
        "now": "timestamptz",
        "by": "bigint",
        "actor": "bigint",
        "action": "text",
        "data": "jsonb",
    },
)
_GIVE_UP = PreparedStatement(
    "give_up_place",
    """
WITH place AS (
    UPDATE trainees_enrolment SET state = 'withdrawn', ended_at = %(now)s, ended_by_id = %(by)s, reason = %(reason)s
    WHERE id = %(enrolment)s AND state = 'enrolled' RETURNING id
), record AS (
    INSERT INTO audit_auditevent (at, actor_id, action, subject, data)
    SELECT %(now)s, %(by)s, 'enrolment.withdraw', 'trainees.enrolment:' || id, %(data)s FROM place
)
SELECT id FROM place
""",
    {"enrolment": "bigint", "now": "timestamptz", "by": "bigint", "reason": "text", "data": "jsonb"},
)


def _audit_data(facts: SeatFacts, **more: Any) -> str:
    return json.dumps(
        {"cadre": facts.cadre_id, "offering": facts.offering_id, "round": facts.round_id, **more}
    )


def refusal_of(error: IntegrityError, facts: SeatFacts) -> Denial | None:
    """The denial behind what the database refused, or None for a fault."""
    match violated_constraint(error):
        case "courses_seatcount_taken_ck" | "courses_seatcount_unreserved_ck":
            return full_denial(facts)
        case "courses_unitquota_taken_ck":
            return quota_denial(facts)
        case "trainees_enrolment_live_uq":
            return Duplicate(_("“%(title)s” is enrolled in already.") % {"title": facts.title})
        case "trainees_enrolment_frozen_tg":
            return WindowClosed(_("“%(title)s” has been closed.") % {"title": facts.title})
    return None


def claim_place(
    facts: SeatFacts,
    *,
    origin: str,
    action: str,
    by: Any,
    now: datetime,
    state: EnrolmentState = EnrolmentState.ENROLLED,
    by_portal: bool = False,
    **recorded: Any,
) -> int:
    """Insert the enrolment and its audit event, `recorded` with it; returns the enrolment's id. Raises the database's IntegrityError.

    `by` asked for the place; with `by_portal` the trail says that the portal gave it.
    Concurrency: runs in the caller's `locking_transaction()`, last; locks the seat row until its commit.
    """
    values = {
        "cadre": facts.cadre_id,
        "offering": facts.offering_id,
        "state": state,
        "origin": origin,
        "action": action,
        "by": by.pk,
        "actor": None if by_portal else by.pk,
        "now": now,
    }
    ((number,),) = run_prepared(
        _CLAIM,
        values=values | {"data": _audit_data(facts, **recorded)},
        first=_CHECK_ASSIGNED if origin == EnrolmentOrigin.ASSIGNED else _CHECK_NOW,
    )
    return number


def select_topic(*, offering_id: int, by: Any, now: datetime | None = None) -> int:
    """Give `by`'s own cadre a place in an elective of an open round; returns the enrolment's id.

    Raises `Duplicate`, `WindowClosed`, `NotEligible`, `LimitReached`, `Clash`, `Full` (in this order), `NotFound` for an offering
    that trainees do not know of, `Busy`. A refusal is kept (`record_refusal`).
    Concurrency: locks the own cadre row, then the round (advisory, shared), last the seat row (trigger). A topic that is full
    already is refused without touching the seat row; among rivals for the last seats the check on the seat row decides.
    """
    facts = None
    try:
        with locking_transaction():
            facts = facts_for_user(user_id=by.pk, offering_id=offering_id, locks=CLAIM_LOCKS)
            if not is_on_show(facts):
                raise NotFound(
                    _("There is no such topic."),
                    remedy=_("Go back to the list of electives and choose from there."),
                )
            # The instant is taken behind the locks: who waited past the closing time is late.
            at = now or clock.now()
            if denial := selection_denial(facts, at):
                raise denial
            return claim_place(
                facts, origin=EnrolmentOrigin.SELECTION, action="enrolment.select", by=by, now=at
            )
    except Denial as refused:
        record_refusal(facts, refused, now=now)
        raise
    except IntegrityError as error:
        if facts is not None and (denial := refusal_of(error, facts)):
            record_refusal(facts, denial, now=now)
            raise denial from error
        raise


def withdraw_from_topic(*, offering_id: int, by: Any, now: datetime | None = None) -> None:
    """Give up `by`'s own place while the round is open. The row stays, with who, when and why; the seat is free at once.

    Raises `WrongState` when no place is held (any more), `WindowClosed`, `NotEligible` for a log-in without a cadre's record,
    `NotFound`, `Busy`.
    Concurrency: locks the own cadre row, the round (shared), the seat row, then the enrolment.
    """
    with locking_transaction():
        facts = facts_for_user(user_id=by.pk, offering_id=offering_id, locks=WITHDRAWAL_LOCKS)
        if not is_on_show(facts):
            raise NotFound(
                _("There is no such topic."),
                remedy=_("Go back to the list of electives and choose from there."),
            )
        at = now or clock.now()
        if facts.enrolment_id is None:
            raise _no_place(facts)
        if denial := withdrawal_denial(facts, at):
            raise denial
        if facts.enrolment_state == EnrolmentState.HELD:
            raise WrongState(_("A seat is kept for you."), remedy=_("Accept or decline the offered seat."))
        if not holds_place(facts):
            raise WrongState(
                _("Your place in “%(title)s” has been concluded.") % {"title": facts.title},
                remedy=_("See your credits."),
            )
        with translation.override(settings.LANGUAGE_CODE):
            reason = _("Given up by the cadre while selection was open")
        give_up_place(facts, reason=reason, by=by, now=at)


def give_up_place(facts: SeatFacts, *, reason: str, by: Any, now: datetime) -> None:
    """End the place of `facts`; the seat is free with the commit, and then goes to those in line.

    Concurrency: runs in the caller's `locking_transaction()`, behind the locks on cadre, round and seat row.
    """
    values = {
        "enrolment": facts.enrolment_id,
        "by": by.pk,
        "now": now,
        "reason": reason,
        "data": _audit_data(facts),
    }
    run_prepared(_GIVE_UP, values=values)
    promote_soon(facts.offering_id, cadre_id=facts.cadre_id)


def _no_place(facts: SeatFacts) -> WrongState:
    ended = ended_place(cadre_id=facts.cadre_id, offering_id=facts.offering_id)
    if ended is None or ended.ended_at is None:
        return WrongState(
            _("You hold no place in “%(title)s”.") % {"title": facts.title},
            remedy=_("There is nothing to give up."),
        )
    return WrongState(
        _("Your place in “%(title)s” was given up on %(time)s.")
        % {"title": facts.title, "time": clock.in_words(ended.ended_at)},
        remedy=_("Nothing more to do. You may pick the topic again while seats are left."),
    )
