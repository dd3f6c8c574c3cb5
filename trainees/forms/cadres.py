"""Cadres of the register, where they serve, and their citizen numbers."""

from datetime import date
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from stdnum.cn import ric
from stdnum.exceptions import ValidationError as InvalidNumber
from unfold.widgets import (
    UnfoldAdminDateWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from partyschool.common import clock
from partyschool.common.crypto import lookup_digest
from partyschool.common.forms import LoginNameForm
from trainees.enums import CadreCategory, Rank
from trainees.models import Cadre
from trainees.services.transfers import PostingFacts


def valid_citizen_no(entered: str) -> str:
    """The citizen number as it is stored. Raises `ValidationError`, which does not repeat what was entered."""
    try:
        return ric.validate(entered.upper())
    except InvalidNumber as error:
        raise ValidationError(_("This is not a valid citizen number: check every digit.")) from error


class CadreForm(LoginNameForm):
    """A cadre. A citizen number goes in and is never shown again here; left empty, the stored one stays."""

    citizen_no = forms.CharField(
        label=_("citizen number"),
        required=False,
        max_length=18,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        help_text=_(
            "18 characters. It is stored encrypted and shown masked. Leave empty to keep what is stored."
        ),
    )

    class Meta:
        model = Cadre
        fields = [
            "code",
            "name",
            "unit",
            "rank",
            "category",
            "post",
            "posted_on",
            "term_until",
            "joined_on",
            "left_on",
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if "posted_on" in self.fields and not cleaned.get("posted_on"):
            cleaned["posted_on"] = cleaned.get("joined_on")
        return cleaned

    def clean_citizen_no(self) -> str:
        entered = self.cleaned_data["citizen_no"]
        if not entered:
            return ""
        number = valid_citizen_no(entered)
        others = Cadre.objects.unscoped("one number, one person").exclude(pk=self.instance.pk)
        if others.filter(citizen_no_digest=lookup_digest(number)).exists():
            raise ValidationError(_("Another cadre has this citizen number."))
        return number


class _NeverShown(UnfoldAdminTextInputWidget):
    """What was entered is not sent back."""

    def format_value(self, value: Any) -> None:
        return None


class LookUpForm(forms.Form):
    """A citizen number, written in full."""

    number = forms.CharField(
        label=_("citizen number"),
        max_length=18,
        strip=True,
        widget=_NeverShown(attrs={"autocomplete": "off"}),
        help_text=_(
            "All 18 characters. The number is neither stored nor shown; that you looked is recorded."
        ),
    )

    def clean_number(self) -> str:
        return valid_citizen_no(self.cleaned_data["number"])


class TransferForm(forms.Form):
    """Where a cadre serves from a day on; filled with the present posting. `unit` is set up by the page, which knows who may be chosen."""

    unit: forms.ModelChoiceField = forms.ModelChoiceField(label=_("unit"), queryset=None)
    rank = forms.ChoiceField(label=_("rank"), choices=Rank, widget=UnfoldAdminSelectWidget)
    category = forms.ChoiceField(label=_("category"), choices=CadreCategory, widget=UnfoldAdminSelectWidget)
    post = forms.CharField(
        label=_("post"), max_length=60, required=False, strip=True, widget=UnfoldAdminTextInputWidget
    )
    on = forms.DateField(
        label=_("in this post since"),
        widget=UnfoldAdminDateWidget,
        help_text=_("The day on which the transfer takes effect: today or earlier."),
    )
    reason = forms.CharField(
        label=_("reason"),
        max_length=200,
        strip=True,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
        help_text=_("For instance the document that ordered it. It stands in the history of postings."),
    )

    def __init__(self, *args: Any, cadre: Cadre, **kwargs: Any) -> None:
        present = {name: getattr(cadre, name) for name in ("unit", "rank", "category", "post")}
        kwargs["initial"] = {**present, "on": self.first_day(cadre)}
        super().__init__(*args, **kwargs)

    def first_day(self, cadre: Cadre) -> date | None:
        return clock.school_date()

    def facts(self) -> PostingFacts:
        """What was entered, after validation."""
        chosen = self.cleaned_data
        return PostingFacts(chosen["unit"].pk, chosen["rank"], chosen["post"], chosen["category"])


class CorrectPostingForm(TransferForm):
    """What was entered wrongly about the present posting."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["on"].help_text = _("The day on which the present posting began.")

    def first_day(self, cadre: Cadre) -> date | None:
        return cadre.posted_on


class RevealForm(forms.Form):
    reason = forms.CharField(
        label=_("reason"), max_length=200, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}), strip=True
    )
