"""Denials that only this floor knows; the vocabulary itself is `partyschool.common.errors`."""

from typing import Any

from django.utils.translation import gettext_lazy as _

from partyschool.common.errors import (
    Clash,
    Denial,
    Duplicate,
    Full,
    LimitReached,
    NotEligible,
    WindowClosed,
)
from trainees.enums import OverrideRule


class QuotaReached(LimitReached):
    """The unit has as many seats as it may."""

    code = "quota"
    title = _("Your unit has no seat left here")
    remedy = _(
        "Choose another topic, or get in line: the seat is yours if somebody of your unit gives one up."
    )


class OthersWaiting(Full):
    """A seat is free for a moment, and those in line are asked first."""

    title = _("Others are in line")
    remedy = _("Get in line as well; nobody is passed over.")


class SeatFree(Denial):
    """There is nothing to wait for: a seat can be taken now."""

    code = "seat_free"
    title = _("A seat is free")
    remedy = _("Pick the topic now; there is no need to wait.")


# Why somebody was refused, as staff read it of others: by the code on record.
_REASONS: dict[str, Any] = {
    Full.code: Full.title,
    LimitReached.code: OverrideRule.LIMIT.label,
    QuotaReached.code: OverrideRule.QUOTA.label,
    Clash.code: OverrideRule.CLASH.label,
    Duplicate.code: OverrideRule.REPEAT.label,
    NotEligible.code: OverrideRule.ELIGIBILITY.label,
    WindowClosed.code: OverrideRule.WINDOW.label,
}
REFUSAL_CODES = tuple(_REASONS)


def refusal_reason(code: str) -> str:
    """The reason behind the code of a `SeatRefusal`, in words; a code without words stands for itself."""
    return str(_REASONS.get(code, code))
