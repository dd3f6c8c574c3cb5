"""Looking training records up."""

from django import forms
from django.utils.translation import gettext_lazy as _


class RecordSearchForm(forms.Form):
    """Whose record is wanted."""

    q = forms.CharField(
        label=_("Name or cadre number"),
        max_length=60,
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": "form-control"}),
    )


class ReasonForm(forms.Form):
    """Why it is wanted; how long a reason must be is the service's affair."""

    reason = forms.CharField(
        label=_("reason"),
        max_length=200,
        required=False,
        strip=True,
        widget=forms.TextInput(attrs={"autocomplete": "off", "class": "form-control", "maxlength": 200}),
    )
