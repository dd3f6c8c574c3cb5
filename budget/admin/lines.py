from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from budget.forms import BudgetLineForm
from budget.models import BudgetLine, LineBalance
from partyschool.common import clock
from partyschool.common.admin import YearFilter

from .line_pages import LinePages, grouped


@admin.register(BudgetLine)
class BudgetLineAdmin(LinePages):
    """Budget lines with their balances. What is drawn is the ledger's alone; what is approved can never fall below it."""

    form = BudgetLineForm
    list_display = (
        "name",
        "code",
        "year",
        "purpose",
        "source",
        "approved_amount",
        "drawn_amount",
        "left_amount",
    )
    list_filter = (YearFilter, "purpose", "source")
    list_select_related = ("balance",)
    search_fields = ("name", "code")
    ordering = ("-year", "code", "pk")

    def get_fieldsets(self, request: HttpRequest, obj: BudgetLine | None = None) -> Any:
        may_write = self.has_change_permission(request, obj) if obj else self.has_add_permission(request)
        money = (
            "approved" if may_write else "approved_amount",
            *(("drawn_amount", "left_amount") if obj else ()),
        )
        return (
            (None, {"fields": ("year", "code", "name", "purpose", "source")}),
            (_("Money"), {"fields": money}),
        )

    def get_readonly_fields(self, request: HttpRequest, obj: BudgetLine | None = None) -> tuple[str, ...]:
        shown = ("approved_amount", "drawn_amount", "left_amount")
        return (*shown, "year", "code") if obj else shown

    def get_changeform_initial_data(self, request: HttpRequest) -> dict[str, Any]:
        return {"year": clock.school_year(), **super().get_changeform_initial_data(request)}

    def save_model(self, request: HttpRequest, obj: BudgetLine, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)
        approved = form.cleaned_data["approved"]
        # The column alone: `drawn` belongs to the trigger.
        if not LineBalance.objects.filter(pk=obj.pk).update(approved=approved):
            LineBalance.objects.create(line=obj, approved=approved)

    @display(description=_("approved (yuan)"), ordering="balance__approved")
    def approved_amount(self, line: BudgetLine) -> str:
        return grouped(line.balance.approved)

    @display(description=_("drawn (yuan)"), ordering="balance__drawn")
    def drawn_amount(self, line: BudgetLine) -> str:
        return grouped(line.balance.drawn)

    @display(description=_("left (yuan)"))
    def left_amount(self, line: BudgetLine) -> str:
        return grouped(line.balance.approved - line.balance.drawn)
