"""Objections, their answers, and corrections of sealed results."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from unfold.widgets import UnfoldAdminSelectWidget, UnfoldAdminTextareaWidget

from trainees.enums import ExemptionGround, Rank
from trainees.services.corrections import AS_STORED, REASON_MOST, Stated
from trainees.services.objections import TEXT_MOST


class AnswerForm(forms.Form):
    """What becomes of an objection."""

    decision = forms.ChoiceField(
        label=_("decision"),
        choices=[
            ("", _("Choose")),
            ("upheld", pgettext_lazy("decision", "Uphold: corrected, reckon again")),
            ("rejected", pgettext_lazy("decision", "Reject: the result stands")),
        ],
        widget=UnfoldAdminSelectWidget,
    )
    answer = forms.CharField(
        label=_("answer"),
        max_length=TEXT_MOST,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 4}),
        help_text=_(
            "What was corrected, or why the result stands. The cadre and the unit read it word for word."
        ),
    )


class CorrectionForm(forms.Form):
    """What a correction states in place of the stored facts."""

    rank = forms.ChoiceField(
        label=_("rank of that year"),
        required=False,
        choices=[("", _("as stored")), *Rank.choices],
        widget=UnfoldAdminSelectWidget,
    )
    ground = forms.ChoiceField(
        label=_("exemption"),
        required=False,
        choices=[(AS_STORED, _("as stored")), ("none", _("not exempt")), *ExemptionGround.choices],
        widget=UnfoldAdminSelectWidget,
    )

    def stated(self) -> Stated:
        """The choices, after validation."""
        ground = self.cleaned_data["ground"] or AS_STORED
        return Stated(rank=self.cleaned_data["rank"], ground="" if ground == "none" else ground)


class CorrectionReasonForm(CorrectionForm):
    """The second step: with the reason, behind the comparison."""

    reason = forms.CharField(
        label=_("reason of the correction"),
        max_length=REASON_MOST,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=_(
            "Kept with the result for good; the cadre, the unit, the organisation department and the leaders read it."
        ),
    )
    seen = forms.CharField(widget=forms.HiddenInput, max_length=64, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("rank", "ground"):
            self.fields[name].widget = forms.HiddenInput()
