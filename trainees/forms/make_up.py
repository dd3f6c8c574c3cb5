"""Make-up training: proposals to pick from, and how a plan ended."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminDateWidget,
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
)

from partyschool.common import clock
from trainees.selectors.make_up import MakeUpCase
from trainees.selectors.reasons import credits_text
from trainees.services.make_up import CONTENT_MOST, OUTCOMES, PlanLine


class DueForm(forms.Form):
    """By when all plans of one page are due."""

    due_on = forms.DateField(label=_("due on"), widget=UnfoldAdminDateWidget)

    def clean_due_on(self) -> Any:
        due = self.cleaned_data["due_on"]
        if due < clock.school_date():
            raise forms.ValidationError(_("Choose a day to come."))
        return due


class ProposalForm(forms.Form):
    """One case of the page: picked or not, what is made up, in which offering."""

    pick = forms.BooleanField(label=_("plan this"), required=False)
    content = forms.CharField(
        label=_("what is made up"),
        max_length=CONTENT_MOST,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
    )
    credits = forms.DecimalField(
        label=_("credits"),
        min_value=0,
        max_digits=7,
        decimal_places=2,
        widget=UnfoldAdminDecimalFieldWidget,
    )
    offering = forms.TypedChoiceField(
        label=_("suggested offering"),
        required=False,
        coerce=int,
        empty_value=None,
        widget=UnfoldAdminSelectWidget,
    )

    def __init__(self, *args: Any, case: MakeUpCase, **kwargs: Any) -> None:
        initial = {"pick": True, "content": case.content, "credits": credits_text(case.credits)}
        super().__init__(*args, prefix=str(case.assessment.pk), initial=initial, **kwargs)
        self.case = case
        self.fields["pick"].widget.attrs["aria-label"] = (
            f"{self.fields['pick'].label}: {case.assessment.cadre.name}"
        )
        self.fields["offering"].choices = [  # type: ignore[attr-defined]  # a ChoiceField
            ("", _("none: to be arranged")),
            *(
                (one.pk, f"{one.title} · {one.starts_on:%Y-%m-%d} · {one.seats.taken}/{one.seats.capacity}")
                for one in case.offerings
            ),
        ]

    def line(self) -> PlanLine | None:
        """The plan, if it was picked."""
        chosen = self.cleaned_data
        if not chosen["pick"]:
            return None
        return PlanLine(self.case.assessment.pk, chosen["content"], chosen["credits"], chosen["offering"])


class EndForm(forms.Form):
    """How a plan ended."""

    state = forms.ChoiceField(
        label=_("state"),
        choices=[(state.value, state.label) for state in OUTCOMES],
        widget=UnfoldAdminSelectWidget,
    )
    outcome = forms.CharField(
        label=_("outcome"),
        max_length=CONTENT_MOST,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text=_("For example the class attended and the credits earned, or why it was missed."),
    )
