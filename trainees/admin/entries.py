from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext, gettext_lazy
from unfold.decorators import display

from partyschool.common.admin import YearFilter
from partyschool.common.admin_reversal import ReversibleEntries
from trainees.models import CreditEntry
from trainees.services.credits import reverse_credit

from .recognising import RecognisingMixin


@admin.register(CreditEntry)
class CreditEntryAdmin(RecognisingMixin, ReversibleEntries):
    """The credit ledger: to read. Entries come from closing an offering and are taken back by reversals alone."""

    list_display = (
        "earned_on",
        "cadre",
        "unit_name",
        "category",
        "amount",
        "hours",
        "source",
        "is_reversal",
        "posted_at",
    )
    list_display_links = ("earned_on",)
    list_filter = (YearFilter, "category")
    list_select_related = ("cadre__unit", "offering")
    search_fields = ("cadre__name", "=cadre__code")
    search_help_text = gettext_lazy("Name, or a cadre number written in full")
    ordering = ("-year", "-earned_on", "-pk")
    sortable_by = ()
    fields = (
        "cadre",
        "offering",
        "category",
        "amount",
        "hours",
        "earned_on",
        "year",
        "scheme",
        "origin",
        "note",
        "reverses",
        "posted_by",
        "posted_at",
    )
    readonly_fields = ("origin",)
    reversal_fields = ("cadre", "unit_name", "source", "category", "amount", "hours", "earned_on")
    reason_read_by = gettext_lazy("The cadre reads it beside the credits.")

    def take_back(self, entry: CreditEntry, reason: str, request: HttpRequest) -> None:
        reverse_credit(entry_id=entry.pk, reason=reason, by=request.user)

    @display(description=gettext_lazy("origin of the entry"))
    def origin(self, entry: CreditEntry) -> Any:
        """What caused it, in words; the reference is for whoever looks the source up."""
        words = {
            "enrolment": gettext_lazy("Closing of the offering"),
            "claim": gettext_lazy("Claim recognised"),
            "recognised": gettext_lazy("Credits recognised"),
        }
        return gettext("%(kind)s (%(reference)s)") % {
            "kind": words.get(entry.source_kind, entry.source_kind),
            "reference": entry.source_ref,
        }

    @display(description=gettext_lazy("unit"))
    def unit_name(self, entry: CreditEntry) -> str:
        return entry.cadre.unit.name

    @display(description=gettext_lazy("source"))
    def source(self, entry: CreditEntry) -> str:
        return entry.offering.title if entry.offering else entry.note or entry.source_ref

    @display(description=gettext_lazy("reversal"), label="warning")
    def is_reversal(self, entry: CreditEntry) -> Any:
        return gettext_lazy("reversal") if entry.reverses_id else None
