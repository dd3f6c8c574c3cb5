"""Waiting lists: moving somebody in line."""

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminTextareaWidget

from trainees.services.waiting import PRIORITY_MOST, REASON_MOST


class PriorityForm(forms.Form):
    """Who is asked before others, and why; the change is listed for everybody who may see the line."""

    priority = forms.IntegerField(
        label=_("priority"),
        min_value=-PRIORITY_MOST,
        max_value=PRIORITY_MOST,
        widget=UnfoldAdminIntegerFieldWidget,
        help_text=_(
            "The higher number is asked first; among equals, who came first. 0 is the ordinary place."
        ),
    )
    reason = forms.CharField(
        label=_("reason"),
        max_length=REASON_MOST,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        strip=True,
        help_text=_("It is recorded and listed with your name."),
    )
