"""The form in which a result is objected to, on the portal."""

from django import forms
from django.utils.translation import gettext_lazy as _

from trainees.services.objections import TEXT_MOST

from .evidence import evidence_field


class ObjectionForm(forms.Form):
    """What is wrong, with evidence."""

    text = forms.CharField(
        label=_("What is wrong"),
        max_length=TEXT_MOST,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("Name the class or work, the day, and what should have counted."),
    )
    files = evidence_field(  # type: ignore[assignment]  # Django takes declared fields off the class
        label=_("Evidence"), required=False, hint=_("Certificate, photo of the roll, published page. ")
    )
