"""Money moves on a line: set aside, pay. Each is an entry of the ledger; what is wrong is taken back on the entry's page."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action

from budget.forms import CommitForm, PayForm
from budget.models import BudgetLine, LedgerEntry
from budget.selectors.execution import commitments_of
from budget.services.ledger import commit_money, pay
from partyschool.common.admin import PortalModelAdmin


def grouped(amount: Decimal) -> str:
    """Yuan in groups of three: Chinese number formats know none, but every account book does."""
    return f"{amount:,.2f}"


class LinePages(PortalModelAdmin):
    """Pages beside a line, one for each deed of money."""

    actions_detail = ("commit", "pay")

    def has_money_permission(self, request: HttpRequest, object_id: Any = None) -> bool:
        return request.user.has_perm("budget.add_ledgerentry")

    @action(description=gettext_lazy("Set money aside"), icon="lock", permissions=["money"])
    def commit(self, request: HttpRequest, object_id: str) -> HttpResponse:
        line = self.get_or_404(request, object_id)

        def deed(form: CommitForm) -> str:
            entry = commit_money(
                line_id=line.pk, source_kind="contract", by=request.user, **form.cleaned_data
            )
            return _("%(amount)s yuan are set aside.") % {"amount": grouped(entry.amount)}

        return self._money_page(
            request,
            line,
            CommitForm(request.POST or None),
            deed,
            title=_("Set money aside"),
            button=_("Set aside"),
        )

    @action(description=gettext_lazy("Pay"), icon="payments", permissions=["money"])
    def pay(self, request: HttpRequest, object_id: str) -> HttpResponse:
        line = self.get_or_404(request, object_id)
        open_commitments = commitments_of(line)
        form = PayForm(request.POST or None)
        field: Any = form.fields["commitment"]
        field.queryset = LedgerEntry.objects.filter(pk__in=[one.entry.pk for one in open_commitments])
        left = {one.entry.pk: one.left for one in open_commitments}
        field.label_from_instance = lambda entry: (
            _("%(what)s (%(left)s yuan outstanding)")
            % {
                "what": entry.note or entry.source_ref,
                "left": grouped(left[entry.pk]),
            }
        )

        def deed(form: PayForm) -> str:
            chosen = dict(form.cleaned_data)
            commitment = chosen.pop("commitment")
            entry = pay(
                line_id=line.pk,
                source_kind="voucher",
                commitment_id=commitment.pk if commitment else None,
                by=request.user,
                **chosen,
            )
            return _("%(amount)s yuan are paid.") % {"amount": grouped(entry.amount)}

        return self._money_page(request, line, form, deed, title=_("Pay"), button=_("Pay"))

    def _money_page(
        self, request: HttpRequest, line: BudgetLine, form: Any, deed: Callable[[Any], str], **context: Any
    ) -> HttpResponse:
        back = self.page_of(line)
        if request.method == "POST" and form.is_valid():
            with self.attempt(request):
                return self.done(request, deed(form), back)
        line.balance.refresh_from_db()
        return self.page(
            request,
            "admin/budget/money.html",
            obj=line,
            line=line,
            facts=[
                (_("approved (yuan)"), grouped(line.balance.approved)),
                (_("drawn (yuan)"), grouped(line.balance.drawn)),
                (_("left (yuan)"), grouped(line.balance.approved - line.balance.drawn)),
            ],
            possible=True,
            back=back,
            form=form,
            **context,
        )
