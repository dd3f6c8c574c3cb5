from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelectWidget

from .models import StandardTarget
from .selectors.board import indicator_labels


class TargetForm(forms.ModelForm):
    """A target for one of the indicators that the board knows how to count."""

    indicator = forms.ChoiceField(label=_("indicator"), widget=UnfoldAdminSelectWidget)

    class Meta:
        model = StandardTarget
        fields = ["year", "indicator", "target", "source"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "indicator" in self.fields:
            self.fields["indicator"].choices = list(indicator_labels().items())  # type: ignore[attr-defined]  # a ChoiceField
