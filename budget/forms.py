from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminDecimalFieldWidget

from budget.models import BudgetLine


class BudgetLineForm(forms.ModelForm):
    """A line with the money approved for it."""

    approved = forms.DecimalField(
        label=_("approved (yuan)"),
        min_value=Decimal(0),
        max_digits=14,
        decimal_places=2,
        widget=UnfoldAdminDecimalFieldWidget,
    )

    class Meta:
        model = BudgetLine
        fields = ["year", "code", "name", "purpose", "source"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        balance = getattr(self.instance, "balance", None) if self.instance.pk else None
        if balance is not None:
            self.initial["approved"] = balance.approved
