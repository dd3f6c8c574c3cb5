"""A credit scheme on one page: what an activity is worth, what counts, what a rank needs, in the order in which it is applied."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from trainees.enums import CreditCategory, Rank, RecognisedActivity
from trainees.models import CreditPenalty, CreditRule, CreditScheme
from trainees.models.credits import ACTIVITIES
from trainees.rules.credits import SchemeFigures
from trainees.rules.schemes import SchemeFacts, scheme_faults

from .credits import stored_figures


@dataclass(frozen=True)
class CategoryFigures:
    """One category: its cap, the least of each rank by its name, its share; None where there is none."""

    category: CreditCategory
    cap: Decimal | None
    least: Sequence[tuple[str, Decimal | None]]
    share: Decimal | None


@dataclass(frozen=True)
class SchemePage:
    """Everything that a scheme says."""

    scheme: CreditScheme
    figures: SchemeFigures
    rules: Sequence[CreditRule]
    penalties: Sequence[CreditPenalty]

    @property
    def offered(self) -> list[CreditRule]:
        """What the school runs."""
        return [rule for rule in self.rules if rule.activity not in RecognisedActivity.values]

    @property
    def claimed(self) -> list[CreditRule]:
        """What is recognised on a claim."""
        return [rule for rule in self.rules if rule.activity in RecognisedActivity.values]

    @property
    def categories(self) -> list[CategoryFigures]:
        return [
            CategoryFigures(
                category,
                self.figures.caps.get(category),
                [(str(label), self.figures.least.get((rank, category))) for rank, label in Rank.choices],
                self.figures.shares.get(category),
            )
            for category in CreditCategory
        ]

    @property
    def totals(self) -> list[tuple[str, Decimal | None]]:
        """The total that each rank needs, by its name."""
        return [(str(label), self.figures.least.get((rank, ""))) for rank, label in Rank.choices]

    @cached_property
    def faults(self) -> list[str]:
        """Why it cannot be put in force."""
        return scheme_faults(
            SchemeFacts(
                figures=self.figures,
                rules={rule.activity: rule.category for rule in self.rules},
                rates={rule.activity: rule.rate for rule in self.rules},
                carry_category=self.scheme.carry_category,
            )
        )


def scheme_page(scheme: CreditScheme) -> SchemePage:
    """3 queries."""
    order = {code: number for number, (code, _label) in enumerate(ACTIVITIES)}
    rules = sorted(scheme.rules.all(), key=lambda rule: order[rule.activity])
    return SchemePage(scheme, stored_figures(scheme), rules, list(scheme.penalties.order_by("pk")))


def faults_of(scheme: CreditScheme) -> list[str]:
    """Why `scheme` cannot be put in force, one sentence each; empty if it can."""
    return scheme_page(scheme).faults
