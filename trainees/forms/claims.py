"""Claiming credits, reviewing claims, recognising learning by hand."""

from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from trainees.enums import CreditCategory
from trainees.models import Cadre, CreditClaim, CreditEntry
from trainees.selectors.claims import activity_choices
from trainees.services.claims import ANSWER_MOST, ClaimFacts

from .evidence import evidence_field
from .leaves import DayInput


class AdminDayInput(UnfoldAdminTextInputWidget):
    """The browser's own calendar, in the administration."""

    input_type = "date"


class ClaimForm(forms.ModelForm):
    """What was learned or written, how much of it, when, with what evidence."""

    evidence = evidence_field(
        label=_("Evidence"), required=False, hint=_("Certificate, published page, letter of adoption. ")
    )

    class Meta:
        model = CreditClaim
        fields = ("activity", "title", "host", "quantity", "earned_on", "note")
        widgets = {"earned_on": DayInput, "note": forms.Textarea(attrs={"rows": 3})}
        help_texts = {
            "quantity": _("Class-hours, days or items, as the activity says."),
            "earned_on": _(
                "The day on which it was finished or published; its year is the year of the credits."
            ),
        }

    def __init__(self, *args: Any, files_needed: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["activity"].choices = activity_choices()
        self.fields["evidence"].required = files_needed

    def facts(self) -> ClaimFacts:
        """What the valid form says."""
        said = {name: self.cleaned_data[name] for name in self._meta.fields}
        return ClaimFacts(**said)


class ClaimAnswerForm(forms.Form):
    """The answer to a claim; a return or refusal needs it."""

    answer = forms.CharField(
        label=_("answer"),
        max_length=ANSWER_MOST,
        required=False,
        strip=True,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=_("Needed when you return or refuse. The cadre reads it."),
    )


class RecogniseForm(forms.Form):
    """Credits for learning outside the school's offerings, entered by staff on a document."""

    cadre = forms.ModelChoiceField(label=_("cadre"), queryset=Cadre._base_manager.none())
    category = forms.ChoiceField(
        label=_("category"), choices=CreditCategory.choices, widget=UnfoldAdminSelectWidget
    )
    amount = forms.DecimalField(
        label=_("credits"),
        min_value=Decimal("0.01"),
        max_digits=7,
        decimal_places=2,
        widget=UnfoldAdminDecimalFieldWidget,
    )
    hours = forms.DecimalField(
        label=_("class-hours"),
        min_value=0,
        max_digits=6,
        decimal_places=2,
        initial=0,
        widget=UnfoldAdminDecimalFieldWidget,
        help_text=_("The class-hours that the credits rest on; 0 for papers and the like."),
    )
    earned_on = forms.DateField(label=_("earned on"), widget=AdminDayInput)
    reference = forms.CharField(
        label=_("reference of the document"),
        max_length=CreditEntry._meta.get_field("source_ref").max_length,
        strip=True,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Its number; one document is posted once."),
    )
    note = forms.CharField(
        label=_("note"),
        max_length=CreditEntry._meta.get_field("note").max_length,
        strip=True,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("What was learned. The cadre reads it."),
    )
