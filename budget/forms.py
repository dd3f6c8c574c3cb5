from decimal import Decimal
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
)

from budget.models import BudgetLine, LedgerEntry


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


class _MoneyForm(forms.Form):
    """An amount in yuan, the paper it rests on, and a note."""

    amount = forms.DecimalField(
        label=_("amount (yuan)"),
        min_value=Decimal("0.01"),
        max_digits=14,
        decimal_places=2,
        widget=UnfoldAdminDecimalFieldWidget,
    )
    source_ref = forms.CharField(
        label=_("voucher"),
        max_length=40,
        strip=True,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("Number of the contract, invoice or voucher. One number is posted once."),
    )
    note = forms.CharField(
        label=_("note"), max_length=200, required=False, strip=True, widget=UnfoldAdminTextInputWidget
    )


class CommitForm(_MoneyForm):
    """Money to be set aside for a contract."""


class ReleaseForm(_MoneyForm):
    """Money set aside that goes back to its line; the voucher names the occasion."""


class PayForm(_MoneyForm):
    """A payment, out of a commitment or not. Which commitments there are is set up by the page."""

    commitment = forms.ModelChoiceField(
        label=_("out of a commitment"),
        queryset=LedgerEntry.objects.none(),
        required=False,
        widget=UnfoldAdminSelectWidget,
        empty_label=_("none: from the free money of the line"),
        help_text=_("What was set aside is released by as much as is paid."),
    )
    field_order = ("amount", "commitment", "source_ref", "note")
