"""The versions of a sealed result: what it was, what it became, and why."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from trainees.enums import CreditCategory
from trainees.models import YearlyAssessment

from .reasons import credits_text, reasons_text


@dataclass(frozen=True)
class Change:
    """One fact of a result before and after."""

    label: str
    before: str
    after: str

    @property
    def changed(self) -> bool:
        return self.before != self.after


def comparison(before: YearlyAssessment, after: YearlyAssessment) -> list[Change]:
    """Two results of one cadre's year fact by fact, changed or not."""
    lines = [
        Change(_("grade"), str(before.get_grade_display()), str(after.get_grade_display())),
        Change(_("unit"), str(before.unit), str(after.unit)),
        Change(_("rank"), str(before.get_rank_display()), str(after.get_rank_display())),
        Change(_("credits counted"), credits_text(before.counted), credits_text(after.counted)),
        Change(_("credits earned"), credits_text(before.earned), credits_text(after.earned)),
        Change(_("credits needed"), credits_text(before.needed), credits_text(after.needed)),
    ]
    old, new = before.breakdown, after.breakdown
    lines += [
        Change(str(category.label), _figures(old.get(category.value)), _figures(new.get(category.value)))
        for category in CreditCategory
    ]
    lines.append(
        Change(_("reasons"), reasons_text(before.reasons) or "–", reasons_text(after.reasons) or "–")
    )
    return lines


def _figures(part: Any) -> str:
    if part is None:
        return "–"
    return _("earned %(earned)s, counted %(counted)s") % {
        "earned": credits_text(part["earned"] or 0),
        "counted": credits_text(part["counted"] or 0),
    }


def versions_of(assessment: YearlyAssessment) -> list[YearlyAssessment]:
    """All versions of the result of one cadre's year that the caller read in scope, newest first. One query."""
    rows = YearlyAssessment.versions.filter(cadre=assessment.cadre_id, year=assessment.year)
    return list(
        rows.unscoped("the result in force was read in scope")
        .select_related("closed_by", "unit")
        .order_by("-pk")
    )


@dataclass(frozen=True)
class Correction:
    """One correction of a result: what changed, why, when."""

    after: YearlyAssessment
    changes: list[Change]


def corrections_of(user: Any, cadre: int, year: int) -> list[Correction]:
    """The corrections of one cadre's year that `user` may see, newest first. One query."""
    rows = YearlyAssessment.versions.visible_to(user).filter(cadre=cadre, year=year)
    found = {row.pk: row for row in rows.select_related("unit").order_by("-pk")}
    return list(_corrections(found))


def _corrections(found: dict[int, YearlyAssessment]) -> Iterator[Correction]:
    for after in found.values():
        before = found.get(after.corrects_id or 0)
        if before is not None:
            changed = [line for line in comparison(before, after) if line.changed]
            yield Correction(after, changed)
