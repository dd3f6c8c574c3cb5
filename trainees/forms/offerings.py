"""Offerings: cancelling one, enrolling somebody by hand."""

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


class EnrolForm(forms.Form):
    """One cadre to be enrolled by hand. The field is set up by the admin page, which knows who may be chosen."""

    cadre: forms.ModelChoiceField = forms.ModelChoiceField(label=_("cadre"), queryset=None)
