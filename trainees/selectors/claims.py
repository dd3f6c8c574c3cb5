"""Claims to credits: what a cadre may claim for, what a claim would give, and what waits for review."""

from decimal import Decimal
from typing import Any

from django.db.models import Q, QuerySet, Sum
from django.utils.formats import number_format
from django.utils.translation import gettext as _

from partyschool.common import clock
from trainees.enums import ClaimState, FigureCode, RecognisedActivity, SchemeState
from trainees.models import CreditClaim, CreditEntry, CreditRule
from trainees.rules.claims import ClaimReckoning

from .figures import figure

SOURCE = "claim"


def recognised_so_far(*, cadre_id: int, activity: str, year: int) -> Decimal:
    """Credits of the cadre from claims for `activity` that stand in the ledger for `year`, what was taken back not counted."""
    entries = CreditEntry.objects.filter(cadre=cadre_id, year=year, source_kind=SOURCE).filter(
        Q(claim__activity=activity) | Q(reverses__claim__activity=activity)
    )
    return entries.unscoped("a sum of one named cadre").aggregate(total=Sum("amount"))["total"] or Decimal(0)


def reckon_claim(claim: CreditClaim) -> ClaimReckoning | None:
    """What `claim` is worth by the scheme in force for its year, or None where that has no rule for it. Three queries.

    Raises `NoFigure`.
    """
    rule = CreditRule.objects.filter(
        scheme__year=claim.earned_on.year, scheme__state=SchemeState.IN_FORCE, activity=claim.activity
    ).first()
    if rule is None:
        return None
    return ClaimReckoning(
        basis=rule.basis,
        rate=rule.rate,
        quantity=claim.quantity,
        most=rule.most,
        recognised=recognised_so_far(
            cadre_id=claim.cadre_id, activity=claim.activity, year=claim.earned_on.year
        ),
        hours_a_day=figure(FigureCode.HOURS_A_DAY, on=claim.earned_on),
    )


def own_claims(user: Any) -> QuerySet[CreditClaim]:
    """The own claims, newest first."""
    return (
        CreditClaim.objects.visible_to(user)
        .filter(cadre__user=user.pk)
        .select_related("entry", "cadre")
        .order_by("-submitted_at", "-pk")
    )


def claims_to_review(user: Any) -> QuerySet[CreditClaim]:
    """What waits for a second person, the oldest first."""
    found = CreditClaim.objects.visible_to(user).filter(state=ClaimState.SUBMITTED)
    found = found.exclude(Q(cadre__user=user.pk) | Q(submitted_by=user.pk))
    return found.select_related("cadre__unit").order_by("submitted_at", "pk")


def activity_choices() -> list[tuple[str, str]]:
    """The activities that can be claimed, each with what it gives by the newest scheme in force that names it. One query."""
    newest: dict[str, CreditRule] = {}
    for rule in CreditRule.objects.filter(
        scheme__state=SchemeState.IN_FORCE,
        scheme__year__lte=clock.school_year(),
        activity__in=RecognisedActivity.values,
    ).order_by("scheme__year"):
        newest[rule.activity] = rule
    found = [(code, label, newest[code]) for code, label in RecognisedActivity.choices if code in newest]
    return [(code, f"{label}{_brackets(rule_text(rule))}") for code, label, rule in found]


def rule_text(rule: CreditRule) -> str:
    """What a rule gives, in words."""
    facts = {
        "rate": number_format(rule.rate.normalize()),
        "basis": rule.get_basis_display(),
        "most": number_format(rule.most.normalize()) if rule.most is not None else "",
    }
    if rule.most is None:
        return _("%(rate)s credits %(basis)s") % facts
    return _("%(rate)s credits %(basis)s, at most %(most)s a year") % facts


def _brackets(text: str) -> str:
    return _(" (%(text)s)") % {"text": text}
