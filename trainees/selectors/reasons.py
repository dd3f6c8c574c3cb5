"""Why a year was passed, failed or not assessed, in words: the same on pages, in notices and in workbooks."""

from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from trainees.enums import CreditCategory, ExemptionGround


def credits_text(value: object) -> str:
    """Credits without needless zeros: 90.00 → 90, 7.50 → 7.5."""
    text = f"{Decimal(str(value)):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def reason_text(reason: Mapping[str, Any]) -> str:
    """One entry of `YearlyAssessment.reasons` as a short sentence without a full stop."""
    if reason["code"] == "exempt":
        return _("Exempt: %(ground)s") % {"ground": ExemptionGround(reason["ground"]).label}
    if reason["code"] == "conduct":
        return _("Conduct in a class: %(counted)s points of at least %(needed)s") % {
            "counted": credits_text(reason["counted"]),
            "needed": credits_text(reason["needed"]),
        }
    if reason["code"] == "share":
        return _(
            "%(category)s: %(counted)s of %(total)s credits counted, less than the share of %(needed)s%% needed"
        ) % {
            "category": CreditCategory(reason["category"]).label,
            "counted": credits_text(reason["counted"]),
            "total": credits_text(reason["total"]),
            "needed": credits_text(Decimal(str(reason["needed"])) * 100),
        }
    figures = {"counted": credits_text(reason["counted"]), "needed": credits_text(reason["needed"])}
    if reason["category"]:
        return _("%(category)s: %(counted)s credits of %(needed)s needed") % {
            "category": CreditCategory(reason["category"]).label,
            **figures,
        }
    return _("In total %(counted)s credits of %(needed)s needed") % figures


def reasons_text(reasons: Iterable[Mapping[str, Any]]) -> str:
    """All reasons of one year in one line; empty for a year that was passed."""
    return pgettext("between clauses", "; ").join([reason_text(reason) for reason in reasons])
