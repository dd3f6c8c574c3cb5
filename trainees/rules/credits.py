"""How a year's credits become a result, in plain Python: what the closing of a year does for everybody at once in SQL.

The order of application, with a worked example, is in docs/credits.md; a property test holds the statement to this module.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cached_property
from typing import Any

from trainees.enums import AssessmentResult, CreditCategory, Grade

NOTHING = Decimal(0)


@dataclass(frozen=True)
class SchemeFigures:
    """What a scheme says about a year's total, in credits. `least` is by (rank, category), the category empty for the total."""

    caps: Mapping[str, Decimal] = field(default_factory=dict)
    least: Mapping[tuple[str, str], Decimal] = field(default_factory=dict)
    shares: Mapping[str, Decimal] = field(default_factory=dict)
    excellent_factor: Decimal | None = None
    conduct_least: Decimal | None = None

    def needed(self, rank: str) -> Decimal:
        """The total that `rank` needs, 0 where the scheme says nothing."""
        return self.least.get((rank, ""), NOTHING)


@dataclass(frozen=True)
class ConductOfYear:
    """The released conduct of one cadre's year. `lowest` is the least total of any class, None without one.

    `good` is whether nothing of it stands in the way of an excellent year: every class good or excellent; without any class only
    in a year in which the school assesses no conduct.
    """

    lowest: Decimal | None = None
    good: bool = True


@dataclass(frozen=True)
class CategoryLine:
    """One category of a year, in credits. `cap`, `needed` and `share` are None where the scheme sets none."""

    category: CreditCategory
    earned: Decimal
    cap: Decimal | None
    needed: Decimal | None
    share: Decimal | None = None

    @property
    def counted(self) -> Decimal:
        return self.earned if self.cap is None else min(self.earned, self.cap)

    @property
    def beyond_cap(self) -> Decimal:
        return self.earned - self.counted

    @property
    def short(self) -> Decimal:
        """What is lacking to the category's own requirement, 0 when it is met or there is none."""
        return NOTHING if self.needed is None else max(NOTHING, self.needed - self.counted)

    def share_missed(self, total: Decimal) -> bool:
        """Whether less than the category's share of `total` counted credits comes from it; there is no share of nothing."""
        return self.share is not None and total > 0 and self.counted < self.share * total


@dataclass(frozen=True)
class Reckoning:
    """A year as its rules give it: the lines, what is lacking, result and grade. `reasons` as `YearlyAssessment` stores them."""

    categories: tuple[CategoryLine, ...]
    needed: Decimal
    reasons: tuple[dict[str, Any], ...]
    result: AssessmentResult
    grade: Grade

    @cached_property
    def earned(self) -> Decimal:
        return sum((line.earned for line in self.categories), NOTHING)

    @cached_property
    def counted(self) -> Decimal:
        return sum((line.counted for line in self.categories), NOTHING)


def reckon(
    *,
    figures: SchemeFigures,
    rank: str,
    entries: Iterable[tuple[str, Decimal]],
    conduct: ConductOfYear = ConductOfYear(),
    ground: str = "",
) -> Reckoning:
    """The result of one cadre's year from its `entries` (category, credits), whatever they are: earned, penalties, reversals, carried over.

    In this order: sum per category → cap of the category → total → least per category → least in total → shares → conduct → grade.
    `ground` is that of an exemption, or empty.
    """
    sums = dict.fromkeys(CreditCategory.values, NOTHING)
    for category, amount in entries:
        sums[category] += amount
    lines = tuple(
        CategoryLine(
            CreditCategory(category),
            earned,
            figures.caps.get(category),
            figures.least.get((rank, category)),
            figures.shares.get(category),
        )
        for category, earned in sums.items()
    )
    counted = sum((line.counted for line in lines), NOTHING)
    needed = figures.needed(rank)
    reasons = tuple(_reasons(lines, counted=counted, needed=needed, figures=figures, conduct=conduct))
    result = AssessmentResult.FAIL if reasons else AssessmentResult.PASS
    if ground:
        result, reasons = AssessmentResult.EXEMPT, ({"code": "exempt", "ground": ground},)
    excellent = (
        result == AssessmentResult.PASS
        and figures.excellent_factor is not None
        and needed > 0
        and counted >= figures.excellent_factor * needed
        and conduct.good
    )
    return Reckoning(lines, needed, reasons, result, Grade.EXCELLENT if excellent else Grade(result))


def _reasons(
    lines: Iterable[CategoryLine],
    *,
    counted: Decimal,
    needed: Decimal,
    figures: SchemeFigures,
    conduct: ConductOfYear,
) -> Iterable[dict[str, Any]]:
    lines = tuple(lines)
    if counted < needed:
        yield {"code": "short", "category": "", "needed": needed, "counted": counted}
    for line in lines:
        if line.short:
            yield {
                "code": "short",
                "category": line.category.value,
                "needed": line.needed,
                "counted": line.counted,
            }
    for line in lines:
        if line.share_missed(counted):
            yield {
                "code": "share",
                "category": line.category.value,
                "needed": line.share,
                "counted": line.counted,
                "total": counted,
            }
    if (
        figures.conduct_least is not None
        and conduct.lowest is not None
        and conduct.lowest < figures.conduct_least
    ):
        yield {"code": "conduct", "needed": figures.conduct_least, "counted": conduct.lowest}
