"""Cadres of the register, and showing a citizen number."""

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from stdnum.cn import ric
from stdnum.exceptions import ValidationError as InvalidNumber
from unfold.widgets import UnfoldAdminTextareaWidget, UnfoldAdminTextInputWidget

from partyschool.common.crypto import lookup_digest
from partyschool.common.forms import LoginNameForm
from trainees.models import Cadre


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
        fields = ["code", "name", "unit", "rank", "category", "post", "joined_on", "left_on"]

    def clean_citizen_no(self) -> str:
        entered = self.cleaned_data["citizen_no"]
        if not entered:
            return ""
        try:
            number = ric.validate(entered.upper())
        except InvalidNumber as error:
            raise ValidationError(_("This is not a valid citizen number: check every digit.")) from error
        others = Cadre.objects.unscoped("one number, one person").exclude(pk=self.instance.pk)
        if others.filter(citizen_no_digest=lookup_digest(number)).exists():
            raise ValidationError(_("Another cadre has this citizen number."))
        return number


class RevealForm(forms.Form):
    reason = forms.CharField(
        label=_("reason"), max_length=200, widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}), strip=True
    )
