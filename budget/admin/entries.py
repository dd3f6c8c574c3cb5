from django.contrib import admin
from django.utils.formats import number_format
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from budget.models import LedgerEntry
from partyschool.common.admin import ReadOnlyAdmin, YearFilter


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

    @display(description=_("amount (yuan)"))
    def yuan(self, entry: LedgerEntry) -> str:
        return number_format(entry.amount, decimal_pos=2, force_grouping=True)

    @display(description=_("reversal"), boolean=True)
    def is_reversal(self, entry: LedgerEntry) -> bool:
        return entry.reverses_id is not None
