"""A new value of a training figure."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSingleDateWidget,
    UnfoldAdminTextInputWidget,
)

from partyschool.common import clock
from trainees.enums import FigureCode


class FigureForm(forms.Form):
    """Which figure, its value from a day on, and the document it comes from."""

    code = forms.ChoiceField(label=_("figure"), choices=FigureCode, widget=UnfoldAdminSelectWidget)
    value = forms.DecimalField(
        label=_("value"), min_value=0, max_digits=9, decimal_places=4, widget=UnfoldAdminDecimalFieldWidget
    )
    valid_from = forms.DateField(
        label=_("valid from"),
        widget=UnfoldAdminSingleDateWidget,
        help_text=_("Today or later; the value until then ends the day before."),
    )
    source = forms.CharField(
        label=_("source"),
        max_length=200,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("The document this figure comes from."),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial.setdefault("valid_from", clock.school_date())
