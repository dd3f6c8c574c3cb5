from typing import Any

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from budget.models import LedgerEntry
from partyschool.common.admin import ReadOnlyAdmin, YearFilter

from .lines import grouped


@admin.register(LedgerEntry)
class LedgerEntryAdmin(ReadOnlyAdmin):
    """The money ledger: to read."""

    list_display = ("posted_at", "line", "kind", "yuan", "note", "posted_by", "is_reversal")
    list_display_links = ("posted_at",)
    list_filter = (YearFilter, "kind")
    list_select_related = ("line", "posted_by")
    search_fields = ("line__name", "=line__code", "note")
    ordering = ("-posted_at", "-pk")
    sortable_by = ()

    fields = (
        "line",
        "kind",
        "yuan",
        "year",
        "voucher",
        "note",
        "reverses",
        "posted_by",
        "posted_at",
    )
    readonly_fields = ("yuan", "voucher")

    @display(description=_("amount (yuan)"))
    def yuan(self, entry: LedgerEntry) -> str:
        return grouped(entry.amount)

    @display(description=_("voucher"))
    def voucher(self, entry: LedgerEntry) -> str:
        return entry.source_ref

    @display(description=_("reversal"), label="warning")
    def is_reversal(self, entry: LedgerEntry) -> Any:
        return _("reversal") if entry.reverses_id else None
