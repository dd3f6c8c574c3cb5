"""Lists of conduct, opening an assessment, and what moderation enters."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
)

from courses.models import Offering
from trainees.enums import ConductDimension, ConductGrade
from trainees.rules.conduct import MOST, Marking


class ConductFilterForm(forms.Form):
    """What the list of released conduct can be narrowed to."""

    year = forms.TypedChoiceField(label=_("Year"), coerce=int, empty_value=None, required=False)
    grade = forms.ChoiceField(
        label=_("Grade"), required=False, choices=[("", _("All grades")), *ConductGrade.choices]
    )
    name = forms.CharField(label=_("Name"), required=False, max_length=60)

    def __init__(self, *args: Any, years: list[int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [("", _("All years")), *((year, str(year)) for year in years)]
        self.fields["year"].choices = choices  # type: ignore[attr-defined]  # a ChoiceField

    def chosen(self) -> dict[str, Any]:
        """The valid choices; what is not valid counts as not chosen."""
        self.is_valid()
        return {
            "year": self.cleaned_data.get("year"),
            "grade": self.cleaned_data.get("grade") or "",
            "name": self.cleaned_data.get("name") or "",
        }


class OpenSheetForm(forms.Form):
    """The class whose conduct is to be assessed."""

    offering = forms.ModelChoiceField(
        label=_("class"), queryset=Offering.objects.none(), widget=UnfoldAdminSelectWidget
    )

    def __init__(self, *args: Any, classes: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["offering"].queryset = classes  # type: ignore[attr-defined]  # a ModelChoiceField


class ReturnForm(forms.Form):
    """Why a sheet goes back to the class teacher."""

    reason = forms.CharField(
        label=_("reason"), max_length=200, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}), strip=True
    )


class ModerateForm(ReturnForm):
    """Another score in one dimension, and why."""

    dimension = forms.ChoiceField(label=_("dimension"), widget=UnfoldAdminSelectWidget)
    value = forms.IntegerField(
        label=_("new score"), min_value=0, max_value=MOST, widget=UnfoldAdminIntegerFieldWidget
    )
    field_order = ("dimension", "value", "reason")

    def __init__(self, *args: Any, marking: Marking, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(dimension.value, ConductDimension(dimension).label) for dimension in marking.used]
        self.fields["dimension"].choices = choices  # type: ignore[attr-defined]  # a ChoiceField
