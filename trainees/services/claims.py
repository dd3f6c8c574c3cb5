"""Claims to credits: handed in by the cadre with evidence, decided by a second person, posted in the same step."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.core.files.base import File
from django.urls import reverse
from django.utils import translation
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from partyschool.audit.services.events import record_event
from partyschool.common import clock
from partyschool.common.errors import Duplicate, InvalidInput, NotEligible, NotFound, WrongState
from partyschool.common.locking import lock_row, locking_transaction
from partyschool.notices.services.notices import send_notice
from trainees.enums import ClaimState, CreditBasis, RecognisedActivity, YearState
from trainees.models import Cadre, CreditClaim, CreditEntry, CreditRule
from trainees.rules.claims import EDITABLE_STATES, ClaimReckoning, may_review
from trainees.rules.moves import CLAIM_MOVES, may_move
from trainees.selectors.claims import SOURCE, reckon_claim

from .credits import scheme_in_force
from .evidence import add_evidence
from .year_locks import YearSealed, share_year

ANSWER_MOST = CreditClaim._meta.get_field("decision").max_length or 0
NOTE_MOST = CreditEntry._meta.get_field("note").max_length or 0


class NotRecognised(InvalidInput):
    """The scheme of that year gives no credits for the activity."""

    code = "not_recognised"
    title = gettext_lazy("No credits are given for this in that year")
    remedy = gettext_lazy("Choose another activity, or ask the academic affairs office.")


class EvidenceMissing(InvalidInput):
    """A claim without a file cannot be judged."""

    code = "evidence_missing"
    title = gettext_lazy("Evidence is needed")
    remedy = gettext_lazy("Add a certificate, the published page or a letter as PDF or picture.")


class LimitUsedUp(WrongState):
    """The activity's limit of the year leaves no credits."""

    code = "claim_limit"
    title = gettext_lazy("The year's limit for this activity is used up")
    remedy = gettext_lazy("Refuse the claim with this reason, or take back a wrong entry first.")


@dataclass(frozen=True)
class ClaimFacts:
    """What a claim says. `quantity` counts what the rule of the activity asks: class-hours, days or items."""

    activity: str
    title: str
    host: str
    quantity: Decimal
    earned_on: date
    note: str = ""


def submit_claim(
    *, facts: ClaimFacts, files: Sequence[File], by: Any, now: datetime | None = None
) -> CreditClaim:
    """Hand in a claim to credits for `by`'s own learning or work, with at least one file.

    Raises `NotEligible` (no cadre's record), `InvalidInput`, `NotRecognised`, `NoSchemeInForce`, `YearSealed`, `EvidenceMissing`,
    `EvidenceRefused`, `Duplicate` (the same title and day is claimed already), `Busy`.
    Concurrency: locks the own cadre row (two presses of one button), then shares the year: sealing waits.
    """
    cadre = Cadre.objects.visible_to(by).filter(user=by.pk).first()
    if cadre is None:
        raise NotEligible(_("Your account is not linked to a cadre record."))
    with locking_transaction():
        lock_row(Cadre, cadre.pk)
        at = now or clock.now()
        _check(facts, cadre, at)
        if not files:
            raise EvidenceMissing
        claim = CreditClaim.objects.create(cadre=cadre, submitted_at=at, submitted_by=by, **_columns(facts))
        add_evidence(owner=claim, files=files, by=by, now=at)
        record_event(action="claim.submit", subject=claim, by=by, data=_said(facts), now=at)
    return claim


def resubmit_claim(
    *, claim_id: int, facts: ClaimFacts, files: Sequence[File] = (), by: Any, now: datetime | None = None
) -> CreditClaim:
    """Hand a returned claim in again, changed and with further files. Raises as `submit_claim`; `NotFound`, `WrongState`.

    Concurrency: as `submit_claim`, then the claim.
    """
    claim = _own(claim_id, by)
    with locking_transaction():
        lock_row(Cadre, claim.cadre_id)
        at = now or clock.now()
        _check(facts, claim.cadre, at, besides=claim.pk)
        claim = _held(claim_id, ClaimState.SUBMITTED)
        for name, value in _columns(facts).items():
            setattr(claim, name, value)
        claim.state, claim.submitted_at = ClaimState.SUBMITTED, at
        claim.save(update_fields=[*_columns(facts), "state", "submitted_at"])
        add_evidence(owner=claim, files=files, by=by, now=at)
        record_event(action="claim.submit", subject=claim, by=by, data=_said(facts), now=at)
    return claim


def withdraw_claim(*, claim_id: int, by: Any, now: datetime | None = None) -> CreditClaim:
    """Take the own claim back before it is decided. Raises `NotFound`, `WrongState`, `Busy`. Concurrency: locks cadre · claim."""
    claim = _own(claim_id, by)
    with locking_transaction():
        lock_row(Cadre, claim.cadre_id)
        claim = _held(claim_id, ClaimState.WITHDRAWN)
        claim.state = ClaimState.WITHDRAWN
        claim.save(update_fields=["state"])
        record_event(action="claim.withdraw", subject=claim, by=by, now=now)
    return claim


def approve_claim(*, claim_id: int, by: Any, answer: str = "", now: datetime | None = None) -> CreditClaim:
    """Recognise a claim: the credit entry and the claim's end, in one step; the cadre is told.

    Credits are rate × quantity by the scheme in force for the year of `earned_on`, down to what the activity's limit of the year
    leaves behind what stands in the ledger. Two approvals give the same total in either order.
    Raises `NotFound`, `PermissionDenied` (one's own), `WrongState`, `NotRecognised`, `NoSchemeInForce`, `LimitUsedUp`, `YearSealed`,
    `Busy`.
    Concurrency: locks the cadre row (the limit is read behind it), shares the year, then the claim.
    """
    claim = _seen(claim_id, by)
    with locking_transaction():
        lock_row(Cadre, claim.cadre_id)
        at = now or clock.now()
        claim = _held(claim_id, ClaimState.APPROVED)
        _share_open_year(claim.earned_on.year)
        scheme = scheme_in_force(claim.earned_on.year)
        found = reckon_claim(claim)
        if found is None:
            raise NotRecognised(_no_rule(claim.activity, claim.earned_on.year))
        if found.credits <= 0:
            raise LimitUsedUp(limit_facts(found))
        rule = scheme.rules.get(activity=claim.activity)
        claim.entry = CreditEntry.objects.create(
            year=claim.earned_on.year,
            amount=found.credits,
            hours=found.hours,
            category=rule.category,
            earned_on=claim.earned_on,
            cadre_id=claim.cadre_id,
            scheme=scheme,
            source_kind=SOURCE,
            source_ref=str(claim.pk),
            note=f"{claim.get_activity_display()}: {claim.title}"[:NOTE_MOST],
            posted_by=by,
            posted_at=at,
        )
        _decide(claim, ClaimState.APPROVED, answer.strip()[:ANSWER_MOST], by, at)
        data = {"credits": str(found.credits), "cut": str(found.cut), "entry": claim.entry.pk}
        record_event(action="claim.approve", subject=claim, by=by, data=data, now=at)
    return claim


def return_claim(*, claim_id: int, answer: str, by: Any, now: datetime | None = None) -> CreditClaim:
    """Ask for more: the cadre may change the claim and hand it in again. Raises as `refuse_claim`. Concurrency: as `refuse_claim`."""
    return _turn_down(claim_id, ClaimState.RETURNED, answer, by=by, now=now)


def refuse_claim(*, claim_id: int, answer: str, by: Any, now: datetime | None = None) -> CreditClaim:
    """Refuse a claim for good; `answer` is the reason that the cadre reads.

    Raises `NotFound`, `PermissionDenied` (one's own), `InvalidInput` (no reason), `WrongState`, `Busy`.
    Concurrency: locks cadre · claim: of two who decide, one comes first.
    """
    return _turn_down(claim_id, ClaimState.REFUSED, answer, by=by, now=now)


def limit_facts(found: ClaimReckoning) -> str:
    """What an activity's limit leaves, as one sentence."""
    return _("%(recognised)s credits of at most %(most)s a year are recognised already.") % {
        "recognised": number_format(found.recognised.normalize()),
        "most": number_format((found.most or Decimal(0)).normalize()),
    }


def _turn_down(
    claim_id: int, state: ClaimState, answer: str, *, by: Any, now: datetime | None
) -> CreditClaim:
    answer = answer.strip()
    if not answer:
        raise InvalidInput(_("A reason is needed."))
    if len(answer) > ANSWER_MOST:
        raise InvalidInput(_("The reason has more than %(most)s characters.") % {"most": ANSWER_MOST})
    claim = _seen(claim_id, by)
    with locking_transaction():
        lock_row(Cadre, claim.cadre_id)
        at = now or clock.now()
        claim = _held(claim_id, state)
        _decide(claim, state, answer, by, at)
        action = "claim.return"
        if state == ClaimState.REFUSED:
            action = "claim.refuse"
        record_event(action=action, subject=claim, by=by, data={"reason": answer}, now=at)
    return claim


def _decide(claim: CreditClaim, state: ClaimState, answer: str, by: Any, at: datetime) -> None:
    claim.state, claim.decision, claim.decided_by, claim.decided_at = state, answer, by, at
    claim.save(update_fields=["state", "decision", "decided_by", "decided_at", "entry"])
    _tell(claim)


def _check(facts: ClaimFacts, cadre: Cadre, at: datetime, besides: int = 0) -> None:
    """Raises what speaks against a claim before anybody judges it."""
    year = facts.earned_on.year
    if not facts.title.strip():
        raise InvalidInput(_("Say what was learned or written."))
    if facts.quantity <= 0:
        raise InvalidInput(_("The quantity must be more than zero."))
    if facts.earned_on > clock.school_date(at):
        raise InvalidInput(_("Only what is finished can be claimed."))
    rule = CreditRule.objects.filter(scheme=scheme_in_force(year), activity=facts.activity).first()
    if rule is None or facts.activity not in RecognisedActivity.values:
        raise NotRecognised(_no_rule(facts.activity, year))
    if rule.basis == CreditBasis.ITEM and facts.quantity != facts.quantity.to_integral_value():
        raise InvalidInput(_("Papers, reports and examinations are counted in whole numbers."))
    _share_open_year(year)
    same = CreditClaim.objects.filter(
        cadre=cadre, activity=facts.activity, title=facts.title.strip(), earned_on=facts.earned_on
    ).exclude(pk=besides)
    alive = same.filter(state__in=[*EDITABLE_STATES, ClaimState.APPROVED])
    if alive.unscoped("the own claims of one named cadre").exists():
        raise Duplicate(
            _("“%(title)s” has been claimed already.") % {"title": facts.title},
            remedy=_("Look at your requests: a returned claim can be changed there."),
        )


def _share_open_year(year: int) -> None:
    """Raises `YearSealed`. Concurrency: sealing the year waits until the transaction ends."""
    if share_year(year).state == YearState.SEALED:
        raise YearSealed(
            _("The results of %(year)s were sealed; no credits are added to that year any more.")
            % {"year": year},
            remedy=_(
                "If the result of that year is wrong without them, ask the academic affairs office for a correction; it states its reason."
            ),
        )


def _no_rule(activity: str, year: int) -> str:
    labels = dict(RecognisedActivity.choices)
    return _("The scheme of %(year)s does not say what “%(activity)s” is worth.") % {
        "year": year,
        "activity": labels.get(activity, activity),
    }


def _columns(facts: ClaimFacts) -> dict[str, Any]:
    return {
        "activity": facts.activity,
        "title": facts.title.strip(),
        "host": facts.host.strip(),
        "quantity": facts.quantity,
        "earned_on": facts.earned_on,
        "note": facts.note.strip(),
    }


def _said(facts: ClaimFacts) -> dict[str, str]:
    return {
        "activity": facts.activity,
        "quantity": str(facts.quantity),
        "earned_on": facts.earned_on.isoformat(),
    }


def _own(claim_id: int, by: Any) -> CreditClaim:
    claims = CreditClaim.objects.visible_to(by).filter(cadre__user=by.pk)
    claim = claims.select_related("cadre").filter(pk=claim_id).first()
    if claim is None:
        raise NotFound(_("You have no such claim."))
    return claim


def _seen(claim_id: int, by: Any) -> CreditClaim:
    claim = CreditClaim.objects.visible_to(by).select_related("cadre").filter(pk=claim_id).first()
    if claim is None:
        raise NotFound(_("There is no such claim within your scope."))
    if not may_review(by, claim):
        raise PermissionDenied
    return claim


def _held(claim_id: int, after: ClaimState) -> CreditClaim:
    """The claim, locked and freshly read. Raises `WrongState` when it cannot go to `after` any more."""
    claim = lock_row(CreditClaim, claim_id)
    if not may_move(CLAIM_MOVES, claim.state, after):
        raise WrongState(_("The claim is in state “%(state)s”.") % {"state": claim.get_state_display()})
    return claim


def _tell(claim: CreditClaim) -> None:
    with translation.override(settings.LANGUAGE_CODE):
        words = {
            ClaimState.APPROVED: _("Credits recognised: %(title)s"),
            ClaimState.RETURNED: _("Claim returned for more: %(title)s"),
            ClaimState.REFUSED: _("Claim not recognised: %(title)s"),
        }
        body = claim.decision
        if claim.entry is not None:
            body = _("%(credits)s credits.") % {"credits": number_format(claim.entry.amount.normalize())}
        send_notice(
            recipients=[claim.submitted_by],
            event=f"claim.decide:{claim.pk}:{claim.submitted_at.isoformat()}",
            title=words[ClaimState(claim.state)] % {"title": claim.title[:80]},
            body=body,
            url=reverse("trainees:claim", args=[claim.pk]),
        )
