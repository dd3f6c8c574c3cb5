from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from budget.enums import FundSource, Purpose


class BudgetLine(models.Model):
    """Money for one purpose from one source in one fiscal year. What is drawn from it stands in `LineBalance`."""

    year = models.PositiveSmallIntegerField(_("year"))
    code = models.CharField(_("code"), max_length=20)
    name = models.CharField(_("name"), max_length=80)
    purpose = models.CharField(_("purpose"), max_length=20, choices=Purpose)
    source = models.CharField(_("source of funds"), max_length=10, choices=FundSource)

    class Meta:
        verbose_name = _("budget line")
        verbose_name_plural = _("budget lines")
        constraints = [
            models.UniqueConstraint(fields=["year", "code"], name="budget_budgetline_code_uq"),
            models.CheckConstraint(
                condition=Q(purpose__in=Purpose.values), name="budget_budgetline_purpose_ck"
            ),
            models.CheckConstraint(
                condition=Q(source__in=FundSource.values), name="budget_budgetline_source_ck"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.year} {self.name}"


class LineBalance(models.Model):
    """The approved money of a line and what commitments and payments draw from it, in yuan.

    A trigger on the ledger moves `drawn`; the check refuses any entry that would draw more than is approved.
    """

    line = models.OneToOneField(
        BudgetLine, verbose_name=_("line"), primary_key=True, on_delete=models.PROTECT, related_name="balance"
    )
    approved = models.DecimalField(_("approved"), max_digits=14, decimal_places=2)
    drawn = models.DecimalField(_("drawn"), max_digits=14, decimal_places=2, default=0, editable=False)

    class Meta:
        verbose_name = _("line balance")
        verbose_name_plural = _("line balances")
        constraints = [
            models.CheckConstraint(
                condition=Q(drawn__gte=0) & Q(drawn__lte=F("approved")), name="budget_linebalance_drawn_ck"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.drawn}/{self.approved}"
