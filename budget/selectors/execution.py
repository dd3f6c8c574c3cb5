"""How the money of a year is being used, read from the ledger and its balances."""

from dataclasses import dataclass
from decimal import Decimal

from django.db.models import DecimalField, F, OuterRef, Subquery, Sum
from django.db.models.functions import Coalesce

from budget.enums import BUSINESS_PURPOSES, EntryKind
from budget.models import BudgetLine, LedgerEntry, LineBalance

_MONEY = DecimalField(max_digits=14, decimal_places=2)


@dataclass(frozen=True)
class LineExecution:
    """One line in yuan: `free` is what can still be drawn, `rate` what has been paid of the approved money, in percent."""

    line: BudgetLine
    approved: Decimal
    drawn: Decimal
    paid: Decimal

    @property
    def free(self) -> Decimal:
        return self.approved - self.drawn

    @property
    def rate(self) -> Decimal:
        return round(100 * self.paid / self.approved, 1) if self.approved else Decimal(0)


@dataclass(frozen=True)
class OpenCommitment:
    """A commitment of which `left` yuan are still set aside."""

    entry: LedgerEntry
    left: Decimal


def commitments_of(line: BudgetLine) -> list[OpenCommitment]:
    """The commitments of a line of which something is outstanding, oldest first. Two queries, whatever their number."""
    commitments = LedgerEntry.objects.filter(
        line=line, kind=EntryKind.COMMITMENT, reverses=None, reversal=None
    ).order_by("pk")
    released: dict[str, Decimal] = {}
    releases = LedgerEntry.objects.filter(line=line, kind=EntryKind.RELEASE)
    for source, amount in releases.values_list("source_ref", "amount"):
        commitment = source.partition(":")[0]
        released[commitment] = released.get(commitment, Decimal(0)) - amount
    rows = [
        OpenCommitment(entry, entry.amount - released.get(str(entry.pk), Decimal(0))) for entry in commitments
    ]
    return [row for row in rows if row.left > 0]


def executions_of(year: int) -> list[LineExecution]:
    """Every line of a year with its approved, drawn and paid money, in the order of the line codes. One query."""
    payments = (
        LedgerEntry.objects.filter(line=OuterRef("pk"), kind=EntryKind.PAYMENT).order_by().values("line")
    )
    lines = (
        BudgetLine.objects.filter(year=year)
        .annotate(
            approved=Coalesce(F("balance__approved"), 0, output_field=_MONEY),
            drawn=Coalesce(F("balance__drawn"), 0, output_field=_MONEY),
            paid=Coalesce(
                Subquery(payments.annotate(total=Sum("amount")).values("total")), 0, output_field=_MONEY
            ),
        )
        .order_by("code")
    )
    return [LineExecution(line, line.approved, line.drawn, line.paid) for line in lines]


def business_money(years: tuple[int, ...]) -> dict[int, Decimal]:
    """The approved money that the province's business-money standard counts, in yuan per year."""
    rows = (
        LineBalance.objects.filter(line__year__in=years, line__purpose__in=BUSINESS_PURPOSES)
        .values_list("line__year")
        .annotate(total=Sum("approved"))
    )
    return dict(rows)
