"""Trying a scheme on a year, and narrowing down who changes."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget

from partyschool.accounts.models import Unit
from trainees.enums import Rank, SchemeState
from trainees.models import CreditScheme
from trainees.selectors.organisation import closed_years
from trainees.selectors.simulation import SimulatedChange, Simulation

RATED, POSTED = "rated", "posted"
KINDS = [
    ("", _("All changes")),
    ("worse", _("Would fail anew")),
    ("better", _("Would fail no longer")),
    ("grade", _("Another grade")),
]


class SimulationForm(forms.Form):
    """Which year with results is tried, and whether its credits are rated again."""

    year = forms.TypedChoiceField(label=_("year"), coerce=int, widget=UnfoldAdminSelectWidget)
    ledger = forms.ChoiceField(
        label=_("credits"),
        choices=[
            (RATED, _("rated again by this scheme")),
            (POSTED, _("as they were posted; only caps, needs, shares and grade are this scheme's")),
        ],
        widget=UnfoldAdminSelectWidget,
    )

    def __init__(self, *args: Any, scheme: CreditScheme, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        years = closed_years()
        self.fields["year"].choices = [(year, str(year)) for year in years]  # type: ignore[attr-defined]  # a ChoiceField
        self.initial["year"] = scheme.year if scheme.year in years else next(iter(years), None)
        self.initial["ledger"] = RATED if scheme.state == SchemeState.DRAFT else POSTED

    @property
    def answers(self) -> dict[str, Any]:
        """The arguments of the service."""
        return {"year": self.cleaned_data["year"], "as_posted": self.cleaned_data["ledger"] == POSTED}


class SimulatedForm(forms.Form):
    """Filters of the list of those who change; what is no choice narrows nothing."""

    kind = forms.ChoiceField(label=_("change"), choices=KINDS, required=False, widget=UnfoldAdminSelectWidget)
    rank = forms.ChoiceField(
        label=_("rank"),
        choices=[("", _("All ranks")), *Rank.choices],
        required=False,
        widget=UnfoldAdminSelectWidget,
    )
    unit = forms.TypedChoiceField(
        label=_("unit"), coerce=int, empty_value=None, required=False, widget=UnfoldAdminSelectWidget
    )

    def __init__(self, *args: Any, found: Simulation | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.found = found
        moved = {one.unit_id for one in found.changes} if found else set()
        units = Unit.objects.filter(pk__in=moved).order_by("path").values_list("pk", "name")
        self.fields["unit"].choices = [("", _("All units")), *units]  # type: ignore[attr-defined]  # a ChoiceField

    def narrowed(self) -> list[SimulatedChange]:
        """The changes that fit."""
        self.full_clean()
        kind, rank, unit = (self.cleaned_data.get(name) for name in ("kind", "rank", "unit"))
        return [
            one
            for one in (self.found.changes if self.found else ())
            if (not kind or one.kind == kind)
            and (not rank or one.rank == rank)
            and (not unit or one.unit_id == unit)
        ]
