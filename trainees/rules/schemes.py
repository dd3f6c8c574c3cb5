"""What is missing in a scheme, and which of its figures contradict each other, in words."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from courses.enums import OfferingKind
from trainees.enums import CreditCategory, Rank

from .credits import SchemeFigures


@dataclass(frozen=True)
class SchemeFacts:
    """A scheme as it is judged. `rules`: activity → category; `rates`: activity → credits."""

    figures: SchemeFigures
    rules: Mapping[str, str] = field(default_factory=dict)
    rates: Mapping[str, Decimal] = field(default_factory=dict)
    carry_category: str = ""


def scheme_faults(facts: SchemeFacts) -> list[str]:
    """Why the scheme cannot be put in force, one sentence each; empty if it can."""
    return [*_missing(facts), *_contradictions(facts)]


def _missing(facts: SchemeFacts) -> Iterable[str]:
    unknown = [str(kind.label) for kind in OfferingKind if kind not in facts.rules]
    if unknown:
        yield _("Nothing says what these are worth: %(activities)s.") % {"activities": _(", ").join(unknown)}
    ranks = [str(rank.label) for rank in Rank if (rank.value, "") not in facts.figures.least]
    if ranks:
        yield _("There is no total for: %(ranks)s.") % {"ranks": _(", ").join(ranks)}


def _contradictions(facts: SchemeFacts) -> Iterable[str]:
    figures, caps = facts.figures, facts.figures.caps
    for (rank, category), least in figures.least.items():
        if category and category in caps and caps[category] < least:
            yield _("%(rank)s needs %(least)s of “%(category)s”, of which at most %(most)s count.") % {
                "rank": Rank(rank).label,
                "category": CreditCategory(category).label,
                "least": _number(least),
                "most": _number(caps[category]),
            }
    earned = {category for activity, category in facts.rules.items() if facts.rates.get(activity)}
    earned.add(facts.carry_category)
    wanted = {category for (_rank, category), least in figures.least.items() if category and least}
    for category in CreditCategory:
        if category in wanted | set(figures.shares) and category not in earned:
            yield _("“%(category)s” is needed, but nothing earns it.") % {"category": category.label}
    if sum(figures.shares.values()) > 1:
        yield _("The shares add up to more than the whole.")
    yield from _unreachable(figures, {category for category in earned if category})


def _unreachable(figures: SchemeFigures, earned: set[str]) -> Iterable[str]:
    caps = figures.caps
    highest = sum((caps[category] for category in earned), Decimal(0)) if earned <= set(caps) else None
    for rank in Rank:
        total = figures.needed(rank)
        if highest is not None and highest < total:
            yield _("%(rank)s needs %(total)s, but at most %(most)s can count at all.") % {
                "rank": rank.label,
                "total": _number(total),
                "most": _number(highest),
            }
        elif highest is not None and figures.excellent_factor and highest < figures.excellent_factor * total:
            yield _("%(rank)s can never be excellent: at most %(most)s can count at all.") % {
                "rank": rank.label,
                "most": _number(highest),
            }
        for category, share in figures.shares.items():
            if category in caps and caps[category] < share * total:
                yield _(
                    "%(rank)s: %(share)s%% of %(total)s must be “%(category)s”, of which at most %(most)s count."
                ) % {
                    "rank": rank.label,
                    "share": _number(share * 100),
                    "total": _number(total),
                    "category": CreditCategory(category).label,
                    "most": _number(caps[category]),
                }


def _number(value: Decimal) -> str:
    return number_format(value.normalize())
