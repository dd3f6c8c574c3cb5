"""Revoking a certificate."""

from django import forms
from django.utils.translation import gettext_lazy

from trainees.services.certificates import REASON_MOST


class RevocationForm(forms.Form):
    """Why."""

    reason = forms.CharField(
        label=gettext_lazy("Reason"),
        help_text=gettext_lazy(
            "The holder reads it, and it is kept in the audit trail; whoever checks the code does not."
        ),
        max_length=REASON_MOST,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
