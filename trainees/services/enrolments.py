"""Staff give places: by the rules, or with one of them set aside by name."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection
from django.utils.translation import gettext as _

from partyschool.common import clock
from partyschool.common.errors import Denial, InvalidInput, NotFound
from partyschool.common.locking import locking_transaction
from partyschool.common.plaintext import single_line
from partyschool.common.prepared import PreparedStatement
from trainees.enums import EnrolmentOrigin, OverrideRule
from trainees.models import Cadre, SeatOverride
from trainees.rules.electives import SeatFacts, enrolment_denial
from trainees.selectors.electives import facts_for_cadre

from .electives import SHARE_ROUND, claim_place, refusal_of

# What staff may set aside: the round's own window does not bind them, and seats are never set aside.
STAFF_RULES = tuple(rule for rule in OverrideRule if rule != OverrideRule.WINDOW)
REASON_MOST = SeatOverride._meta.get_field("reason").max_length or 0
FACTS_MOST = SeatOverride._meta.get_field("facts").max_length or 0
LOCK_CADRE = PreparedStatement(
    "lock_cadre", "SELECT FROM trainees_cadre WHERE id = %(cadre)s FOR NO KEY UPDATE", {"cadre": "bigint"}
)


def given_reason(reason: str) -> str:
    """`reason` on one line, of visible characters. Raises `InvalidInput` when it is empty or longer than a record keeps."""
    reason = single_line(reason)
    if not reason:
        raise InvalidInput(_("A reason is needed."))
    if len(reason) > REASON_MOST:
        raise InvalidInput(_("The reason has more than %(most)s characters.") % {"most": REASON_MOST})
    return reason


def enrol_cadre(
    *,
    cadre_id: int,
    offering_id: int,
    by: Any,
    aside: OverrideRule | None = None,
    reason: str = "",
    now: datetime | None = None,
) -> int:
    """Enrol a cadre whom `by` may see in a published offering of any kind, in or out of a round; returns the enrolment's id.

    The rules are those of the cadre's own selection, but for the round's window: seats, eligibility, limit and clashes bind staff too.
    With `aside`, exactly that one rule is set aside, for `reason`; a `SeatOverride` keeps both with what the rule said. The number of
    seats cannot be set aside. Who may set rules aside is decided by the caller (`trainees.add_seatoverride`).
    Raises the denials of `trainees.rules.electives.enrolment_denial` (also of a second rule beside the one set aside), `InvalidInput`
    (no reason, or the rule does not speak against it), `NotFound`, `Busy`.
    Concurrency: as `select_topic`.
    """
    reason = given_reason(reason) if aside else ""
    if not Cadre.objects.visible_to(by).filter(pk=cadre_id).exists():
        raise NotFound(_("There is no such cadre within your scope."))
    facts = None
    try:
        with locking_transaction():
            facts = facts_for_cadre(
                cadre_id=cadre_id, offering_id=offering_id, locks=(LOCK_CADRE, SHARE_ROUND)
            )
            return place_by_staff(
                facts,
                origin=EnrolmentOrigin.STAFF,
                action="enrolment.enrol",
                by=by,
                aside=aside,
                reason=reason,
                now=now or clock.now(),
            )
    except IntegrityError as error:
        if facts is not None and (denial := refusal_of(error, facts)):
            raise denial from error
        raise


def place_by_staff(
    facts: SeatFacts,
    *,
    origin: str,
    action: str,
    by: Any,
    aside: OverrideRule | None,
    reason: str,
    now: datetime,
    **recorded: Any,
) -> int:
    """Claim the place of `facts` by the rules that bind staff, `aside` set aside; returns the enrolment's id.

    Raises as `enrol_cadre`, and the database's IntegrityError. Concurrency: runs in the caller's `locking_transaction()`, last.
    """
    said = _set_aside(facts, aside, now)
    if aside == OverrideRule.QUOTA:
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL partyschool.aside = 'quota'")
    if aside:
        recorded |= {"aside": aside, "reason": reason}
    number = claim_place(facts, origin=origin, action=action, by=by, now=now, **recorded)
    if aside and said:
        SeatOverride.objects.create(
            enrolment_id=number, rule=aside, facts=str(said.facts)[:FACTS_MOST], reason=reason, by=by, at=now
        )
    return number


def _set_aside(facts: SeatFacts, aside: OverrideRule | None, now: datetime) -> Denial | None:
    """The denial that is set aside. Raises the first that is not, with a word on setting only one aside."""
    refusals = enrolment_refusals(facts, now)
    standing = [denial for rule, denial in refusals if aside is None or rule != aside]
    said = next((denial for rule, denial in refusals if aside and rule == aside), None)
    if standing:
        first = standing[0]
        if aside:
            raise type(first)(
                first.facts,
                remedy=_(
                    "%(what)s Only one rule can be set aside for one person, and never the number of seats."
                )
                % {"what": first.what_to_do},
                retry_at=first.retry_at,
            )
        raise first
    if aside and said is None:
        raise InvalidInput(
            _("The rule “%(rule)s” does not speak against it.") % {"rule": aside.label},
            remedy=_("Go on without setting a rule aside."),
        )
    return said


def enrolment_refusals(facts: SeatFacts, now: datetime) -> Sequence[tuple[OverrideRule | None, Denial]]:
    """Every rule that speaks against staff enrolling the cadre, in the order in which they are asked."""
    found: list[tuple[OverrideRule | None, Denial]] = []
    aside: set[OverrideRule] = set()
    while refusal := enrolment_denial(facts, now, aside):
        found.append(refusal)
        if refusal[0] is None:
            break
        aside.add(refusal[0])
    return found
