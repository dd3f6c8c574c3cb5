"""Offerings: cancelling one."""

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextareaWidget


class CancelForm(forms.Form):
    """Why an offering will not be held; the people enrolled read it."""

    reason = forms.CharField(
        label=_("reason"),
        max_length=200,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        strip=True,
        help_text=_("The people enrolled read it in their notice."),
    )
