"""What a claim is worth: rate × quantity, down to what the activity's limit of the year leaves. Pure functions of rule and ledger."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from trainees.enums import ClaimState, CreditBasis

_CENT = Decimal("0.01")


@dataclass(frozen=True)
class ClaimReckoning:
    """How a claim comes to its credits. `most` is None where the scheme sets the activity no limit; `recognised` is in the ledger already."""

    basis: str
    rate: Decimal
    quantity: Decimal
    most: Decimal | None
    recognised: Decimal
    hours_a_day: Decimal

    @property
    def full(self) -> Decimal:
        """Credits by rate and quantity alone."""
        return (self.rate * self.quantity).quantize(_CENT, ROUND_HALF_UP)

    @property
    def left(self) -> Decimal | None:
        """Credits that the activity's limit leaves this year, None without a limit."""
        return None if self.most is None else max(Decimal(0), self.most - self.recognised)

    @property
    def credits(self) -> Decimal:
        """Credits that an approval posts."""
        return self.full if self.left is None else min(self.full, self.left)

    @property
    def cut(self) -> Decimal:
        """Credits that fall away by the limit."""
        return self.full - self.credits

    @property
    def hours(self) -> Decimal:
        """Class-hours that the credits rest on; a paper has none."""
        if self.basis == CreditBasis.ITEM:
            return Decimal(0)
        hours = self.quantity * self.hours_a_day if self.basis == CreditBasis.DAY else self.quantity
        return hours.quantize(_CENT, ROUND_HALF_UP)


# The claimant can change these; what is decided stands.
EDITABLE_STATES = (ClaimState.SUBMITTED, ClaimState.RETURNED)


def may_review(user: Any, claim: Any) -> bool:
    """Whether `user`, who holds the right to review, is a second person."""
    return user.pk not in (claim.submitted_by_id, claim.cadre.user_id)
