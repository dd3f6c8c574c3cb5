"""A selection round as staff sets it up."""

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from courses.enums import OfferingKind, OfferingState
from courses.models import Offering, SelectionRound
from trainees.enums import CadreCategory, Rank


class SelectionRoundForm(forms.ModelForm):
    """A round with the cadres it is open to and its topics."""

    ranks = forms.MultipleChoiceField(
        label=_("open to ranks"),
        choices=Rank,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("None ticked: open to all."),
    )
    categories = forms.MultipleChoiceField(
        label=_("open to categories"),
        choices=CadreCategory,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("None ticked: open to all."),
    )
    offerings = forms.ModelMultipleChoiceField(
        label=_("topics of the round"),
        queryset=Offering.objects.none(),
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("Elective topics and forum sessions that are in no other round."),
    )

    class Meta:
        model = SelectionRound
        fields = [
            "year",
            "name",
            "mode",
            "opens_at",
            "closes_at",
            "max_picks",
            "ranks",
            "categories",
            "units",
        ]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "offerings" in self.fields:
            free = Q(selection_round=None, kind__in=[OfferingKind.ELECTIVE, OfferingKind.FORUM])
            free &= Q(state__in=[OfferingState.PLANNED, OfferingState.PUBLISHED])
            own = Q(selection_round=self.instance.pk) if self.instance.pk else Q(pk__in=[])
            choices = Offering.objects.filter(free | own).order_by("-year", "starts_on", "pk")
            self.fields["offerings"].queryset = choices  # type: ignore[attr-defined]  # a ModelMultipleChoiceField
            if self.instance.pk:
                self.initial["offerings"] = list(Offering.objects.filter(own).values_list("pk", flat=True))
