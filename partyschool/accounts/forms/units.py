"""Units: a new one, and what is done to one that stands."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminDateWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from partyschool.accounts.enums import UnitKind
from partyschool.accounts.models import Unit, UnitChange
from partyschool.common import clock

NAME_MOST = Unit._meta.get_field("name").max_length or 0
REASON_MOST = UnitChange._meta.get_field("reason").max_length or 0


class UnitChoiceField(forms.ModelChoiceField):
    """A unit of the tree, indented by its depth."""

    def label_from_instance(self, unit: Unit) -> str:  # type: ignore[override]  # a narrower model
        return "\u3000" * (unit.depth - 1) + unit.name


class UnitForm(forms.ModelForm):
    """A new unit with the one above it; of one that stands, the kind. An organisation department stays one, and none is made of others."""

    parent = UnitChoiceField(
        label=gettext_lazy("Unit above"),
        queryset=Unit.objects.none(),
        required=False,
        widget=UnfoldAdminSelectWidget,
        empty_label=gettext_lazy("(top of the tree)"),
    )

    class Meta:
        model = Unit
        fields = ["code", "name", "kind"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "parent" in self.fields:
            self.fields["parent"].queryset = Unit.objects.filter(closed_on__isnull=True)  # type: ignore[attr-defined]  # a ModelChoiceField

    def clean_kind(self) -> str:
        kind, was = self.cleaned_data["kind"], self.initial.get("kind")
        if self.instance.pk and kind != was and UnitKind.ORG_DEPARTMENT in {kind, was}:
            raise ValidationError(
                _(
                    "The units below an organisation department are its jurisdiction: make a new unit and move them there."
                )
            )
        return kind


class UnitDeedForm(forms.Form):
    """From which day on something holds for a unit, and why."""

    on = forms.DateField(
        label=gettext_lazy("effective from"),
        widget=UnfoldAdminDateWidget,
        help_text=gettext_lazy("The day of the decision: today or earlier. What people see changes at once."),
    )
    reason = forms.CharField(
        label=gettext_lazy("reason"),
        max_length=REASON_MOST,
        strip=True,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=gettext_lazy("For instance the document that ordered it. It stands in the unit's history."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["on"].initial = clock.school_date


class MoveUnitForm(UnitDeedForm):
    """Where to is chosen in the tree beside the form; `to` is what was chosen."""

    to = forms.ModelChoiceField(queryset=Unit.objects.all(), widget=forms.HiddenInput)


class MergeUnitForm(UnitDeedForm):
    """Into which unit is chosen in the tree beside the form; `into` is what was chosen."""

    into = forms.ModelChoiceField(queryset=Unit.objects.all(), widget=forms.HiddenInput)


class RenameUnitForm(UnitDeedForm):
    """A new name."""

    name = forms.CharField(
        label=gettext_lazy("new name"), max_length=NAME_MOST, strip=True, widget=UnfoldAdminTextInputWidget
    )
    field_order = ("name", "on", "reason")
