from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from budget.enums import EntryKind
from partyschool.common import ledger

from .lines import BudgetLine


class LedgerEntry(ledger.LedgerEntry):
    """Money drawn from a line: `amount` is yuan, negative for what comes back. Balances cannot go below zero (trigger and check)."""

    OWNER: ClassVar = "line_id"

    line = models.ForeignKey(
        BudgetLine, verbose_name=_("line"), on_delete=models.PROTECT, related_name="entries"
    )
    kind = models.CharField(_("kind"), max_length=10, choices=EntryKind)

    class Meta(ledger.LedgerEntry.Meta):
        verbose_name = _("ledger entry")
        verbose_name_plural = _("ledger entries")
        constraints = [
            *ledger.LedgerEntry.Meta.constraints,
            models.CheckConstraint(condition=Q(kind__in=EntryKind.values), name="budget_ledgerentry_kind_ck"),
        ]
        indexes = [models.Index(fields=["line", "-posted_at", "-id"], name="budget_entry_line_ix")]
