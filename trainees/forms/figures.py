"""A new value of a training figure, another tier of leave, another requirement of a cycle."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSingleDateWidget,
    UnfoldAdminTextInputWidget,
)

from partyschool.common import clock
from trainees.enums import FigureCode, LeaveApprover, Rank

MOST_HALF_DAYS = 1000
YEARS = (2000, 2100)


def _year(label: Any) -> forms.IntegerField:
    return forms.IntegerField(
        label=label, min_value=YEARS[0], max_value=YEARS[1], widget=UnfoldAdminIntegerFieldWidget
    )


class _DatedForm(forms.Form):
    """From which day on a row of the rules holds, and the document it comes from."""

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


class FigureForm(_DatedForm):
    """Which figure, and its value."""

    code = forms.ChoiceField(label=_("figure"), choices=FigureCode, widget=UnfoldAdminSelectWidget)
    value = forms.DecimalField(
        label=_("value"), min_value=0, max_digits=9, decimal_places=4, widget=UnfoldAdminDecimalFieldWidget
    )
    field_order = ("code", "value")


class LeaveTierForm(_DatedForm):
    """Leaves of which length, and who decides on them."""

    most_half_days = forms.IntegerField(
        label=_("half-days, at most"),
        required=False,
        min_value=1,
        max_value=MOST_HALF_DAYS,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=_("Empty: all that are longer than the other tiers reach."),
    )
    approver = forms.ChoiceField(label=_("decided by"), choices=LeaveApprover, widget=UnfoldAdminSelectWidget)
    field_order = ("most_half_days", "approver")


class EndTierForm(forms.Form):
    """The last day of a tier that nothing replaces."""

    last_day = forms.DateField(
        label=_("last day"),
        widget=UnfoldAdminSingleDateWidget,
        help_text=_("Today or later. From the next day on the next longer tier decides."),
    )


class CycleForm(_DatedForm):
    """What a rank needs in a cycle of years."""

    rank = forms.ChoiceField(label=_("rank"), choices=Rank, widget=UnfoldAdminSelectWidget)
    first_year = _year(_("first year"))
    last_year = _year(_("last year"))
    hours = forms.DecimalField(
        label=_("class-hours, at least"),
        min_value=0,
        max_digits=7,
        decimal_places=2,
        widget=UnfoldAdminDecimalFieldWidget,
    )
    field_order = ("rank", "first_year", "last_year", "hours")
