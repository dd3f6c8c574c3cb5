from django import forms
from django.utils.translation import gettext_lazy as _

from .enums import JobState


class JobFilterForm(forms.Form):
    """What the list of jobs can be narrowed to."""

    state = forms.ChoiceField(
        label=_("State"), required=False, choices=[("", _("All states")), *JobState.choices]
    )
