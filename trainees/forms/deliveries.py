"""Delivering a packet again, and taking it back."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from partyschool.accounts.models import Unit
from trainees.models import ReportPacket
from trainees.selectors.deliveries import eligible_units
from trainees.services.deliveries import REASON_MOST


def _reason_field(help_text: Any) -> forms.CharField:
    return forms.CharField(
        label=gettext_lazy("Reason"),
        help_text=help_text,
        max_length=REASON_MOST,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class RedeliveryForm(forms.Form):
    """To which unit, and why."""

    unit = forms.ModelChoiceField(label=gettext_lazy("Deliver to"), queryset=Unit.objects.none())
    reason = _reason_field(gettext_lazy("The unit's people read it, for example: merged on 1 January."))

    def __init__(self, *args: Any, packet: ReportPacket, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = eligible_units(packet)


class WithdrawalForm(forms.Form):
    """Why."""

    reason = _reason_field(gettext_lazy("Whoever has the document delivered reads it. Name no person."))
