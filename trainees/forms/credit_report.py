"""The filters of the credit report, and the name of a view that is kept of it."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from partyschool.accounts.models import Unit
from trainees.selectors.credit_report import CHOICES, NAME_MOST, ORDER_LABELS, ReportQuery
from trainees.selectors.credit_report_columns import COLUMNS


class CreditReportForm(forms.Form):
    """Shows what is asked of the report and what could be. What an address asks is read by `read_query` alone."""

    year = forms.ChoiceField(label=_("Year"), required=False)
    unit = forms.ChoiceField(label=_("Unit"), required=False)
    result = forms.ChoiceField(required=False)
    grade = forms.ChoiceField(required=False)
    rank = forms.ChoiceField(required=False)
    category = forms.ChoiceField(required=False)
    status = forms.ChoiceField(required=False)
    name = forms.CharField(label=_("Name or number"), required=False, max_length=NAME_MOST)
    sort = forms.ChoiceField(label=_("Order"), required=False, choices=[*ORDER_LABELS.items()])
    columns = forms.MultipleChoiceField(
        label=_("Columns"),
        required=False,
        choices=[(column.key, column.label) for column in COLUMNS.values()],
        widget=forms.CheckboxSelectMultiple,
    )

    def __init__(self, asked: ReportQuery, *, years: Sequence[int], user: Any) -> None:
        shown = {**asked.as_params(), "columns": list(asked.columns)}
        super().__init__(initial=shown, auto_id="report_%s")
        self.fields["year"].choices = [("", _("The newest year")), *((year, str(year)) for year in years)]  # type: ignore[attr-defined]  # a ChoiceField
        for key, (label, values) in CHOICES.items():
            self.fields[key].label = str(label)
            self.fields[key].choices = [("", _("Any")), *values.choices]  # type: ignore[attr-defined]  # a ChoiceField
        units = list(Unit.objects.visible_to(user).only("name", "depth"))
        top = min((unit.depth for unit in units), default=0)
        self.fields["unit"].choices = [  # type: ignore[attr-defined]  # a ChoiceField
            ("", _("All units")),
            *((unit.pk, "\u3000" * (unit.depth - top) + unit.name) for unit in units),
        ]


class SavedViewForm(forms.Form):
    """The name under which somebody keeps a view."""

    name = forms.CharField(label=_("Name of the view"), max_length=40)
    is_default = forms.BooleanField(label=_("Open the report with it"), required=False)
