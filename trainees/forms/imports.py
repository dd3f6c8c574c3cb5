"""Handing in a file of cadres, and what is asked before it is taken over or undone."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminDateWidget, UnfoldAdminFileFieldWidget

from partyschool.accounts.models import Unit
from partyschool.common import clock
from trainees.services.imports import LIMITS

SUFFIXES = (".xlsx", ".xls", ".csv")


class ImportForm(forms.Form):
    """A file, the part of the register it is for, and the day from which new facts without a day of their own hold."""

    file = forms.FileField(
        label=_("File"),
        help_text=_("Excel workbook (.xlsx, .xls) or text file (.csv), at most 10 MB and 20,000 people."),
        widget=UnfoldAdminFileFieldWidget(attrs={"accept": ",".join(SUFFIXES)}),
    )
    unit: forms.ModelChoiceField = forms.ModelChoiceField(
        label=_("for the part of the register"),
        queryset=Unit.objects.none(),
        required=False,
        help_text=_(
            "A unit with all units below it: people outside are refused, and whoever of it is not in the file is listed. Empty: the whole register."
        ),
    )
    effective_on = forms.DateField(
        label=_("takes effect on"),
        initial=clock.school_date,
        widget=UnfoldAdminDateWidget,
        help_text=_("For new people and new posts whose row gives no day."),
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if not file.name.lower().endswith(SUFFIXES):
            raise ValidationError(_("Excel workbooks (.xlsx, .xls) and text files (.csv) are read."))
        if file.size > LIMITS.size:
            raise ValidationError(_("The file is larger than 10 MB."))
        return file

    def clean_effective_on(self) -> Any:
        day = self.cleaned_data["effective_on"]
        if day > clock.school_date():
            raise ValidationError(_("An import takes effect today or on an earlier day."))
        return day


class PageForm(forms.Form):
    """Which list of an import, and which page of it; damaged values count as not given."""

    show = forms.CharField(required=False)
    page = forms.IntegerField(required=False, min_value=1, max_value=100_000)

    def chosen(self) -> dict[str, Any]:
        self.is_valid()
        return {"show": self.cleaned_data.get("show") or "", "page": self.cleaned_data.get("page") or 1}
