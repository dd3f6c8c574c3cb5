from decimal import Decimal
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse as url_of
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from budget.enums import EntryKind
from budget.forms import ReleaseForm
from budget.models import LedgerEntry
from budget.services.ledger import outstanding, release, reverse
from partyschool.common.admin import YearFilter
from partyschool.common.admin_reversal import ReversibleEntries

from .line_pages import grouped


def is_outstanding(entry: LedgerEntry) -> bool:
    """Whether `entry` is a commitment of which something is still set aside."""
    return entry.kind == EntryKind.COMMITMENT and entry.reverses_id is None and outstanding(entry) > 0


@admin.register(LedgerEntry)
class LedgerEntryAdmin(ReversibleEntries):
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
    reversal_fields = ("line", "kind", "yuan", "voucher", "note")
    actions_detail = ("release", "reverse")

    def take_back(self, entry: LedgerEntry, reason: str, request: HttpRequest) -> None:
        reverse(entry_id=entry.pk, reason=reason, by=request.user)

    def get_actions_detail(self, request: HttpRequest, object_id: Any) -> Any:
        offered = super().get_actions_detail(request, object_id)
        entry = self.get_object(request, str(object_id))
        if entry is not None and is_outstanding(entry):
            return offered
        return [one for one in offered if one.method.original_function_name != "release"]

    @action(description=_("Release money set aside"), icon="lock_open", permissions=["reverse"])
    def release(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Give a commitment, or a part of it, back to its line."""
        entry = self.get_or_404(request, object_id)
        left = outstanding(entry) if is_outstanding(entry) else Decimal(0)
        form = ReleaseForm(request.POST or None, initial={"amount": left})
        if request.method == "POST" and form.is_valid():
            with self.attempt(request):
                release(commitment_id=entry.pk, by=request.user, **form.cleaned_data)
                return self.done(
                    request,
                    gettext("The money is free again on its line."),
                    url_of("admin:budget_budgetline_change", args=[entry.line_id]),
                )
        return self.page(
            request,
            "admin/budget/money.html",
            title=gettext("Release money set aside"),
            obj=entry,
            line=entry.line,
            facts=[
                (gettext("Commitment"), entry.note or entry.source_ref),
                (gettext("set aside (yuan)"), grouped(entry.amount)),
                (gettext("outstanding (yuan)"), grouped(left)),
            ],
            possible=bool(left),
            button=gettext("Release"),
            back=self.page_of(entry),
            form=form,
        )

    @display(description=_("amount (yuan)"))
    def yuan(self, entry: LedgerEntry) -> str:
        return grouped(entry.amount)

    @display(description=_("voucher"))
    def voucher(self, entry: LedgerEntry) -> str:
        return entry.source_ref

    @display(description=_("reversal"), label="warning")
    def is_reversal(self, entry: LedgerEntry) -> Any:
        return _("reversal") if entry.reverses_id else None
