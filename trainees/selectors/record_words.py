"""Cycle and promotion of a training record in words: the same on the page, in the PDF and in the workbook."""

from datetime import date

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from trainees.rules.records import Cycle, Promotion, PromotionState

from .reasons import credits_text


def _day(day: date) -> str:
    return date_format(day, _("M j, Y"))


def cycle_text(cycle: Cycle) -> str:
    """Where a cadre stands in the cycle, in one or two sentences."""
    figures = {
        "first": cycle.first_year,
        "last": cycle.last_year,
        "hours": credits_text(cycle.hours),
        "needed": credits_text(cycle.needed),
        "gap": credits_text(cycle.gap),
        "days": cycle.gap_days,
    }
    if cycle.met:
        return (
            _("%(first)s–%(last)s: %(hours)s class-hours of %(needed)s needed; the requirement is met.")
            % figures
        )
    return (
        _(
            "%(first)s–%(last)s: %(hours)s class-hours of %(needed)s needed; %(gap)s are lacking, about %(days)s training days."
        )
        % figures
    )


def promotion_text(promotion: Promotion) -> str:
    """Whether the training that the last promotion presupposes was there."""
    facts = {
        "day": _day(promotion.on),
        "rank": promotion.rank.label,
        "hours": credits_text(promotion.hours),
        "needed": credits_text(promotion.needed),
        "due": _day(promotion.due_on),
        "made_up": _day(promotion.made_up_on) if promotion.made_up_on else "",
    }
    texts = {
        PromotionState.MET: _("Promoted to %(rank)s on %(day)s with the training that this needs."),
        PromotionState.MADE_UP: _(
            "Promoted to %(rank)s on %(day)s with %(hours)s of %(needed)s class-hours; made up by %(made_up)s, in time."
        ),
        PromotionState.OPEN: _(
            "Promoted to %(rank)s on %(day)s with %(hours)s of %(needed)s class-hours; the rest is due by %(due)s."
        ),
        PromotionState.MISSED: _(
            "Promoted to %(rank)s on %(day)s with %(hours)s of %(needed)s class-hours; not made up by %(due)s."
        ),
    }
    return texts[promotion.state] % facts
