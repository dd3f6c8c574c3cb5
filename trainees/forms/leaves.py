"""Asking for leave, and deciding on it."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from partyschool.common import clock
from trainees.enums import LeaveKind
from trainees.models import Enrolment
from trainees.rules.half_days import HalfDay
from trainees.selectors.leaves import present_half_day
from trainees.services.leaves import REASON_MOST

from .evidence import evidence_field

HALVES = (("am", _("Morning")), ("pm", _("Afternoon")))


class DayInput(forms.DateInput):
    """The browser's own calendar."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class LeaveForm(forms.Form):
    """Which class, what kind, from which half-day to which, why, with what evidence."""

    enrolment = forms.ModelChoiceField(
        label=_("Class"), queryset=Enrolment._base_manager.none(), empty_label=None
    )
    kind = forms.ChoiceField(label=_("Kind of leave"), choices=LeaveKind.choices)
    first_day = forms.DateField(label=_("From"), widget=DayInput)
    first_half = forms.ChoiceField(label=_("from half-day"), choices=HALVES)
    last_day = forms.DateField(label=_("Until"), widget=DayInput)
    last_half = forms.ChoiceField(label=_("until half-day, included"), choices=HALVES, initial="pm")
    reason = forms.CharField(
        label=_("reason"), max_length=REASON_MOST, strip=True, widget=forms.Textarea(attrs={"rows": 3})
    )
    evidence = evidence_field(
        label=_("Evidence"), required=False, hint=_("If there is any, such as a sick note. ")
    )
    over_limit_confirmed = forms.BooleanField(
        label=_("I know that I am withdrawn from the class when the limit is passed."), required=False
    )

    def __init__(self, *args: Any, places: Any, asks_over_limit: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["enrolment"].queryset = places
        self.fields["enrolment"].label_from_instance = lambda place: place.offering.title
        if not self.is_bound:
            half = present_half_day()
            self.initial.setdefault("first_day", half.day)
            self.initial.setdefault("last_day", half.day)
            self.initial.setdefault("first_half", "pm" if half.afternoon else "am")
        if not asks_over_limit:
            self.fields["over_limit_confirmed"].widget = forms.HiddenInput()

    def ask_over_limit(self) -> None:
        """Show the box to tick: the leave passes the limit."""
        self.fields["over_limit_confirmed"].widget = forms.CheckboxInput()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if {"first_day", "first_half", "last_day", "last_half"} <= cleaned.keys():
            cleaned["first"] = HalfDay(cleaned["first_day"], cleaned["first_half"] == "pm")
            cleaned["last"] = HalfDay(cleaned["last_day"], cleaned["last_half"] == "pm")
            if cleaned["last"] < cleaned["first"]:
                self.add_error("last_day", ValidationError(_("The leave ends before it begins.")))
            elif abs((cleaned["last_day"] - clock.school_date()).days) > 366:
                self.add_error("last_day", ValidationError(_("This day is too far away.")))
        return cleaned


class LeaveAnswerForm(forms.Form):
    """The answer to a leave; a refusal needs its reason."""

    answer = forms.CharField(
        label=_("Answer"),
        max_length=REASON_MOST,
        required=False,
        strip=True,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Needed when you refuse. The trainee reads it."),
    )
    over_limit_confirmed = forms.BooleanField(
        label=_("Grant it although the limit is passed: the trainee will be withdrawn from the class."),
        required=False,
    )

    def __init__(self, *args: Any, asks_over_limit: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not asks_over_limit:
            del self.fields["over_limit_confirmed"]
